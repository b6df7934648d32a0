"""Checks the token, the api-version and the subscription of a request to ARM."""

from __future__ import annotations

import re
from collections.abc import Collection

from . import refusals, tokens
from .subscriptions import Subscription
from .wire import Asked
from .world import Issued, World

GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def admit(world: World, asked: Asked, versions: Collection[str] | None) -> tuple[str, Issued]:
    """
    Return the api-version, one of *versions*, and the valid token.

    Raises:
        Refused: one of them is not valid.
    """
    issued = tokens.check(world, asked)
    return api_version(asked, versions), issued


def api_version(asked: Asked, versions: Collection[str] | None) -> str:
    """
    Return the api-version, one of *versions*.

    Raises:
        Refused: it is missing or another one.
    """
    version = asked.params.get("api-version")
    if not version:
        raise refusals.no_version()
    if versions is not None and version not in versions:
        raise refusals.bad_version("InvalidApiVersionParameter", version, versions)
    return version


def find(world: World, subscription_id: str, issued: Issued) -> Subscription:
    """
    Return the subscription with that id.

    Raises:
        Refused: it does not exist, or is not visible from the tenant of the token.
    """
    found = world.find(subscription_id)
    if found is None and not GUID.fullmatch(subscription_id):
        raise refusals.malformed_subscription(subscription_id)
    if found is None:
        raise refusals.no_subscription(subscription_id)
    if not world.shows(found, issued.tenant):
        raise tokens.wrong_tenant(issued.tenant, found.tenant_id)
    return found
