"""The command fetch: stage two of the one-liner of the rule, curl."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from contacts_audit.cli.host import Host
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.declare import OUTPUT, grouped
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.pages import Page, fault_of, pages, was_read
from contacts_audit.core.errors import AuthError, AzureError, ExitCode, UsageError
from contacts_audit.core.jq_text import one_line
from contacts_audit.core.model import Subscription
from contacts_audit.core.sanitize import sanitized_json

if TYPE_CHECKING:
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.arm.protocol import Answer


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """What is fetched, and how it is printed."""

    api_version: str = OUTPUT(
        "--api-version VERSION",
        "Use this API version. Default: 2017-08-01-preview.",
        "2017-08-01-preview",
    )
    jsonl: bool = OUTPUT("--jsonl", "Print each body as a line of JSON, with its subscription.")


@grouped
def fetch(
    host: Host,
    scope: ScopeOptions,
    chosen: FetchOptions,
    azure: AzureOptions,
) -> ExitCode:
    """
    Print the security contacts of each subscription as Azure sends them, like curl.

    Exit codes: 0 all were read, 4 some could not be, 1 the run failed.
    """
    version = chosen.api_version
    if not _is_version(version):
        raise UsageError(
            f"--api-version: {version!r} is not an API version", "give one like 2017-08-01-preview"
        )

    def first(client: "Client", subscription: Subscription) -> Page:
        return _page(subscription, _bodies(client, subscription, version))

    complete = True
    for page in pages(host, scope, azure, first):
        for body in page.pieces:
            text = body_line(page.subscription, version, body) if chosen.jsonl else body
            host.screen.data(text)
        complete &= was_read(host, page)
    return ExitCode.CLEAN if complete else ExitCode.INCOMPLETE


def _bodies(client: "Client", subscription: Subscription, api_version: str) -> "Iterator[Answer]":
    """
    Yield the answers of one subscription; the time until each is printed is not counted.

    Raises:
        AzureError, AuthError: an answer did not come, or is not JSON.
    """
    from contacts_audit.azure.arm import protocol
    from contacts_audit.azure.contacts import read

    url = protocol.contacts_url(client.endpoint, subscription.id, api_version)
    budget = client.limits.until()
    for answer in client.pages(url, most=read.MOST_PAGES, until=budget):
        with budget.spared():  # until it is printed
            yield answer
        protocol.document(answer)  # it is complete, and printed, but may not be JSON


def _page(subscription: Subscription, answers: "Iterator[Answer]") -> Page:
    """Return the next of *answers*; what follows is read after it was printed."""
    from contacts_audit.azure.arm import paging

    answer = next(answers, None)
    if answer is None:
        return Page(subscription, ())
    if not paging.is_last(answer):
        return Page(subscription, (answer.body,), lambda: _page(subscription, answers))
    try:
        next(answers, None)  # raises unless it is sound
    except (AzureError, AuthError) as error:
        return Page(subscription, (answer.body,), fault=fault_of(error, subscription))
    return Page(subscription, (answer.body,))


def body_line(subscription: Subscription, api_version: str, body: bytes) -> str:
    """
    Return a line of JSON with *body* and its subscription.

    The key is `body` for JSON, which is kept but for blanks between tokens; `text` for what some
    JSON readers refuse; `base64` for what is not UTF-8.
    """
    whose = json.dumps({"subscription": subscription.id, "api_version": api_version})
    try:
        text = body.decode("utf-8-sig")
        key, value = "text", json.dumps(text, ensure_ascii=False)
        parsed = json.loads(text, parse_constant=_no_constant)
        json.dumps(parsed, ensure_ascii=False).encode()  # jq refuses half a surrogate pair
        key, value = "body", one_line(text)
    except UnicodeDecodeError:
        key, value = "base64", json.dumps(base64.b64encode(body).decode())
    except (ValueError, RecursionError):
        pass
    return sanitized_json(f'{whose[:-1]}, "{key}": {value}}}') + "\n"


def _no_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _is_version(text: str) -> bool:
    """Say whether *text* is an API version: a date, and maybe a word such as `-preview`."""
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(-[A-Za-z][A-Za-z0-9.]{0,39})?", text)
    with suppress(ValueError):
        return found is not None and bool(date.fromisoformat(found[1]))
    return False
