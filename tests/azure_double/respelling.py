"""Spells the same contact in another way."""

from __future__ import annotations

import re
from typing import Any

from .subscriptions import Json


def respelled(properties: Json) -> Json:
    """Return *properties* with the same meaning and another spelling."""
    return {name: _value(name, value) for name, value in properties.items()}


def _value(name: str, value: Any) -> Any:
    match name, value:
        case "emails", str():
            addresses = [each.strip().lower() for each in re.split("[;,]", value) if each.strip()]
            return "; ".join(reversed(addresses))
        case "email", str():
            return value.lower()
        case "notificationsByRole", {"roles": list(roles)}:
            return {**value, "roles": roles[::-1]}
        case "notificationsSources", list():
            return value[::-1]
    return value
