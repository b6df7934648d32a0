"""The checks: each is a pure function from contacts to what is wrong with them, or None."""

from collections.abc import Callable, Mapping, Sequence

from contacts_audit.core import mailbox
from contacts_audit.core.delivery import Delivery
from contacts_audit.core.model import Check, Contact, Criteria, Finding, Reading

Rule = Callable[[Sequence[Contact], Criteria], str | None]
"""Returns the message of a finding, None where the check passes."""

NO_ADDRESS = "no email address is configured"
SEVERITIES = ("Low", "Medium", "High")
RISKS = ("Low", "Medium", "High", "Critical")
MAX_SHOWN = 320  # characters of an address in a message
MAX_NAMED = 50  # addresses


def has_address(contacts: Sequence[Contact]) -> bool:
    """Return whether an enabled contact has a well-formed address."""
    return any(contact.enabled and contact.addresses for contact in contacts)


def contact_email(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """
    Pass if an enabled contact has a well-formed address.

    SecurityCenter-016; CIS 3.1.13 (v3), 9.1.13 (v4), 8.1.13 (v5, v6)
    """
    if has_address(contacts):
        return None
    wrong = describe_malformed(contacts)
    disabled = [contact.name for contact in contacts if contact.addresses and not contact.enabled]
    wrong += [f"contact {name!r} is disabled" for name in disabled]
    roles = sorted({role for contact in contacts if contact.enabled for role in contact.roles})
    if roles:
        wrong.append(f"only the role {', '.join(roles)} is notified")
    fact = "no enabled contact has an email address" if disabled else NO_ADDRESS
    return _sentence(fact, wrong)


def alert_notifications(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Pass if email is sent for alerts of high severity, as CIS requires."""
    if any(_alerts(contact) for contact in contacts):
        return None
    return _sentence("no email is sent for high-severity alerts", _why_no_alerts(contacts))


def owner_notified(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Pass if the role Owner is notified."""
    if any(_owner(contact) for contact in contacts):
        return None
    others = {role for contact in contacts for role in contact.roles if contact.enabled}
    return _sentence(
        "the role Owner is not notified", [f"notified: {role}" for role in sorted(others)]
    )


def attack_paths(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Pass if email is sent for attack paths of the wanted risk; a lower threshold passes too."""
    wanted = RISKS.index(criteria.attack_path_level)
    known = [one.attack_path_risk for one in contacts if one.enabled and one.attack_path_risk]
    if any(risk in RISKS and RISKS.index(risk) <= wanted for risk in known):
        return None
    return _sentence(
        f"no email is sent for attack paths of risk {criteria.attack_path_level}",
        [f"the threshold is {risk!r}" for risk in known],
    )


def reachable(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Pass if one contact is enabled, sends alerts, and has an address or the role Owner."""
    if any(_alerts(one) and (one.addresses or _owner(one)) for one in contacts):
        return None
    wrong = _why_no_alerts(contacts)
    if not any(one.addresses or _owner(one) for one in contacts):
        wrong += ["no email address and no Owner role to notify", *describe_malformed(contacts)]
    return _sentence("an alert would reach nobody", wrong)


def required_email(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Pass if each required address is configured."""
    found = missing_emails(contacts, criteria)
    fact = f"not configured: {', '.join(found)}"
    return _sentence(fact, describe_malformed(contacts)) if found else None


def missing_emails(contacts: Sequence[Contact], criteria: Criteria) -> list[str]:
    """Return the required addresses that no enabled contact has."""
    configured = set(map(mailbox.key, enabled_emails(contacts)))
    return [one for one in criteria.required_emails if mailbox.key(one) not in configured]


def allowed_domain(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Pass if each address is in an allowed domain; a subdomain is another domain."""
    found = disallowed_emails(contacts, criteria)
    fact = f"in a domain that is not allowed: {', '.join(found)}"
    return _sentence(fact, describe_malformed(contacts)) if found else None


def disallowed_emails(contacts: Sequence[Contact], criteria: Criteria) -> list[str]:
    """Return the addresses of enabled contacts that are in no allowed domain."""
    allowed = set(map(mailbox.domain_key, criteria.allowed_domains))
    return [one for one in enabled_emails(contacts) if mail_domain(one) not in allowed]


def minimum_emails(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Pass if there are enough distinct addresses."""
    found, wanted = len(enabled_emails(contacts)), criteria.minimum_emails or 0
    fact = f"{found} of at least {wanted} addresses"
    return _sentence(fact, describe_malformed(contacts)) if found < wanted else None


def deliverable(contacts: Sequence[Contact], criteria: Criteria) -> str | None:
    """Pass if the domain of each address takes mail, as far as DNS has answered."""
    found = undeliverable_emails(contacts, criteria)
    domains = dict.fromkeys(map(mail_domain, found))
    why = [f"{domain}: {criteria.mail[domain].why}" for domain in domains]
    return _sentence(f"no email can reach {', '.join(found)}", why) if found else None


def undeliverable_emails(contacts: Sequence[Contact], criteria: Criteria) -> list[str]:
    """Return the addresses of enabled contacts whose domain takes no mail."""
    refused = {
        domain
        for domain, answer in criteria.mail.items()
        if answer.delivery in (Delivery.REFUSES_MAIL, Delivery.NO_MAIL_HOST)
    }
    return [one for one in enabled_emails(contacts) if mail_domain(one) in refused]


def mail_domain(email: str) -> str:
    """Return the domain of *email* as DNS has it: in ASCII (IDNA) and lower case."""
    return mailbox.key(email).rpartition("@")[2]


RULES: Mapping[Check, Rule] = {
    Check.CONTACT_EMAIL: contact_email,
    Check.ALERT_NOTIFICATIONS: alert_notifications,
    Check.OWNER_NOTIFIED: owner_notified,
    Check.ATTACK_PATHS: attack_paths,
    Check.REACHABLE: reachable,
    Check.REQUIRED_EMAIL: required_email,
    Check.ALLOWED_DOMAIN: allowed_domain,
    Check.MINIMUM_EMAILS: minimum_emails,
    Check.DELIVERABLE: deliverable,
}


DESCRIPTIONS: Mapping[Check, str] = {
    Check.CONTACT_EMAIL: "an email address is configured (SecurityCenter-016, CIS 3.1.13)",
    Check.ALERT_NOTIFICATIONS: "mail is sent for alerts of high severity",
    Check.OWNER_NOTIFIED: "the Owner role is notified",
    Check.ATTACK_PATHS: "mail is sent for attack paths at --attack-path-level",
    Check.REACHABLE: "an alert would reach somebody",
    Check.REQUIRED_EMAIL: "every address of --required-email is configured",
    Check.ALLOWED_DOMAIN: "every address is in a domain of --allowed-domain",
    Check.MINIMUM_EMAILS: "at least --minimum-emails addresses are configured",
    Check.DELIVERABLE: "the domain of every address takes mail (asks DNS)",
}


def judge(check: Check, reading: Reading, criteria: Criteria, remark: str = "") -> Finding | None:
    """Return the finding if *check* fails on *reading*, else None; *remark* ends its message."""
    wrong = RULES[check](reading.contacts, criteria)
    return None if wrong is None else Finding(check, wrong + remark, reading.api_version)


def distinct_emails(contacts: Sequence[Contact]) -> tuple[str, ...]:
    """Return the well-formed addresses of *contacts*, each mailbox once, as first spelled."""
    return tuple(mailbox.distinct(one for contact in contacts for one in contact.addresses))


def enabled_emails(contacts: Sequence[Contact]) -> tuple[str, ...]:
    """Return the well-formed addresses of the enabled ones of *contacts*, each mailbox once."""
    return distinct_emails([contact for contact in contacts if contact.enabled])


def describe_malformed(contacts: Sequence[Contact]) -> list[str]:
    """Return what is wrong with each malformed address, in email-validator's words."""
    found = [email for contact in contacts for email in contact.malformed]
    named = [
        f"malformed address {email[:MAX_SHOWN]!r}: {mailbox.refusal(email)}"
        for email in found[:MAX_NAMED]
    ]
    more = len(found) - MAX_NAMED
    return [*named, f"and {more} more malformed addresses"] if more > 0 else named


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


def _sentence(fact: str, details: Sequence[str]) -> str:
    return f"{fact} ({'; '.join(details)})" if details else fact
