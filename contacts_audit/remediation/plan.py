"""Computes a plan row from the contacts that `prepare` has read and the requested change. Pure."""

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
    """What a plan does with a subscription."""

    CHANGE = "change"
    NOTHING = "nothing"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    SKIPPED = "skipped"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """
    The row of a subscription: the *steps* to write at *api_version*, given what was *seen*.

    *fault* says why it is unreadable, *message* why it is refused, or a note on the change.
    *left_alone* marks a row that was read, and is compliant, or waived through the day *until*.
    *change* is the row's own, derived from its failing checks, and *lacking* says what could not be
    derived.  *criteria* judge it, None in older plans; *said* is what they say of a row that needs
    no change.
    """

    subscription: Subscription
    intent: Intent
    seen: Snapshot | None = None
    api_version: str | None = None
    steps: tuple[Step, ...] = ()
    message: str | None = None
    fault: Fault | None = None
    left_alone: bool = False
    until: date | None = None
    change: Change | None = None
    lacking: str | None = None
    criteria: Criteria | None = None
    said: str | None = None

    @property
    def detail(self) -> str | None:
        """The message, and what the checks said."""
        return "; ".join(filter(None, (self.message, self.said))) or None


def check(change: Change, version: str | None) -> None:
    """
    Check that *change* is valid, at *version* unless that is None.

    Raises:
        UsageError: it is empty, contradicts itself, or is not possible at that API version.
    """
    for text in change.emails:
        is_one = addresses(text) == [text]
        if (why := mailbox.refusal(text) if is_one else "it is not one address") is not None:
            message = f"--email: {text!r} is not an email address: {why}"
            raise UsageError(message, "give one such as a@example.com")
    for text in change.remove_emails:
        if addresses(text) != [text] or not text.isprintable():
            message = f"--remove-email: {text!r} is not an email address"
            raise UsageError(message, "give it as Azure shows it")
    if change.replace and not change.emails:
        raise UsageError("--replace needs --email", "name the addresses to keep")
    both = set(map(mailbox.key, change.emails)) & set(map(mailbox.key, change.remove_emails))
    if both:
        message = f"--email and --remove-email both name {min(both)}"
        raise UsageError(message, "leave one of them out")
    if change.phone is not None and (
        not change.phone.strip() or sanitized(change.phone) != change.phone
    ):
        raise UsageError(
            f"--phone: {change.phone!r} is empty, or not one line of plain text",
            "give one such as (214)275-4038",
        )
    levels = (change.minimum_severity, SEVERITIES), (change.attack_paths, RISKS)
    if any(level is not None and level not in known for level, known in levels):
        raise UsageError("--minimum-severity or --attack-paths: unknown level", "see --help")
    if version not in (None, protocol.V2017):
        message = f"--api-version: only {protocol.V2017} can be chosen"
        raise UsageError(message, "leave it out to write at the newest")
    if version is not None:
        try:
            check_2017(change)
        except RefusedError as error:
            raise UsageError(str(error), error.hint) from error
    if is_empty(change):
        raise UsageError(
            "no change is requested", "give --email, or another option of the group Changes"
        )


def is_empty(change: Change) -> bool:
    """Return whether *change* requests nothing."""
    return change == Change(allow_empty=change.allow_empty)


def row_for(
    subscription: Subscription,
    seen: Snapshot,
    change: Change,
    version: str | None = None,
    *,
    own: Change | None = None,
    lacking: str | None = None,
) -> PlanRow:
    """
    Return the row for *change* at *version*; None is the newest API version offered.

    *own* is made in its place if the findings of the subscription need that, and *lacking* says
    what could not be derived from them.
    """
    if own is not None:
        try:
            if not is_empty(own):
                check(own, version if version == protocol.V2017 else None)
            row = row_for(subscription, seen, own, version)
        except UsageError as error:
            said = f"{error}: {error.hint}"
            row = PlanRow(subscription, Intent.REFUSED, seen, version, message=said)
        intent = Intent.REFUSED if lacking and row.intent is Intent.NOTHING else row.intent
        message = "; ".join(filter(None, (row.message, lacking))) or None
        return replace(row, intent=intent, message=message, change=own, lacking=lacking)
    version = version or seen.newest
    if version not in seen.versions:
        message = f"{version} is not offered in this cloud -- leave --api-version out"
        return PlanRow(subscription, Intent.REFUSED, seen, version, message=message)
    try:
        writes_for = write.writes_for(seen, change, version)
    except RefusedError as error:
        return PlanRow(subscription, Intent.REFUSED, seen, version, message=error.line)
    intent = Intent.CHANGE if writes_for.steps else Intent.NOTHING
    notes = "; ".join(writes_for.notes) or None
    return PlanRow(subscription, intent, seen, version, writes_for.steps, notes)


def exit_code(rows: Iterable[PlanRow]) -> ExitCode:
    """Return the exit code of a plan: refused outranks unreadable, unreadable outranks a change."""
    intents = {row.intent for row in rows}
    if Intent.REFUSED in intents:
        return ExitCode.NOT_DONE
    if Intent.UNREADABLE in intents:
        return ExitCode.INCOMPLETE
    return ExitCode.FINDINGS if Intent.CHANGE in intents else ExitCode.CLEAN
