"""Escapes hostile characters in text from Azure, and removes credentials from error texts."""

import functools
import re
from collections.abc import Iterable, Mapping

from contacts_audit.core.redaction import without_user_info

# Control characters, what reorders or hides text (bidi, zero-width, tags), the line and paragraph
# separators that end a line in some readers, and lone surrogates, which UTF-8 cannot encode.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff"
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]+"
)
# Matches whole runs, so that each character is examined once: a pattern for a token would be slow.
_DOTTED = re.compile(r"[\w.-]+")
_SECRET_NAME = re.compile(r".*(SECRET|PASSWORD|TOKEN|IDENTITY_HEADER)", re.IGNORECASE)


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return *text* with `***` in the place of each of *secrets*."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def without_credentials(text: str, environment: Mapping[str, str]) -> str:
    """Return *text* without secret variables of *environment*, tokens, and passwords in URLs."""
    values = {value for name, value in environment.items() if _SECRET_NAME.fullmatch(name)}
    known = redacted(text, (value for value in values if value))
    return without_user_info(_DOTTED.sub(_without_token, known))


def whole_characters(text: str) -> str:
    """Return *text* with U+FFFD for each lone surrogate, which UTF-8 cannot encode."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _without_token(match: re.Match[str]) -> str:
    """Return a dotted run without the JSON Web Token in it: `{"` in base64 and two more parts."""
    before, begin, rest = match[0].partition("eyJ")
    return f"{before}***" if begin and rest.count(".") >= 2 else match[0]


def sanitized(text: str) -> str:
    """Return *text* on one line, with each hostile character escaped."""
    return _HOSTILE.sub(lambda run: "".join(map(_escaped, run[0])), text)


def sanitized_json(text: str) -> str:
    """Return the JSON *text* with hostile characters as JSON escapes; its value is the same."""
    return _HOSTILE.sub(lambda run: "".join(map(_json_escaped, run[0])), text)


@functools.cache
def _escaped(letter: str) -> str:
    number = ord(letter)
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


@functools.cache
def _json_escaped(letter: str) -> str:
    """Escape *letter*, but for a blank between tokens: those in strings are escaped already."""
    if letter in "\n\r\t":
        return letter
    units = whole_characters(letter).encode("utf-16-be")  # jq refuses a lone surrogate
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
