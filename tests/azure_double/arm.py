"""Azure Resource Manager: what it answers to one request."""

from __future__ import annotations

import base64
import binascii
import json
import re
from urllib.parse import quote

from . import contacts, refusals, tokens, writing
from .refusals import Refused
from .subscriptions import Json, Subscription, listed
from .wire import JSON, Answer, Asked, HeaderValue, compact
from .world import World

LIST_VERSIONS = {"2016-06-01", "2019-06-01", "2020-01-01", "2021-01-01", "2022-12-01"}
LIST = re.compile(r"/subscriptions/?", re.IGNORECASE)
ONE = re.compile(r"/subscriptions/([^/]+)/?", re.IGNORECASE)
CONTACTS = re.compile(
    r"/subscriptions/([^/]+)/providers/Microsoft\.Security/securityContacts(?:/([^/]+))?",
    re.IGNORECASE,
)
METADATA = "/metadata/endpoints"
ACTIONS = {"GET": "read", "PUT": "write", "DELETE": "delete"}


def usual_headers(world: World, asked: Asked) -> dict[str, HeaderValue]:
    """Return the headers that every answer of ARM bears."""
    request = world.ids.guid("request", asked.number)
    routing = world.ids.guid("routing", asked.number)
    return {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Content-Type": JSON,
        "x-ms-request-id": request,
        "x-ms-correlation-request-id": asked.headers.get("x-ms-correlation-request-id", request),
        "x-ms-routing-request-id": f"WESTEUROPE:{world.stamp('%Y%m%dT%H%M%SZ')}:{routing}",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "Set-Cookie": f"x-ms-gateway-slice={routing[:8]}; path=/; secure; httponly",
        "Date": world.date,
    }


def answer(world: World, asked: Asked) -> Answer:
    """Return what ARM answers, and change the state as asked."""
    usual = Answer(200, headers=usual_headers(world, asked))
    try:
        status, body, headers = _route(world, asked)
    except Refused as refused:
        status, body, headers = refused.status, refused.body, dict(refused.headers)
    return Answer(status, body, {**usual.headers, **headers})


Reply = tuple[int, bytes, dict[str, HeaderValue]]


def _route(world: World, asked: Asked) -> Reply:
    path = asked.path
    if path == METADATA and asked.method == "GET":
        return 200, compact(_metadata(world, asked)), {}
    if found := CONTACTS.fullmatch(path):
        return _contacts(world, asked, *found.groups())
    if asked.method == "GET" and LIST.fullmatch(path):
        _admit(world, asked, LIST_VERSIONS)
        seen = [listed(each) for each in world.subscriptions if each.visible]
        return 200, compact(_page(asked, seen, world.page_size)), {}
    if asked.method == "GET" and (found := ONE.fullmatch(path)):
        _admit(world, asked, LIST_VERSIONS)
        return 200, compact(listed(_find(world, found[1]))), {}
    world.unknown.append(asked)
    raise refusals.no_such_path(path)


def _contacts(world: World, asked: Asked, subscription_id: str, name: str | None) -> Reply:
    version = _admit(world, asked, None)
    subscription = _find(world, subscription_id)
    if version not in world.offered:
        raise refusals.bad_version(world.version_refusal, version, world.offered)
    _allow(world, asked, subscription)
    match asked.method, name:
        case "GET", None:
            return _list(world, asked, subscription, version)
        case "GET", str(name):
            return 200, compact(_one(world, subscription, version, name)), {}
        case "PUT", str(name):
            status = writing.put(subscription, version, name, _content(asked))
            return status, compact(_one(world, subscription, version, name)), {}
        case "DELETE", str(name):
            return writing.delete(subscription, version, name), b"", {}
    raise Refused(405, "MethodNotAllowed", f"The method '{asked.method}' is not supported.")


def _list(world: World, asked: Asked, subscription: Subscription, version: str) -> Reply:
    quota: dict[str, HeaderValue] = {
        "x-ms-ratelimit-remaining-subscription-resource-requests": "749"
    }
    if version in subscription.answers:
        given = subscription.answers[version]
        return 200, given if isinstance(given, bytes) else compact(given), quota
    body = contacts.list_body(world, subscription, version)
    if isinstance(body, dict):
        body = _page(asked, body["value"], world.contacts_page_size)
    return 200, compact(body), quota


def _one(world: World, subscription: Subscription, version: str, name: str) -> Json:
    for contact in contacts.view(world, subscription, version):
        if contact["name"].lower() == name.lower():
            return contact
    raise refusals.no_contact(name)


def _admit(world: World, asked: Asked, versions: set[str] | None) -> str:
    """Return the api-version of a request whose token is good."""
    tokens.check(world, asked)
    version = asked.params.get("api-version")
    if not version:
        raise refusals.no_version()
    if versions is not None and version not in versions:
        raise refusals.bad_version("InvalidApiVersionParameter", version, versions)
    return version


def _find(world: World, subscription_id: str) -> Subscription:
    found = world.find(subscription_id)
    if found is None:
        raise refusals.no_subscription(subscription_id)
    return found


def _allow(world: World, asked: Asked, subscription: Subscription) -> None:
    """Let those through who may do this, where Defender for Cloud is at work."""
    reading = asked.method == "GET"
    if not (subscription.readable if reading else subscription.writable):
        action = f"{contacts.TYPE}/{ACTIONS.get(asked.method, 'action')}"
        raise refusals.forbidden(world.client_id, world.object_id, action, subscription.scope)
    if not subscription.registered:
        raise refusals.not_registered(world.missing_provider_status)
    if subscription.state == "Disabled" and not reading:
        raise refusals.read_only(subscription.id)


def _content(asked: Asked) -> object:
    try:
        return asked.json()
    except ValueError:
        raise Refused(
            400,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized.",
        ) from None


def _page(asked: Asked, items: list[Json], size: int | None) -> Json:
    """Return the page of *items* that the request's `$skiptoken` stands for."""
    start = _offset(asked.params.get("$skiptoken"))
    if size is None or start + size >= len(items):
        return {"value": items[start:]}
    token = base64.urlsafe_b64encode(compact({"next": start + size})).decode()
    path, version = asked.target.partition("?")[0], asked.params["api-version"]
    link = f"{asked.origin}{path}?api-version={version}&%24skiptoken={quote(token)}"
    return {"value": items[start : start + size], "nextLink": link}


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(token))["next"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise Refused(400, "InvalidSkipToken", "The skip token is invalid.") from None


def _metadata(world: World, asked: Asked) -> Json:
    return {
        "portal": "https://portal.azure.com",
        "authentication": {
            "loginEndpoint": f"{asked.origin}/",
            "audiences": [world.audience],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "name": "AzureCloud",
        "resourceManager": f"{asked.origin}/",
    }
