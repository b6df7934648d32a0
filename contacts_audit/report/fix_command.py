"""
Builds the commands that fix the findings of an audit, ready to paste into a shell.

They contain our own words, ids, and the options of the run.  Text from Azure is never in them,
except an address to remove, and only if this run read it from Azure itself.
"""

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from contacts_audit.azure.kinds import GUID, CloudName
from contacts_audit.core.errors import Reason
from contacts_audit.core.model import FILE, Audited, Outcome, Run, Subscription, Unread, Verdict
from contacts_audit.core.sanitize import sanitized
from contacts_audit.remediation.fixes import ADDRESS, LEVEL, WRONG, change_for
from contacts_audit.report.wording import Row

ASSIGNEE, ENDPOINT, IDS = "ASSIGNEE", "ENDPOINT", "IDS"
BLANKS: Mapping[str, str] = {  # words in capitals that the reader replaces
    ADDRESS: "an email address, a different one each time",
    WRONG: "an address to be removed",
    LEVEL: "Critical, High, Medium or Low",
    ASSIGNEE: "the object id, application id or user name of the identity that runs the audit",
    ENDPOINT: "the URL of your cloud's Resource Manager",
    FILE: "a file with the text that was read from stdin",
    IDS: "a file with the ids of these subscriptions, one per line; -o csv has a command for each",
}
READER = "Security Reader"
FEW = 5  # ids that always fit into a line
MANY = 50  # ids, or addresses, that fit if there is no other way
LINES = 10  # of commands at the end of a report, the most frequent first


class Line(NamedTuple):
    """A *command*, if any, and its purpose, in words."""

    purpose: str
    command: str | None = None

    @property
    def text(self) -> str:
        """The purpose, and what the words in capitals stand for."""
        blank = "; ".join(blanks(self.command or ""))
        return f"{self.purpose} ({blank})" if blank else self.purpose

    def __str__(self) -> str:
        return self.text if self.command is None else f"{self.text}: {self.command}"


def command(row: Row, run: Run) -> str | None:
    """Return the command that fixes *row*, or None."""
    found = row.subscription
    match row:
        case Audited(verdict=Verdict.NON_COMPLIANT):
            options, removed = _options(row, run)
            if not options and not removed:
                return None
            words = ["contacts-audit", "apply", "-s", found.id, *_failing_only(run)]
            words += [*_tenants(run, found), *_others(run), *options]
            words += _each("--remove-email", removed)
        case Unread(fault=fault) if fault.reason is Reason.NOT_REGISTERED:
            words = ["az", "provider", "register", "--namespace", "Microsoft.Security"]
            words += ["--subscription", found.id]
        case Unread(fault=fault) if fault.reason is Reason.FORBIDDEN:
            words = ["az", "role", "assignment", "create", "--assignee", ASSIGNEE]
            words += ["--role", READER, "--scope", f"/subscriptions/{found.id}"]
        case _:
            return None
    return shlex.join(words)


def blanks(*commands: str) -> list[str]:
    """Return for each word in capitals in *commands* what it stands for."""
    words = {re.sub(r"-\d+$", "", word) for each in commands for word in shlex.split(each)}
    return [f"{blank} = {meaning}" for blank, meaning in BLANKS.items() if blank in words]


def source(run: Run) -> Iterator[str]:
    """Yield where the commands send requests, if the report is not of a live run."""
    called = run.invocation
    if called is None:
        yield "Read from a file: the commands use the cloud that your own options choose."
    elif called.recording:
        yield f"From a recording: the commands send requests to {called.endpoint}."


def remarks(commands: Sequence[str], run: Run) -> Iterator[str]:
    """Yield what to know before pasting any of *commands*."""
    if commands:
        yield from source(run)
    if blank := blanks(*commands):
        yield f"Replace the words in capitals ({'; '.join(blank)})."


