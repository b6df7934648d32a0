"""The data types of an audit: frozen values, without effects."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from contacts_audit.core.delivery import MailAnswer
from contacts_audit.core.errors import AzureError, ExitCode, Reason


class Verdict(StrEnum):
    """What is said of a subscription, strongest first."""

    SKIPPED = "skipped"
    UNREADABLE = "unreadable"
    NON_COMPLIANT = "non-compliant"
    WAIVED = "waived"
    COMPLIANT = "compliant"


class Check(StrEnum):
    """The questions that can be asked of a subscription."""

    CONTACT_EMAIL = "contact-email"
    ALERT_NOTIFICATIONS = "alert-notifications"
    OWNER_NOTIFIED = "owner-notified"
    ATTACK_PATHS = "attack-paths"
    REACHABLE = "reachable"
    REQUIRED_EMAIL = "required-email"
    ALLOWED_DOMAIN = "allowed-domain"
    MINIMUM_EMAILS = "minimum-emails"
    DELIVERABLE = "deliverable"


class Profile(StrEnum):
    """Named sets of checks."""

    CONFORMITY = "conformity"
    CIS = "cis"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription in scope; one that was asked for and is not *visible* has its id only."""

    id: str
    name: str | None = None
    state: str | None = None
    tenant_id: str | None = None
    visible: bool = True

    @property
    def label(self) -> str:
        """The name and id, as a line for an operator shows them."""
        return self.id if self.name is None else f"{self.name} ({self.id})"


@dataclass(frozen=True, slots=True)
class Contact:
    """
    A security contact as one api-version shows it, its dialect translated.

    *emails* are all addresses as spelt; those in *malformed* are no addresses.  *alert_severity*,
    *attack_path_risk* and *roles* are what is switched on, None or empty where nothing is.
    """

    name: str
    api_version: str
    emails: tuple[str, ...]
    malformed: tuple[str, ...]
    enabled: bool
    phone: str | None
    alert_severity: str | None
    attack_path_risk: str | None
    roles: tuple[str, ...]

    @property
    def addresses(self) -> tuple[str, ...]:
        """The well-formed addresses."""
        malformed = frozenset(self.malformed)
        return tuple(email for email in self.emails if email not in malformed)


@dataclass(frozen=True, slots=True)
class Criteria:
    """
    Which checks are judged, by which values; *profile* is None where single ones were named.

    *mail* has the answer of DNS for each mail domain (ASCII), for the check `deliverable`.
    """

    profile: Profile | None
    checks: tuple[Check, ...]
    attack_path_level: str = "Critical"
    required_emails: tuple[str, ...] = ()
    allowed_domains: tuple[str, ...] = ()
    minimum_emails: int | None = None
    mail: Mapping[str, MailAnswer] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Waiver:
    """
    A finding that somebody answers for, through the day that it *expires* (UTC).

    It is of a *subscription* (an id or a name) or of all under a *management_group*; without a
    *check* it is of all checks.  *place* is where it stands in a policy.
    """

    subscription: str | None
    reason: str
    owner: str
    expires: date
    check: Check | None = None
    management_group: str | None = None
    place: str = field(default="", compare=False)

    @property
    def of(self) -> str:
        """What it is of, in words."""
        return self.subscription or f"management group {self.management_group}"


@dataclass(frozen=True, slots=True)
class Wish:
    """
    How the security contact of a subscription should be; what is not wished stays as it is.

    With *replace*, *emails* are to be the only addresses; without it they are added.
    """

    emails: tuple[str, ...] = ()
    replace: bool = False
    remove_emails: tuple[str, ...] = ()
    notify_owners: bool = False
    minimum_severity: str | None = None
    attack_paths: str | None = None
    enable: bool = False
    phone: str | None = None
    allow_empty: bool = False

    @property
    def creates(self) -> bool:
        """Say whether it wants a contact where there is none."""
        return bool(self.emails or self.notify_owners or self.minimum_severity or self.attack_paths)


