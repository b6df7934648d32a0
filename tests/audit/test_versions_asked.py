"""Which API versions are asked for which check, against the double."""

from typing import Any

import pytest
from audit.judged_runs import (
    ALERTS,
    ALL,
    CIS,
    EMAIL,
    GOOD,
    NOTHING,
    OWNER,
    PATHS,
    STRICT,
    V2017,
    V2020,
    V2023,
    Write,
    alert,
    asked,
    checking,
    failed,
    old,
    only,
)
from azure_double import AzureDouble, faults
from conftest import Run


@pytest.mark.parametrize(
    ("check", "contact", "at_2017", "holds"),
    [
        pytest.param(EMAIL, GOOD, old(), True, id="an address"),
        pytest.param(EMAIL, GOOD | {"emails": ";"}, old(";"), False, id="no address"),
        pytest.param(
            ALERTS,
            NOTHING | {"notificationsSources": alert("High")},
            old("", alertsToAdmins="Off"),
            True,
            id="alerts",
        ),
        pytest.param(ALERTS, NOTHING, old(alertNotifications="Off"), False, id="no alerts"),
        pytest.param(
            OWNER,
            NOTHING | {"notificationsByRole": {"state": "On", "roles": ["Owner"]}},
            old("", alertNotifications="Off"),
            True,
            id="the owner",
        ),
        pytest.param(OWNER, NOTHING, old(alertsToAdmins="Off"), False, id="no owner"),
        pytest.param("reachable", GOOD, old(), True, id="reachable by address"),
        pytest.param(
            "reachable", GOOD | {"emails": ""}, old(""), True, id="reachable by the owner"
        ),
        pytest.param(
            "reachable",
            GOOD | {"notificationsSources": []},
            old(alertNotifications="Off"),
            False,
            id="no alert to be reached by",
        ),
        pytest.param(
            "reachable",
            GOOD | {"emails": "", "notificationsByRole": {"state": "Off", "roles": ["Owner"]}},
            old("", alertsToAdmins="Off"),
            False,
            id="nobody to be reached",
        ),
    ],
)
@pytest.mark.parametrize(
    ("newest", "offered"),
    [
        pytest.param(V2023, ALL, id="2023"),
        pytest.param(V2020, {V2017, V2020}, id="2020"),
        pytest.param(V2017, {V2017}, id="2017"),
    ],
)
def test_each_check_reads_each_api_version(
    azure: AzureDouble,
    run: Run,
    newest: str,
    offered: set[str],
    check: str,
    contact: dict[str, Any],
    at_2017: list[dict[str, Any]],
    holds: bool,
) -> None:
    """The newest version decides, except for a contact-email that passes at 2017."""
    azure.add("Prod", contact=contact, contacts_2017=at_2017 if newest == V2017 else [])
    azure.offered, azure.newer_put_on_2017 = set(offered), "survives"

    row = only(run("audit", "-o", "json", "--check", check))

    assert row["verdict"] == ("compliant" if holds else "non-compliant")
    assert row["decided_by"] == newest
    assert failed(row) == ([] if holds else [check])
    for finding in row["findings"]:
        assert finding["api_version"] == newest
        assert ("2017-08-01-preview alone decided" in finding["message"]) is (newest == V2017)


@pytest.mark.parametrize(
    ("sources", "level", "holds"),
    [
        pytest.param([], "Critical", False, id="off"),
        pytest.param("Critical", "Critical", True, id="as wanted"),
        pytest.param("Low", "Critical", True, id="lower"),
        pytest.param("Critical", "High", False, id="higher"),
        pytest.param("Medium", "Low", False, id="a level higher"),
        pytest.param("Low", "Low", True, id="the lowest"),
        pytest.param("Extreme", "Critical", False, id="unknown"),
    ],
)
def test_attack_paths_have_a_level(
    azure: AzureDouble, run: Run, sources: Any, level: str, holds: bool
) -> None:
    """A lower threshold than wanted passes."""
    if isinstance(sources, str):
        sources = [{"sourceType": "AttackPath", "minimalRiskLevel": sources}]
    azure.add("Prod", contact=NOTHING | {"notificationsSources": sources})

    row = only(run("audit", "-o", "json", "--check", PATHS, "--attack-path-level", level))

    assert failed(row) == ([] if holds else [PATHS])


