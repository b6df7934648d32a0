"""Contacts as other clients left them, written by whole commands at each api-version."""

import json
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble
from conftest import Run

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
OFF: dict[str, Any] = {
    "phone": "",
    "notificationsByRole": {"state": "Off", "roles": []},
    "notificationsSources": [],
}
SPELT = {
    "commas": ("a@contoso.com, b@contoso.com", True),
    "an end, disabled": ("a@contoso.com;b@contoso.com;", False),
    "twice": ("a@contoso.com;A@contoso.com;b@contoso.com", None),
    "blanks, disabled": ("  a@contoso.com ;, b@contoso.com,", False),
}
CHANGES = {
    "one more": (["--email", "c@contoso.com"], "abc"),
    "one less": (["--remove-email", "B@CONTOSO.COM"], "a"),
    "another": (["--email", "c@contoso.com", "--replace"], "c"),
    "none": ([*["--remove-email", "a@contoso.com", "--remove-email", "b@contoso.com"]], ""),
}


@pytest.mark.parametrize("offered", [{V2017, V2020, V2023}, {V2017, V2020}, {V2017}], ids=len)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("spelt", SPELT)
def test_a_change_comes_true_however_the_addresses_were_written(
    azure: AzureDouble,
    run: Run,
    tmp_path: Path,
    spelt: str,
    change: str,
    offered: set[str],
) -> None:
    """And once: the same command finds nothing more to do."""
    emails, enabled = SPELT[spelt]
    on = {} if enabled is None else {"isEnabled": enabled}
    azure.offered = offered
    subscription = azure.add("Prod", contact={"emails": emails, **OFF, **on})
    words, wanted = CHANGES[change]
    command = ("apply", *words, "--allow-empty", "--yes", "-o", "json", "--state-dir")

    first, second = (run(*command, str(tmp_path / "state")) for _ in range(2))

    status = [json.loads(ran.out)["subscriptions"][0]["status"] for ran in (first, second)]
    assert (first.code, second.code, status) == (0, 0, ["done", "already"])
    left = (subscription.contact or {}).get("emails", "").casefold().replace(",", ";").split(";")
    assert {one.strip() for one in left} - {""} == {f"{name}@contoso.com" for name in wanted}
    if subscription.contact is not None and V2023 in offered:
        assert subscription.contact.get("isEnabled", True) is (enabled is not False)
        assert subscription.contact["notificationsByRole"]["state"] == "Off"
