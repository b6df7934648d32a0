"""The second and third stage of the documented pipeline: fetch, emails."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
from contacts_audit.errors import ContactsAuditError, ExitCode, UsageError
from contacts_audit.model import Fault, Skipped, Subscription, Unread

if TYPE_CHECKING:
    from contacts_audit.azure.client import Client

LARGEST_INPUT = 256 * 1024 * 1024
BLIND = (
    "2017-08-01-preview may not show what the portal and newer clients wrote (in 2020 it did not, "
    "and nobody has recorded it since): 'contacts-audit audit' decides"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage prints for a subscription, and what went wrong after that."""

    subscription: Subscription
    pieces: Sequence[bytes]
    fault: Fault | None = None
    skipped: bool = False


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
    if not api_version.isascii() or not api_version.isprintable() or " " in api_version:
        raise UsageError(
            f"--api-version: {api_version!r} is none", "give one like 2017-08-01-preview"
        )
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)

    def bodies(client: "Client", subscription: Subscription) -> Iterator[bytes]:
        from contacts_audit.azure import arm, contacts

        url = arm.contacts_url(client.endpoint, subscription.id, api_version)
        for answer in client.pages(url, most=contacts.MOST_PAGES, until=client.limits.until()):
            yield answer.body
            arm.document(answer)  # it is complete, and printed, but may not be JSON

    complete = True
    for stage in _stages(host, scope, identity, cloud, network, bodies):
        for piece in stage.pieces:
            host.screen.data(piece)
        complete &= _told(host, stage)
    raise typer.Exit(ExitCode.CLEAN if complete else ExitCode.INCOMPLETE)


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

    def lines(client: "Client", subscription: Subscription) -> Iterator[bytes]:
        from contacts_audit.azure import arm, contacts

        url = arm.contacts_url(client.endpoint, subscription.id, arm.V2017)
        printed: list[str] = []
        for answer in client.pages(url, most=contacts.MOST_PAGES, until=client.limits.until()):
            printed += contacts.documented_emails(answer)
        yield from (f"{line}\n".encode() for line in printed)

    complete, without = True, 0
    for stage in _stages(host, scope, identity, cloud, network, lines):
        if stage.fault is None:
            for piece in stage.pieces:
                host.screen.data(piece)
            if not stage.skipped and not _any_address(stage.pieces):
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
    without, shown = 0, False
    try:
        for line in documented_stage(text):
            if line is None:
                without += not shown
                shown = False
            else:
                host.screen.data(f"{line}\n")
                shown = shown or _any_address([line.encode()])
    except ValueError as error:
        host.screen.fail(ContactsAuditError(f"--input: jq: {error}", "look at what was fetched"))
        return ExitCode.INCOMPLETE
    return _emails_code(host, True, without)


def _any_address(pieces: Sequence[bytes]) -> bool:
    from contacts_audit.azure.contacts import shows_address

    return any(shows_address(piece.decode()) for piece in pieces)


def _stages(
    host: Host,
    scope: ScopeOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    read: "Callable[[Client, Subscription], Iterator[bytes]]",
) -> Iterator[Stage]:
    """Yield the stage of each subscription in scope, in order."""
    connection, found = enter(host, scope, identity, cloud, network)
    from contacts_audit.audit import fault, out_of_time, unasked
    from contacts_audit.errors import AuthError, AzureError
    from contacts_audit.workers import in_order

    def work(subscription: Subscription) -> Stage:
        outcome: Any = unasked(subscription)
        if outcome is not None:
            return _unread(outcome)
        pieces: list[bytes] = []
        try:
            pieces.extend(read(connection.client(subscription), subscription))
        except (AzureError, AuthError) as error:
            return Stage(subscription, pieces, fault(error, subscription))
        return Stage(subscription, pieces)

    yield from host.screen.progress(
        in_order(
            work,
            found.subscriptions,
            workers=network.workers,
            deadline=connection.limits.deadline,
            late=lambda subscription: _unread(out_of_time(subscription)),
        ),
        len(found.subscriptions),
    )


def _unread(outcome: Skipped | Unread) -> Stage:
    if isinstance(outcome, Unread):
        return Stage(outcome.subscription, (), outcome.fault)
    return Stage(outcome.subscription, (), skipped=True)


def _told(host: Host, stage: Stage) -> bool:
    """Tell what went wrong with a subscription; return whether it was read, or need not be."""
    if stage.skipped:
        host.screen.note(f"{stage.subscription.label}: skipped, it is {stage.subscription.state}")
    if stage.fault is not None:
        host.screen.fault(stage.subscription, stage.fault)
    return stage.fault is None