@pytest.mark.parametrize("checks", [[PATHS], [EMAIL, PATHS], [OWNER, PATHS], CIS])
@pytest.mark.parametrize("offered", [{V2017, V2020}, {V2017}, {V2020}])
def test_attack_paths_without_2023_are_unreadable(
    azure: AzureDouble, run: Run, offered: set[str], checks: list[str]
) -> None:
    """Neither a pass nor a failure; the row shows the contacts that were read."""
    azure.add("Prod", contact=GOOD, contacts_2017=old())
    azure.offered = offered

    ran = run("audit", "-o", "json", *checking(*checks))

    row = only(ran)
    assert (ran.code, row["verdict"], row["decided_by"]) == (4, "unreadable", None)
    assert row["error"]["reason"] == "version-unavailable"
    assert (row["findings"], row["emails"]) == ([], [])
    assert row["contacts"] != [] or checks == [PATHS]


def test_attack_paths_without_2023_tell_what_to_do(azure: AzureDouble, run: Run) -> None:
    """The cloud is right; it lacks what the check needs."""
    azure.add("Prod", contact=GOOD)
    azure.offered = {V2017, V2020}

    row = only(run("audit", "-o", "json", "--check", PATHS))

    assert "does not offer the api-version asked for" not in row["error"]["hint"]


@pytest.mark.parametrize("check", [*STRICT, "minimum-emails"])
def test_where_no_version_is_offered_every_check_is_unreadable(
    azure: AzureDouble, run: Run, check: str
) -> None:
    """No answer is not a verdict."""
    azure.add("Prod", contact=GOOD, contacts_2017=old())
    azure.offered = {"2099-01-01"}

    row = only(run("audit", "-o", "json", "--minimum-emails", "1", "--check", check))

    assert row["error"]["reason"] == "version-unavailable"


@pytest.mark.parametrize("check", STRICT)
def test_a_malformed_contact_fails_and_ends_no_run(
    azure: AzureDouble, run: Run, check: str
) -> None:
    """Unknown values never pass."""
    strange = {
        "emails": {"a": ["soc@contoso.com"]},
        "isEnabled": True,
        "notificationsByRole": {"state": "On", "roles": [{"name": "Owner"}, "Öwner", 3]},
        "notificationsSources": [
            "Alert",
            {"sourceType": ["Alert"], "minimalSeverity": "High"},
            {"sourceType": "Alert", "minimalSeverity": {"High": 1}},
            {"sourceType": "AttackPath", "minimalRiskLevel": ["Low"]},
        ],
    }
    azure.add("Prod", contact=strange)

    ran = run("audit", "-o", "json", "--check", check)

    assert (ran.code, failed(only(ran))) == (3, [check])


def test_the_text_of_a_finding_names_what_is_unknown(azure: AzureDouble, run: Run) -> None:
    """The text is sanitized for every terminal."""
    strange = {
        "emails": "",
        "notificationsByRole": {"state": "On", "roles": ["Reader\x1b[2J"]},
        "notificationsSources": [
            {"sourceType": "Alert", "minimalSeverity": "Severe\n"},
            {"sourceType": "AttackPath", "minimalRiskLevel": "Grave\u202e"},
        ],
    }
    azure.add("Prod", contact=strange)

    shown, table = (run("audit", "-o", form, "--profile", "cis") for form in ("json", "table"))

    said = {one["check"]: one["message"] for one in only(shown)["findings"]}
    assert "'Severe\\n'" in said[ALERTS]
    assert "Reader" in said[OWNER]
    assert "'Grave\\u202e'" in said[PATHS]
    assert not {"\x1b", "\u202e"} & {*table.text, *shown.text}


@pytest.mark.parametrize(
    ("options", "check", "message"),
    [
        pytest.param(
            ["--required-email", "SOC@Contoso.com", "--required-email", "b@contoso.com"],
            "required-email",
            "not configured: b@contoso.com",
            id="required",
        ),
        pytest.param(
            ["--allowed-domain", "Contoso.com"],
            "allowed-domain",
            "in a domain that is not allowed: c@fabrikam.com",
            id="allowed",
        ),
        pytest.param(
            ["--minimum-emails", "4"], "minimum-emails", "3 of at least 4 addresses", id="minimum"
        ),
    ],
)
def test_the_address_rules_look_at_all_enabled_contacts_of_the_newest_version(
    azure: AzureDouble, run: Run, options: list[str], check: str, message: str
) -> None:
    """What 2017 shows and what a disabled contact has does not count."""
    items = [
        ("default", {"emails": "soc@contoso.com;a@contoso.com", "isEnabled": True}),
        ("default1", {"emails": "A@CONTOSO.com, c@fabrikam.com,C@fabrikam.com"}),
        ("default2", {"emails": "b@contoso.com;x@example.com", "isEnabled": False}),
    ]
    listed = {"value": [{"name": name, "properties": one} for name, one in items]}
    subscription = azure.add(
        "Prod", contacts_2017=old("b@contoso.com;y@example.com"), answers={V2023: listed}
    )

    row = only(run("audit", "-o", "json", "--check", check, *options))

    assert [finding["message"] for finding in row["findings"]] == [message]
    assert asked(azure, subscription) == [V2023]
    assert row["emails"] == [
        "soc@contoso.com",
        "a@contoso.com",
        "c@fabrikam.com",
        "b@contoso.com",
        "x@example.com",
    ]


