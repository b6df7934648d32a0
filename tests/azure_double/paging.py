"""Pages of a list, by `$skiptoken` or `$top`."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import quote

from .refusals import Refused
from .subscriptions import Json
from .wire import Asked, compact


def page(asked: Asked, items: list[Any], size: int | None) -> Json:
    """Return the page of *items* for the `$skiptoken` of the request."""
    return _from(asked, items, _offset(asked.params.get("$skiptoken")), size)


def page_or_top(asked: Asked, items: list[Any], size: int | None) -> Json:
    """Return a page, or the first *items* up to the `$top` of the request."""
    top = asked.params.get("$top")
    if top is None:
        return page(asked, items, size)
    if not top.isdecimal() or int(top) == 0:
        # assumed: the refusal is known, but not its message
        raise Refused(400, "BadRequest", f"The value '{top}' of '$top' is invalid.")
    return _from(asked, items, 0, int(top))  # a `$skiptoken` is ignored here


def _from(asked: Asked, items: list[Any], start: int, size: int | None) -> Json:
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
