"""
Masks a recording: replaces names, ids and addresses by consistent pseudonyms.

What is masked is decided by the field that a text stands in, never by what it equals: a
subscription may be called High, Owner or value, and no answer means anything else for it.
"""

import hashlib
import hmac
import json
import math
import re
import secrets
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

from contacts_audit.azure.arm.subscriptions import GUID
from contacts_audit.azure.contacts.read import addresses, is_address
from contacts_audit.azure.recording.known_values import Known
from contacts_audit.azure.recording.partial_json import completions
from contacts_audit.azure.recording.vocabulary import (
    ADDRESSED,
    CHOICES,
    HEADERS,
    HOSTS,
    KEYS,
    NAMED,
    QUERIES,
    SECLUDED,
)

_URL = re.compile(r"(?:https?:/)?/\S*", re.IGNORECASE)
_WORD = re.compile(r"[^\s;,\"'<>()\[\]:/?=&\\]+")
_BARE_GUID = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])")
_QUERY = re.compile(r"([?&](?:\$|%24)?([\w.-]+)=)([^&#\s\"']+)")
_NAMED_FIELD = re.compile(
    r'("(displayName|phone|name)"\s*:\s*")((?:[^"\\]++|\\.)*+)', re.IGNORECASE
)
_NAMED_ID = re.compile(
    r"(/(?:securityContacts?|managementGroups|resourceGroups)/)([^/?#\s\"'<>]+)", re.IGNORECASE
)
_PLAIN = re.compile(r"[A-Za-z0-9 ./_-]{0,80}")
_VERSION = r"20\d\d-[01]\d-[0-3]\d(?:-(?:preview|privatepreview|alpha|beta))?(?![\w-])"
_SOMEBODY = re.compile(r".+(?:name|by|owner|user|principal|mail|manager)")
_DECIDING = re.compile(  # parts of a message by which the program decides
    r"(\b(?:supported|available|valid|allowed|registered)\s{1,3}(?:api)?[\s-]{0,3}version"
    r"(?:s|\s{1,3}is)\b(?:\s{1,3}(?:are|is|the|following))*+|\bversions\s{1,3}(?:supported|available)"
    rf"|{_VERSION}(?:[\s,;'\"\[\]()*-]{{1,8}}(?:(?:and|or)[\s'\"]{{1,4}})?{_VERSION})*+"
    r"|could not find security contact"
    r"|\b(?:again|after|wait\w{0,3}|retry|retried)(?:\s{1,3}(?:again|after|for|in|at|least)){0,13}+"
    r"[\s'\":]{0,4}\d{1,18}(?:\.\d{1,6})?['\"\s]{0,3}(?:s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?)\b)",
    re.IGNORECASE,
)
SHORTEST_NUMBER = 100  # of a telephone


