"""
Reads the error bodies of Azure: code, message, API versions, seconds to wait. Pure.

Resource providers spell their errors in many ways: with and without an `error` around them, in any
case, as `ErrorCode` or `HttpStatusCode`, in an array, or as JSON in the text of a message.

https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from contacts_audit.core.sanitize import whole_characters

LONGEST_CODE = 200
LONGEST_MESSAGE = 8192  # characters; no error of Azure's is that long
LEVELS = 6
ITEMS, FIELDS = 5, 100  # of an array and of an object, that are looked at
CODES = ("code", "errorcode", "httpstatuscode", "statuscode")
MESSAGES = ("message", "errormessage", "error_description", "detail", "title")
AROUND = ("error", "odata.error", "fault")
WITHIN = ("errors", "innererror", "details", "value")
TEXT = ("value", "message", "text")  # of a message that is an object
VERSION_CODES = frozenset(
    {"noregisteredproviderfound", "invalidresourcetype", "invalidapiversionparameter"}
)
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}

_VERSION = r"v?\d[\w-]{0,60}(?:\.\d{1,9}){0,3}"
_GAP = r"[\s,;|/'\"`\u2018-\u201f<>\[\]()*-]{1,8}(?:(?:and|or)[\s'\"`]{1,4})?"
_LIST = (  # compiled at first use, as the next one
    r"\b(?:(?:supported|available|valid|allowed|registered)\s{0,3}(?:api)?[\s-]{0,3}"
    r"version(?:s|\(s\)|\s{1,3}is)|versions\s{1,3}(?:supported|available))(?!\w)"
    rf"[^\d.]{{0,100}}?({_VERSION}(?:{_GAP}{_VERSION})*+)"
)
_WAIT = (
    r"\b(?:again|after|wait\w{0,3}|retr(?:y|ied))\b[^.\d]{0,40}(?<![\d.])(?:"
    r"(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)\b|"
    r"(?P<number>\d{1,3}(?:,\d{3}){1,9}|\d{1,100}(?:\.\d{1,6})?)['\"\s]{0,3}"
    r"(?P<unit>s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?)\b|"
    r"(?<=retry-after: )(?P<header>\d{1,9})\b)"
)


class Said(NamedTuple):
    """The first *code* and *message* of an error body; all *codes*, folded, and all *words*."""

    code: str | None
    message: str | None
    codes: frozenset[str]
    words: str


def said(text: str) -> Said:
    """Return what the error body *text* says; nothing where it is no JSON."""
    found = list(_words(_parsed(text), LEVELS))
    codes = [word for kind, word in found if kind == "code"]
    messages = [word for kind, word in found if kind == "message"]
    plain = frozenset("".join(code.casefold().split()) for code in codes)
    return Said(next(iter(codes), None), next(iter(messages), None), plain, "\n".join(messages))


def refuses_version(said: Said, status: int, asked: str) -> bool:
    """
    Say whether an error of *status* means that ARM does not have the api-version *asked* for.

    Either it lists those that it has, and ours is not among them; or it lists none, and says in a
    404 that the type is not there at ours.  Where the list has ours, the location was wrong.
    """
    if status not in (400, 404) or not said.codes & VERSION_CODES:
        return False
    if offered := listed_versions(said.words):
        return asked.casefold() not in offered
    named = rf"(?<![\w.-]){re.escape(asked)}(?![\w-])"
    words = said.words[:LONGEST_MESSAGE]
    return status == 404 and bool(asked) and re.search(named, words, re.IGNORECASE) is not None


def listed_versions(message: str) -> frozenset[str]:
    """Return the api-versions that *message* lists as supported, in lower case."""
    lists = re.findall(_LIST, message[:LONGEST_MESSAGE], re.IGNORECASE)
    versions = (re.findall(_VERSION, found, re.IGNORECASE) for found in lists)
    return frozenset(version.casefold() for each in versions for version in each)


def named_seconds(message: str) -> float | None:
    """Return the seconds after which *message* says to try again; None for none, or 0."""
    found = re.search(_WAIT, message[:LONGEST_MESSAGE], re.IGNORECASE)
    if found is None:
        return None
    if found["hours"]:
        parts = ("hours", "minutes", "seconds")
        return sum(int(found[part]) * UNITS[part[0]] for part in parts) or None
    number = (found["number"] or found["header"]).replace(",", "")
    return float(number) * UNITS[(found["unit"] or "s")[0].lower()] or None


def _words(value: Any, levels: int) -> Iterator[tuple[str, str]]:
    """Yield each ("code", ...) and ("message", ...), the outermost first."""
    if levels == 0:
        return
    match value:
        case str() if value.lstrip()[:1] in ("{", "["):
            yield from _words(_parsed(value), levels - 1)
        case [*items]:
            for item in items[:ITEMS]:
                yield from _words(item, levels - 1)
        case dict():
            for around in _fields(value, AROUND):
                yield from _words(around, levels - 1)
            for code in _fields(value, CODES):
                yield from _text("code", code, LONGEST_CODE)
            for message in _fields(value, MESSAGES):
                yield from _message(message, levels - 1)
            for error in _fields(value, AROUND):
                yield from _plain(error)
            for within in _fields(value, WITHIN):
                yield from _words(within, levels - 1)


def _fields(value: dict[str, Any], names: tuple[str, ...]) -> Iterator[Any]:
    """Yield the fields of *value* that are called so in any case, in the order of *names*."""
    known = [(name.casefold(), item) for name, item in itertools.islice(value.items(), FIELDS)]
    for wanted in names:
        yield from (item for name, item in known if name == wanted)


def _message(value: Any, levels: int) -> Iterator[tuple[str, str]]:
    """Yield a message: text, the error in it where it is JSON, or the text in an object."""
    if isinstance(value, dict):
        value = next(_fields(value, TEXT), None)
    if isinstance(value, list):
        value = "; ".join(item for item in value[:ITEMS] if isinstance(item, str))
    words = list(_words(value, levels)) if isinstance(value, str) else []
    yield from words
    if not any(kind == "message" for kind, _ in words):
        yield from _text("message", value, LONGEST_MESSAGE)


def _plain(error: Any) -> Iterator[tuple[str, str]]:
    """Yield an `error` that is text: a code, as of OAuth, where it is one word, or a message."""
    if isinstance(error, str) and error.lstrip()[:1] not in ("{", "["):
        yield from _text("message" if " " in error.strip() else "code", error, LONGEST_CODE)


def _text(kind: str, value: Any, longest: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value.strip():
        whole = whole_characters(value.strip() if kind == "code" else value)
        yield kind, whole if len(whole) <= longest else f"{whole[:longest]}..."


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
