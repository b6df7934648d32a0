"""The writes that turn one set of contacts into another. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.contacts.equality import alike, is_blank, reads_back, unread
from contacts_audit.azure.contacts.read import is_address
from contacts_audit.azure.contacts.records import Json
from contacts_audit.core.errors import ContactsAuditError
from contacts_audit.core.mailbox import distinct, key
from contacts_audit.core.model import Change

DEFAULT = "default"
TYPE = "Microsoft.Security/securityContacts"
NO_CONTACT = "there is no contact to change, and without an address none is made"
NO_ADDRESS_LEFT = "no address would be left"


class RefusedError(ContactsAuditError):
    """A change that would lose data, or that this api-version cannot express."""


@dataclass(frozen=True, slots=True)
class Step:
    """One write: the contact *before*, and *after* as it is sent; None where there is none."""

    contact: str
    before: Json | None
    after: Json | None

    def is_done(self, now: Json | None) -> bool:
        """
        Return whether the contact, which is *now* so, is as wished; for a look at a lost write.

        Recorded: after a DELETE, Azure may make a default contact again, which holds no address.
        """
        unsure = self.after is None and now is not None and alike(now, self.before)
        return self.is_confirmed(now) and not unsure

    def is_confirmed(self, now: Json | None) -> bool:
        """Return whether the contact, which is *now* so, shows that an answered write was done."""
        if self.after is None and now is not None:
            return self._made_again(now)
        return reads_back(self.after, now)

    def is_done_except_phone(self, now: Json | None) -> bool:
        """
        Return whether all is as wished but a telephone number that was sent empty.

        Recorded at 2020: Azure keeps the number that was there.
        """
        if self.after is None or now is None or unread(self.after, now) != ["phone"]:
            return False
        kept = self.before is not None and now.get("phone") == self.before.get("phone")
        return kept and not self.after.get("phone")

    def is_untouched(self, now: Json | None) -> bool:
        """Return whether the contact, which is *now* so, is as it was before the write."""
        if self.before is None and now is not None:
            return self._made_again(now)
        return alike(now, self.before)

    def _made_again(self, now: Json) -> bool:
        return self.contact.casefold() == DEFAULT and is_blank(now)


@dataclass(frozen=True, slots=True)
class Writes:
    """The *steps* at *version* that make a change, in order, and what is to be said of them."""

    version: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()


def sendable(version: str, properties: Json) -> Json:
    """
    Return *properties* as a PUT at *version* sends them: every object, and no empty level.

    Recorded: without `notificationsByRole` a PUT is refused, what is left out may become On, and
    an empty `minimalSeverity` is what is read where notifications are Off.
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

    A contact that 2017 does not have yet is made by the document of the rule, id, name and all.
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
    Return the addresses that there should be.

    Raises:
        RefusedError: something would be taken away, and no address be left.
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


OBJECTS: dict[str, Json] = {  # and what a contact without one has
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
