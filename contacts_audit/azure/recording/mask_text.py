"""Masks text without fields: messages, headers, URLs. The base class of `mask.Mask`."""

import re
from collections.abc import Collection, Iterable
from urllib.parse import quote, unquote

from contacts_audit.azure.clouds import CLOUDS, host_of
from contacts_audit.azure.kinds import GUID
from contacts_audit.azure.recording.known_names import KnownNames
from contacts_audit.azure.recording.pseudonyms import Pseudonyms

# What of Azure stays as it is
HEADERS = frozenset(  # of a fixed form: masked like URLs
    {
        *("api-supported-versions", "cache-control", "connection", "content-encoding"),
        *("content-length", "content-type", "date", "expires", "last-modified", "location"),
        *("pragma", "retry-after", "retry-after-ms", "x-ms-retry-after-ms", "server", "vary"),
        *("strict-transport-security", "transfer-encoding", "x-cache", "x-content-type-options"),
        "x-ms-failure-cause",
    }
)
PARAMETERS = frozenset({"api-version", "top", "expand"})
HOSTS = frozenset(
    {host_of(address) for cloud in CLOUDS.values() for address in cloud.addresses}
    | {"aka.ms", "go.microsoft.com", "docs.microsoft.com", "learn.microsoft.com"}
)

_URL = re.compile(r"(?:https?:/)?/\S*", re.IGNORECASE)
_WORD = re.compile(r"[^\s;,\"'<>()\[\]:/?=&\\]+")
_BARE_GUID = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])")
_QUERY = re.compile(r"([?&](?:\$|%24)?([\w.-]+)=)([^&#\s\"']+)")
_NAMED_SEGMENT = re.compile(
    r"(/(?:securityContacts?|managementGroups|resourceGroups)/)([^/?#\s\"'<>]+)", re.IGNORECASE
)
_VERSION = r"20\d\d-[01]\d-[0-3]\d(?:-(?:preview|privatepreview|alpha|beta))?(?![\w-])"
_DECIDING = re.compile(  # parts of a message that decide how the program goes on
    r"(\b(?:supported|available|valid|allowed|registered)\s{1,3}(?:api)?[\s-]{0,3}version"
    r"(?:s|\s{1,3}is)\b(?:\s{1,3}(?:are|is|the|following))*+|\bversions\s{1,3}(?:supported|available)"
    rf"|{_VERSION}(?:[\s,;'\"\[\]()*-]{{1,8}}(?:(?:and|or)[\s'\"]{{1,4}})?{_VERSION})*+"
    r"|could not find security contact"
    r"|\b(?:again|after|wait\w{0,3}|retry|retried)(?:\s{1,3}(?:again|after|for|in|at|least)){0,13}+"
    r"[\s'\":]{0,4}\d{1,18}(?:\.\d{1,6})?['\"\s]{0,3}(?:s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?)\b)",
    re.IGNORECASE,
)


class TextMask:
    """
    Masks texts without fields, and remembers the names that a recording shows.

    *hosts* are those of a cloud of the user's own. Hosts of known clouds stay.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self._pseudonyms = Pseudonyms()
        self._names: dict[str, str] = {}
        self._in_prose, self._in_urls = KnownNames(), KnownNames()
        self._hosts = {host.casefold() for host in hosts} - HOSTS - {""}
        spellings = {f"[{host}]" if ":" in host else host for host in self._hosts} | self._hosts
        self._host = _any_of(spellings, before=r"(?<![\w.-])", after=r"(?![\w-])(?!\.\w)")
        self._authority = _any_of(spellings, before="(?<=://)", after=r"(?![\w.-])")

    def text(self, text: str) -> str:
        """Mask a message. Names are masked that the recording has shown before."""
        if _URL.fullmatch(text):
            return self.url(text)
        pieces = _DECIDING.split(self._names.get(text, text))
        for at in range(0, len(pieces), 2):
            named = self._in_prose.replace(pieces[at])
            pieces[at] = self.url(self._host.sub(self._own_host, named))
        return "".join(pieces)

    def mail_domain(self, domain: str) -> str:
        """Mask the domain (ASCII) of an email address, as in the addresses."""
        return self._pseudonyms.mail_domain(domain)

    def url(self, text: str) -> str:
        """Mask a URL, or a header of a fixed form. The words of Azure in it stay."""
        text = self._authority.sub(self._own_host, text)
        if "%" in text:
            text = self._in_urls.replace(text)
        text = _NAMED_SEGMENT.sub(lambda found: found[1] + self._segment(found[2]), text)
        text = _QUERY.sub(self._parameter, text)
        text = GUID.sub(lambda found: self._pseudonyms.guid(found[0]), text)
        text = _BARE_GUID.sub(lambda found: self._pseudonyms.guid(found[0]).replace("-", ""), text)
        return _WORD.sub(self._word, text)

    def header(self, name: str, text: str) -> str:
        """Mask the value *text* of the header *name*."""
        fixed = name.lower() in HEADERS or name.lower().startswith("x-ms-ratelimit-")
        return self.url(text) if fixed else self.text(text)

    def name(self, name: str) -> str:
        """Mask the name of a contact, a group or a tenant."""
        return self._pseudonyms.name(name)

    def _remember(self, name: str, pseudonym: str) -> None:
        """Replace *name* in all texts from now on. One letter is too short to look for."""
        if len(name.strip()) < 2 or name in self._names or pseudonym == name:
            return
        self._names[name] = pseudonym
        self._in_prose.add(name, pseudonym)
        quoted = quote(name.encode("utf-8", "surrogatepass"))
        if quoted != name:
            self._in_urls.add(quoted, pseudonym)
            self._in_prose.add(quoted, pseudonym)

    def _own_host(self, found: re.Match[str]) -> str:
        return self._pseudonyms.host(found[0])

    def _segment(self, text: str) -> str:
        """Mask a name in the path of a URL, and remember it."""
        name = unquote(text)
        pseudonym = self.name(name)
        self._remember(name, pseudonym)
        return text if pseudonym == name else pseudonym

    def _parameter(self, found: re.Match[str]) -> str:
        keeps = found[2].lower() in PARAMETERS or GUID.fullmatch(found[3])
        return found[0] if keeps else found[1] + self._pseudonyms.digest(found[3])

    def _word(self, found: re.Match[str]) -> str:
        """Mask an email address, or a name with dots: of a contact, a host or a domain."""
        word = unquote(found[0]) if "%40" in found[0] else found[0]
        bare = word.rstrip(".!*#-_")
        if "@" in word:
            return self._pseudonyms.email(bare) + word[len(bare) :]
        if "." not in bare:
            return word
        if bare.casefold() in self._hosts:
            return self._host.sub(self._own_host, word)
        last = bare.rpartition(".")[2]
        known = bare.casefold() in HOSTS or bare.casefold().startswith("microsoft.")
        masked = re.fullmatch(r"(?:host-)?[0-9a-f]{10}\.example", bare)
        ipv4 = re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", bare)
        if known or masked or not (ipv4 or (len(last) > 1 and last.isalpha())):
            return word
        return self.name(bare) + word[len(bare) :]


def _any_of(words: Collection[str], *, before: str, after: str) -> re.Pattern[str]:
    """Return a pattern that finds each of *words*, the longest first; without words, nothing."""
    longest_first = "|".join(map(re.escape, sorted(words, key=len, reverse=True))) or "(?!)"
    return re.compile(f"{before}(?:{longest_first}){after}", re.IGNORECASE)
