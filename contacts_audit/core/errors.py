"""Every error of the program, and the exit codes."""

from collections.abc import Mapping, Sequence
from enum import IntEnum, StrEnum

from contacts_audit.core.redaction import without_user_info


class ExitCode(IntEnum):
    """What the process tells its caller; the README explains each to operators."""

    CLEAN = 0
    FAILED = 1
    USAGE = 2
    FINDINGS = 3
    INCOMPLETE = 4
    NOT_DONE = 5
    BUSY = 6
    CANNOT_WRITE = 74
    HUNG_UP = 129
    INTERRUPTED = 130
    PIPE_CLOSED = 141
    TERMINATED = 143


class Reason(StrEnum):
    """Why a subscription could not be read."""

    FORBIDDEN = "forbidden"
    UNAUTHORIZED = "unauthorized"
    SIGN_IN_FAILED = "sign-in-failed"
    NOT_REGISTERED = "not-registered"
    NOT_VISIBLE = "not-visible"
    NOT_FOUND = "not-found"
    THROTTLED = "throttled"
    TIMEOUT = "timeout"
    DEADLINE = "deadline"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    REDIRECTED = "redirected"
    SERVER_ERROR = "server-error"
    MALFORMED = "malformed"
    HTML = "html"
    TRUNCATED = "truncated"
    TOO_LARGE = "too-large"
    PAGING = "paging"
    VERSION_UNAVAILABLE = "version-unavailable"
    REFUSED = "refused"
    INTERNAL = "internal"


HINTS: Mapping[Reason, str] = {
    Reason.FORBIDDEN: "grant the identity the role Security Reader on the subscription "
    "(action Microsoft.Security/securityContacts/read)",
    Reason.UNAUTHORIZED: "sign in again, and check that the identity belongs to the tenant of the "
    "subscription",
    Reason.SIGN_IN_FAILED: "check the credential, then run again: what is finished stays finished",
    Reason.NOT_REGISTERED: "register the provider: az provider register --namespace "
    "Microsoft.Security --subscription SUBSCRIPTION_ID",
    Reason.NOT_VISIBLE: "check the id and the tenant, and grant the identity a role on it",
    Reason.NOT_FOUND: "check that the subscription still exists and that the identity may see it",
    Reason.THROTTLED: "run again later, with fewer --workers or a larger --budget",
    Reason.TIMEOUT: "run again; if it stays, raise --timeout or look at the network between",
    Reason.DEADLINE: "raise --deadline, or audit fewer subscriptions in one run",
    Reason.UNREACHABLE: "check name resolution, firewall and proxy (HTTPS_PROXY, NO_PROXY)",
    Reason.TLS: "name the certificate authority of your proxy by --ca-bundle",
    Reason.REDIRECTED: "check --arm-endpoint, and that no portal of the network stands between",
    Reason.SERVER_ERROR: "run again later; quote the request id to Azure support if it stays",
    Reason.MALFORMED: "look at the answer by 'contacts-audit fetch -s SUBSCRIPTION_ID'",
    Reason.HTML: "a proxy or a login page answered in place of Azure: check the network",
    Reason.TRUNCATED: "run again; if it stays, look at the network between",
    Reason.TOO_LARGE: "look at the answer by curl; no list of contacts is that large",
    Reason.PAGING: "look at the nextLink of the answer by "
    "'contacts-audit fetch -s SUBSCRIPTION_ID'",
    Reason.VERSION_UNAVAILABLE: "check --cloud: this one does not offer the api-version asked for",
    Reason.REFUSED: "read Azure's message; quote the request id to Azure support if it stays",
    Reason.INTERNAL: "this is a bug of contacts-audit: please report it with this line and, of "
    "--debug, the lines about this subscription",
}


class ContactsAuditError(Exception):
    """The root: `str()` says what happened in a sentence, *hint* what to do next; no user-info."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(without_user_info(message))
        self.hint = without_user_info(hint)


class UsageError(ContactsAuditError):
    """A value on the command line, in a variable, or in a file that they name is wrong."""

    exit_code = ExitCode.USAGE


class FaultsError(UsageError):
    """A file has *faults*: each is told in a line of its own."""

    def __init__(self, faults: Sequence[UsageError]) -> None:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}", faults[0].hint)
        self.faults = faults


class OutputError(ContactsAuditError):
    """Something that was to be written could not be."""

    exit_code = ExitCode.CANNOT_WRITE


class BusyError(ContactsAuditError):
    """Another apply or restore is at work."""

    exit_code = ExitCode.BUSY


class IncompleteError(ContactsAuditError):
    """Something that belongs to a whole is not there, or does not belong to it."""

    exit_code = ExitCode.INCOMPLETE


class PipeClosedError(OutputError):
    """The reader of stdout went away."""

    exit_code = ExitCode.PIPE_CLOSED


class AuthError(ContactsAuditError):
    """No token: before the first row it stops the run, later it is the reason of each row left."""


class AzureError(ContactsAuditError):
    """
    One exchange with Azure failed; others may succeed.

    *retry_after* is the wait in seconds that the answer asked for; *retryable* says whether the
    same request may be sent again at all.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, HINTS[reason] if hint is None else hint)
        self.reason = reason
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retryable = retryable
        self.retry_after = retry_after


class NotSentError(AzureError):
    """No time was left to send the request: Azure has not seen it."""


class VersionRefusedError(AzureError):
    """ARM does not offer securityContacts at the api-version that was asked for."""
