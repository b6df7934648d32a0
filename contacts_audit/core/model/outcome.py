"""Defines the outcome of one subscription, its verdict, and the exit code of a run."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from contacts_audit.core.errors import HINTS, AuthError, AzureError, ExitCode, Reason
from contacts_audit.core.model.criteria import Check, Criteria, Waiver
from contacts_audit.core.model.subscription import Contact, Subscription


class Verdict(StrEnum):
    """The verdict on a subscription, strongest first."""

    SKIPPED = "skipped"
    UNREADABLE = "unreadable"
    NON_COMPLIANT = "non-compliant"
    WAIVED = "waived"
    COMPLIANT = "compliant"


class Finding(NamedTuple):
    """A check that fails, why, and the *api_version* that showed it."""

    check: Check
    message: str
    api_version: str


class Fault(NamedTuple):
    """Why a subscription could not be read, what to do, and the facts for Azure support."""

    reason: Reason
    message: str
    hint: str
    status: int | None = None
    code: str | None = None
    request_id: str | None = None

    @property
    def detail(self) -> str:
        """The message with status, code and request id, which Azure support asks for."""
        facts = {"status": self.status, "code": self.code, "request id": self.request_id}
        known = ", ".join(f"{name} {fact}" for name, fact in facts.items() if fact)
        return f"{self.message} ({known})" if known else self.message

    @property
    def line(self) -> str:
        """The reason and the detail."""
        return f"{self.reason}: {self.detail}"

    @classmethod
    def of(cls, error: AzureError | AuthError) -> "Fault":
        """Return the fault that *error* describes, whichever side failed."""
        if isinstance(error, AuthError):
            reason = Reason.SIGN_IN_FAILED
            return cls(reason, str(error), error.hint or HINTS[reason])
        return cls(error.reason, str(error), error.hint, error.status, error.code, error.request_id)


@dataclass(frozen=True, slots=True)
class Audited:
    """
    A subscription that was read and judged by *checks*, or by those of the run if empty.

    *criteria* holds their values; it is None in a report that was read from a file.  *seconds* is
    how long it took; None where that is not known.
    """

    subscription: Subscription
    contacts: tuple[Contact, ...]
    emails: tuple[str, ...]
    findings: tuple[Finding, ...]
    decided_by: str
    waiver: Waiver | None = None
    checks: tuple[Check, ...] = ()
    criteria: Criteria | None = None
    seconds: float | None = field(default=None, compare=False)

    @property
    def verdict(self) -> Verdict:
        """Compliant without findings, waived with a waiver, else non-compliant."""
        if self.waiver is not None:
            return Verdict.WAIVED
        return Verdict.NON_COMPLIANT if self.findings else Verdict.COMPLIANT


@dataclass(frozen=True, slots=True)
class Unread:
    """
    A subscription that could not be read; *contacts* are those read before the fault.

    *seconds* is how long it took; None where that is not known.
    """

    subscription: Subscription
    fault: Fault
    contacts: tuple[Contact, ...] = ()
    verdict: Verdict = Verdict.UNREADABLE
    seconds: float | None = field(default=None, compare=False)


class Skipped(NamedTuple):
    """A subscription that its state excludes from the audit: disabled or deleted."""

    subscription: Subscription
    verdict: Verdict = Verdict.SKIPPED


Outcome = Audited | Unread | Skipped


def exit_code(verdicts: Counter[Verdict]) -> ExitCode:
    """Return the code of a run with these *verdicts*; unreadable outranks non-compliant."""
    if verdicts[Verdict.UNREADABLE]:
        return ExitCode.INCOMPLETE
    return ExitCode.FINDINGS if verdicts[Verdict.NON_COMPLIANT] else ExitCode.CLEAN
