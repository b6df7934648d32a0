"""
Shell completion: the scripts, and the words that they offer.

A script calls `contacts-audit completion SHELL -- WORD...`, the last word being the one at the
cursor, and gets lines: what kind of thing comes there (`words`, `files` or `folders`), then the
words.  That must be quick: what the commands take is read from `completion.json`, which
`make completion` writes, and nothing of the program is loaded but this file.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SHELLS = ("bash", "zsh", "fish", "powershell")
FILES, FOLDERS, SUBSCRIPTIONS = "files", "folders", "subscriptions"
MOST_LISTS = 50  # exchanges of a recording that are looked at for a list of subscriptions
LARGEST_LIST = 16 * 1024 * 1024  # bytes of one that is read

BASH = r"""# bash completion of contacts-audit: add to ~/.bashrc
#   source <(contacts-audit completion bash)
_contacts_audit() {
    local last=${COMP_WORDS[COMP_CWORD]} kind
    [[ $last == [=:\'\"]* ]] || last=$2
    local -a lines
    mapfile -t lines < <("${1/#\~/$HOME}" completion bash -- \
        "${COMP_WORDS[@]:1:COMP_CWORD-1}" "$last" 2>/dev/null)
    COMPREPLY=("${lines[@]:1}")
    case ${lines[0]} in
        files) compopt -o default ;;
        folders) compopt -o dirnames ;;
    esac
}
complete -F _contacts_audit contacts-audit
"""

ZSH = r"""#compdef contacts-audit
# zsh completion of contacts-audit: add to ~/.zshrc, below compinit
#   source <(contacts-audit completion zsh)
# or write it to a file _contacts-audit in a folder of $fpath.
_contacts-audit() {
    local -a lines
    lines=("${(@f)$(${~words[1]} completion zsh -- \
        "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    case ${lines[1]} in
        files) compset -P '--*='; _files ;;
        folders) compset -P '--*='; _files -/ ;;
        *) shift lines; compadd -M 'm:{[:lower:][:upper:]}={[:upper:][:lower:]}' -a lines ;;
    esac
}
if [[ ${funcstack[1]} == _contacts-audit ]]; then
    _contacts-audit "$@"
else
    compdef _contacts-audit contacts-audit
fi
"""

FISH = r"""# fish completion of contacts-audit: write it to
#   ~/.config/fish/completions/contacts-audit.fish
function __contacts_audit_words
    set -l before (commandline -opc)
    set -l current (string replace -r -- '^["\']' '' (commandline -ct) | string unescape)
    set -l lines ($before[1] completion fish -- $before[2..-1] "$current" 2>/dev/null)
    set -l option (string match -r -- '^--[^=]*=' "$current")
    switch "$lines[1]"
        case files
            printf '%s\n' "$option"(__fish_complete_path \
                (string replace -- "$option" '' "$current"))
        case folders
            printf '%s\n' "$option"(__fish_complete_directories \
                (string replace -- "$option" '' "$current") '')
        case words
            printf '%s\n' $lines[2..-1]
    end
end
complete -c contacts-audit -f -a '(__contacts_audit_words)'
"""

POWERSHELL = r"""# PowerShell completion of contacts-audit: add to $PROFILE
#   contacts-audit completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName contacts-audit -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($_.Value) { [string]$_.Value } else { $_.Extent.Text } })
    $program = $commandAst.CommandElements[0].Extent.Text
    $current = $wordToComplete.Trim('"', "'")
    # the dot keeps what is empty: an older PowerShell hands over no empty word
    $lines = @(& $program completion powershell -- @words ".$current" 2>$null)
    if ($lines.Count -gt 1) {
        $lines[1..($lines.Count - 1)] | ForEach-Object {
            $text = if ($_ -match '[^\w=.:/-]') { "'" + $_.Replace("'", "''") + "'" } else { $_ }
            [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
        }
    }
}
"""

SCRIPTS: Mapping[str, str] = {"bash": BASH, "zsh": ZSH, "fish": FISH, "powershell": POWERSHELL}


def answer(shell: str, words: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return what a script of *shell* gets for *words*: a line with the kind, a line a word."""
    quote, cut = "", 0
    if shell == "bash":
        words, cut, quote = _of_bash(words)
    elif shell == "powershell":
        words = [*words[:-1], words[-1][1:] if words else ""]
    kind, found = _next(words, environment)
    if shell == "bash":
        found = [one[cut:] if quote else _escaped(one[cut:]) for one in found]
    return "".join(f"{line}\n" for line in (kind, *found))


