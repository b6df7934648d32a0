"""
How each api-version spells a wish: what is read, changed only where it was asked for. Pure.

https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts/create
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contacts_audit.azure import arm
from contacts_audit.azure.contacts import addresses, is_address
from contacts_audit.azure.records import Json, Record, Seen, in_sequence, named, same
from contacts_audit.errors import ContactsAuditError
from contacts_audit.mailbox import distinct, key
from contacts_audit.model import Wish

DEFAULT = "default"
TYPE = "Microsoft.Security/securityContacts"
OWNER = "Owner"
NO_CONTACT = "there is no contact to change, and without an address none is made"
NO_ADDRESS_LEFT = "no address would be left"


class RefusedError(ContactsAuditError):
    """A wish that cannot be had without doing harm, or not at this api-version."""


@dataclass(frozen=True, slots=True)
class Step:
    """One write: the contact *before*, and *after*; None where there is none."""

    contact: str
    before: Json | None
    after: Json | None


@dataclass(frozen=True, slots=True)
class Draft:
    """The *steps* at *version* that fulfil a wish, in order, and what is to be said of them."""

    version: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()


def draft(seen: Seen, wish: Wish, version: str) -> Draft:
    """
    Return what is to be written at *version* so that what was *seen* fulfils *wish*.

    Raises:
        RefusedError: that is not possible, or not without `--allow-empty`.
    """
    if version == arm.V2017:
        return Draft(version, tuple(_sequence(seen.at(version), wish)))
    return _single(seen, wish, version)


def _single(seen: Seen, wish: Wish, version: str) -> Draft:
    """One contact, `default`, holds all addresses."""
    before, older = named(seen.at(version), DEFAULT), seen.at(arm.V2017)
    if before is not None:
        after = _wished(before, wish, version)
        if same(after, before):
            return Draft(version, ())
        muted = wish.emails and after.get("isEnabled") not in (None, True)
        notes = ("it stays disabled, and nobody gets mail: add --enable",) if muted else ()
        return Draft(version, (Step(DEFAULT, before, after),), notes)
    standing = _addresses_of(older)
    if not wish.creates:
        _check_nothing_to_create(standing, wish)
        return Draft(version, ())
    new: Json = {"emails": "" if wish.replace else ";".join(standing), **NEW[version]}
    phones = (one.properties.get("phone") for one in sorted(older, key=in_sequence))
    if phone := next((phone for phone in phones if phone and isinstance(phone, str)), None):
        new["phone"] = phone
    after = _wished(new, wish, version)
    written = set(map(key, addresses(after["emails"])))
    carried = [one for one in standing if key(one) in written]
    stays = [one for one in standing if key(one) not in written]
    facts = (
        (f"carried over from {arm.V2017}", carried),
        ("telephone number carried over", [phone] if phone and wish.phone is None else []),
        (f"still at {arm.V2017}", stays),
    )
    said = tuple(f"{fact}: {', '.join(which)}" for fact, which in facts if which)
    return Draft(version, (Step(DEFAULT, None, after),), said)


def body(subscription_id: str, version: str, step: Step) -> Json:
    """
    Return the document that a PUT of *step* sends.

    A contact that 2017 does not have yet is made by the document of the rule, id, name and all.
    """
    if version != arm.V2017 or step.before is not None:
        return {"properties": step.after}
    return {
        "id": f"/subscriptions/{subscription_id}/providers/{TYPE}/{DEFAULT}",
        "name": DEFAULT,
        "type": TYPE,
        "properties": step.after,
    }


NEW: dict[str, Json] = {
    arm.V2023: {
        "isEnabled": True,
        "notificationsByRole": {"state": "On", "roles": [OWNER]},
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
    },
    arm.V2020: {
        "alertNotifications": {"state": "On", "minimalSeverity": "High"},
        "notificationsByRole": {"state": "On", "roles": [OWNER]},
    },
}


def _check_nothing_to_create(standing: Sequence[str], wish: Wish) -> None:
    """Without a contact there is nothing to remove from; anything else takes a contact."""
    unwanted = set(map(key, wish.remove_emails))
    if unwanted & set(map(key, standing)):
        raise RefusedError(
            f"an address to be removed stands at {arm.V2017} alone",
            f"add --api-version {arm.V2017}",
        )
    if wish.phone is not None or wish.enable:
        raise RefusedError(NO_CONTACT, "add --email")


def _wished(before: Json, wish: Wish, version: str) -> Json:
    """Return the properties of `default`, changed where *wish* says so."""
    after = dict(before)
    emails = _emails(before.get("emails"), wish)
    if emails is not None:
        after["emails"] = emails
    if wish.notify_owners:
        after["notificationsByRole"] = _with_owner(before.get("notificationsByRole"))
    if wish.minimum_severity is not None and version == arm.V2020:
        alerts = _object(before.get("alertNotifications"), "alertNotifications")
        after["alertNotifications"] = {
            **alerts,
            "state": "On",
            "minimalSeverity": wish.minimum_severity,
        }
    if version == arm.V2020 and wish.attack_paths is not None:
        raise RefusedError(
            f"{arm.V2020} knows no attack paths, and no newer api-version is offered",
            "leave --attack-paths out",
        )
    if version == arm.V2023:
        sources = before.get("notificationsSources")
        for kind, level, wanted in (
            ("Alert", "minimalSeverity", wish.minimum_severity),
            ("AttackPath", "minimalRiskLevel", wish.attack_paths),
        ):
            if wanted is not None:
                sources = after["notificationsSources"] = _with_source(sources, kind, level, wanted)
    if wish.enable and not (before.get("isEnabled") is None or before["isEnabled"] is True):
        after["isEnabled"] = True
    if wish.phone is not None:
        after["phone"] = wish.phone
    return after


def _emails(value: Any, wish: Wish) -> str | None:
    """Return the text of all addresses, None where nothing is to change."""
    if not (wish.emails or wish.remove_emails):
        return None
    if value is not None and not isinstance(value, str):
        raise RefusedError("its addresses are no text", "look at it by 'contacts-audit fetch'")
    there = addresses(value or "")
    wanted = _wanted(there, wish)
    return None if wanted == there else ";".join(wanted)


def _wanted(there: Sequence[str], wish: Wish) -> list[str]:
    """
    Return the addresses that there should be.

    Raises:
        RefusedError: something would be taken away, and no address be left.
    """
    spelt = {key(one): one for one in there}
    given = [spelt.get(key(one), one) for one in distinct(wish.emails)]
    removed = set(map(key, wish.remove_emails))
    if wish.replace:
        wanted = list(there) if {*spelt.values()} == {*given} else given
    else:
        wanted = [*there, *(one for one in given if key(one) not in spelt)]
    wanted = [one for one in wanted if key(one) not in removed]
    less = bool({*there} - {*wanted})
    if less and not wish.allow_empty and not any(map(is_address, wanted)):
        raise RefusedError(NO_ADDRESS_LEFT, "add --allow-empty if that is meant")
    return wanted


def _with_owner(by_role: Any) -> Json:
    known = _object(by_role, "notificationsByRole")
    roles = known.get("roles", [])
    if not isinstance(roles, list):
        raise RefusedError("its roles are no list", "look at it by 'contacts-audit fetch'")
    named = any(isinstance(role, str) and role.casefold() == OWNER.casefold() for role in roles)
    return {**known, "state": "On", "roles": roles if named else [*roles, OWNER]}


def _with_source(sources: Any, kind: str, level: str, wanted: str) -> list[Any]:
    known = [] if sources is None else sources
    if not isinstance(known, list) or not all(isinstance(source, dict) for source in known):
        raise RefusedError("its sources are no list", "look at it by 'contacts-audit fetch'")
    if not any(source.get("sourceType") == kind for source in known):
        return [*known, {"sourceType": kind, level: wanted}]
    return [
        {**source, level: wanted} if source.get("sourceType") == kind else source
        for source in known
    ]


def _object(value: Any, field: str) -> Json:
    if value is not None and not isinstance(value, dict):
        raise RefusedError(f"its {field} is no object", "look at it by 'contacts-audit fetch'")
    return value or {}


def _addresses_of(older: Sequence[Record]) -> tuple[str, ...]:
    """Return the addresses that 2017 shows."""
    spelt = (one.properties.get("email") for one in sorted(older, key=in_sequence))
    return tuple(
        distinct(part for text in spelt if isinstance(text, str) for part in addresses(text))
    )


def _sequence(older: Sequence[Record], wish: Wish) -> Iterator[Step]:
    """One address a contact: default1, default2, ...; deletions last, from the highest down."""
    check_2017(wish)
    slots = sorted(older, key=in_sequence)
    if any(not isinstance(slot.properties.get("email"), str) for slot in slots):
        raise RefusedError("a contact has no text for its address", "look at it by 'fetch'")
    there = [slot.properties["email"].strip() for slot in slots]
    if any(len(addresses(email)) > 1 for email in there):
        raise RefusedError(
            f"a contact holds several addresses, and {arm.V2017} takes one a contact",
            "write at the newest api-version: leave --api-version out",
        )
    placed, new = _placed(there, _wanted(there, wish))
    if not any(placed) and not new and (wish.creates or wish.phone is not None):
        raise RefusedError(NO_CONTACT, "add --email")
    if any(slot.properties.get("phone") == wish.phone for slot in slots):
        wish = replace(wish, phone=None)
    names = _free_names({slot.name.casefold() for slot in slots})
    for at, (slot, email) in enumerate(zip(slots, placed, strict=True)):
        if email is not None:
            after = _flagged({**slot.properties}, wish, first=at == 0)
            if email != there[at]:
                after["email"] = email
            if after != slot.properties:
                yield Step(slot.name, slot.properties, after)
    for at, email in enumerate(new):
        documented = {"email": email, "alertNotifications": "On", "alertsToAdmins": "On"}
        first = not slots and at == 0
        yield Step(next(names), None, _flagged(documented, wish, first=first))
    for slot, email in reversed(list(zip(slots, placed, strict=True))):
        if email is None:
            yield Step(slot.name, slot.properties, None)


def _placed(there: Sequence[str], wanted: Sequence[str]) -> tuple[list[str | None], list[str]]:
    """
    Put the *wanted* addresses where they stand, new ones into freed places, and close the gaps.

    Only the last of the sequence can be deleted: so the last ones move into what is still free.
    """
    placed: list[str | None] = [one if one in wanted else None for one in there]
    new = [one for one in wanted if one not in there]
    for at, one in enumerate(placed):
        if one is None and new:
            placed[at] = new.pop(0)
    while None in placed:
        free = placed.index(None)
        last = max((at for at, one in enumerate(placed) if one is not None), default=-1)
        if last < free:
            break
        placed[free], placed[last] = placed[last], None
    return placed, new


def _flagged(properties: Json, wish: Wish, *, first: bool) -> Json:
    if wish.notify_owners:
        properties["alertsToAdmins"] = "On"
    if wish.minimum_severity is not None:
        properties["alertNotifications"] = "On"
    if wish.phone is not None and first:
        properties["phone"] = wish.phone
    return properties


def check_2017(wish: Wish) -> None:
    """
    Check that 2017 can say what is wished: On for high severity, and nothing newer.

    Raises:
        RefusedError: it cannot.
    """
    if wish.minimum_severity not in (None, "High"):
        raise RefusedError(f"{arm.V2017} knows no severity but High", "give High, or leave it out")
    if wish.attack_paths is not None or wish.enable:
        option = "--enable" if wish.attack_paths is None else "--attack-paths"
        raise RefusedError(f"{arm.V2017} has no field for it", f"leave {option} out")


def _free_names(taken: set[str]) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        if f"default{number}" not in taken:
            yield f"default{number}"
