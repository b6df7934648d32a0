"""Parse what selects subscriptions: ids, names, lines of a file, management groups. Pure."""

import re
import shlex
import unicodedata
from typing import NamedTuple

from contacts_audit.azure.kinds import GUID
from contacts_audit.core.errors import UsageError

MAX_NAME = 256  # characters
HIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Cf", "Zl", "Zp"})
DASHES = re.compile("[\u2010-\u2015\u2212]")
JOINERS = re.compile("[\u200c\u200d]")  # Persian words and some emoji need them
RESOURCE_ID = f"/subscriptions/({GUID.pattern})/?"  # as in the portal
GROUP = "[A-Za-z0-9][A-Za-z0-9_.()-]{0,89}"
GROUP_RESOURCE_ID = f"/providers/Microsoft.Management/managementGroups/({GROUP})/?"


class Selector(NamedTuple):
    """A subscription id in lower case, or a name, and the *option* that gave it."""

    text: str
    option: str

    @property
    def is_id(self) -> bool:
        """Return whether it is an id."""
        return GUID.fullmatch(self.text) is not None


def parse_selector(text: str, option: str) -> Selector:
    """
    Return the selector that *text* is: an id, a resource id, or a name.

    Raises:
        UsageError: it is none of these, or a malformed id.
    """
    if GUID.fullmatch(text):
        return Selector(text.lower(), option)
    if path := re.fullmatch(RESOURCE_ID, text, re.IGNORECASE):
        return Selector(path[1].lower(), option)
    problem, hint = None, "give an id (8-4-4-4-12) or a name"
    if not text.strip():
        problem = "is empty"
    elif len(text) > MAX_NAME:
        problem = f"is longer than {MAX_NAME} characters"
    elif text != text.strip():
        problem = "begins or ends with a blank"
    elif any(unicodedata.category(letter) in HIDDEN_CATEGORIES for letter in JOINERS.sub("", text)):
        problem = "has a control character"
    elif _resembles_id(text):
        problem = "is a malformed subscription id"
        hint = repeat_hint(text, option) or hint
    if problem is not None:
        shown = text if len(text) <= MAX_NAME else text[:40] + "..."
        raise UsageError(f"{option}: {shown!r} {problem}", hint)
    return Selector(text, option)


def parse_selectors(lines: str, option: str) -> list[Selector]:
    """
    Return the selectors in a file, one a line. Blank lines and `#` comments are ignored.

    Raises:
        UsageError: a line is neither an id nor a name.
    """
    found = []
    for number, line in enumerate(lines.removeprefix("\ufeff").split("\n"), start=1):
        text = line.strip(" \t\r")
        head = text.split(" #")[0].split("\t#")[0].strip(" \t")
        if GUID.fullmatch(head) or re.fullmatch(RESOURCE_ID, head, re.IGNORECASE):
            text = head  # only an id can have a comment behind it: a name may contain '#'
        if text and not text.startswith("#"):
            found.append(parse_selector(text, f"{option}, line {number}"))
    return found


def parse_group_id(text: str, option: str = "--management-group") -> str:
    """
    Return the id of the management group *text*, which is an id or a resource id.

    https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules

    Raises:
        UsageError: it is neither.
    """
    if re.fullmatch(GROUP, text):
        return text
    if path := re.fullmatch(GROUP_RESOURCE_ID, text, re.IGNORECASE):
        return path[1]
    raise UsageError(
        f"{option}: {text[:MAX_NAME]!r} is not a management group id",
        "give the id, not the display name",
    )


def repeat_hint(text: str, option: str) -> str:
    """Return how to give several values where *text* looks like a list; empty where it does not."""
    parts = [part.strip() for part in re.split("[,;]", text)]
    if len(parts) < 2 or not all(parts):
        return ""
    if not option.startswith("--") or " " in option:
        return "give one a line" if " line " in option else "give one"
    short = "-s" if option == "--subscription" else option
    return f"repeat {short}: " + " ".join(f"{short} {shlex.quote(part)}" for part in parts[:3])


def _resembles_id(text: str) -> bool:
    """Return whether *text* is an id in braces, as a URN, in a longer path, without dashes, ..."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip(" {}()\"'")
    plain = "".join(
        str(unicodedata.digit(letter)) if letter.isdigit() else letter
        for letter in DASHES.sub("-", plain)
    )
    plain = plain.removeprefix("urn:uuid:").removeprefix("/").removeprefix("subscriptions/")
    return bool(
        re.fullmatch("[0-9a-f]{32}", plain) or re.match(f"{GUID.pattern}([^\\w -]|$)", plain)
    )
