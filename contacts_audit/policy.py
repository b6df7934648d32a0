"""What is judged: each check a pure function from contacts to what is wrong with them."""

from collections.abc import Callable, Mapping, Sequence

from contacts_audit.model import Check, Contact, Finding, Profile, Reading

Rule = Callable[[Sequence[Contact]], str | None]

NO_ADDRESS = "no e-mail address is configured"
PROFILES: Mapping[Profile, tuple[Check, ...]] = {Profile.CONFORMITY: (Check.CONTACT_EMAIL,)}


def shows_address(contacts: Sequence[Contact]) -> bool:
    """Say whether an enabled contact has a well-formed address."""
    return any(contact.enabled and contact.addresses for contact in contacts)


def contact_email(contacts: Sequence[Contact]) -> str | None:
    """SecurityCenter-016; CIS 3.1.13 (v3), 9.1.13 (v4), 8.1.13 (v5, v6)."""
    if shows_address(contacts):
        return None
    wrong = [f"malformed address {email!r}" for contact in contacts for email in contact.malformed]
    disabled = [contact.name for contact in contacts if contact.addresses and not contact.enabled]
    wrong += [f"contact {name!r} is disabled" for name in disabled]
    roles = sorted({role for contact in contacts if contact.enabled for role in contact.roles})
    if roles:
        wrong.append(f"only the role {', '.join(roles)} is notified")
    fact = "no enabled contact has an e-mail address" if disabled else NO_ADDRESS
    return f"{fact} ({'; '.join(wrong)})" if wrong else fact


RULES: Mapping[Check, Rule] = {Check.CONTACT_EMAIL: contact_email}


def judge(checks: Sequence[Check], reading: Reading, remark: str = "") -> tuple[Finding, ...]:
    """Return a finding for each of *checks* that fails on *reading*, with *remark* added."""
    return tuple(
        Finding(check, wrong + remark, reading.api_version)
        for check in checks
        if (wrong := RULES[check](reading.contacts)) is not None
    )


def distinct(contacts: Sequence[Contact]) -> tuple[str, ...]:
    """Return the well-formed addresses as first spelt, each once whatever its case."""
    spelt: dict[str, str] = {}
    for contact in contacts:
        for address in contact.addresses:
            spelt.setdefault(address.casefold(), address)
    return tuple(spelt.values())
