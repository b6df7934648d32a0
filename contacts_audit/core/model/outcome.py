"""The outcome of one subscription, its verdict, and the exit code of a run."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from contacts_audit.core.errors import AzureError, ExitCode, Reason
from contacts_audit.core.model.contact import Contact
from contacts_audit.core.model.criteria import Check, Criteria, Waiver
from contacts_audit.core.model.subscription import Subscription


class Verdict(StrEnum):
    """What is said of a subscription, strongest first."""

    SKIPPED = "skipped"
    UNREADABLE = "unreadable"
    NON_COMPLIANT = "non-compliant"
    WAIVED = "waived"
    COMPLIANT = "compliant"


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that fails, and why; *api_version* showed it."""

    check: Check
    message: str
    api_version: str


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
    def detail(self) -> str:
        """The message, and what Azure support asks for."""
        facts = {"status": self.status, "code": self.code, "request id": self.request_id}
        known = ", ".join(f"{name} {fact}" for name, fact in facts.items() if fact)
        return f"{self.message} ({known})" if known else self.message

    @classmethod
    def of(cls, error: AzureError) -> "Fault":
        """Keep the facts of *error*."""
        return cls(error.reason, str(error), error.hint, error.status, error.code, error.request_id)


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
