"""Computes what will be written, from what was read and the requested change. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from contacts_audit.audit.checks import RISKS, SEVERITIES
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.contacts import write
from contacts_audit.azure.contacts.read import addresses
from contacts_audit.azure.contacts.records import Snapshot
from contacts_audit.azure.contacts.steps import RefusedError, Step
from contacts_audit.azure.contacts.write_2017 import check_2017
from contacts_audit.core import mailbox
from contacts_audit.core.errors import ExitCode, UsageError
from contacts_audit.core.model import Change, Criteria, Fault, Subscription
from contacts_audit.core.sanitize import sanitized

COMPLIES = "complies with"  # and the names of checks


class Intent(StrEnum):
    """What a plan says of a subscription."""

    CHANGE = "change"
    NOTHING = "nothing"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    SKIPPED = "skipped"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """That a subscription complies, or that its findings are waived *until* the end of a day."""

    until: date | None = None


@dataclass(frozen=True, slots=True)
class Judgment:
    """By which *criteria* a subscription is judged, and what was *said*, if anything was."""

    criteria: Criteria
    said: str | None = None


@dataclass(frozen=True, slots=True)
class PlanRow:
    """
    What is to be done about a subscription: *steps* at *api_version*, given what was *seen*.

    *fault* says why it could not be read; *message* why it is refused, or what is to be known;
    *left_alone* that nothing was planned although it was read.  *wish* is its own, where one was
    derived from what fails, and *lacking* what could not be derived.
    """

    subscription: Subscription
    intent: Intent
    seen: Snapshot | None = None
    api_version: str | None = None
    steps: tuple[Step, ...] = ()
    message: str | None = None
    fault: Fault | None = None
    left_alone: LeftAlone | None = None
    change: Change | None = None
    lacking: str | None = None
    judged: Judgment | None = None

    @property
    def detail(self) -> str | None:
        """What is to be known of it: the message, and what was found."""
        said = None if self.judged is None else self.judged.said
        return "; ".join(filter(None, (self.message, said))) or None


def check(change: Change, version: str | None) -> None:
    """
    Check that *wish* is one, to be written at *version* if it is not None.

    Raises:
        UsageError: it is none, contradicts itself, or cannot be had at that api-version.
    """
    for text in change.emails:
        if addresses(text) != [text] or (why := mailbox.refusal(text)) is not None:
            reason = "it is not one alone" if addresses(text) != [text] else why
            message = f"--email: {text!r} is no address: {reason}"
            raise UsageError(message, "give one as a@example.com")
    for text in change.remove_emails:
        if addresses(text) != [text] or not text.isprintable():
            raise UsageError(f"--remove-email: {text!r} is no address", "give one as it is spelt")
    if change.replace and not change.emails:
        raise UsageError("--replace needs --email", "name the addresses that there should be")
    both = set(map(mailbox.key, change.emails)) & set(map(mailbox.key, change.remove_emails))
    if both:
        raise UsageError(f"{min(both)} is to be there and to be dropped", "decide")
    if change.phone is not None and (
        not change.phone.strip() or sanitized(change.phone) != change.phone
    ):
        raise UsageError(
            f"--phone: {change.phone!r} is empty, or more than a line of plain text",
            "give one as (214)275-4038",
        )
    levels = (change.minimum_severity, SEVERITIES), (change.attack_paths, RISKS)
    if any(level is not None and level not in known for level, known in levels):
        raise UsageError("--minimum-severity or --attack-paths: it is no level", "see --help")
    if version not in (None, protocol.V2017):
        raise UsageError(f"--api-version: only {protocol.V2017} can be chosen", "or leave it out")
    if version is not None:
        try:
            check_2017(change)
        except RefusedError as error:
            raise UsageError(str(error), error.hint) from error
    if is_empty(change):
        raise UsageError(
            "no change is asked for", "give --email, or another option of the group Changes"
        )


def is_empty(change: Change) -> bool:
    """Return whether nothing is wished."""
    return change == Change(allow_empty=change.allow_empty)


def row_for_findings(
    subscription: Subscription,
    seen: Snapshot,
    change: Change,
    lacking: str | None,
    version: str | None,
) -> PlanRow:
    """Return what fulfils a *wish* of its own, and says what is *lacking* in it."""
    try:
        if not is_empty(change):
            check(change, version if version == protocol.V2017 else None)
    except UsageError as error:
        row = PlanRow(subscription, Intent.REFUSED, seen, version, message=f"{error}: {error.hint}")
    else:
        row = row_for(subscription, seen, change, version)
    intent = Intent.REFUSED if lacking and row.intent is Intent.NOTHING else row.intent
    message = "; ".join(filter(None, (row.message, lacking))) or None
    return replace(row, intent=intent, message=message, change=change, lacking=lacking)


def row_for(
    subscription: Subscription, seen: Snapshot, change: Change, version: str | None = None
) -> PlanRow:
    """Return what fulfils *wish*, written at *version*, else at the newest that is offered."""
    version = version or seen.newest
    if version not in seen.versions:
        message = f"{version} is not offered in this cloud -- leave --api-version out"
        return PlanRow(subscription, Intent.REFUSED, seen, version, message=message)
    try:
        writes_for = write.writes_for(seen, change, version)
    except RefusedError as error:
        message = f"{error} -- {error.hint}" if error.hint else str(error)
        return PlanRow(subscription, Intent.REFUSED, seen, version, message=message)
    intent = Intent.CHANGE if writes_for.steps else Intent.NOTHING
    notes = "; ".join(writes_for.notes) or None
    return PlanRow(subscription, intent, seen, version, writes_for.steps, notes)


def exit_code(rows: Iterable[PlanRow]) -> ExitCode:
    """Return the code of a plan: a refusal outranks what could not be read, that a change."""
    intents = {row.intent for row in rows}
    for intent, code in (
        (Intent.REFUSED, ExitCode.NOT_DONE),
        (Intent.UNREADABLE, ExitCode.INCOMPLETE),
        (Intent.CHANGE, ExitCode.FINDINGS),
    ):
        if intent in intents:
            return code
    return ExitCode.CLEAN