@pytest.mark.parametrize(
    ("arguments", "contact", "at_2017", "offered", "versions"),
    [
        pytest.param([], GOOD, old(), ALL, [V2017], id="conformity, 2017 shows one"),
        pytest.param([], GOOD, [], ALL, [V2017, V2023], id="conformity, 2017 shows none"),
        pytest.param(checking(OWNER), GOOD, old(), ALL, [V2023], id="owner-notified"),
        pytest.param(checking(ALERTS, OWNER, PATHS, "reachable"), GOOD, old(), ALL, [V2023],
                     id="all but contact-email"),
        pytest.param(checking(OWNER, EMAIL), GOOD, old(), ALL, [V2023, V2017],
                     id="contact-email last"),
        pytest.param(["--profile", "cis"], GOOD, old(), ALL, [V2017, V2023], id="cis"),
        pytest.param(["--profile", "cis"], GOOD, [], ALL, [V2017, V2023], id="cis, no address"),
        pytest.param(["--profile", "strict", "--minimum-emails", "1"], GOOD, old(), ALL,
                     [V2017, V2023], id="strict"),
        pytest.param(checking(OWNER), GOOD, old(), {V2017, V2020}, [V2023, V2020],
                     id="2023 refused"),
        pytest.param(checking(OWNER, ALERTS), GOOD, old(), {V2017}, [V2023, V2020, V2017],
                     id="2017 alone"),
        pytest.param(checking(EMAIL, OWNER), GOOD, old(), {V2017}, [V2017, V2023, V2020],
                     id="2017 alone is read once"),
        pytest.param(checking(EMAIL, OWNER), GOOD, old(), {V2023}, [V2017, V2023],
                     id="2017 refused"),
    ],
)  # fmt: skip
def test_no_check_costs_more_than_it_needs(
    azure: AzureDouble,
    run: Run,
    arguments: list[str],
    contact: dict[str, Any],
    at_2017: list[dict[str, Any]],
    offered: set[str],
    versions: list[str],
) -> None:
    """Each version is read at most once, and only if a check needs it."""
    subscription = azure.add("Prod", contact=contact, contacts_2017=at_2017)
    azure.offered, azure.newer_put_on_2017 = set(offered), "survives"

    ran = run("audit", "-o", "json", *arguments)

    assert only(ran)["verdict"] == "compliant"
    assert asked(azure, subscription) == versions


def test_attack_paths_alone_ask_2023_alone(azure: AzureDouble, run: Run) -> None:
    """Older versions have no attack paths."""
    subscription = azure.add("Prod", contact=GOOD, contacts_2017=old())
    azure.offered = {V2017, V2020}

    run("audit", "-o", "json", "--check", PATHS)

    assert asked(azure, subscription) == [V2023]


def test_an_override_asks_what_its_checks_need(azure: AzureDouble, run: Run, policy: Write) -> None:
    """Each subscription costs only the reads that its checks need."""
    one, two = (azure.add(name, contact=GOOD, contacts_2017=old()) for name in ("One", "Two"))
    file = policy('[[override]]\nsubscription = "two"\nchecks = ["owner-notified"]\n')

    ran = run("audit", "-o", "json", "--policy", file)

    assert ran.code == 0
    assert (asked(azure, one), asked(azure, two)) == ([V2017], [V2023])


@pytest.mark.parametrize("version", [V2017, V2023])
def test_a_wanted_check_that_cannot_be_judged_makes_the_row_unreadable(
    azure: AzureDouble, run: Run, version: str
) -> None:
    """Even if another check fails or passes; a failure is not a refusal of the version."""
    azure.add("Prod", contact=NOTHING, contacts_2017=old())
    azure.fail(version, faults.arm_error(403, "AuthorizationFailed", "no"))

    ran = run("audit", "-o", "json", "--profile", "cis")

    row = only(ran)
    assert (ran.code, row["verdict"], row["error"]["reason"]) == (4, "unreadable", "forbidden")
    assert (row["findings"], row["emails"], row["waiver"]) == ([], [], None)
