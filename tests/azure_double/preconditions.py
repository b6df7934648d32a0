"""Checks the `If-Match` and `If-None-Match` of a write."""

from __future__ import annotations

from . import refusals
from .subscriptions import Json
from .wire import Asked


def check(asked: Asked, present: Json | None) -> None:
    """
    Check the write of a contact; *present* is the stored one.

    Raises:
        Refused: a condition of the request does not hold.
    """
    match = asked.headers.get("if-match")
    if match is not None and not _fits(match, present):
        raise refusals.precondition_failed("If-Match")
    if asked.headers.get("if-none-match") == "*" and present is not None:
        raise refusals.precondition_failed("If-None-Match")


def _fits(match: str, present: Json | None) -> bool:
    if present is None:
        return False
    return match == "*" or present["etag"] in [each.strip() for each in match.split(",")]
