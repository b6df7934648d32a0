"""The command fetch: stage two of the documented one-liner."""

import base64
import json
import re
from collections.abc import Iterator
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
from contacts_audit.cli.pages import Stage, fault_of, stages, was_read
from contacts_audit.cli.terminal import log_to
from contacts_audit.core.errors import AuthError, AzureError, ExitCode, UsageError
from contacts_audit.core.jq_text import one_line
from contacts_audit.core.model import Subscription
from contacts_audit.core.sanitize import inert_json

if TYPE_CHECKING:
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.arm.protocol import Answer


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
        complete &= was_read(host, stage)
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
    from contacts_audit.azure.arm import paging

    answer = next(pages, None)
    if answer is None:
        return Stage(subscription, ())
    if not paging.is_last(answer):
        return Stage(subscription, (answer.body,), pages)
    try:
        next(pages, None)  # which says whether it was sound
    except (AzureError, AuthError) as error:
        return Stage(subscription, (answer.body,), fault=fault_of(error, subscription))
    return Stage(subscription, (answer.body,))
