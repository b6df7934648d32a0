"""Answers requests to the platform of a machine or an app: tokens of its identities."""

from __future__ import annotations

import time
from collections.abc import Mapping

from . import principals, tokens
from .principals import ManagedIdentity
from .subscriptions import Json
from .wire import JSON, Answer, Asked, HeaderValue, compact
from .world import World

IMDS = "/metadata/identity/oauth2/token"
IMDS_OLDEST = "2018-02-01"
IMDS_NAMES = {"client_id": "client_id", "object_id": "object_id", "msi_res_id": "resource_id"}
FORWARDED = {"via", "x-forwarded-for"}

APP_SERVICE = "/msi/token"
APP_SERVICE_VERSION = "2019-08-01"
APP_SERVICE_NAMES = {"client_id": "client_id", "object_id": "object_id", "mi_res_id": "resource_id"}

Reply = tuple[int, Json]


def usual_headers(world: World, asked: Asked) -> dict[str, HeaderValue]:
    """Return the headers of every answer of the platform."""
    server = "Kestrel" if asked.path == APP_SERVICE else "IMDS/150.870.65.1854"
    return {"Content-Type": JSON, "Server": server, "Date": world.date}


def answer(world: World, asked: Asked) -> Answer:
    """Return the answer of the platform."""
    headers = usual_headers(world, asked)
    kinds = {("GET", IMDS): _imds, ("GET", APP_SERVICE): _app_service}
    kind = kinds.get((asked.method, asked.path))
    if kind is None:
        world.unknown.append(asked)
        return Answer(404, b"", headers)
    status, body = kind(world, asked)
    return Answer(status, compact(body), headers)


def _imds(world: World, asked: Asked) -> Reply:
    """Return the answer of the metadata service of a virtual machine."""
    params = asked.params
    if FORWARDED & asked.headers.keys():
        # Assumed: the refusal is documented, but not its message.
        return _invalid("Requests that were forwarded are not allowed")
    if asked.headers.get("metadata", "").lower() != "true":
        return _invalid("Required metadata header not specified")
    for name in ("api-version", "resource"):
        if not params.get(name):
            return _invalid(f"Required query variable '{name}' is missing")
    if params["api-version"] < IMDS_OLDEST:
        return _invalid(f"The api-version '{params['api-version']}' is not supported")
    # A machine without a system-assigned identity uses its only user-assigned one.
    identity = _chosen(world, params, IMDS_NAMES, default=_present(world)[:1])
    if identity is None:
        return _invalid("Identity not found")
    token, expires = _token(world, identity, params["resource"])
    lifetime = str(world.token_lifetime)
    return 200, {
        "access_token": token,
        "client_id": identity.client_id,
        "expires_in": lifetime,
        "expires_on": str(expires),
        "ext_expires_in": lifetime,
        "not_before": str(int(time.time())),
        "resource": params["resource"],
        "token_type": "Bearer",
    }


def _app_service(world: World, asked: Asked) -> Reply:
    """Return the answer of an App Service, a Function or a Container App."""
    params = asked.params
    if asked.headers.get("x-identity-header") != world.identity_header:
        return _refused(401, "Unauthorized")  # the status was seen, the body is assumed
    if params.get("api-version") != APP_SERVICE_VERSION:
        return _refused(400, f"The api-version '{params.get('api-version')}' is not supported.")
    if not params.get("resource"):
        return _refused(400, "The parameter 'resource' is missing.")
    own = [world.system] if world.system_assigned else []
    identity = _chosen(world, params, APP_SERVICE_NAMES, default=own)
    if identity is None and APP_SERVICE_NAMES.keys() & params.keys():
        return _refused(
            400,
            "No User Assigned or Delegated Managed Identity found for specified "
            "ClientId/ResourceId/PrincipalId.",
        )
    if identity is None:
        return _refused(400, "Unable to load the proper Managed Identity.")
    token, expires = _token(world, identity, params["resource"])
    return 200, {
        "access_token": token,
        "client_id": identity.client_id,
        "expires_on": str(expires),
        "resource": params["resource"],
        "token_type": "Bearer",
    }


def _present(world: World) -> list[ManagedIdentity]:
    system = [world.system] if world.system_assigned else []
    return [*system, world.assigned] if world.user_assigned else system


def _chosen(
    world: World,
    params: Mapping[str, str],
    names: Mapping[str, str],
    *,
    default: list[ManagedIdentity],
) -> ManagedIdentity | None:
    """Return the identity that *params* name, or the *default* if they name none."""
    given = {names[name]: value.lower() for name, value in params.items() if name in names}
    for each in _present(world) if given else default:
        if all(getattr(each, name).lower() == value for name, value in given.items()):
            return each
    return None


def _token(world: World, identity: ManagedIdentity, resource: str) -> tuple[str, int]:
    token = tokens.issue(world, resource, principal=principals.managed(identity))
    return token, int(world.tokens[token].expires)


def _invalid(description: str) -> Reply:
    return 400, {"error": "invalid_request", "error_description": description}


def _refused(status: int, message: str) -> Reply:
    return status, {"statusCode": status, "message": message}
