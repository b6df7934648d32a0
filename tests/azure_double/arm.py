"""Answers a request to Azure Resource Manager (ARM)."""

from __future__ import annotations

import re

from . import groups, metadata, refusals, security
from .admission import admit, find
from .paging import page, page_or_top
from .refusals import Refused
from .subscriptions import Json, listed
from .wire import JSON, Answer, Asked, HeaderValue, Reply, compact
from .world import World

LIST_VERSIONS = {"2016-06-01", "2019-06-01", "2020-01-01", "2021-01-01", "2022-12-01"}
PERMISSION_VERSIONS = {"2015-07-01", "2018-07-01", "2022-04-01"}
GROUP_VERSIONS = {"2020-05-01", "2021-04-01", "2023-04-01"}
TENANT_READS = {"x-ms-ratelimit-remaining-tenant-reads": "249"}
LIST = re.compile(r"/subscriptions/?", re.IGNORECASE)
ONE = re.compile(r"/subscriptions/([^/]+)/?", re.IGNORECASE)
CONTACTS = re.compile(
    r"/subscriptions/([^/]+)/providers/Microsoft\.Security/securityContacts(?:/([^/]+))?",
    re.IGNORECASE,
)
PERMISSIONS = re.compile(
    r"/subscriptions/([^/]+)/providers/Microsoft\.Authorization/permissions/?", re.IGNORECASE
)
DESCENDANTS = re.compile(
    r"/providers/Microsoft\.Management/managementGroups/([^/]+)/descendants/?", re.IGNORECASE
)


def usual_headers(world: World, asked: Asked) -> dict[str, HeaderValue]:
    """
    Return the headers of every answer of ARM.

    The cookies and `x-ms-operation-identifier` were recorded with related resource types.
    """
    guid = world.ids.guid
    request, edge = guid("request", asked.number), guid("edge", asked.number)
    second = world.stamp("%Y-%m-%dT%H:%M:%SZ")
    whose = f"tenantId={world.tenant},objectId={world.object_id}"
    return {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Content-Type": JSON,
        "Expires": "-1",
        "x-ms-request-id": request,
        "x-ms-correlation-request-id": asked.headers.get("x-ms-correlation-request-id", request),
        "x-ms-routing-request-id": f"WESTEUROPE:{world.stamp('%Y%m%dT%H%M%SZ')}:{request}",
        "x-ms-operation-identifier": f"{whose}/westeurope/{guid('operation', asked.number)}",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "X-Cache": "CONFIG_NOCACHE",
        "X-MSEdge-Ref": f"Ref A: {edge.replace('-', '').upper()} Ref B: AMS231022012021 "
        f"Ref C: {second}",
        "Set-Cookie": (
            f"x-ms-gateway-slice={edge[:8]}; path=/; secure; samesite=none; httponly",
            f"ARRAffinity={edge[9:]};Path=/;HttpOnly;Secure;Domain=mgmt.security.azure.com",
        ),
        "Date": world.date,
    }


def answer(world: World, asked: Asked) -> Answer:
    """Return the answer of ARM, and change the state as requested."""
    usual = Answer(200, headers=usual_headers(world, asked))
    try:
        status, body, headers = _route(world, asked)
    except Refused as refused:
        status, body, headers = refused.status, refused.body, dict(refused.headers)
    return Answer(status, body, {**usual.headers, **headers})


def _route(world: World, asked: Asked) -> Reply:
    path = asked.path
    if found := CONTACTS.fullmatch(path):
        return security.answer(world, asked, *found.groups())
    if asked.method == "GET":
        if path == metadata.PATH:
            return 200, compact(metadata.body(world, asked)), {}
        if LIST.fullmatch(path):
            return 200, compact(_subscriptions(world, asked)), dict(TENANT_READS)
        if found := ONE.fullmatch(path):
            version, issued = admit(world, asked, LIST_VERSIONS)
            return 200, compact(listed(find(world, found[1], issued), version)), {}
        if found := PERMISSIONS.fullmatch(path):
            _, issued = admit(world, asked, PERMISSION_VERSIONS)
            allowed = find(world, found[1], issued).allowed
            return 200, compact(page(asked, allowed, world.page_size)), {}
        if found := DESCENDANTS.fullmatch(path):
            body = compact(_descendants(world, asked, found[1]))
            return 200, body, groups.headers(usual_headers(world, asked)["x-ms-request-id"])
    world.unknown.append(asked)
    raise refusals.no_such_path(path)


def _subscriptions(world: World, asked: Asked) -> Json:
    version, issued = admit(world, asked, LIST_VERSIONS)
    shown = [
        each for each in world.subscriptions if each.visible and world.shows(each, issued.tenant)
    ]
    body = page(asked, shown, world.page_size)
    body["value"] = [listed(each, version) for each in body["value"]]
    total = {} if version < "2020-01-01" else {"count": {"type": "Total", "value": len(shown)}}
    return {**body, **total}


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
    body = page_or_top(asked, below, world.groups_page_size)
    return body if "nextLink" in body or not body["value"] else {**body, "@nextLink": None}