@dataclass(frozen=True, slots=True)
class Reading:
    """The contacts of one subscription at one api-version."""

    api_version: str
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that fails, and why; *api_version* showed it."""

    check: Check
    message: str
    api_version: str


@dataclass(frozen=True, slots=True)
class Audited:
    """
    A subscription that was read and judged by *checks*; empty: by those of the run.

    *criteria* has their values, too; it is None in a report that is read back.
    """

    subscription: Subscription
    contacts: tuple[Contact, ...]
    emails: tuple[str, ...]
    findings: tuple[Finding, ...]
    decided_by: str
    waiver: Waiver | None = None
    checks: tuple[Check, ...] = ()
    criteria: Criteria | None = None

    @property
    def verdict(self) -> Verdict:
        """Compliant only where nothing was found; waived where all that was found is."""
        if self.waiver is not None:
            return Verdict.WAIVED
        return Verdict.NON_COMPLIANT if self.findings else Verdict.COMPLIANT


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a subscription could not be read, with what Azure support asks for."""

    reason: Reason
    message: str
    hint: str
    status: int | None = None
    code: str | None = None
    request_id: str | None = None

    @property
    def told(self) -> str:
        """The message, and what Azure support asks for."""
        facts = {"status": self.status, "code": self.code, "request id": self.request_id}
        known = ", ".join(f"{name} {fact}" for name, fact in facts.items() if fact)
        return f"{self.message} ({known})" if known else self.message

    @classmethod
    def of(cls, error: AzureError) -> "Fault":
        """Keep the facts of *error*."""
        return cls(error.reason, str(error), error.hint, error.status, error.code, error.request_id)


@dataclass(frozen=True, slots=True)
class Unread:
    """A subscription that could not be read; *contacts* are those seen before the fault."""

    subscription: Subscription
    fault: Fault
    contacts: tuple[Contact, ...] = ()
    verdict: Verdict = Verdict.UNREADABLE


@dataclass(frozen=True, slots=True)
class Skipped:
    """A subscription whose state says that there is nothing to audit."""

    subscription: Subscription
    verdict: Verdict = Verdict.SKIPPED


Outcome = Audited | Unread | Skipped


def exit_code(verdicts: Counter[Verdict]) -> ExitCode:
    """Return the code of a run with these *verdicts*: a partial audit is not a verdict."""
    if verdicts[Verdict.UNREADABLE]:
        return ExitCode.INCOMPLETE
    return ExitCode.FINDINGS if verdicts[Verdict.NON_COMPLIANT] else ExitCode.CLEAN


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Who asks, as far as the token shows it; nobody verified that.

    *auth* is the `--auth` that chooses its *credential*; *user* is a person's name, None for an
    application.
    """

    auth: str
    credential: str
    user: str | None
    application_id: str | None
    object_id: str | None
    tenant_id: str | None

    @property
    def label(self) -> str:
        """Whom, of which tenant, and how, as a line for an operator shows it."""
        who = "an opaque token"
        if self.user is not None:
            who = f"user {self.user}"
        elif self.application_id is not None:
            who = f"application {self.application_id}"
        return f"{who}, tenant {self.tenant_id or 'unknown'} ({self.credential})"


@dataclass(frozen=True, slots=True)
class Invocation:
    """
    The options that a run was started with, as words for the commands that its report prints.

    *scope* chooses the subscriptions, None where it was read from stdin; *tenants* chooses the
    tenants, and *others* cloud, identity and checks.  *endpoint* is the Resource Manager that such
    a command talks to.  The rows of a *recording* are a file of strangers: no value of theirs but
    an id is repeated.
    """

    scope: tuple[str, ...] | None
    tenants: tuple[str, ...]
    others: tuple[str, ...]
    endpoint: str
    recording: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """
    What all rows of a report have in common.

    *run_id* is what ties the shards of a run together.  *recorded* is when the recording was made
    that the rows are read from, None where they are read from Azure.  *scope* is a short digest of
    the options that select subscriptions, None where none does.  Without an *invocation* nobody
    knows how it was started: the report was read from a file.
    """

    version: str
    started: datetime
    cloud: str
    tenants: tuple[str, ...]
    profile: Profile | None
    checks: tuple[Check, ...]
    portal_url: str | None
    shard: str | None = None
    run_id: str | None = None
    recorded: datetime | None = None
    identities: tuple[Identity, ...] = ()
    scope: str | None = None
    invocation: Invocation | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """
    The outcome of every subscription in scope, in order.

    Where only changes are to be shown, *outcomes* are those that differ from a baseline, *whole*
    counts all, *gone* are the baseline's rows of what is in scope no more, and *was* those of what
    still is, by id.  Where *only* some verdicts are to be shown, *outcomes* are those.
    """

    run: Run
    finished: datetime
    outcomes: tuple[Outcome, ...]
    whole: Counter[Verdict] | None = None
    gone: tuple[Mapping[str, Any], ...] | None = None
    was: Mapping[str, Mapping[str, Any]] | None = None
    only: tuple[Verdict, ...] = ()

    @property
    def as_of(self) -> datetime:
        """Return of which moment the report is: that of the recording, else the end of the run."""
        return self.run.recorded or self.finished

    @property
    def verdicts(self) -> Counter[Verdict]:
        """How many subscriptions have which verdict, of all that are in scope."""
        if self.whole is not None:
            return self.whole
        return Counter(outcome.verdict for outcome in self.outcomes)