def _next(words: Sequence[str], environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the kind of what may stand in the place of the last of *words*, and the words."""
    *before, current = words or [""]
    commands = _commands()
    name = next((word for word in before if not word.startswith("-")), None)
    if name is None:
        options = ["-h", "--help", "--version"] if current.startswith("-") else []
        return "words", _matching([*commands, *options], current)
    if name not in commands:
        return "words", []
    options, arguments = commands[name]["options"], commands[name]["arguments"]
    kind, place, ended = _awaited(before, options)
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


def _awaited(before: Sequence[str], options: Mapping[str, str]) -> tuple[str | None, int, bool]:
    """
    Return the kind of value that the last word before wants, None where it wants none.

    And which argument would come, and whether `--` ended the options.
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
    """Return the option in front of its value (`--opt=`, `-o`) and the kind; else all options."""
    found = re.match("(--[^=]+)=|(-[^-])(?=.)", current)
    kind = options.get(found[1] or found[2]) if found is not None else None
    return (found[0], kind) if found is not None and kind else ("", "|".join(options))


def _matching(offered: Sequence[str], start: str) -> list[str]:
    """Return what begins with *start*, in any case; each once."""
    return [one for one in dict.fromkeys(offered) if one.lower().startswith(start.lower())]


def _commands() -> Any:
    import json

    path = os.path.join(os.path.dirname(__file__), "completion.json")  # noqa: PTH118, PTH120
    return json.loads(__loader__.get_data(path))  # type: ignore[name-defined] # a zip file has it


# The subscriptions of a recording


def _subscriptions(before: Sequence[str], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield names and ids of the recording that the words before name, if they name one."""
    folder = environment.get("CONTACTS_AUDIT_REPLAY", "")
    for at, word in enumerate(before):
        if word == "--replay":
            folder = before[at + 1] if at + 1 < len(before) else ""
        elif word.startswith("--replay="):
            folder = word.removeprefix("--replay=")
    if folder:
        found = list(_listed(os.path.expanduser(folder)))  # noqa: PTH111
        yield from (one for one, _ in found)
        yield from (one for _, one in found)


def _listed(folder: str) -> Iterator[tuple[str, str]]:
    """Yield name and id of what the first exchanges of a recording list; a file may be anything."""
    import json

    from contacts_audit.core.bounded_read import read_bounded

    try:
        names = sorted(name for name in os.listdir(folder) if re.match(r"\d{5,}-subs", name))  # noqa: PTH208
    except OSError:
        return
    for name in names[:MOST_LISTS]:
        try:
            kept = json.loads(read_bounded(f"{folder}/{name}", LARGEST_LIST))
            answered = kept["response"]
            body = answered["json"] if "json" in answered else json.loads(answered["text"])
            rows = [(row["displayName"], row["subscriptionId"]) for row in body["value"]]
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            continue
        for row in rows:
            if all(isinstance(text, str) and text.isprintable() and text for text in row):
                yield row


# What bash hands over: words as they were typed, broken at = and :


def _of_bash(raw: Sequence[str]) -> tuple[list[str], int, str]:
    """Return the words, how much of the last one is not replaced, and the quote it stands in."""
    glued: list[str] = []
    cut, joining = 0, False
    for at, word in enumerate(raw):
        broken = bool(word) and not word.strip("=:")
        if glued and (broken or joining) and (at or not broken):
            cut = len(_bare(glued[-1])) + (len(word) if broken else 0)
            glued[-1] += word
        else:
            cut = 0
            glued.append(word)
        joining = broken
    last = raw[-1] if raw else ""
    return [_bare(word) for word in glued], cut, last[:1] if last[:1] in ("'", '"') else ""


def _bare(raw: str) -> str:
    """Return what a *raw* word of a shell means, be its quote still open; no variable is read."""

    def meant(match: re.Match[str]) -> str:
        single, double, escaped = match.groups()
        if single is not None:
            return single
        if double is not None:
            return re.sub(r'\\([\\"$`])', r"\1", double)
        return escaped or ""

    return re.sub(r"""'([^']*)'?|"((?:[^"\\]|\\.?)*)"?|\\(.?)""", meant, raw)


def _escaped(text: str) -> str:
    return re.sub(r"[^\w@%+=:,./-]", r"\\\g<0>", text)


def main(arguments: Sequence[str]) -> str | None:
    """Return what the words after `completion SHELL --` are answered by; None without them."""
    if len(arguments) < 2 or arguments[0] not in SHELLS or arguments[1] != "--":
        return None
    return answer(arguments[0], arguments[2:], os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
