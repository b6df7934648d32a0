"""How an input becomes another one: as bytes, or a JSON value moved, dropped or made another."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, "", " ", ";", ",", [], {}, [[]], [{}], "é", "\ud800"),
    *("On", "Off", "Low", "Medium", "High", "Critical", "Alert", "AttackPath", "Owner", "owner"),
    *("a@b.co", "A@B.CO", "a@b.co;c@d.org", "nobody", "default", "default1", "default2", ".."),
    *("2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview", "+1-425-555-0100"),
)
KEYS = (
    *("email", "emails", "phone", "isEnabled", "alertNotifications", "alertsToAdmins", "type"),
    *("notificationsByRole", "notificationsSources", "state", "roles", "sourceType", "name"),
    *("minimalSeverity", "minimalRiskLevel", "minimum_severity", "attack_paths", "properties"),
    *("2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview", "value", "nextLink"),
    *("request", "response", "failure", "reason", "status", "headers", "json", "text", "base64"),
    *("displayName", "subscriptionId", "tags", "error", "code", "message", "recorded", "verdict"),
)


def mutate(data: bytes, most: int, seed: int, plain: Callable[[bytes, int], bytes]) -> bytes:
    """Return *data* changed, in at most *most* bytes; *plain* is the mutator that knows bytes."""
    chance = random.Random(seed)
    head, gap, text = data.rpartition(b"\n\n")
    try:
        document = json.loads(text)
        if not isinstance(document, dict | list) or chance.random() < 0.3:
            return plain(data, most)
        for _ in range(chance.choice((1, 1, 2, 3))):
            _change(document, chance)
        changed = head + gap + json.dumps(document).encode()
    except (ValueError, RecursionError):
        return plain(data, most)
    return changed if len(changed) <= most else plain(data, most)


def _change(document: Any, chance: random.Random) -> None:
    """Change one place of *document*."""
    places = list(_places(document))
    if not places:
        return
    inside, at = chance.choice(places)
    match chance.randrange(4):
        case 0:
            del inside[at]
        case 1:
            inside[at] = json.loads(json.dumps(chance.choice(VALUES)))
        case 2:
            other, there = chance.choice(places)
            inside[at] = json.loads(json.dumps(other[there]))
        case _:
            new = json.loads(json.dumps(chance.choice(VALUES)))
            if isinstance(inside, dict):
                inside[chance.choice(KEYS)] = new
            else:
                inside.insert(at, new)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place within *value*: what holds it, and where."""
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    for at, below in steps:
        yield value, at
        if isinstance(below, dict | list):
            yield from _places(below)
