"""Which command mends what an audit found of a subscription."""

import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from contacts_audit import policy
from contacts_audit.azure.steps import DEFAULT
from contacts_audit.errors import Reason
from contacts_audit.model import Audited, Check, Contact, Criteria, Outcome, Run, Unread, Verdict

ADDRESS = "ADDRESS"
LEVEL = "LEVEL"
BLANKS = (ADDRESS, LEVEL)  # what the reader puts his own in the place of
MOST = 10  # addresses that a command asks for


def command(outcome: Outcome, run: Run) -> str | None:
    """
    Return the command that mends what was found, None where no command does.

    It holds ids, words of ours and what was asked for; of what Azure calls things, nothing.
    """
    subscription = outcome.subscription
    match outcome:
        case Audited(verdict=Verdict.NON_COMPLIANT):
            words = ["contacts-audit", "apply", "-s", subscription.id]
            if len(run.tenants) > 1 and subscription.tenant_id in run.tenants:
                words += ["--tenant", subscription.tenant_id]
            return shlex.join([*words, *_cloud(run.cloud), *_wish(outcome)])
        case Unread(fault=fault) if fault.reason is Reason.NOT_REGISTERED:
            words = ["az", "provider", "register", "--namespace", "Microsoft.Security"]
            return shlex.join([*words, "--subscription", subscription.id])
    return None


def _cloud(name: str) -> list[str]:
    """Return the options for a cloud; one's own is named by the host of its Resource Manager."""
    if name == "AzureCloud":
        return []
    return ["--cloud", name] if name.isalpha() else ["--arm-endpoint", f"https://{name}"]


class _Found(NamedTuple):
    """Which *checks* failed on *contacts*; *written* is the one that `apply` would write."""

    checks: frozenset[Check]
    contacts: Sequence[Contact]
    written: Contact
    criteria: Criteria | None

    @classmethod
    def of(cls, audited: Audited) -> "_Found":
        version = audited.findings[0].api_version
        contacts = [one for one in audited.contacts if one.api_version == version]
        written = next(
            (one for one in contacts if one.name == DEFAULT),
            Contact(DEFAULT, version, (), (), True, None, None, None, ()),
        )
        checks = frozenset(finding.check for finding in audited.findings)
        return cls(checks, contacts, written, audited.criteria)

    @property
    def wrong(self) -> int:
        """How many addresses must go; where it is not known what is allowed, one at least."""
        if Check.ALLOWED_DOMAIN not in self.checks:
            return 0
        return 1 if self.criteria is None else len(policy.strange(self.contacts, self.criteria))

    @property
    def owner(self) -> bool:
        """Whether the one that is written notifies the Owner role."""
        return any(role.casefold() == "owner" for role in self.written.roles)


def _wish(audited: Audited) -> list[str]:
    """Return the options that mend all findings; one merely disabled is enabled, and lacks none."""
    found = _Found.of(audited)
    words = [] if found.written.enabled else ["--enable"]
    for address in _added(found):
        words += ["--email", address]
    flags = dict.fromkeys(flag for one in audited.findings for flag in _flags(one.check, found))
    words += [word for flag in flags for word in flag]
    for number in range(1, found.wrong + 1):
        words += ["--remove-email", f"WRONG-{ADDRESS}-{number}"]
    return words


def _added(found: _Found) -> list[str]:
    """Return the addresses to be added: those that are required, and blanks for all others."""
    required: list[str] = []
    if Check.REQUIRED_EMAIL in found.checks:
        criteria = found.criteria
        missing = [ADDRESS] if criteria is None else policy.missing(found.contacts, criteria)
        required = [one if one.isascii() else ADDRESS for one in missing]
    lacking = max(_lacking(check, found) for check in found.checks)
    return [*required, *[ADDRESS] * min(lacking - len(required), MOST)]


def _lacking(check: Check, found: _Found) -> int:
    """Say how many addresses are to be added for *check*."""
    written, criteria = found.written, found.criteria
    match check:
        case Check.CONTACT_EMAIL:
            return 0 if written.addresses else 1
        case Check.REACHABLE:
            return 0 if written.addresses or found.owner else 1
        case Check.ALLOWED_DOMAIN:
            return found.wrong  # one goes, one comes
        case Check.MINIMUM_EMAILS:
            if criteria is None:
                return 1 + found.wrong
            there = len(policy.distinct(policy.enabled(found.contacts)))
            dormant = 0 if written.enabled else len(written.addresses)
            return (criteria.minimum_emails or 0) - there - dormant + found.wrong
    return 0


def _flags(check: Check, found: _Found) -> Iterator[tuple[str, ...]]:
    """Yield what else mends *check*."""
    match check:
        case Check.ALERT_NOTIFICATIONS | Check.REACHABLE:
            if found.written.alert_severity not in policy.SEVERITIES:
                yield "--minimum-severity", "High"
        case Check.OWNER_NOTIFIED:
            if not found.owner:
                yield ("--notify-owners",)
        case Check.ATTACK_PATHS:
            level = LEVEL if found.criteria is None else found.criteria.attack_path_level
            yield "--attack-paths", level
