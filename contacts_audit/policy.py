"""What is judged: each check a pure function from contacts to what is wrong with them."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

from contacts_audit import mailbox
from contacts_audit.errors import UsageError
from contacts_audit.model import (
    Check,
    Contact,
    Criteria,
    Finding,
    Profile,
    Reading,
    Subscription,
    Waiver,
)

Rule = Callable[[Sequence[Contact], Criteria], str | None]

NO_ADDRESS = "no e-mail address is configured"
SEVERITIES = ("Low", "Medium", "High")
RISKS = ("Low", "Medium", "High", "Critical")
SOON = timedelta(days=14)
LONGEST = 320  # characters of an address in a message
MOST_NAMED = 50  # addresses
BASE = (Check.CONTACT_EMAIL, Check.ALERT_NOTIFICATIONS, Check.OWNER_NOTIFIED, Check.ATTACK_PATHS)
KEYS: Mapping[Check, str] = {
    Check.REQUIRED_EMAIL: "required_emails",
    Check.ALLOWED_DOMAIN: "allowed_domains",
    Check.MINIMUM_EMAILS: "minimum_emails",
}
PROFILES: Mapping[Profile, tuple[Check, ...]] = {
    Profile.CONFORMITY: (Check.CONTACT_EMAIL,),
    Profile.CIS: BASE,
    Profile.STRICT: (*BASE, Check.REACHABLE),
}


def shows_address(contacts: Sequence[Contact]) -> bool:
    """Say whether an enabled contact has a well-formed address."""
    return any(contact.enabled and contact.addresses for contact in contacts)


def contact_email(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """SecurityCenter-016; CIS 3.1.13 (v3), 9.1.13 (v4), 8.1.13 (v5, v6)."""
    if shows_address(contacts):
        return None
    wrong = malformed(contacts)
    disabled = [contact.name for contact in contacts if contact.addresses and not contact.enabled]
    wrong += [f"contact {name!r} is disabled" for name in disabled]
    roles = sorted({role for contact in contacts if contact.enabled for role in contact.roles})
    if roles:
        wrong.append(f"only the role {', '.join(roles)} is notified")
    fact = "no enabled contact has an e-mail address" if disabled else NO_ADDRESS
    return _said(fact, wrong)


def alert_notifications(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Mail goes out for alerts of high severity: "High or lower" is what CIS asks for."""
    if any(_alerts(contact) for contact in contacts):
        return None
    return _said("no mail goes out for high-severity alerts", _why_no_alerts(contacts))


