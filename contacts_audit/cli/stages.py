"""The second and third stage of the documented pipeline: fetch, emails."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contacts_audit.cli.groups import grouped
from contacts_audit.cli.host import Host
from contacts_audit.cli.options import (
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
    ScopeOptions,
    TalkOptions,
    option,
)
from contacts_audit.cli.screen import log_to
from contacts_audit.cli.wiring import enter
from contacts_audit.errors import AuthError, AzureError, ContactsAuditError, ExitCode, UsageError
from contacts_audit.model import Fault, Skipped, Subscription, Unread

if TYPE_CHECKING:
    from contacts_audit.azure.arm import Answer
    from contacts_audit.azure.client import Client
    from contacts_audit.azure.contacts import LeftOut

LARGEST_INPUT = 256 * 1024 * 1024
MOST_WAITING = 32 * 1024 * 1024  # bytes that were read and cannot be printed yet
SHOWN = 3  # contacts that a line names
BLIND = (
    "2017-08-01-preview may not show what the portal and newer clients wrote (in 2020 it did not, "
    "and nobody has recorded it since): 'contacts-audit audit' decides"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage prints for a subscription, *rest* what may follow, and what went wrong then."""

    subscription: Subscription
    pieces: Sequence[bytes]
    rest: "Iterator[Answer] | None" = None
    fault: Fault | None = None
    skipped: bool = False
    missed: "Missed | None" = None


@dataclass(slots=True)
class Missed:
    """The contacts that the documented filter leaves out for their type alone."""

    number: int = 0
    shown: "list[LeftOut]" = field(default_factory=list)

    def add(self, one: "LeftOut") -> None:
        """Count *one*."""
        self.number += 1
        if len(self.shown) < SHOWN:
            self.shown.append(one)


@grouped
def fetch(
    context: typer.Context,
    scope: ScopeOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    talk: TalkOptions,
    api_version: Annotated[
        str,
        option(
            "--api-version",
            panel="Output",
            metavar="V",
            help="Ask at V.  Default: 2017-08-01-preview.",
        ),
    ] = "2017-08-01-preview",
) -> None:
    """
    Print the list of security contacts of each subscription, byte for byte as curl does.

    Exit codes: 0 all were read, 4 some could not be, 1 the run failed.
    """
    host: Host = context.obj
    if not _is_version(api_version):
        raise UsageError(
            f"--api-version: {api_version!r} is none", "give one like 2017-08-01-preview"
        )
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)

    def bodies(client: "Client", subscription: Subscription) -> "Iterator[Answer]":
        from contacts_audit.azure import arm, contacts

        url = arm.contacts_url(client.endpoint, subscription.id, api_version)
        budget = client.limits.until()
        for answer in client.pages(url, most=contacts.MOST_PAGES, until=budget):
            with budget.spared():  # until it is printed
                yield answer
            arm.document(answer)  # it is complete, and printed, but may not be JSON

    def first(client: "Client", subscription: Subscription) -> Stage:
        return _page(subscription, bodies(client, subscription))

    complete = True
    for stage in _stages(host, scope, identity, cloud, network, first, _page):
        for piece in stage.pieces:
            host.screen.data(piece)
        complete &= _told(host, stage)
    raise typer.Exit(ExitCode.CLEAN if complete else ExitCode.INCOMPLETE)


def _is_version(text: str) -> bool:
    """Say whether *text* is an api-version: a date, and a word such as `-preview` after it."""
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(-[A-Za-z][A-Za-z0-9.]{0,39})?", text)
    with suppress(ValueError):
        return found is not None and bool(date.fromisoformat(found[1]))
    return False


def _page(subscription: Subscription, pages: "Iterator[Answer]") -> Stage:
    """Return the next of *pages*; what follows it is read when this one was printed."""
    from contacts_audit.azure import arm

    answer = next(pages, None)
    if answer is None:
        return Stage(subscription, ())
    if not arm.is_last(answer):
        return Stage(subscription, (answer.body,), pages)
    try:
        next(pages, None)  # which says whether it was sound
    except (AzureError, AuthError) as error:
        return Stage(subscription, (answer.body,), fault=_fault(error, subscription))
    return Stage(subscription, (answer.body,))


@grouped
def emails(
    context: typer.Context,
    scope: ScopeOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    talk: TalkOptions,
    input: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="FILE", help="Run the jq stage alone on FILE ('-': stdin)."
        ),
    ] = None,
) -> None:
    """
    Print what the documented pipeline prints, for each subscription.

    Exit codes: 0 each shows an address at 2017, 3 some show none there, 4 some could not be read.
    """
    host: Host = context.obj
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    if input is not None:
        raise typer.Exit(_jq_stage(host, input))

    def lines(client: "Client", subscription: Subscription) -> Stage:
        from contacts_audit.azure import arm, contacts

        url = arm.contacts_url(client.endpoint, subscription.id, arm.V2017)
        printed, missed = [], Missed()
        for answer in client.pages(url, most=contacts.MOST_PAGES, until=client.limits.until()):
            for line in contacts.documented_emails(answer):
                if isinstance(line, str):
                    printed.append(f"{line}\n".encode())
                else:
                    missed.add(line)
        return Stage(subscription, printed, missed=missed)

    complete, without = True, 0
    for stage in _stages(host, scope, identity, cloud, network, lines):
        for piece in stage.pieces:
            host.screen.data(piece)
        if stage.missed is not None:
            if stage.missed.number:
                complete = False
                _tell_missed(host, stage.subscription.label, stage.missed)
            elif not _any_address(stage.pieces):
                without += 1
                host.screen.note(f"{stage.subscription.label}: no address at 2017-08-01-preview")
        complete &= _told(host, stage)
    raise typer.Exit(_emails_code(host, complete, without))


