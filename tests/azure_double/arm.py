"""Azure Resource Manager: what it answers to one request."""

from __future__ import annotations

import re

from . import contacts, groups, metadata, refusals, writing
from .admission import admit, find
from .paging import page, page_or_top
from .refusals import Refused
from .subscriptions import Json, Subscription, listed
from .wire import JSON, Answer, Asked, HeaderValue, compact
from .world import Issued, World

LIST_VERSIONS = {"2016-06-01", "2019-06-01", "2020-01-01", "2021-01-01", "2022-12-01"}
GROUP_VERSIONS = {"2020-05-01", "2021-04-01", "2023-04-01"}
LIST = re.compile(r"/subscriptions/?", re.IGNORECASE)
ONE = re.compile(r"/subscriptions/([^/]+)/?", re.IGNORECASE)
CONTACTS = re.compile(
    r"/subscriptions/([^/]+)/providers/Microsoft\.Security/securityContacts(?:/([^/]+))?",
    re.IGNORECASE,
)
DESCENDANTS = re.compile(
    r"/providers/Microsoft\.Management/managementGroups/([^/]+)/descendants/?", re.IGNORECASE
)
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
    if found := CONTACTS.fullmatch(path):
        return _contacts(world, asked, *found.groups())
    if asked.method == "GET":
        if path == metadata.PATH:
            return 200, compact(metadata.body(world, asked)), {}
        if LIST.fullmatch(path):
            return 200, compact(_subscriptions(world, asked)), {}
        if found := ONE.fullmatch(path):
            _, issued = admit(world, asked, LIST_VERSIONS)
            return 200, compact(listed(find(world, found[1], issued))), {}
        if found := DESCENDANTS.fullmatch(path):
            return 200, compact(_descendants(world, asked, found[1])), {}
    world.unknown.append(asked)
    raise refusals.no_such_path(path)


def _subscriptions(world: World, asked: Asked) -> Json:
    _, issued = admit(world, asked, LIST_VERSIONS)
    seen = [each for each in world.subscriptions if each.visible]
    shown = [listed(each) for each in seen if world.shows(each, issued.tenant)]
    return page(asked, shown, world.page_size)


def _descendants(world: World, asked: Asked, group_id: str) -> Json:
    _, issued = admit(world, asked, GROUP_VERSIONS)
    if not world.groups_readable:
        who = issued.principal
        action, scope = f"{groups.TYPE}/descendants/read", groups.scope(group_id)
        raise refusals.forbidden(who.name, who.object_id, action, scope)
    group = groups.find(world.groups, group_id, issued.tenant)
    if group is None:
        raise refusals.no_group(group_id)
    below = list(groups.descendants(world.groups, group))
    return page_or_top(asked, below, world.groups_page_size)


def _contacts(world: World, asked: Asked, subscription_id: str, name: str | None) -> Reply:
    version, issued = admit(world, asked, None)
    subscription = find(world, subscription_id, issued)
    if version not in world.offered:
        raise refusals.bad_version(world.version_refusal, version, world.offered)
    _allow(world, asked, subscription, issued)
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
        body = page(asked, body["value"], world.contacts_page_size)
    return 200, compact(body), quota


def _one(world: World, subscription: Subscription, version: str, name: str) -> Json:
    for contact in contacts.view(world, subscription, version):
        if contact["name"].lower() == name.lower():
            return contact
    raise refusals.no_contact(name)


def _allow(world: World, asked: Asked, subscription: Subscription, issued: Issued) -> None:
    """Let those through who may do this, where Defender for Cloud is at work."""
    reading = asked.method == "GET"
    if not (subscription.readable if reading else subscription.writable):
        action = f"{contacts.TYPE}/{ACTIONS.get(asked.method, 'action')}"
        who = issued.principal
        raise refusals.forbidden(who.name, who.object_id, action, subscription.scope)
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