def owner_notified(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """The role Owner is notified."""
    if any(_owner(contact) for contact in contacts):
        return None
    others = {role for contact in contacts for role in contact.roles if contact.enabled}
    return _said("the role Owner is not notified", [f"notified: {role}" for role in sorted(others)])


def attack_paths(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Mail goes out for attack paths from the wanted risk on, or from a lower one."""
    wanted = RISKS.index(criteria.attack_path_level)
    known = [one.attack_path_risk for one in contacts if one.enabled and one.attack_path_risk]
    if any(risk in RISKS and RISKS.index(risk) <= wanted for risk in known):
        return None
    return _said(
        f"no mail goes out for attack paths of risk {criteria.attack_path_level}",
        [f"the threshold is {risk!r}" for risk in known],
    )


def reachable(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """An alert would reach someone: one contact is enabled, sends alerts, and has a receiver."""
    if any(_alerts(one) and (one.addresses or _owner(one)) for one in contacts):
        return None
    wrong = _why_no_alerts(contacts)
    if not any(one.addresses or _owner(one) for one in contacts):
        wrong += ["there is neither an address nor the role Owner", *malformed(contacts)]
    return _said("an alert would reach nobody", wrong)


def required_email(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Each required address is configured."""
    lacking = missing(contacts, criteria)
    return _said(f"not configured: {', '.join(lacking)}", malformed(contacts)) if lacking else None


def missing(contacts: Sequence[Contact], criteria: Criteria) -> list[str]:
    """Return the required addresses that no enabled contact has."""
    there = set(map(mailbox.key, distinct(enabled(contacts))))
    return [one for one in criteria.required_emails if mailbox.key(one) not in there]


def allowed_domain(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Each address is of an allowed domain; a subdomain is another domain."""
    found = strange(contacts, criteria)
    fact = f"of a domain that is not allowed: {', '.join(found)}"
    return _said(fact, malformed(contacts)) if found else None


def strange(contacts: Sequence[Contact], criteria: Criteria) -> list[str]:
    """Return the addresses of enabled contacts that are of no allowed domain."""
    allowed = set(map(mailbox.domain_key, criteria.allowed_domains))
    return [
        one
        for one in distinct(enabled(contacts))
        if mailbox.key(one).rpartition("@")[2] not in allowed
    ]


def minimum_emails(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """There are enough distinct addresses."""
    found, wanted = len(distinct(enabled(contacts))), criteria.minimum_emails or 0
    fact = f"{found} of at least {wanted} addresses"
    return _said(fact, malformed(contacts)) if found < wanted else None


RULES: Mapping[Check, Rule] = {
    Check.CONTACT_EMAIL: contact_email,
    Check.ALERT_NOTIFICATIONS: alert_notifications,
    Check.OWNER_NOTIFIED: owner_notified,
    Check.ATTACK_PATHS: attack_paths,
    Check.REACHABLE: reachable,
    Check.REQUIRED_EMAIL: required_email,
    Check.ALLOWED_DOMAIN: allowed_domain,
    Check.MINIMUM_EMAILS: minimum_emails,
}


def judge(check: Check, reading: Reading, criteria: Criteria, remark: str = "") -> Finding | None:
    """Return the finding where *check* fails on *reading*, with *remark* added."""
    wrong = RULES[check](reading.contacts, criteria)
    return None if wrong is None else Finding(check, wrong + remark, reading.api_version)


def distinct(contacts: Sequence[Contact]) -> tuple[str, ...]:
    """Return the well-formed addresses as first spelled, each mailbox once."""
    return tuple(mailbox.distinct(one for contact in contacts for one in contact.addresses))


@dataclass(frozen=True, slots=True)
class Settings:
    """What options, a policy or an override say; None is nothing said."""

    profile: Profile | None = None
    checks: tuple[Check, ...] | None = None
    required_emails: tuple[str, ...] | None = None
    allowed_domains: tuple[str, ...] | None = None
    minimum_emails: int | None = None
    attack_path_level: str | None = None

    def over(self, other: "Settings") -> "Settings":
        """Return *other* with each key replaced that is said here."""
        return Settings(
            *(
                getattr(other, item.name) if (own := getattr(self, item.name)) is None else own
                for item in fields(self)
            )
        )

    @property
    def criteria(self) -> Criteria:
        """
        Return what is judged; profile and checks add up, and with neither it is `conformity`.

        Raises:
            UsageError: a check lacks its value.
        """
        profile = self.profile or (None if self.checks else Profile.CONFORMITY)
        values = {check: getattr(self, key) for check, key in KEYS.items()}
        checks = [*(PROFILES[profile] if profile else ()), *(self.checks or ())]
        if profile is Profile.STRICT:
            checks += [check for check, value in values.items() if value]
        for check in checks:
            if check in values and not values[check]:
                key = KEYS[check]
                raise UsageError(
                    f"the check {check} has no value", f"give --{check}, or {key} in the policy"
                )
        return Criteria(
            profile,
            tuple(dict.fromkeys(checks)),
            self.attack_path_level or RISKS[-1],
            self.required_emails or (),
            self.allowed_domains or (),
            self.minimum_emails,
        )


@dataclass(frozen=True, slots=True)
class Override:
    """Other settings for a subscription (by id or name), or for a management group."""

    settings: Settings
    subscription: str | None = None
    management_group: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """
    What is judged where, and what is waived, on a *day* (UTC).

    *groups* holds, for each management group that an override names, the ids of the subscriptions
    under it, and of the groups.
    """

    options: Settings
    top: Settings = Settings()
    overrides: tuple[Override, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    groups: Mapping[str, tuple[frozenset[str], frozenset[str]]] | None = None
    day: date = date.min

    @property
    def criteria(self) -> Criteria:
        """What is judged where no override says otherwise."""
        return self.options.over(self.top).criteria

    @property
    def all_criteria(self) -> list[Criteria]:
        """What is judged somewhere, by any one override."""
        said = [one.settings.over(self.top) for one in self.overrides]
        return [self.criteria, *(self.options.over(one).criteria for one in said)]

    def criteria_of(self, subscription: Subscription) -> Criteria:
        """Return what is judged of *subscription*, each key by the nearest that says it."""
        said = self.top
        for override in reversed(self.overrides_of(subscription)):
            said = override.settings.over(said)
        return self.options.over(said).criteria

    def overrides_of(self, subscription: Subscription) -> list[Override]:
        """Return the overrides that count for *subscription*: its own, then its nearest group's."""
        own = [one for one in self.overrides if names(one.subscription or "", subscription)]
        groups = self.groups or {}
        around = [
            one
            for one in self.overrides
            if one.management_group is not None
            and subscription.id in groups[one.management_group.casefold()][0]
        ]
        nearest = max((self._depth(one, around) for one in around), default=0)
        return own + [one for one in around if self._depth(one, around) == nearest]

    def _depth(self, override: Override, among: Sequence[Override]) -> int:
        """Count the groups of *among* that *override*'s group is in."""
        own, groups = (override.management_group or "").casefold(), self.groups or {}
        return sum(own in groups[(one.management_group or "").casefold()][1] for one in among)

    def may_waive(self, subscription: Subscription) -> bool:
        """Say whether there is a waiver of *subscription*, be it valid or not."""
        return any(names(one.subscription, subscription) for one in self.waivers)

    def waiver_of(self, subscription: Subscription, findings: Sequence[Finding]) -> Waiver | None:
        """Return the waiver that ends first, where waivers cover all of *findings*."""
        standing = [
            one
            for one in self.waivers
            if names(one.subscription, subscription) and one.expires >= self.day
        ]
        used = [
            [one for one in standing if one.check in (None, finding.check)] for finding in findings
        ]
        if not findings or not all(used):
            return None
        return min((one for group in used for one in group), key=lambda one: one.expires)

    def warnings(self, subscriptions: Collection[Subscription]) -> list[str]:
        """Return what is to be said of waivers and overrides, given all that is in scope."""
        if not self.overrides and not self.waivers:
            return []
        known = Counter(
            text for one in subscriptions for text in {one.id, (one.name or one.id).casefold()}
        )
        said = [
            f"the override of {one.subscription} matches no subscription in scope"
            for one in self.overrides
            if one.subscription is not None and not known[one.subscription.casefold()]
        ]
        for one in self.waivers:
            what = f"the waiver of {one.subscription} ({one.reason}, {one.owner})"
            number = known[one.subscription.casefold()]
            if number == 0:
                said.append(f"{what} matches no subscription in scope")
            if one.expires < self.day:
                said.append(f"{what} expired on {one.expires} and does not count")
            elif number and one.expires - self.day <= SOON:
                said.append(f"{what} ends on {one.expires}")
            if number > 1:
                said.append(f"{what} matches {number} subscriptions: name one by its id")
        return said


def names(text: str, subscription: Subscription) -> bool:
    """Say whether *text* is the id or the name of *subscription*, in any case."""
    return text.casefold() in {subscription.id, (subscription.name or "").casefold()} - {""}


def enabled(contacts: Sequence[Contact]) -> list[Contact]:
    """Return those of *contacts* that count."""
    return [contact for contact in contacts if contact.enabled]


def malformed(contacts: Sequence[Contact]) -> list[str]:
    """Return what is wrong with each malformed address, in email-validator's words."""
    found = [email for contact in contacts for email in contact.malformed]
    named = [f"malformed address {email[:LONGEST]!r}{_why(email)}" for email in found[:MOST_NAMED]]
    more = len(found) - MOST_NAMED
    return [*named, f"and {more} more malformed addresses"] if more > 0 else named


def _why(email: str) -> str:
    return "" if (reason := mailbox.refusal(email)) is None else f": {reason}"


def _alerts(contact: Contact) -> bool:
    return contact.enabled and contact.alert_severity in SEVERITIES


def _owner(contact: Contact) -> bool:
    return contact.enabled and any(role.casefold() == "owner" for role in contact.roles)


def _why_no_alerts(contacts: Sequence[Contact]) -> list[str]:
    disabled = [f"contact {one.name!r} is disabled" for one in contacts if not one.enabled]
    unknown = [
        f"the severity {one.alert_severity!r} is not known"
        for one in contacts
        if one.enabled and one.alert_severity and one.alert_severity not in SEVERITIES
    ]
    return disabled + unknown


def _said(fact: str, details: Sequence[str]) -> str:
    return f"{fact} ({'; '.join(details)})" if details else fact
