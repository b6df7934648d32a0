"""The checks of `doctor`, as its JSON shows them."""

import json
from typing import Any

from conftest import Ran

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]


ALL = [
    *("cloud", "network", "clock", "credential", "sign-in", "subscriptions"),
    *("read 2017-08-01-preview", "read 2020-01-01-preview", "read 2023-12-01-preview"),
    "write permission",
]


def checks(ran: Ran) -> dict[str, dict[str, Any]]:
    """Return the checks of a JSON diagnoses by their names; its form is the promised one."""
    document = json.loads(ran.out)
    assert {*document} == {"schema", "recorded", "checks", "exit_code"}
    assert (document["schema"], document["exit_code"]) == (1, ran.code)
    for check in document["checks"]:
        assert {*check} == {"name", "status", "detail", "hint"}
        assert check["status"] in {"ok", "warning", "failed", "skipped", "unknown"}
        assert bool(check["hint"]) == (check["status"] not in {"ok", "skipped"}), check
    return {check["name"]: check for check in document["checks"]}


def failed(found: dict[str, dict[str, Any]]) -> list[str]:
    """Return the names of the checks that failed."""
    return [name for name, check in found.items() if check["status"] == "failed"]
