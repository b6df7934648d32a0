"""Pseudonyms for a recording that is to be shown to others: the same within it, and only there."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

from contacts_audit.azure.contacts import addresses, is_address
from contacts_audit.azure.subscriptions import GUID

_WORD = re.compile(r"[^\s;,\"'<>()\[\]:/?=&\\]+")
_SKIP_TOKEN = re.compile(r"((?:\$|%24)skiptoken=)([^&\s\"]+)", re.IGNORECASE)
_NAMED_FIELD = re.compile(r'("(displayName|phone)"\s*:\s*")((?:[^"\\]|\\.)*)')
_NAMED = frozenset({"displayName", "phone"})
_AZURE_WORDS = frozenset({"state", "type", "sourceType", "code"})
_NAMED_ID = re.compile(r"(/(?:securityContacts?|managementGroups)/)([^/?\s\"']+)", re.IGNORECASE)
_DOMAIN = re.compile(r"\b([\w-]+)\.onmicrosoft\.com", re.IGNORECASE)
_ADDRESSED = frozenset({"email", "emails"})


class Mask:
    """
    Replaces ids, names, addresses and telephone numbers by pseudonyms.

    They are keyed by a secret that is never written down, so that nobody can test a guess.  An
    address stays one, and what is none stays none: the verdicts of the recording are the same.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._names: dict[str, str] = {}
        self._pseudonyms: dict[str, str] = {}
        self._patterns: tuple[re.Pattern[str], re.Pattern[str]] | None = None

    def text(self, text: str) -> str:
        """Mask running text: a URL, a header, a message."""
        text = self._without_names(text)
        text = self._names.get(text, text)
        text = _NAMED_ID.sub(lambda found: found[1] + self._id(found[2]), text)
        text = _DOMAIN.sub(lambda found: f"{self._digest(found[1].lower())}.onmicrosoft.com", text)
        text = _SKIP_TOKEN.sub(lambda found: found[1] + self._digest(found[2]), text)
        text = GUID.sub(lambda found: self._guid(found[0]), text)
        return _WORD.sub(self._word, text)

    def body(self, text: str) -> str:
        """Mask a body: by its fields where it is JSON, as running text where it is not."""
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        try:
            return mark + self._document(json.loads(text.removeprefix("\ufeff")))
        except (ValueError, RecursionError):
            return self.text(_NAMED_FIELD.sub(self._cut_field, text))

    def _document(self, document: Any) -> str:
        _each_string(document, self._learn)
        masked = _each_string(document, self._field)
        spelt = json.dumps(masked, ensure_ascii=False, separators=(",", ":"))
        return spelt if _encodable(spelt) else json.dumps(masked)

    def _without_names(self, text: str) -> str:
        """Replace names in prose; alone, or in an address, one may be a word of Azure's."""
        if not self._names or not {" ", "%"} & {*text}:
            return text
        if self._patterns is None:
            self._patterns = self._compiled()
        prose, quoted = self._patterns
        return (prose if " " in text else quoted).sub(
            lambda found: self._pseudonyms.get(found[0].lower(), found[0]), text
        )

    def _compiled(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """Look for all names at once, the longest first, also as an address spells them."""
        quoted = {quote(name.encode("utf-8", "surrogatepass")): name for name in self._names}
        self._pseudonyms = {name.lower(): pseudonym for name, pseudonym in self._names.items()}
        self._pseudonyms |= {spelt.lower(): self._names[name] for spelt, name in quoted.items()}
        in_addresses = {spelt for spelt, name in quoted.items() if spelt != name}
        return _any_of({*self._names} | in_addresses), _any_of(in_addresses)

    def _learn(self, key: str, text: str) -> str:
        """Names are listed before anything speaks of them."""
        if key in _NAMED and len(text.strip()) > 1 and text not in self._names:
            self._names[text] = f"{key}-{self._digest(text)}"
            self._patterns = None
        return text

    def _field(self, key: str, text: str) -> str:
        if key in _ADDRESSED:
            return ";".join(self._email(part) for part in addresses(text)) if text.strip() else text
        if key in _NAMED and text.strip():
            return self._names.get(text) or f"{key}-{self._digest(text)}"
        if key in _AZURE_WORDS:
            return text
        if key == "name":
            return self._id(text)
        if key == "tags":
            return self._digest(text)
        return self.text(text)

    def _word(self, found: re.Match[str]) -> str:
        word = unquote(found[0]) if "%40" in found[0] else found[0]
        return self._email(word) if "@" in word else word

    def _id(self, name: str) -> str:
        """2017 took any name for a contact, a person's too; groups are named, as well."""
        plain = GUID.fullmatch(name) or re.fullmatch(r"default\d*", name)
        return self.text(name) if plain else f"name-{self._digest(name.casefold())}"

    def _cut_field(self, found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}-{self._digest(found[3])}" if found[3].strip() else found[0]

    def _email(self, text: str) -> str:
        local, _, domain = text.casefold().rpartition("@")
        if not is_address(text):
            return f"no-address-{self._digest(text)}"
        return f"user-{self._digest(local)}@{self._digest(domain)}.example"

    def _guid(self, text: str) -> str:
        return str(UUID(bytes=self._hash(text.lower())[:16]))

    def _digest(self, text: str) -> str:
        return self._hash(text).hex()[:10]

    def _hash(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)


def _any_of(words: Collection[str]) -> re.Pattern[str]:
    """Find each of *words* where it stands for itself; without words, find nothing."""
    longest_first = "|".join(map(re.escape, sorted(words, key=len, reverse=True))) or "(?!)"
    return re.compile(rf"(?<![\w-])(?:{longest_first})(?![\w-])", re.IGNORECASE)


def _each_string(value: Any, change: Callable[[str, str], str], key: str = "") -> Any:
    """Return *value* with each string in it changed, given the key that it stands under."""
    match value:
        case str():
            return change(key, value)
        case list():
            return [_each_string(item, change, key) for item in value]
        case dict():
            below = "tags" if key == "tags" else ""
            return {
                change("", name): _each_string(item, change, below or name)
                for name, item in value.items()
            }
    return value


def _encodable(text: str) -> bool:
    """A JSON escape may hold half a character, which no UTF-8 can carry."""
    return text == text.encode("utf-8", "replace").decode()