@dataclass(slots=True)
class _Kind:
    """Rows that one command fixes: its *options*, addresses to remove, and the first *ids*."""

    options: tuple[str, ...]
    ids: list[str] = field(default_factory=list)
    number: int = 0
    removed: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Summary:
    """
    Counts the fixes of the rows of a *run*, and makes a line for each kind of failure.

    If the rows are only a *part* of those in scope, the commands name each subscription.
    """

    run: Run
    part: bool = False
    _kinds: list[_Kind] = field(default_factory=list)
    _open: dict[tuple[tuple[str, ...], tuple[str, ...]], _Kind] = field(default_factory=dict)
    _unread: Counter[Reason] = field(default_factory=Counter)
    _az: list[Line] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Take *outcome* into account."""
        if isinstance(outcome, Unread) and (found := command(outcome, self.run)) is not None:
            reason = outcome.fault.reason
            self._unread[reason] += 1
            if self._unread[reason] <= FEW:
                self._az.append(Line(f"To read a subscription that is {reason}", found))
        elif isinstance(outcome, Audited) and outcome.verdict is Verdict.NON_COMPLIANT:
            options, removed = _options(outcome, self.run)
            if options or removed:
                self._count(outcome, options, removed)

    def _count(self, audited: Audited, options: tuple[str, ...], removed: Sequence[str]) -> None:
        """Add *audited* to its kind: rows that differ only in removals share a command."""
        allowed = audited.criteria.allowed_domains if removed and audited.criteria else ()
        kind = self._open.get((options, allowed))
        if kind is None or (kind.removed and len({*kind.removed, *removed}) > MANY):
            kind = self._open[options, allowed] = _Kind(options)
            self._kinds.append(kind)
        kind.removed |= dict.fromkeys(removed)
        kind.number += 1
        if len(kind.ids) < MANY:  # more do not fit into a line
            kind.ids.append(audited.subscription.id)

    def lines(self) -> Iterator[Line]:
        """Yield the commands; those for unreadable subscriptions come first."""
        yield from self._az
        for reason, number in self._unread.items():
            if number > FEW:
                yield Line(f"{number - FEW} more are {reason}: a report has the command of each")
        kinds = sorted(self._kinds, key=lambda kind: -kind.number)
        for kind in kinds[:LINES]:
            noun = "subscription" if kind.number == 1 else "subscriptions"
            yield Line(f"See what would fix {kind.number} {noun}", self._command(kind))
        if more := len(kinds[LINES:]):
            yield Line(f"{more} more kinds of failure: a report has the command of each row")

    def _command(self, kind: _Kind) -> str:
        called = self.run.invocation
        rest = [*_tenants(self.run), *_others(self.run), *kind.options]
        rest += _each("--remove-email", kind.removed)
        plan = ["contacts-audit", "plan", *_failing_only(self.run)]
        scope = None if called is None or self.part else called.scope
        others = sum(each.number for each in self._kinds) - kind.number
        room = min(kind.number, MANY)
        if scope is not None and others <= (max(FEW, room) if scope else room - 1):
            ids = [one for each in self._kinds if each is not kind for one in each.ids]
            return shlex.join([*plan, *scope, *_each("--exclude", ids), *rest])
        if kind.number <= MANY:
            return shlex.join([*plan, *_each("-s", kind.ids), *rest])
        return shlex.join([*plan, "--subscriptions-from", IDS, *rest])


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _failing_only(run: Run) -> list[str]:
    """Return the option that leaves compliant rows alone, if the checks of the run are known."""
    return [] if run.invocation is None else ["--failing-only"]


def _tenants(run: Run, subscription: Subscription | None = None) -> Sequence[str]:
    """Return the options for tenants: that of *subscription* if there are several."""
    own = None if subscription is None else subscription.tenant_id
    if own is not None and len(run.tenants) > 1 and own in run.tenants and GUID.fullmatch(own):
        return "--tenant", own
    return () if run.invocation is None else run.invocation.tenants


def _others(run: Run) -> Sequence[str]:
    """Return the options for cloud, identity and checks; a host in a file is never used."""
    if run.invocation is not None:
        return run.invocation.others
    if run.cloud == CloudName.AZURE:
        return ()
    return ("--cloud", run.cloud) if run.cloud in {*CloudName} else ("--arm-endpoint", ENDPOINT)


def _options(audited: Audited, run: Run) -> tuple[tuple[str, ...], list[str]]:
    """Return the needed change as options of `plan` and `apply`, and the addresses to remove."""
    called, change = run.invocation, change_for(audited)
    live = called is not None and not called.recording
    removed = [
        one if live and _plain(one) else f"{WRONG}-{number}"
        for number, one in enumerate(change.remove_emails, 1)
    ]
    words = ["--enable"] if change.enable else []
    words += _each("--email", (one if _plain(one) else ADDRESS for one in change.emails))
    if change.minimum_severity is not None:
        words += ["--minimum-severity", change.minimum_severity]
    if change.notify_owners:
        words += ["--notify-owners"]
    if change.attack_paths is not None:
        words += ["--attack-paths", change.attack_paths]
    return tuple(words), removed


def _plain(address: str) -> bool:
    """Return whether *address* has no character that is escaped."""
    return address == sanitized(address)
