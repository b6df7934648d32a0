"""A Step: one PUT or DELETE of one contact, its body, and what confirms it. `write` makes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.contacts.equality import alike, is_blank, reads_back, unread
from contacts_audit.azure.contacts.read import is_address
from contacts_audit.azure.contacts.records import Json, Record
from contacts_audit.core.errors import ContactsAuditError
from contacts_audit.core.mailbox import distinct, key
from contacts_audit.core.model import Change

DEFAULT = "default"
TYPE = "Microsoft.Security/securityContacts"
NO_CONTACT = "there is no contact to change, and none is created without an address"
NO_ADDRESS_LEFT = "no address would be left"
FETCH = "look at it with 'contacts-audit fetch'"


class RefusedError(ContactsAuditError):
    """A change that would lose data, or that an API version cannot express; it has a hint."""

    @property
    def line(self) -> str:
        """The message and the hint, in a line."""
        return f"{self} -- {self.hint}"


@dataclass(frozen=True, slots=True)
class Step:
    """One write of a *contact*: properties *before*, and *after* as sent; None is no contact."""

    contact: str
    before: Json | None
    after: Json | None

    def is_done(self, now: Json | None) -> bool:
        """
        Return whether the contact, as it is *now*, shows that a lost write was carried out.

        Recorded: after a DELETE, Azure may create the default contact again, without an address.
        """
        unsure = self.after is None and now is not None and alike(now, self.before)
        return self.is_confirmed(now) and not unsure

    def is_confirmed(self, now: Json | None) -> bool:
        """Return whether the contact, as it is *now*, confirms a write that Azure accepted."""
        if self.after is None and now is not None:
            return self._made_again(now)
        return reads_back(self.after, now)

    def is_done_except_phone(self, now: Json | None) -> bool:
        """
        Return whether only a telephone number that was sent empty did not read back.

        Recorded at 2020: Azure keeps the number that was there.
        """
        if self.after is None or now is None or unread(self.after, now) != ["phone"]:
            return False
        kept = self.before is not None and now.get("phone") == self.before.get("phone")
        return kept and not self.after.get("phone")

    def is_untouched(self, now: Json | None) -> bool:
        """Return whether the contact, as it is *now*, is as it was before the write."""
        if self.before is None and now is not None:
            return self._made_again(now)
        return alike(now, self.before)

    def _made_again(self, now: Json) -> bool:
        return self.contact.casefold() == DEFAULT and is_blank(now)


@dataclass(frozen=True, slots=True)
class Writes:
    """The *steps* that make a change, in order, with *notes* for the user."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()


def sendable(version: str, properties: Json) -> Json:
    """
    Return *properties* as a PUT at *version* sends them: every object, and no empty level.

    Recorded: a PUT without `notificationsByRole` is refused, what is left out may become On, and
    `minimalSeverity` reads back empty where notifications are Off.
    """
    whole = {**properties}
    for field, nothing in OBJECTS.get(version, {}).items():
        match whole.get(field), nothing:
            case None, _:
                whole[field] = nothing
            case dict(given), {"roles": list(none)} if given.get("roles") is None:
                whole[field] = {**given, "roles": none}
            case given, _:
                whole[field] = _without_empty_levels(given)
    return whole


def body(subscription_id: str, version: str, step: Step) -> Json:
    """
    Return the document that a PUT of *step* sends.

    A new contact at 2017 is sent as SecurityCenter-016 documents it, with id, name and type.
    """
    if version != protocol.V2017 or step.before is not None:
        return {"properties": step.after}
    return {
        "id": f"/subscriptions/{subscription_id}/providers/{TYPE}/{DEFAULT}",
        "name": DEFAULT,
        "type": TYPE,
        "properties": step.after,
    }


def resulting_addresses(there: Sequence[str], change: Change) -> list[str]:
    """
    Return the addresses after *change*, given those that are *there*.

    Raises:
        RefusedError: addresses would be removed, and none would be left.
    """
    spelt = {key(one): one for one in there}
    given = [spelt.get(key(one), one) for one in distinct(change.emails)]
    removed = set(map(key, change.remove_emails))
    if change.replace:
        found = list(there) if {*spelt.values()} == {*given} else given
    else:
        found = [*there, *(one for one in given if key(one) not in spelt)]
    found = [one for one in found if key(one) not in removed]
    less = bool({*there} - {*found})
    if less and not change.allow_empty and not any(map(is_address, found)):
        raise RefusedError(NO_ADDRESS_LEFT, "add --allow-empty if that is meant")
    return found


OBJECTS: dict[str, Json] = {  # what is sent for a missing object
    protocol.V2023: {
        "isEnabled": True,
        "notificationsByRole": {"state": "Off", "roles": []},
        "notificationsSources": [],
    },
    protocol.V2020: {
        "alertNotifications": {"state": "Off"},
        "notificationsByRole": {"state": "Off", "roles": []},
    },
    protocol.V2017: {"alertNotifications": "Off", "alertsToAdmins": "Off"},
}


def _without_empty_levels(value: object) -> object:
    match value:
        case {"minimalSeverity": "", **others}:
            return others
        case list():
            return [_without_empty_levels(item) for item in value]
    return value


def applied(records: Sequence[Record], step: Step) -> tuple[Record, ...]:
    """Return the contacts as they are after *step*."""
    others = [one for one in records if one.name.casefold() != step.contact.casefold()]
    return (*others, *([] if step.after is None else [Record(step.contact, step.after)]))
