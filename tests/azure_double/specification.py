"""The properties of a contact that each api-version specifies."""

from __future__ import annotations

from typing import Any

from .spelling import V2017, V2020
from .subscriptions import Json

OLD = {
    V2017: {"email", "phone", "alertNotifications", "alertsToAdmins"},
    V2020: {"emails", "phone", "alertNotifications", "notificationsByRole"},
}
NEWEST = {"emails", "phone", "isEnabled", "notificationsSources", "notificationsByRole"}
WITHIN = {
    "alertNotifications": {"state", "minimalSeverity"},
    "notificationsByRole": {"state", "roles"},
    "notificationsSources": {"sourceType", "minimalSeverity", "minimalRiskLevel"},
}


def known(version: str, properties: Json) -> Json:
    """Return the *properties* that *version* specifies, and within them only what it specifies."""
    names = OLD.get(version, NEWEST)
    return {
        name: _known_within(WITHIN.get(name), value)
        for name, value in properties.items()
        if name in names
    }


def _known_within(names: set[str] | None, value: Any) -> Any:
    """Return what is specified within a value; enumerations are open, so all values stay."""
    if names is None:
        return value
    if isinstance(value, list):
        return [_known_within(names, each) for each in value]
    if isinstance(value, dict):
        return {key: each for key, each in value.items() if key in names}
    return value
