"""Plan, apply and restore, with contacts, changes and clouds drawn by Hypothesis."""

from typing import Any

import pytest
from azure_double import AzureDouble
from conftest import Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from remediation.switches import SWITCHES
from remediation.workspace import (
    CHANGE,
    Workspace,
    numbered_contacts,
    portal_contact,
    result_statuses,
    shown,
)

addresses_ = st.sampled_from(["a@contoso.com", "B@contoso.com", "soc@contoso.com", "ü@contoso.com"])
lists = st.lists(addresses_, max_size=3, unique_by=str.casefold)
contacts = st.none() | st.builds(
    portal_contact,
    lists.map(";".join),
    phone=st.sampled_from(["", "+1-425-555-0100"]),
    isEnabled=st.booleans(),
    notificationsByRole=st.sampled_from(
        [{"state": "On", "roles": ["Owner"]}, {"state": "Off", "roles": []}]
    ),
)
states = st.fixed_dictionaries(
    {"contact": contacts, "contacts_2017": lists.map(lambda a: numbered_contacts(*a))}
)
changes = st.sampled_from(
    [
        CHANGE,
        (*CHANGE, "--replace"),
        ("--remove-email", "a@contoso.com", "--allow-empty"),
        ("--notify-owners", "--minimum-severity", "Medium", "--enable"),
        ("--attack-paths", "High", *CHANGE, "--remove-email", "B@contoso.com"),
    ]
)


# Not here: where addresses are lost (tested above), what is read is never what was written, or
# what was there cannot be written again; and a DELETE of what another write took with it.
COMES_BACK = [
    name
    for name in SWITCHES
    if name
    not in {
        "2017 hidden",
        "respells",
        "2017 replaced",
        "2020 alone",
        "stale",
        "a contact comes again",
        "no contact without addresses",
        "absent is 404",
    }
]


@settings(
    max_examples=5,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    furnished=st.lists(states, min_size=3, max_size=6),
    switch=st.sampled_from(COMES_BACK),
    change=changes,
)
def test_round_trips(
    azure: AzureDouble,
    run: Run,
    tmp_path_factory: pytest.TempPathFactory,
    furnished: list[dict[str, Any]],
    switch: str,
    change: tuple[str, ...],
) -> None:
    """Apply makes the change, restore takes it back, and a second run of each does nothing."""
    workspace = Workspace(run, tmp_path_factory.mktemp("round"))
    azure.subscriptions.clear()
    for name, value in {**vars(AzureDouble()), **SWITCHES[switch]}.items():
        if any(name in each for each in SWITCHES.values()):
            setattr(azure, name, value)
    subscriptions = [azure.add(f"S{number}", **state) for number, state in enumerate(furnished)]
    before = [shown(azure, subscription) for subscription in subscriptions]
    name = workspace.saved(*change)

    applied = workspace.apply(name)
    written = len(azure.writes())
    again = workspace.apply(*change)

    good = {"done", "already", "refused"}
    assert set(result_statuses(applied)) <= good, applied.text
    assert "done" not in result_statuses(again)
    assert len(azure.writes()) == written
    if "done" in result_statuses(applied):
        restored = workspace.restore(workspace.backup())
        assert (restored.code, set(result_statuses(restored))) == (0, {"done"}), restored.text
        assert [shown(azure, subscription) for subscription in subscriptions] == before
        assert set(result_statuses(workspace.restore(str(workspace.backups()[0])))) == {"already"}
