"""Defines all errors, the reasons and hints of unreadable subscriptions, and the exit codes."""

from collections.abc import Mapping, Sequence
from enum import IntEnum, StrEnum

from contacts_audit.core.redaction import without_user_info


class ExitCode(IntEnum):
    """The exit code of the process; the README explains each to operators."""

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


RECORD = "see the answer in a recording: run the same command with --record DIR"
HINTS: Mapping[Reason, str] = {
    Reason.FORBIDDEN: "grant the identity the role Security Reader on the subscription "
    "(action Microsoft.Security/securityContacts/read)",
    Reason.UNAUTHORIZED: "sign in again, and check that the identity belongs to the tenant of the "
    "subscription",
    Reason.SIGN_IN_FAILED: "check the credential, then run again",
    Reason.NOT_REGISTERED: "register the provider: az provider register --namespace "
    "Microsoft.Security --subscription SUBSCRIPTION_ID",
    Reason.NOT_VISIBLE: "check the id and the tenant, and grant the identity a role on the "
    "subscription",
    Reason.NOT_FOUND: "check that the subscription still exists and that the identity may see it",
    Reason.THROTTLED: "run again later, with fewer --workers or a larger --budget",
    Reason.TIMEOUT: "run again; if it happens again, raise --timeout or check the network",
    Reason.DEADLINE: "raise --deadline, or audit fewer subscriptions in one run",
    Reason.UNREACHABLE: "check name resolution, firewall and proxy (HTTPS_PROXY, NO_PROXY)",
    Reason.TLS: "pass the certificate authority of your proxy with --ca-bundle",
    Reason.REDIRECTED: "check --arm-endpoint, and whether a captive portal intercepts the request",
    Reason.SERVER_ERROR: "run again later; if it happens again, give the request id to Azure "
    "support",
    Reason.MALFORMED: "see the answer with 'contacts-audit fetch -s SUBSCRIPTION_ID'",
    Reason.HTML: "a proxy or a login page answered instead of Azure: check the network",
    Reason.TRUNCATED: "run again; if it happens again, check the network",
    Reason.TOO_LARGE: "see the answer with curl: no answer of Azure is this large",
    Reason.PAGING: "see the nextLink with 'contacts-audit fetch -s SUBSCRIPTION_ID'",
    Reason.VERSION_UNAVAILABLE: "check --cloud: this cloud does not offer the requested API "
    "version",
    Reason.REFUSED: "read Azure's message; if it happens again, give the request id to Azure "
    "support",
    Reason.INTERNAL: "this is a bug in contacts-audit: please report it with this line and the "
    "lines about this subscription from --debug",
}


class ContactsAuditError(Exception):
    """
    The base of all errors: *message* says what failed and why, *hint* what to do.

    Users and passwords in URLs are removed from both.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(without_user_info(message))
        self.hint = without_user_info(hint)


class UsageError(ContactsAuditError):
    """A value on the command line, in a variable, or in a file named there is wrong."""

    exit_code = ExitCode.USAGE


class FaultsError(UsageError):
    """A file has several *faults*; each is printed on its own line."""

    def __init__(self, faults: Sequence[UsageError]) -> None:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}", faults[0].hint)
        self.faults = faults


class OutputError(ContactsAuditError):
    """Output could not be written."""

    exit_code = ExitCode.CANNOT_WRITE


class BusyError(ContactsAuditError):
    """Another apply or restore is at work on the same state folder."""

    exit_code = ExitCode.BUSY


class IncompleteError(ContactsAuditError):
    """A part of a whole is missing, or belongs to another whole."""

    exit_code = ExitCode.INCOMPLETE


class PipeClosedError(OutputError):
    """The reader of stdout went away."""

    exit_code = ExitCode.PIPE_CLOSED


class AuthError(ContactsAuditError):
    """No token could be acquired: the run ends, or if rows are done, the others are unreadable."""


class AzureError(ContactsAuditError):
    """
    One request to Azure failed; others may succeed.

    *retry_after* is the wait that the answer asked for, in seconds; *retryable* says whether the
    same request may be sent again. *hinted* says whether it arose with a *hint* of its own.
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
        self.hinted = hint is not None
        self.reason = reason
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retryable = retryable
        self.retry_after = retry_after


class NotSentError(AzureError):
    """No time was left to send the request: Azure has not seen it."""


class VersionRefusedError(AzureError):
    """Azure does not offer securityContacts at the requested API version."""
