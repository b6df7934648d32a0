"""
Masks the exchanges of a recording, JSON bodies by field. Starts here: the rest is in `mask_text`.

The field that a text stands in decides whether it is masked, never the text itself: a subscription
may be called High, Owner or value, and every answer still means the same.

https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts
"""

import itertools
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from contacts_audit.azure.contacts.read import addresses
from contacts_audit.azure.kinds import GUID
from contacts_audit.azure.recording.mask_text import TextMask
from contacts_audit.core.sanitize import whole_characters

# Names of fields of Azure, in lower case
EMAIL_FIELDS = frozenset({"email", "emails"})
NAME_FIELDS = frozenset({"displayname", "phone"})
PRIVATE_FIELDS = frozenset({"tags", "phone"})  # all that is below them is masked
VALUE_FIELDS = frozenset(  # their values decide verdicts
    {
        *("state", "type", "code", "errorcode", "httpstatuscode", "sourcetype", "roles"),
        *("minimalseverity", "minimalrisklevel", "alertnotifications", "alertstoadmins"),
        "notificationsbyrole",
    }
)
FIELDS = (
    EMAIL_FIELDS
    | NAME_FIELDS
    | PRIVATE_FIELDS
    | VALUE_FIELDS
    | {
        *("id", "value", "count", "name", "properties", "etag", "location", "systemdata"),
        *("isenabled", "notificationssources", "subscriptionid", "tenantid", "managedbytenants"),
        *("subscriptionpolicies", "authorizationsource", "error", "message", "details", "target"),
        *("innererror", "statuscode", "additionalinfo", "errormessage", "odata.error", "fault"),
    }
)

_NAME_FIELD = re.compile(r'("(displayName|phone|name)"\s*:\s*")((?:[^"\\]++|\\.)*+)', re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9 ./_-]{0,80}")
_PERSONAL = re.compile(r".+(?:name|by|owner|user|principal|mail|manager)")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?P<end>"|\\?\Z)|[\[\]{}]', re.DOTALL)
_CLOSERS = {"{": "}", "[": "]"}
_OPEN_ESCAPE = re.compile(r"(?:\\(?:u[0-9a-fA-F]{0,3})?)\Z")

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
        masked = self._whole_or_cut(text)
        became_json = not _is_json(text) and _is_json(masked)
        return mark + (f"{masked}," if became_json else masked)

    def _whole_or_cut(self, text: str) -> str:
        for whole, added, rest in itertools.chain([(text, 0, "")], completions(text)):
            if (masked := self._json(whole)) is not None:
                return masked[: len(masked) - added] + rest
        return self.text(_NAME_FIELD.sub(self._field_in_text, text))

    def _json(self, text: str) -> str | None:
        """Mask JSON, which may hold control characters; return None if it is something else."""
        try:
            document = json.loads(text, strict=False, parse_int=_short, parse_float=_finite)
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
        return self._pseudonyms.labeled("phone" if field == "phone" else "displayName", text)

    def _field_in_text(self, found: re.Match[str]) -> str:
        before, field, text = found[1], found[2].casefold(), found[3]
        if not text.strip():
            return found[0]
        return before + (self.name(text) if field == "name" else self._personal(field, text))


def completions(text: str) -> Iterator[tuple[str, int, str]]:
    """
    Yield each way to complete *text*: a candidate for JSON, *added*, *rest*.

    *added* is how many characters at the end of the candidate were added. *rest* is the end of
    *text* that the candidate leaves out. The compact form of the JSON, without its last *added*
    characters and with *rest* after it, is cut where *text* was.
    """
    stack, quote = [], ""
    for token in _TOKEN.finditer(text):
        found = token[0]
        if found[0] == '"':
            quote = "" if token["end"] == '"' else '"'
        elif found in _CLOSERS:
            stack.append(_CLOSERS[found])
        elif stack:
            stack.pop()
    if not stack and not quote:
        return
    closers = "".join(reversed(stack))
    whole = _OPEN_ESCAPE.sub("", text) if quote else text
    for fill in ("", ":null", "null", '"":null'):
        added = quote + fill + closers
        yield whole + added, len(added), ""
    if not quote and (last := max(map(text.rfind, ",:[{"))) >= 0:
        for fill in ("null", '"":null'):
            yield text[: last + 1] + fill + closers, len(fill + closers), text[last + 1 :]


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
    return text == whole_characters(text)
