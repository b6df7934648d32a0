"""
Answers shell completion: the words that may stand at the cursor.

A script runs `contacts-audit completion SHELL -- WORD...`; the last word is at the cursor. The
answer is lines: the kind (`words`, `files` or `folders`), then the words. It must be quick: options
come from `completion.json`, which `make completion` writes, and no command is loaded.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

FILES, FOLDERS, SUBSCRIPTIONS = "files", "folders", "subscriptions"
MAX_LISTS = 50  # exchanges of a recording that are searched for subscriptions
MAX_LIST_SIZE = 16 * 1024 * 1024  # bytes of one exchange


class Shell(StrEnum):
    """The shells with completion."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def answer(shell: str, words: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the answer for *words* to the script of *shell*: the kind, then a line per word."""
    quote, cut = "", 0
    if shell == "bash":
        words, cut, quote = _bash_words(words)
    elif shell == "powershell":
        words = [*words[:-1], words[-1][1:] if words else ""]
    kind, found = _candidates(words, environment)
    if shell == "bash":
        found = [one[cut:] if quote else _escaped(one[cut:]) for one in found]
    return "".join(f"{line}\n" for line in (kind, *found))


def _candidates(words: Sequence[str], environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the kind of what may replace the last of *words*, and the words."""
    *before, current = words or [""]
    commands = _commands()
    name = next((word for word in before if not word.startswith("-")), None)
    if name is None:
        options = ["-h", "--help", "--version"] if current.startswith("-") else []
        return "words", _matching([*commands, *options], current)
    if name not in commands:
        return "words", []
    options, arguments = commands[name]["options"], commands[name]["arguments"]
    kind, place, ended = _expected(before, options)
    prefix = ""
    if kind is None and current.startswith("-") and not ended:
        prefix, kind = _option(current, options)
    elif kind is None and arguments:
        kind = arguments[min(place, len(arguments) - 1)]
    elif kind is None:
        kind = "" if current else "|".join(options)
    if kind in (FILES, FOLDERS):
        return kind, []
    if kind == SUBSCRIPTIONS:
        offered = list(_subscriptions(before, environment))
    else:
        offered = kind.split("|") if kind and kind != "text" else []
    return "words", [prefix + one for one in _matching(offered, current.removeprefix(prefix))]


def _expected(before: Sequence[str], options: Mapping[str, str]) -> tuple[str | None, int, bool]:
    """
    Return the kind of value that the last of *before* takes, None if it takes none.

    Return also the index of the next argument, and whether `--` ended the options.
    """
    kind, place, ended = None, -1, False  # the command itself is no argument
    for word in before:
        if kind is not None:
            kind = None
        elif ended or not word.startswith("-") or word == "-":
            place += 1
        elif word == "--":
            ended = True
        else:
            kind = options.get(word) or None
    return kind, place, ended


def _option(current: str, options: Mapping[str, str]) -> tuple[str, str]:
    """Return an option before its value (`--opt=`, `-o`), and the kind; else "" and all options."""
    found = re.match("(--[^=]+)=|(-[^-])(?=.)", current)
    kind = options.get(found[1] or found[2]) if found is not None else None
    return (found[0], kind) if found is not None and kind else ("", "|".join(options))


def _matching(offered: Sequence[str], start: str) -> list[str]:
    """Return those that begin with *start*, in any case, each once."""
    return [one for one in dict.fromkeys(offered) if one.lower().startswith(start.lower())]


def _commands() -> Any:
    import json

    path = os.path.join(os.path.dirname(__file__), "completion.json")  # noqa: PTH118, PTH120
    return json.loads(__loader__.get_data(path))  # type: ignore[name-defined] # works in a zip file


# The subscriptions of a recording


def _subscriptions(before: Sequence[str], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the names, then the ids, in the recording of `--replay` in *before*."""
    folder = environment.get("CONTACTS_AUDIT_REPLAY", "")
    for at, word in enumerate(before):
        if word == "--replay":
            folder = before[at + 1] if at + 1 < len(before) else ""
        elif word.startswith("--replay="):
            folder = word.removeprefix("--replay=")
    if folder:
        found = list(_listed_subscriptions(os.path.expanduser(folder)))  # noqa: PTH111
        yield from (one for one, _ in found)
        yield from (one for _, one in found)


def _listed_subscriptions(folder: str) -> Iterator[tuple[str, str]]:
    """Yield name and id of each subscription in the first exchanges; skip damaged files."""
    import json

    from contacts_audit.core.bounded_read import read_bounded

    try:
        names = sorted(name for name in os.listdir(folder) if re.match(r"\d{5,}-subs", name))  # noqa: PTH208
    except OSError:
        return
    for name in names[:MAX_LISTS]:
        try:
            kept = json.loads(read_bounded(f"{folder}/{name}", MAX_LIST_SIZE))
            answered = kept["response"]
            body = answered["json"] if "json" in answered else json.loads(answered["text"])
            rows = [(row["displayName"], row["subscriptionId"]) for row in body["value"]]
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            continue
        for row in rows:
            if all(isinstance(text, str) and text.isprintable() and text for text in row):
                yield row


# The words of bash: as typed, split at = and :


def _bash_words(raw: Sequence[str]) -> tuple[list[str], int, str]:
    """Return the words, the length of the last one that bash keeps, and its open quote."""
    glued: list[str] = []
    cut, joining = 0, False
    for at, word in enumerate(raw):
        broken = bool(word) and not word.strip("=:")
        if glued and (broken or joining) and (at or not broken):
            cut = len(_unquoted(glued[-1])) + (len(word) if broken else 0)
            glued[-1] += word
        else:
            cut = 0
            glued.append(word)
        joining = broken
    last = raw[-1] if raw else ""
    return [_unquoted(word) for word in glued], cut, last[:1] if last[:1] in ("'", '"') else ""


def _unquoted(raw: str) -> str:
    """Return *raw* without quotes and escapes; a quote may be open. Variables are not expanded."""

    def unquoted(match: re.Match[str]) -> str:
        single, double, escaped = match.groups()
        if single is not None:
            return single
        if double is not None:
            return re.sub(r'\\([\\"$`])', r"\1", double)
        return escaped or ""

    return re.sub(r"""'([^']*)'?|"((?:[^"\\]|\\.?)*)"?|\\(.?)""", unquoted, raw)


def _escaped(text: str) -> str:
    return re.sub(r"[^\w@%+=:,./-]", r"\\\g<0>", text)


def main(arguments: Sequence[str]) -> str | None:
    """Return the answer to `completion SHELL -- WORD...`, None for other *arguments*."""
    if len(arguments) < 2 or arguments[0] not in [*Shell] or arguments[1] != "--":
        return None
    return answer(arguments[0], arguments[2:], os.environ)