class Mask:
    """
    Replaces ids, names, addresses, telephone numbers and one's own *hosts* by pseudonyms.

    They are keyed by a secret that is never written down, so that nobody can test a guess.  An
    address stays one, and what is none stays none: the verdicts of the recording are the same.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self._key = secrets.token_bytes(32)
        self._names: dict[str, str] = {}
        self._issued: set[str] = set()
        self._in_prose, self._in_addresses = Known(), Known()
        self._hosts = {host.casefold() for host in hosts} - HOSTS - {""}
        spelt = {f"[{host}]" if ":" in host else host for host in self._hosts} | self._hosts
        self._host = _any_of(spelt, before=r"(?<![\w.-])", after=r"(?![\w-])(?!\.\w)")
        self._authority = _any_of(spelt, before="(?<=://)", after=r"(?![\w.-])")

    def text(self, text: str) -> str:
        """Mask a message, or a header of no known form: names count as soon as they are known."""
        if _URL.fullmatch(text):
            return self.url(text)
        pieces = _DECIDING.split(self._names.get(text, text))
        for at in range(0, len(pieces), 2):
            named = self._in_prose.replaced(pieces[at])
            pieces[at] = self.url(self._host.sub(self._own_host, named))
        return "".join(pieces)

    def url(self, text: str) -> str:
        """Mask an address, or a text of a fixed form: its words are Azure's, whoever has them."""
        text = self._authority.sub(self._own_host, text)
        if "%" in text:
            text = self._in_addresses.replaced(text)
        text = _NAMED_ID.sub(lambda found: found[1] + self._segment(found[2]), text)
        text = _QUERY.sub(self._parameter, text)
        text = GUID.sub(lambda found: self._guid(found[0]), text)
        text = _BARE_GUID.sub(lambda found: self._guid(found[0]).replace("-", ""), text)
        return _WORD.sub(self._word, text)

    def header(self, name: str, text: str) -> str:
        """Mask the header *name*."""
        fixed = name.lower() in HEADERS or name.lower().startswith("x-ms-ratelimit-")
        return self.url(text) if fixed else self.text(text)

    def body(self, text: str) -> str:
        """
        Mask a body: by its fields where it is JSON, or nearly, and as text where it is not.

        What is no JSON is none after that, either.
        """
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        text = text.removeprefix("\ufeff")
        if (masked := self._json(text, strict=True)) is not None:
            return mark + masked
        masked = self._nearly_json(text)
        mended = _is_json(masked) and not _is_json(text)
        return mark + (f"{masked}," if mended else masked)

    def _nearly_json(self, text: str) -> str:
        for whole, ours, left in ((text, 0, ""), *completions(text)):
            if (masked := self._json(whole, strict=False)) is not None:
                return masked[: len(masked) - ours] + left
        return self.text(_NAMED_FIELD.sub(self._cut_field, text))

    def _json(self, text: str, *, strict: bool) -> str | None:
        """Mask JSON; *strict* forbids control characters, as JSON does.  None where it is none."""
        try:
            read = json.loads(text, strict=strict, parse_int=_short, parse_float=_finite)
            return self._document(read)
        except (ValueError, RecursionError):
            return None

    def name(self, name: str) -> str:
        """Mask the name of a contact, a group or a tenant: 2017 took any, a person's too."""
        if GUID.fullmatch(name):
            return self._guid(name)
        plain = name in self._issued or re.fullmatch(r"default\d*", name)
        return name if plain else self._pseudonym("name", name.casefold())

    def _document(self, document: Any) -> str:
        self._learn("", document)
        masked = self._masked("", document)
        spelt = json.dumps(masked, ensure_ascii=False, separators=(",", ":"))
        return spelt if _encodable(spelt) else json.dumps(masked, separators=(",", ":"))

    def _learn(self, key: str, value: Any) -> None:
        """Names are listed before anything speaks of them."""
        match value:
            case list():
                for item in value:
                    self._learn(key, item)
            case dict():
                for name, item in value.items():
                    self._learn(name.casefold(), item)
            case str() | int() if key in NAMED | {"name"} and not isinstance(value, bool):
                self._remember(key, str(value))

    def _remember(self, key: str, text: str) -> None:
        if len(text.strip()) > 1 and text not in self._names:
            pseudonym = self.name(text) if key == "name" else self._named(key, text)
            if pseudonym != text:
                self._names[text] = pseudonym
                self._in_prose.add(text, pseudonym)
                spelt = quote(text.encode("utf-8", "surrogatepass"))
                if spelt != text:
                    self._in_addresses.add(spelt, pseudonym)
                    self._in_prose.add(spelt, pseudonym)

    def _masked(self, key: str, value: Any) -> Any:
        """Return *value*, which stands under *key* in lower case, masked with all that is in it."""
        match value:
            case str():
                return _as_whole(value, self._field(key, value))
            case list():
                return [self._masked(key, item) for item in value]
            case dict() if key in SECLUDED:
                return {
                    _as_whole(name, self._digest(name)): self._masked(key, each)
                    for name, each in value.items()
                }
            case dict():
                return {
                    self._key_of(name): self._masked(name.casefold(), each)
                    for name, each in value.items()
                }
            case int() | float() if self._tells(key, value):
                return int.from_bytes(self._hash(str(value))[:5])
        return value

    def _tells(self, key: str, value: float) -> bool:
        """Say whether a number under *key* may be a telephone's, or anybody's."""
        if isinstance(value, bool):
            return False
        return key == "tags" or (
            key in (ADDRESSED | NAMED | {"name"}) and abs(value) >= SHORTEST_NUMBER
        )

    def _key_of(self, key: str) -> str:
        known = key.casefold() in KEYS or key.casefold().endswith("nextlink")
        return key if known else _as_whole(key, self.text(key))

    def _field(self, key: str, text: str) -> str:
        if not text.strip() or (key in CHOICES and _PLAIN.fullmatch(text)):
            return text
        if key in ADDRESSED:
            return ";".join(self._email(part) for part in addresses(text)) or text
        if key in NAMED or self._names_somebody(key, text):
            return self._names.get(text) or self._named(key, text)
        if key == "name":
            return self.name(text)
        if key in SECLUDED:
            return self._digest(text)
        if key == "id" or key.endswith("nextlink"):
            return self.url(text)
        return self.body(text) if text.lstrip()[:1] in ("{", "[") else self.text(text)

    def _names_somebody(self, key: str, text: str) -> bool:
        """Say whether *key* is called like one that names somebody, and *text* is a mere name."""
        plain = "@" not in text and not GUID.search(text)
        return plain and key not in KEYS and _SOMEBODY.fullmatch(key) is not None

    def _named(self, key: str, text: str) -> str:
        return self._pseudonym("phone" if key == "phone" else "displayName", text)

    def _pseudonym(self, kind: str, text: str) -> str:
        pseudonym = f"{kind}-{self._digest(text)}"
        self._issued.add(pseudonym)  # which is not masked again
        return pseudonym

    def _cut_field(self, found: re.Match[str]) -> str:
        if not found[3].strip():
            return found[0]
        key = found[2].casefold()
        return found[1] + (self.name(found[3]) if key == "name" else self._named(key, found[3]))

    def _own_host(self, found: re.Match[str]) -> str:
        return f"host-{self._digest(found[0].strip('[]').casefold())}.example"

    def _segment(self, text: str) -> str:
        """Mask a name in a path, and know it from then on."""
        name = unquote(text)
        self._remember("name", name)
        return text if self.name(name) == name else self.name(name)

    def _parameter(self, found: re.Match[str]) -> str:
        plain = found[2].lower() in QUERIES or GUID.fullmatch(found[3])
        return found[0] if plain else found[1] + self._digest(found[3])

    def _word(self, found: re.Match[str]) -> str:
        """Mask an address; and a name with dots, which may be a contact's, a host's, a domain's."""
        word = unquote(found[0]) if "%40" in found[0] else found[0]
        bare = word.rstrip(".!*#-_")
        if "@" in word:
            return self._email(bare) + word[len(bare) :]
        if "." not in bare:
            return word
        if bare.casefold() in self._hosts:
            return self._host.sub(self._own_host, word)
        last = bare.rpartition(".")[2]
        known = bare.casefold() in HOSTS or bare.casefold().startswith("microsoft.")
        ours = re.fullmatch(r"(?:host-)?[0-9a-f]{10}\.example", bare)
        numbers = re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", bare)
        if known or ours or not (numbers or (last != bare and len(last) > 1 and last.isalpha())):
            return word
        return self.name(bare) + word[len(bare) :]

    def _email(self, text: str) -> str:
        local, _, domain = text.casefold().rpartition("@")
        if not is_address(text):
            return f"no-address-{self._digest(text)}"
        return f"user-{self._digest(local)}@{self._digest(domain)}.example"

    def _guid(self, text: str) -> str:
        return str(UUID(bytes=self._hash(UUID(text).hex)[:16]))

    def _digest(self, text: str) -> str:
        return self._hash(text).hex()[:10]

    def _hash(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)


def _any_of(words: Collection[str], *, before: str, after: str) -> re.Pattern[str]:
    """Find each of *words*, the longest first; without words, find nothing."""
    longest_first = "|".join(map(re.escape, sorted(words, key=len, reverse=True))) or "(?!)"
    return re.compile(f"{before}(?:{longest_first}){after}", re.IGNORECASE)


def _short(digits: str) -> int:
    """A number may have more digits than Python converts."""
    return int(digits[:1000])


def _finite(text: str) -> float:
    """A number may be larger than any float, and then has no spelling in JSON."""
    return value if math.isfinite(value := float(text)) else math.copysign(1.7e308, value)


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=_short)
    except (ValueError, RecursionError):
        return False
    return True


def _as_whole(text: str, masked: str) -> str:
    """Return *masked* with half a character where *text* has one: no reader takes that."""
    return masked if _encodable(text) or not _encodable(masked) else f"{masked}\ud800"


def _encodable(text: str) -> bool:
    """A JSON escape may hold half a character, which no UTF-8 can carry."""
    return text == text.encode("utf-8", "replace").decode()