def _emails_code(host: Host, complete: bool, without: int) -> ExitCode:
    if without:
        host.screen.note(BLIND)
    if not complete:
        return ExitCode.INCOMPLETE
    return ExitCode.FINDINGS if without else ExitCode.CLEAN


def _jq_stage(host: Host, name: str) -> ExitCode:
    """Run the document's two jq programs on a file, up to their first error."""
    from contacts_audit.azure.contacts import documented_stage

    text = host.read(name, "--input", most=LARGEST_INPUT).decode("utf-8-sig", "replace")
    if not text.strip():
        host.screen.fail(ContactsAuditError("--input: it is empty", "look at what was fetched"))
        return ExitCode.INCOMPLETE
    without, shown, missed, before = 0, False, Missed(), 0
    complete = True
    try:
        for line in documented_stage(text):
            match line:
                case str():
                    host.screen.data(f"{line}\n")
                    shown = shown or _any_address([line.encode()])
                case None:
                    without += not shown and missed.number == before
                    shown, before = False, missed.number
                case _:
                    missed.add(line)
    except ValueError as error:
        host.screen.fail(ContactsAuditError(f"--input: jq: {error}", "look at what was fetched"))
        complete, without = False, 0
    if missed.number:
        _tell_missed(host, "--input", missed)
    return _emails_code(host, complete and not missed.number, without)


def _tell_missed(host: Host, where: str, missed: Missed) -> None:
    """Tell which contacts are there although the documented filter does not print them."""
    from contacts_audit.azure.contacts import SELECTED

    several = missed.number > 1
    named = [f"{one.name or 'one'} is of type {one.type}" for one in missed.shown]
    if missed.number > SHOWN:
        named.append(f"{missed.number - SHOWN} more")
    what = f"{missed.number} contacts for their types" if several else "a contact for its type"
    message = f"{where}: the documented filter {SELECTED} leaves out {what}: {'; '.join(named)}"
    host.screen.fail(ContactsAuditError(message, "'contacts-audit audit' reads it"))


def _any_address(pieces: Sequence[bytes]) -> bool:
    from contacts_audit.azure.contacts import shows_address

    return any(shows_address(piece.decode()) for piece in pieces)


class _Room:
    """Bounds what was read and waits to be printed; whoever is ahead waits while it is too much."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting = 0  # bytes
        self._turn = 0

    def enter(self, number: int) -> None:
        """Wait until there is room, or it is the turn of *number*."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting < MOST_WAITING or number <= self._turn)

    def take(self, stage: Stage) -> None:
        """Keep that *stage* was read."""
        with self._changed:
            self._waiting += sum(map(len, stage.pieces))

    def leave(self, stage: Stage) -> None:
        """Keep that *stage* was printed."""
        with self._changed:
            self._waiting -= sum(map(len, stage.pieces))
            self._turn += 1
            self._changed.notify_all()


def _stages(
    host: Host,
    scope: ScopeOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    read: "Callable[[Client, Subscription], Stage]",
    again: "Callable[[Subscription, Iterator[Answer]], Stage] | None" = None,
) -> Iterator[Stage]:
    """Yield what is printed of each subscription in scope, in order; *again* reads what follows."""
    connection, found = enter(host, scope, identity, cloud, network)
    from contacts_audit.audit import broken, out_of_time, unasked
    from contacts_audit.workers import in_order

    room, deadline = _Room(), connection.limits.deadline

    def work(numbered: tuple[int, Subscription]) -> Stage:
        number, subscription = numbered
        outcome: Any = unasked(subscription)
        if outcome is not None:
            return _unread(outcome)
        room.enter(number)
        stage = _caught(subscription, lambda: read(connection.client(subscription), subscription))
        room.take(stage)
        return stage

    def follow(stage: Stage) -> Stage:
        one, rest = stage.subscription, stage.rest
        return stage if rest is None or again is None else _caught(one, lambda: again(one, rest))

    stages = in_order(
        work,
        enumerate(found.subscriptions),
        workers=network.workers,
        deadline=deadline,
        late=lambda numbered: _unread(out_of_time(numbered[1])),
        broken=lambda numbered, error: _unread(broken(numbered[1], error)),
    )
    for stage in host.screen.progress(stages, len(found.subscriptions)):
        yield stage
        room.leave(stage)
        while stage.rest is not None:
            (stage,) = in_order(
                follow,
                [stage],
                workers=1,
                deadline=deadline,
                late=lambda each: _unread(out_of_time(each.subscription)),
                broken=lambda each, error: _unread(broken(each.subscription, error)),
            )
            yield stage


def _caught(subscription: Subscription, read: Callable[[], Stage]) -> Stage:
    try:
        return read()
    except (AzureError, AuthError) as error:
        return Stage(subscription, (), fault=_fault(error, subscription))


def _fault(error: AzureError | AuthError, subscription: Subscription) -> Fault:
    from contacts_audit.audit import fault

    return fault(error, subscription)


def _unread(outcome: Skipped | Unread) -> Stage:
    if isinstance(outcome, Unread):
        return Stage(outcome.subscription, (), fault=outcome.fault)
    return Stage(outcome.subscription, (), skipped=True)


def _told(host: Host, stage: Stage) -> bool:
    """Tell what went wrong with a subscription; return whether it was read, or need not be."""
    if stage.skipped:
        host.screen.note(f"{stage.subscription.label}: skipped, it is {stage.subscription.state}")
    if stage.fault is not None:
        host.screen.fault(stage.subscription, stage.fault)
    return stage.fault is None
