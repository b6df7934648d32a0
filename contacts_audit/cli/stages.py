"""The commands fetch and emails: stages two and three of the documented one-liner."""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from contacts_audit.cli.host import Host
from contacts_audit.cli.option_groups import grouped
from contacts_audit.cli.options import (
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
    ScopeOptions,
    TalkOptions,
    flag,
    option,
)
from contacts_audit.cli.pages import SHOWN, Missed, Stage, fault_of, stages
from contacts_audit.cli.terminal import log_to
from contacts_audit.core.errors import (
    AuthError,
    AzureError,
    ContactsAuditError,
    ExitCode,
    UsageError,
)
from contacts_audit.core.jq_text import one_line
from contacts_audit.core.model import Subscription
from contacts_audit.core.sanitize import inert_json

if TYPE_CHECKING:
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.arm.protocol import Answer

LARGEST_INPUT = 256 * 1024 * 1024
BLIND = (
    "2017-08-01-preview may not show what the portal and newer clients wrote (in 2020 it did not, "
    "and nobody has recorded it since): 'contacts-audit audit' decides"
)


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
            metavar="VERSION",
            help="Use this API version. Default: 2017-08-01-preview.",
        ),
    ] = "2017-08-01-preview",
    jsonl: Annotated[
        bool,
        flag(
            "--jsonl",
            panel="Output",
            help="Print each body as a line of JSON with its subscription.",
        ),
    ] = False,
) -> None:
    """
    Print the security contacts of each subscription as Azure sends them, like curl.

    Exit codes: 0 all were read, 4 some could not be, 1 the run failed.
    """
    host: Host = context.obj
    if not _is_version(api_version):
        raise UsageError(
            f"--api-version: {api_version!r} is none", "give one like 2017-08-01-preview"
        )
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)

    def bodies(client: "Client", subscription: Subscription) -> "Iterator[Answer]":
        from contacts_audit.azure.arm import protocol
        from contacts_audit.azure.contacts import read

        url = protocol.contacts_url(client.endpoint, subscription.id, api_version)
        budget = client.limits.until()
        for answer in client.pages(url, most=read.MOST_PAGES, until=budget):
            with budget.spared():  # until it is printed
                yield answer
            protocol.document(answer)  # it is complete, and printed, but may not be JSON

    def first(client: "Client", subscription: Subscription) -> Stage:
        return _page(subscription, bodies(client, subscription))

    complete = True
    for stage in stages(host, scope, identity, cloud, network, first, _page):
        for piece in stage.pieces:
            host.screen.data(body_line(stage.subscription, api_version, piece) if jsonl else piece)
        complete &= _told(host, stage)
    raise typer.Exit(ExitCode.CLEAN if complete else ExitCode.INCOMPLETE)


def body_line(subscription: Subscription, api_version: str, body: bytes) -> str:
    """
    Return a line of JSON that says whose *body* this is.

    `body` is the JSON as it came, but for blanks between its marks; what is no JSON that every
    reader takes is `text`, and what is no UTF-8 `base64`.
    """
    whose = json.dumps({"subscription": subscription.id, "api_version": api_version})
    try:
        text = body.decode("utf-8-sig")
        key, value = "text", json.dumps(text, ensure_ascii=False)
        parsed = json.loads(text, parse_constant=_no_constant)
        json.dumps(parsed, ensure_ascii=False).encode()  # half a surrogate pair is refused by jq
        key, value = "body", one_line(text)
    except UnicodeDecodeError:
        key, value = "base64", json.dumps(base64.b64encode(body).decode())
    except (ValueError, RecursionError):
        pass
    return inert_json(f'{whose[:-1]}, "{key}": {value}}}') + "\n"


def _no_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _is_version(text: str) -> bool:
    """Say whether *text* is an api-version: a date, and a word such as `-preview` after it."""
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(-[A-Za-z][A-Za-z0-9.]{0,39})?", text)
    with suppress(ValueError):
        return found is not None and bool(date.fromisoformat(found[1]))
    return False


def _page(subscription: Subscription, pages: "Iterator[Answer]") -> Stage:
    """Return the next of *pages*; what follows it is read when this one was printed."""
    from contacts_audit.azure.arm import protocol

    answer = next(pages, None)
    if answer is None:
        return Stage(subscription, ())
    if not protocol.is_last(answer):
        return Stage(subscription, (answer.body,), pages)
    try:
        next(pages, None)  # which says whether it was sound
    except (AzureError, AuthError) as error:
        return Stage(subscription, (answer.body,), fault=fault_of(error, subscription))
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
            "--input", metavar="FILE", help="Run only the jq stage, on FILE ('-': stdin)."
        ),
    ] = None,
) -> None:
    """
    Print the email addresses of each subscription, like the documented one-liner.

    Exit codes: 0 all show an address at 2017-08-01-preview, 3 some do not, 4 some were unreadable.
    """
    host: Host = context.obj
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    if input is not None:
        raise typer.Exit(_jq_stage(host, input))

    def lines(client: "Client", subscription: Subscription) -> Stage:
        from contacts_audit.azure.arm import protocol
        from contacts_audit.azure.contacts import read

        url = protocol.contacts_url(client.endpoint, subscription.id, protocol.V2017)
        printed, missed = [], Missed()
        for answer in client.pages(url, most=read.MOST_PAGES, until=client.limits.until()):
            for line in read.documented_emails(answer):
                if isinstance(line, str):
                    printed.append(f"{line}\n".encode())
                else:
                    missed.add(line)
        return Stage(subscription, printed, missed=missed)

    complete, without = True, 0
    for stage in stages(host, scope, identity, cloud, network, lines):
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
    from contacts_audit.azure.contacts.read import documented_stage

    text = host.read(name, "--input", most=LARGEST_INPUT, pipes=True).decode("utf-8-sig", "replace")
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
    from contacts_audit.azure.contacts.read import SELECTED

    several = missed.number > 1
    named = [f"{one.name or 'one'} is of type {one.type}" for one in missed.shown]
    if missed.number > SHOWN:
        named.append(f"{missed.number - SHOWN} more")
    what = f"{missed.number} contacts for their types" if several else "a contact for its type"
    message = f"{where}: the documented filter {SELECTED} leaves out {what}: {'; '.join(named)}"
    host.screen.fail(ContactsAuditError(message, "'contacts-audit audit' reads it"))


def _any_address(pieces: Sequence[bytes]) -> bool:
    from contacts_audit.azure.contacts.read import shows_address

    return any(shows_address(piece.decode()) for piece in pieces)


def _told(host: Host, stage: Stage) -> bool:
    """Tell what went wrong with a subscription; return whether it was read, or need not be."""
    if stage.skipped:
        host.screen.note(f"{stage.subscription.label}: skipped, it is {stage.subscription.state}")
    if stage.fault is not None:
        host.screen.fault(stage.subscription, stage.fault)
    return stage.fault is None
