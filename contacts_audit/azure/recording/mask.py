"""
Masks the exchanges of a recording, JSON bodies by field. Starts here: the rest is in `mask_text`.

The field that a text stands in decides whether it is masked, never the text itself: a subscription
may be called High, Owner or value, and every answer still means the same.
"""

import json
import math
import re
from typing import Any

from contacts_audit.azure.arm.subscriptions import GUID
from contacts_audit.azure.contacts.read import addresses
from contacts_audit.azure.recording.mask_text import TextMask
from contacts_audit.azure.recording.partial_json import completions
from contacts_audit.azure.recording.vocabulary import (
    EMAIL_FIELDS,
    FIELDS,
    NAME_FIELDS,
    PRIVATE_FIELDS,
    VALUE_FIELDS,
)

_NAME_FIELD = re.compile(r'("(displayName|phone|name)"\s*:\s*")((?:[^"\\]++|\\.)*+)', re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9 ./_-]{0,80}")
_PERSONAL = re.compile(r".+(?:name|by|owner|user|principal|mail|manager)")
SHORTEST_NUMBER = 100  # a smaller number is no telephone number


class Mask(TextMask):
    """
    Replaces ids, names, email addresses, telephone numbers and the user's own *hosts*.

    A well-formed address stays well-formed, and a malformed one malformed: the verdicts of the
    recording do not change.
    """

    def body(self, text: str) -> str:
        """Mask a body: by its fields if it is JSON, also if cut off, and else as text."""
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        text = text.removeprefix("\ufeff")
        if (masked := self._json(text, strict=True)) is not None:
            return mark + masked
        masked = self._partial_json(text)
        became_json = _is_json(masked) and not _is_json(text)
        return mark + (f"{masked}," if became_json else masked)

    def _partial_json(self, text: str) -> str:
        for whole, added, rest in ((text, 0, ""), *completions(text)):
            if (masked := self._json(whole, strict=False)) is not None:
                return masked[: len(masked) - added] + rest
        return self.text(_NAME_FIELD.sub(self._field_in_text, text))

    def _json(self, text: str, *, strict: bool) -> str | None:
        """Mask JSON, None if it is not JSON; *strict* forbids control characters, as JSON does."""
        try:
            document = json.loads(text, strict=strict, parse_int=_short, parse_float=_finite)
            self._learn("", document)
            masked = self._value("", document)
            compact = json.dumps(masked, ensure_ascii=False, separators=(",", ":"))
            return compact if _encodable(compact) else json.dumps(masked, separators=(",", ":"))
        except (ValueError, RecursionError):
            return None

    def _learn(self, field: str, value: Any) -> None:
        """Remember the names in a document before its messages are masked."""
        match value:
            case list():
                for item in value:
                    self._learn(field, item)
            case dict():
                for key, item in value.items():
                    self._learn(key.casefold(), item)
            case str() | int() if not isinstance(value, bool):
                if field == "name":
                    self._remember(str(value), self.name(str(value)))
                elif field in NAME_FIELDS:
                    self._remember(str(value), self._personal(field, str(value)))

    def _value(self, field: str, value: Any) -> Any:
        """Mask *value*, and all below it. *field* is its key, in lower case."""
        match value:
            case str():
                return _like(value, self._text_of(field, value))
            case list():
                return [self._value(field, item) for item in value]
            case dict() if field in PRIVATE_FIELDS:
                return {
                    _like(key, self._pseudonyms.digest(key)): self._value(field, item)
                    for key, item in value.items()
                }
            case dict():
                return {
                    self._key(key): self._value(key.casefold(), item) for key, item in value.items()
                }
            case int() | float() if self._is_personal_number(field, value):
                return self._pseudonyms.number(value)
        return value

    def _is_personal_number(self, field: str, value: float) -> bool:
        if isinstance(value, bool):
            return False
        named = field in EMAIL_FIELDS | NAME_FIELDS | {"name"}
        return field == "tags" or (named and abs(value) >= SHORTEST_NUMBER)

    def _key(self, key: str) -> str:
        known = key.casefold() in FIELDS or key.casefold().endswith("nextlink")
        return key if known else _like(key, self.text(key))

    def _text_of(self, field: str, text: str) -> str:
        if not text.strip() or (field in VALUE_FIELDS and _PLAIN.fullmatch(text)):
            return text
        if field in EMAIL_FIELDS:
            return ";".join(map(self._pseudonyms.email, addresses(text))) or text
        if field in NAME_FIELDS or self._is_personal(field, text):
            return self._names.get(text) or self._personal(field, text)
        if field == "name":
            return self.name(text)
        if field in PRIVATE_FIELDS:
            return self._pseudonyms.digest(text)
        if field == "id" or field.endswith("nextlink"):
            return self.url(text)
        return self.body(text) if text.lstrip()[:1] in ("{", "[") else self.text(text)

    def _is_personal(self, field: str, text: str) -> bool:
        """Say whether an unknown *field* is called like one that names somebody, as createdBy."""
        plain = "@" not in text and not GUID.search(text)
        return plain and field not in FIELDS and _PERSONAL.fullmatch(field) is not None

    def _personal(self, field: str, text: str) -> str:
        pseudonyms = self._pseudonyms
        return pseudonyms.phone(text) if field == "phone" else pseudonyms.display_name(text)

    def _field_in_text(self, found: re.Match[str]) -> str:
        before, field, text = found[1], found[2].casefold(), found[3]
        if not text.strip():
            return found[0]
        return before + (self.name(text) if field == "name" else self._personal(field, text))


def _short(digits: str) -> int:
    """Convert a number that may have more digits than Python converts."""
    return int(digits[:1000])


def _finite(text: str) -> float:
    """Convert a number that may be larger than any float: infinity is not JSON."""
    return value if math.isfinite(value := float(text)) else math.copysign(1.7e308, value)


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=_short)
    except (ValueError, RecursionError):
        return False
    return True


def _like(text: str, masked: str) -> str:
    """Return *masked*, with half a surrogate pair if *text* has one: no reader accepts that."""
    return masked if _encodable(text) or not _encodable(masked) else f"{masked}\ud800"


def _encodable(text: str) -> bool:
    """Say whether UTF-8 can encode *text*; a JSON escape may hold half a surrogate pair."""
    return text == text.encode("utf-8", "replace").decode()
