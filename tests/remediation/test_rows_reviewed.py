"""`apply PLAN` reads every row again, of whatever status."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble, Subscription
from remediation.workspace import CHANGE, Workspace, full_contact, rows, statuses


def waiving(folder: Path, subscription: Subscription) -> str:
    """Return the name of a policy that waives the findings of *subscription*."""
    policy = folder / "policy.toml"
    policy.write_text(
        f'[[waiver]]\nsubscription = "{subscription.id}"\nreason = "test"\nowner = "me"\n'
        "expires = 2999-01-01\n"
    )
    return str(policy)


@pytest.mark.parametrize(
    ("then", "change", "now", "said"),
    [
        pytest.param(
            {"contact": full_contact("soc@contoso.com")},
            CHANGE,
            {"contact": full_contact("")},
            "conflict",
            id="done",
        ),
        pytest.param(
            {"contact": full_contact("a@contoso.com")},
            (*CHANGE, "--failing-only"),
            {"contact": full_contact("")},
            "conflict",
            id="complied",
        ),
        pytest.param(
            {"contact": full_contact("")},
            ("policy",),
            {"contact": full_contact("", phone="1")},
            "conflict",
            id="waived",
        ),
        pytest.param(
            {"state": "Disabled"}, CHANGE, {"state": "Enabled"}, "conflict", id="disabled"
        ),
        pytest.param({"readable": False}, CHANGE, {"readable": True}, "conflict", id="unreadable"),
        pytest.param(
            {"contact": full_contact("a@contoso.com")},
            ("--remove-email", "a@contoso.com"),
            {"contact": full_contact("a@contoso.com;b@contoso.com")},
            "conflict",
            id="refused",
        ),
        pytest.param({}, CHANGE, {"state": "Disabled"}, "skipped", id="now disabled"),
        pytest.param(
            {"contact": full_contact("soc@contoso.com")},
            CHANGE,
            {"readable": False},
            "unreadable",
            id="now dark",
        ),
        pytest.param(
            {"contact": full_contact("soc@contoso.com")},
            CHANGE,
            {"visible": False},
            "unreadable",
            id="now gone",
        ),
        pytest.param(
            {"readable": False},
            CHANGE,
            {"readable": True, "contact": full_contact("soc@contoso.com")},
            "already",
            id="now readable, and done",
        ),
        pytest.param(
            {"state": "Disabled"},
            CHANGE,
            {"state": "Enabled", "contact": full_contact("soc@contoso.com")},
            "already",
            id="now enabled, and done",
        ),
    ],
)
def test_every_row_of_a_plan_is_judged_again(
    azure: AzureDouble,
    workspace: Workspace,
    tmp_path: Path,
    then: dict[str, Any],
    change: tuple[str, ...],
    now: dict[str, Any],
    said: str,
) -> None:
    """The current contacts decide; a write that the plan does not show is not made."""
    azure.add("Other", contact=full_contact("soc@contoso.com"))
    subscription = azure.add("Prod", **then)
    if change == ("policy",):
        change = (*CHANGE, "--policy", waiving(tmp_path, subscription))
    name = workspace.saved(*change)
    for field, value in now.items():
        setattr(subscription, field, value)
    asked = len(azure.asked)

    ran = workspace.write("apply", name)

    (row,) = (row for row in rows(ran) if row["id"] == subscription.id)
    assert row["status"] == said, row
    assert azure.writes() == []
    if said in {"already", "conflict"}:
        assert [each for each in azure.asked[asked:] if f"/{subscription.id}/" in each.path]


@pytest.mark.parametrize("kind", ["waived", "complies"])
def test_what_was_left_alone_and_did_not_change_is_left_alone(
    azure: AzureDouble, workspace: Workspace, tmp_path: Path, kind: str
) -> None:
    """It is read again; a waiver that has ended does not count."""
    subscription = azure.add(
        "Prod", contact=full_contact("" if kind == "waived" else "a@contoso.com")
    )
    more = (
        ("--failing-only",) if kind == "complies" else ("--policy", waiving(tmp_path, subscription))
    )
    name = workspace.saved(*CHANGE, *more)

    ran = workspace.write("apply", name)

    assert statuses(ran) == ["waived" if kind == "waived" else "already"]
    if kind == "waived":
        document = json.loads(Path(name).read_text())
        document["subscriptions"][0]["left_alone"]["until"] = "2020-01-01"
        del document["sha256"]
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        document["sha256"] = hashlib.sha256(text.encode()).hexdigest()
        Path(name).write_text(json.dumps(document))
        assert statuses(workspace.write("apply", name)) == ["conflict"]
