"""Answers requests for contacts: the provider Microsoft.Security."""

from __future__ import annotations

from dataclasses import replace

from . import contacts, preconditions, refusals, writing
from .admission import admit, find
from .paging import page
from .refusals import Refused
from .subscriptions import Subscription
from .wire import Asked, HeaderValue, Reply, compact
from .world import Issued, World

ACTIONS = {"GET": "read", "PUT": "write", "DELETE": "delete"}
LEFT = "x-ms-ratelimit-remaining-subscription"
QUOTAS = {
    "GET": {f"{LEFT}-resource-requests": "749"},
    "PUT": {f"{LEFT}-resource-requests": "249"},
    "DELETE": {f"{LEFT}-deletes": "14999"},
}
"""What is left of each allowance: no clock, as consecutive requests meet different gateways."""


def answer(world: World, asked: Asked, subscription_id: str, name: str | None) -> Reply:
    """
    Return the answer to a request for all contacts, or for the contact *name*.

    Raises:
        Refused: ARM or the provider refuses it.
    """
    version, issued = admit(world, asked, None)
    subscription = find(world, subscription_id, issued)
    if version not in world.offered:
        raise refusals.bad_version(world.version_refusal, version, world.offered)
    _allow(world, asked, subscription, issued)
    try:
        status, body, headers = _provider(world, asked, subscription, version, name)
    except Refused as refused:
        status, body, headers = refused.status, refused.body, dict(refused.headers)
    of_provider = {"api-supported-versions": version, **QUOTAS.get(asked.method, {})}
    return status, body, {**of_provider, **headers}


def _provider(
    world: World, asked: Asked, subscription: Subscription, version: str, name: str | None
) -> Reply:
    match asked.method, name:
        case "GET", None:
            return _list(world, asked, subscription, version)
        case "GET", str(name):
            found = contacts.one(world, subscription, version, name)
            if found is None:
                raise refusals.no_contact(name, subscription.id)
            return 200, compact(found), {}
        case (("PUT" | "DELETE"), str(name)):
            return _write(world, asked, subscription, version, name)
    raise Refused(405, "MethodNotAllowed", f"The method '{asked.method}' is not supported.")


def _list(world: World, asked: Asked, subscription: Subscription, version: str) -> Reply:
    shown = world.lag.shown(subscription)
    if version in subscription.answers:
        given = subscription.answers[version]
        return 200, given if isinstance(given, bytes) else compact(given), {}
    body = contacts.list_body(world, shown, version)
    if isinstance(body, dict):
        body = page(asked, body["value"], world.contacts_page_size)
    return 200, compact(body), {}


def _write(
    world: World, asked: Asked, subscription: Subscription, version: str, name: str
) -> Reply:
    """Apply a PUT or a DELETE."""
    content = _content(asked) if asked.method == "PUT" else None
    if world.honours_if_match:
        preconditions.check(asked, contacts.kept(world, subscription, version, name))
    before = replace(subscription)
    if asked.method == "PUT":
        status = writing.put(world, subscription, version, name, content)
    else:
        status = writing.delete(world, subscription, version, name)
    world.lag.begin(before, world.stale_reads)
    if asked.method == "DELETE":
        nothing: dict[str, HeaderValue] = {"Content-Type": None}
        return (status, b"{}", {}) if status == 200 else (status, b"", nothing)
    if world.put_status != "by existence":
        status = world.put_status
    match world.put_body:
        case "empty":
            return status, b"", {}
        case "request":
            return status, asked.body, {}
    return status, compact(contacts.kept(world, subscription, version, name)), {}


def _allow(world: World, asked: Asked, subscription: Subscription, issued: Issued) -> None:
    """Check the permission of the caller, and that Defender for Cloud is registered."""
    reading = asked.method == "GET"
    if not (subscription.readable if reading else subscription.writable):
        action = f"{contacts.TYPE}/{ACTIONS.get(asked.method, 'action')}"
        who = issued.principal
        raise refusals.forbidden(who.name, who.object_id, action, subscription.scope)
    if not subscription.registered:
        raise refusals.not_registered(world.missing_provider_status)
    if subscription.state == "Disabled" and not reading:
        raise refusals.read_only(subscription.id, world.readonly_status)


def _content(asked: Asked) -> object:
    try:
        return asked.json()
    except ValueError:
        raise Refused(
            400,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized.",
            {},
        ) from None
