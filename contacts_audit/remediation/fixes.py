"""
Derives from findings the change that fixes them, for `--failing-only` and the reports. Pure.

What cannot be derived, above all the address of a new contact, is a placeholder in capitals.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contacts_audit.audit import checks
from contacts_audit.audit.profiles import VALUE_KEYS
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.contacts.steps import DEFAULT
from contacts_audit.core.mailbox import distinct, key
from contacts_audit.core.model import Audited, Change, Check, Contact, Criteria

ADDRESS = "ADDRESS"
WRONG = "WRONG-ADDRESS"
LEVEL = "LEVEL"
VALUED = frozenset({*VALUE_KEYS, Check.ATTACK_PATHS, Check.DELIVERABLE})
REMOVING = frozenset({Check.ALLOWED_DOMAIN, Check.DELIVERABLE})


def change_for(audited: Audited) -> Change:
    """
    Return the change after which all checks of *audited* hold, empty if no option helps.

    Where the criteria are unknown, as in a report that was read from a file, placeholders stand
    for what depends on them.
    """
    case = _Case.of(audited)
    removed = case.removed()
    required = case.required()
    owner = Check.OWNER_NOTIFIED in case.failing
    alerts = case.failing & {Check.ALERT_NOTIFICATIONS, Check.REACHABLE}
    silent = case.written.alert_severity not in checks.SEVERITIES
    level = LEVEL if case.criteria is None else case.criteria.attack_path_level
    return Change(
        emails=(*required, *[ADDRESS] * case.lacking(removed, required, owner=owner)),
        remove_emails=removed,
        notify_owners=owner,
        minimum_severity="High" if alerts and silent else None,
        attack_paths=level if Check.ATTACK_PATHS in case.failing else None,
        enable=not case.written.enabled,
    )


def with_fixes(given: Change, audited: Audited) -> tuple[Change, str | None]:
    """
    Return *given* plus what the findings of *audited* need, and a message on what is missing.

    A given value wins over a derived one; addresses add up.
    """
    needed = change_for(audited)
    named = [one for one in needed.emails if one != ADDRESS]
    dropped = set(map(key, given.remove_emails))
    emails = (*given.emails, *(one for one in named if key(one) not in dropped))
    missing = len(needed.emails) - len(named) - len(given.emails)
    kept = set(map(key, emails))
    removed = [] if missing > 0 else needed.remove_emails  # no contact loses its last address
    change = given._replace(
        emails=tuple(distinct(emails)),
        remove_emails=(*given.remove_emails, *(one for one in removed if key(one) not in kept)),
        notify_owners=given.notify_owners or needed.notify_owners,
        minimum_severity=given.minimum_severity or needed.minimum_severity,
        attack_paths=given.attack_paths or needed.attack_paths,
        enable=given.enable or needed.enable,
    )
    found = ", ".join(finding.check for finding in audited.findings)
    if missing > 0:
        some = "an address" if missing == 1 else f"{missing} addresses"
        return change, f"{found}: {some} cannot be derived -- give --email ADDRESS"
    if change == given and needed == Change():
        return change, f"{found}: no option of this program fixes that"
    return change, None


@dataclass(frozen=True, slots=True)
class _Case:
    """
    What has to change: the checks that are *failing* even if all *contacts* were enabled.

    *written* is the contact that `apply` writes, at the API version *version*.
    """

    failing: frozenset[Check]
    contacts: Sequence[Contact]
    written: Contact
    version: str
    criteria: Criteria | None

    @classmethod
    def of(cls, audited: Audited) -> "_Case":
        version = audited.findings[0].api_version
        contacts = [one for one in audited.contacts if one.api_version == version]
        nothing = Contact(DEFAULT, version, (), (), True, None, None, None, ())
        written = next((one for one in contacts if one.name.casefold() == DEFAULT), nothing)
        shown = [one._replace(enabled=True) if one is written else one for one in contacts]
        found = {finding.check for finding in audited.findings}
        failing = frozenset(_failing(found, shown, audited.criteria))
        return cls(failing, shown, written, version, audited.criteria)

    def removed(self) -> tuple[str, ...]:
        """Return the addresses that no check lets stay, without required ones."""
        if not self.failing & REMOVING:
            return ()
        if self.criteria is None:
            return (WRONG,)
        wanted = set(map(key, self.criteria.required_emails))
        wrong = []
        if Check.ALLOWED_DOMAIN in self.failing:
            wrong += checks.disallowed_emails(self.contacts, self.criteria)
        if Check.DELIVERABLE in self.failing:
            wrong += checks.undeliverable_emails(self.contacts, self.criteria)
        return tuple(one for one in distinct(wrong) if key(one) not in wanted)

    def required(self) -> tuple[str, ...]:
        if Check.REQUIRED_EMAIL not in self.failing:
            return ()
        if self.criteria is None:
            return (ADDRESS,)
        return tuple(checks.missing_emails(self.contacts, self.criteria))

    def lacking(self, removed: Sequence[str], required: Sequence[str], *, owner: bool) -> int:
        """Return how many more addresses are needed, which nothing names."""
        left = _without(removed, self.written.addresses)
        receiver = owner or any(role.casefold() == "owner" for role in self.written.roles)
        created_at_2017 = self.version == protocol.V2017 and not self.contacts
        needed = (
            Check.CONTACT_EMAIL in self.failing
            or (Check.REACHABLE in self.failing and not receiver)
            or created_at_2017  # which creates no contact without an address
            or (removed and self.criteria is not None)  # no contact loses its last address
        )
        one = 1 if needed and not left and not required else 0
        if self.criteria is None:
            blind = self.failing & {Check.MINIMUM_EMAILS, *REMOVING}
            return max(one, 1 if blind and not required else 0)
        if Check.MINIMUM_EMAILS not in self.criteria.checks:
            return one
        there = _without(removed, checks.enabled_emails(self.contacts))
        return max(one, (self.criteria.minimum_emails or 0) - len(there) - len(required))


def _failing(
    found: set[Check], contacts: Sequence[Contact], criteria: Criteria | None
) -> set[Check]:
    """Return the checks of *found* that fail on *contacts*, and those that fail once enabled."""
    certain, possible = set[Check](), found
    if criteria is None:
        certain, criteria = found & VALUED, Criteria(None, tuple(found))
    else:
        possible = found | ({Check.ALLOWED_DOMAIN} & {*criteria.checks})  # of a disabled contact
    failing = {one for one in possible if checks.RULES[one](contacts, criteria) is not None}
    return certain | failing


def _without(removed: Sequence[str], addresses: Sequence[str]) -> list[str]:
    gone = set(map(key, removed))
    return [one for one in addresses if key(one) not in gone]
