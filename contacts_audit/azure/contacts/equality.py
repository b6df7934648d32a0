"""
Decides whether two contacts mean the same to Azure, for plan, apply and restore. Pure.

Recorded (docs/azure-behavior.md): `"off"` and `""` read back as `"Off"`; Off loses its level and
roles; an empty telephone number reads back empty or not at all; keys of a source change their
order; an omitted field reads back as its default.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from contacts_audit.azure.contacts.read import addresses
from contacts_audit.azure.contacts.records import Json, Record, Snapshot, canonical, same
from contacts_audit.core.mailbox import key

LEVELS = frozenset({"minimalSeverity", "minimalRiskLevel"})
OFF = {"state": "off"}


def alike(one: Json | None, other: Json | None) -> bool:
    """Return whether two contacts mean the same; None is an absent contact."""
    return one is other if one is None or other is None else not differences(one, other)


def all_alike(some: Sequence[Record], others: Sequence[Record]) -> bool:
    """Return whether two lists hold the same contacts, by name, in any order."""
    one, other = (
        {each.name.casefold(): each.properties for each in side} for side in (some, others)
    )
    return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)


def differences(one: Json, other: Json) -> list[str]:
    """Return the names of the fields in which two contacts differ."""
    return [
        field
        for field in {**one, **other}
        if not same(one.get(field), other.get(field))  # fast path: most are equal as they are
        and not same(meaning(field, one.get(field)), meaning(field, other.get(field)))
    ]


def unread(sent: Json, now: Json) -> list[str]:
    """
    Return the names of the fields that were *sent* and do not read back in *now*.

    Fields that Azure adds, at any depth, are ignored.
    """
    return [
        field
        for field, value in sent.items()
        if not same(value, now.get(field))
        and not _fits(meaning(field, value), meaning(field, now.get(field)))
    ]


def reads_back(sent: Json | None, now: Json | None) -> bool:
    """Return whether all that was *sent* reads back in *now*; None is a deletion, or an absence."""
    return sent is now if sent is None or now is None else not unread(sent, now)


def is_blank(properties: Json) -> bool:
    """Return whether a contact has neither an address nor a telephone number."""
    fields = ("email", "emails", "phone")
    return all(meaning(field, properties.get(field)) is None for field in fields)


def meaning(field: str, value: Any) -> Any:
    """Return the same result for all values of *field* that mean the same; None for no value."""
    match field, value:
        case _, (None | ""):
            return None
        case (("email" | "emails"), str()):
            return ";".join(sorted(set(map(key, addresses(value))))) or None
        case (("alertNotifications" | "alertsToAdmins"), str()):
            return None if value.casefold() == "off" else value.casefold()
        case (("alertNotifications" | "notificationsByRole"), dict()):
            found = _switched(value)
            return None if found == OFF else found
        case "notificationsSources", list():
            return _set(map(_switched, value)) or None
        case "isEnabled", True:
            return None
    return _unordered(value)


def _switched(value: Any) -> Any:
    """Normalize an object with a state, roles or a level; Off has neither roles nor a level."""
    if not isinstance(value, dict):
        return _unordered(value)
    found = {
        key: _unordered(item)
        for key, item in value.items()
        if key not in LEVELS or item not in ("", None)
    }
    if isinstance(roles := value.get("roles"), list):
        found["roles"] = _set(one.casefold() if isinstance(one, str) else one for one in roles)
    if isinstance(state := value.get("state"), str):
        found["state"] = state.casefold()
        if found["state"] == "off":
            found = {key: item for key, item in found.items() if key not in {*LEVELS, "roles"}}
    return found


def _set(items: Iterable[Any]) -> list[Any]:
    """Return *items* sorted, each once."""
    return [item for _, item in sorted({canonical(item): item for item in items}.items())]


def _unordered(value: Any) -> Any:
    """Return a JSON value with its lists sorted, at any depth."""
    match value:
        case dict():
            return {key: _unordered(item) for key, item in value.items()}
        case list():
            return sorted(map(_unordered, value), key=canonical)
    return value


def _fits(value: Any, back: Any) -> bool:
    """Return whether *back* is *value*; lists in any order, objects with more fields allowed."""
    match value, back:
        case dict(), dict():
            return all(key in back and _fits(item, back[key]) for key, item in value.items())
        case list(), list():
            left = list(back)
            for item in value:
                found = next((at for at, other in enumerate(left) if _fits(item, other)), None)
                if found is None:
                    return False
                del left[found]
            return not left
    return same(value, back)


def is_unchanged(then: Snapshot, now: Snapshot) -> bool:
    """
    Return whether *now* means the same as *then*, at each API version of *then*.

    Etags, order and spelling do not count.  All else does, unknown fields included.
    """
    return all(all_alike(then.at(version), now.at(version)) for version in then.versions)


def others_are_unchanged(then: Snapshot, now: Snapshot, name: str, *, loosely: bool) -> bool:
    """
    Return whether all contacts but *name* are as they were *then*.

    *loosely* compares only names and addresses: contacts of 2017 may share their other fields, and
    then a write of ours has changed them.
    """

    def rest(records: Sequence[Record]) -> list[Record]:
        others = [one for one in records if one.name.casefold() != name.casefold()]
        if not loosely:
            return others
        fields = ("email", "emails")
        return [Record(one.name, {it: one.properties.get(it) for it in fields}) for one in others]

    return all(all_alike(rest(then.at(each)), rest(now.at(each))) for each in then.versions)
