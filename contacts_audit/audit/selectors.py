"""Parses what selects subscriptions: ids, names, lines of a file, management groups. Pure."""

import re
import shlex
import unicodedata
from dataclasses import dataclass

from contacts_audit.azure.kinds import GUID
from contacts_audit.core.errors import UsageError

LONGEST_NAME = 256
HIDDEN = frozenset({"Cc", "Cs", "Cf", "Zl", "Zp"})
DASHES = re.compile("[\u2010-\u2015\u2212]")
JOINERS = re.compile("[\u200c\u200d]")  # Persian words and some emoji need them
PATH = re.compile(f"/subscriptions/({GUID.pattern})/?", re.IGNORECASE)  # as the portal shows an id
GROUP = "[A-Za-z0-9][A-Za-z0-9_.()-]{0,89}"
GROUP_PATH = re.compile(
    f"/providers/Microsoft.Management/managementGroups/({GROUP})/?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Selector:
    """An id in lower case, or a name, as *option* gave it."""

    text: str
    option: str

    @property
    def is_id(self) -> bool:
        """Say whether it is an id."""
        return GUID.fullmatch(self.text) is not None


def selector(text: str, option: str) -> Selector:
    """
    Return what *text* selects, before anything is asked of Azure; an id may be a resource id.

    Raises:
        UsageError: it is neither an id nor a name, or it is nearly an id.
    """
    if GUID.fullmatch(text):
        return Selector(text.lower(), option)
    if path := PATH.fullmatch(text):
        return Selector(path[1].lower(), option)
    problem, hint = None, "give an id (8-4-4-4-12) or a name"
    if not text.strip():
        problem = "is empty"
    elif len(text) > LONGEST_NAME:
        problem = f"is longer than {LONGEST_NAME} characters"
    elif text != text.strip():
        problem = "begins or ends with a blank"
    elif any(unicodedata.category(letter) in HIDDEN for letter in JOINERS.sub("", text)):
        problem = "holds a control character"
    elif _nearly_an_id(text):
        problem = "is nearly a subscription id, but not quite"
        hint = _one_each(text, option) or hint
    if problem is not None:
        shown = text if len(text) <= LONGEST_NAME else text[:40] + "..."
        raise UsageError(f"{option}: {shown!r} {problem}", hint)
    return Selector(text, option)


def selectors(lines: str, option: str) -> list[Selector]:
    """
    Return what a file selects: one a line; blank lines and `#` comments are passed over.

    Raises:
        UsageError: a line is neither an id nor a name.
    """
    found = []
    for number, line in enumerate(lines.removeprefix("\ufeff").split("\n"), start=1):
        text = line.strip(" \t\r")
        head = text.split(" #")[0].split("\t#")[0].strip(" \t")
        if GUID.fullmatch(head) or PATH.fullmatch(head):
            text = head  # a comment behind an id; a name may well hold a '#'
        if text and not text.startswith("#"):
            found.append(selector(text, f"{option}, line {number}"))
    return found


def group_id(text: str, option: str = "--management-group") -> str:
    """
    Return the id of a management group that *text* is, alone or as a resource id.

    https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules

    Raises:
        UsageError: it cannot.
    """
    if re.fullmatch(GROUP, text):
        return text
    if path := GROUP_PATH.fullmatch(text):
        return path[1]
    raise UsageError(
        f"{option}: {text[:LONGEST_NAME]!r} is no id of a management group",
        "give the id, not the display name",
    )


def _one_each(text: str, option: str) -> str:
    """Return what to do where *text* seems to be several; a name may hold a comma, too."""
    parts = [part.strip() for part in re.split("[,;]", text)]
    if len(parts) < 2 or not all(parts):
        return ""
    if not option.startswith("--") or " " in option:
        return "give one a line" if " line " in option else "give one"
    short = "-s" if option == "--subscription" else option
    return f"{short} repeats: " + " ".join(f"{short} {shlex.quote(part)}" for part in parts[:3])


def _nearly_an_id(text: str) -> bool:
    """Braces, a URN, a path, no dashes, digits of another script: not what was meant, surely."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip(" {}()\"'")
    plain = "".join(
        str(unicodedata.digit(letter)) if letter.isdigit() else letter
        for letter in DASHES.sub("-", plain)
    )
    plain = plain.removeprefix("urn:uuid:").removeprefix("/").removeprefix("subscriptions/")
    return bool(
        re.fullmatch("[0-9a-f]{32}", plain) or re.match(f"{GUID.pattern}([^\\w -]|$)", plain)
    )
