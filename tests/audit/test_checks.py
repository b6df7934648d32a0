"""What is judged, as users meet it: checks, profiles, overrides and waivers against the double."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble, Subscription, faults
from conftest import Ran, Run
from jsonschema import Draft202012Validator

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
ALL = frozenset({V2017, V2020, V2023})
SCHEMA = Draft202012Validator(
    json.loads(files("contacts_audit.report").joinpath("schema.json").read_bytes()),
    format_checker=Draft202012Validator.FORMAT_CHECKER,
)
EMAIL, ALERTS, OWNER, PATHS = (
    "contact-email",
    "alert-notifications",
    "owner-notified",
    "attack-paths",
)
CIS = [EMAIL, ALERTS, OWNER, PATHS]
STRICT = [*CIS, "reachable"]
GOOD: dict[str, Any] = {
    "emails": "soc@contoso.com",
    "phone": "",
    "isEnabled": True,
    "notificationsByRole": {"state": "On", "roles": ["Owner"]},
    "notificationsSources": [
        {"sourceType": "Alert", "minimalSeverity": "Medium"},
        {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
    ],
}
NOTHING: dict[str, Any] = {
    "emails": "",
    "isEnabled": True,
    "notificationsByRole": {"state": "Off", "roles": ["Owner"]},
    "notificationsSources": [],
}


def alert(severity: Any) -> list[dict[str, Any]]:
    """Return the sources of a contact that sends alerts from *severity* on."""
    return [{"sourceType": "Alert", "minimalSeverity": severity}]


def old(email: str = "soc@contoso.com", **more: Any) -> list[dict[str, Any]]:
    """Return a contact as 2017 keeps it."""
    flags = {"alertNotifications": "On", "alertsToAdmins": "On"}
    return [{"name": "default1", "properties": {"email": email, **flags, **more}}]


def report(ran: Ran) -> dict[str, Any]:
    """Return a JSON report, which must fit its schema, add up, and tell the exit code."""
    found: dict[str, Any] = json.loads(ran.out)
    SCHEMA.validate(found)
    counts = found["summary"]
    assert counts["read"] == counts["compliant"] + counts["non_compliant"] + counts["waived"]
    assert counts["in_scope"] == counts["read"] + counts["unreadable"] + counts["skipped"]
    assert counts["in_scope"] == len(found["subscriptions"])
    assert found["exit_code"] == ran.code
    return found


def rows(ran: Ran) -> list[dict[str, Any]]:
    """Return the rows of a JSON report."""
    found: list[dict[str, Any]] = report(ran)["subscriptions"]
    return found


def only(ran: Ran) -> dict[str, Any]:
    """Return the only row."""
    (row,) = rows(ran)
    return row


def failed(row: dict[str, Any]) -> list[str]:
    """Return the failed checks of *row*."""
    return [finding["check"] for finding in row["findings"]]


def asked(azure: AzureDouble, subscription: Subscription) -> list[str]:
    """Return the api-versions at which *subscription* was read, in order, always by LIST."""
    path = f"/subscriptions/{subscription.id}/providers/Microsoft.Security/securityContacts"
    reads = [one for one in azure.arm_asked() if f"/subscriptions/{subscription.id}" in one.path]
    assert {(one.method, one.path) for one in reads} <= {("GET", path)}
    return [one.params["api-version"] for one in reads]


def checking(*checks: str) -> list[str]:
    """Return the options that name *checks*."""
    return [word for check in checks for word in ("--check", check)]


Write = Callable[[str], str]


@pytest.fixture
def policy(tmp_path: Path) -> Write:
    """Return what writes a policy, and tells its name."""

    def write(text: str) -> str:
        file = tmp_path / "policy.toml"
        file.write_text(text)
        return str(file)

    return write


def waiver(subscription: str = "Prod", *, days: int = 100, **more: str) -> str:
    """Return a waiver that ends in so many *days* from today, UTC."""
    expires = datetime.now(UTC).date() + timedelta(days=days)
    values = {"subscription": subscription, "reason": "moving", "owner": "ops", **more}
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    return f"[[waiver]]\n{lines}expires = {expires}\n"


# Each check, end to end, at each api-version


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
def test_each_check_reads_each_dialect(
    azure: AzureDouble,
    run: Run,
    newest: str,
    offered: set[str],
    check: str,
    contact: dict[str, Any],
    at_2017: list[dict[str, Any]],
    holds: bool,
) -> None:
    """The newest version that is offered decides all but a contact-email that holds at 2017."""
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
    """A lower threshold than wanted holds."""
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
    """Neither a pass nor a fail; what was seen is shown."""
    azure.add("Prod", contact=GOOD, contacts_2017=old())
    azure.offered = offered

    ran = run("audit", "-o", "json", *checking(*checks))

    row = only(ran)
    assert (ran.code, row["verdict"], row["decided_by"]) == (4, "unreadable", None)
    assert row["error"]["reason"] == "version-unavailable"
    assert (row["findings"], row["emails"]) == ([], [])
    assert row["contacts"] != [] or checks == [PATHS]


def test_attack_paths_without_2023_tell_what_to_do(azure: AzureDouble, run: Run) -> None:
    """The cloud is the right one; the check is what it lacks."""
    azure.add("Prod", contact=GOOD)
    azure.offered = {V2017, V2020}

    row = only(run("audit", "-o", "json", "--check", PATHS))

    assert "does not offer the api-version asked for" not in row["error"]["hint"]


@pytest.mark.parametrize("check", [*STRICT, "minimum-emails"])
def test_where_no_version_is_offered_every_check_is_unreadable(
    azure: AzureDouble, run: Run, check: str
) -> None:
    """Silence is no verdict."""
    azure.add("Prod", contact=GOOD, contacts_2017=old())
    azure.offered = {"2099-01-01"}

    row = only(run("audit", "-o", "json", "--minimum-emails", "1", "--check", check))

    assert row["error"]["reason"] == "version-unavailable"


@pytest.mark.parametrize("check", STRICT)
def test_a_contact_that_nobody_understands_fails_and_does_not_crash(
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
    """And is inert on every screen."""
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
            "of a domain that is not allowed: c@fabrikam.com",
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
    """What 2017 shows is another matter, and what a disabled contact holds, too."""
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


# Requests


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
    """Each version at most once, and none that no check asks for."""
    subscription = azure.add("Prod", contact=contact, contacts_2017=at_2017)
    azure.offered, azure.newer_put_on_2017 = set(offered), "survives"

    ran = run("audit", "-o", "json", *arguments)

    assert only(ran)["verdict"] == "compliant"
    assert asked(azure, subscription) == versions


def test_attack_paths_alone_ask_2023_alone(azure: AzureDouble, run: Run) -> None:
    """No older version can say anything of them."""
    subscription = azure.add("Prod", contact=GOOD, contacts_2017=old())
    azure.offered = {V2017, V2020}

    run("audit", "-o", "json", "--check", PATHS)

    assert asked(azure, subscription) == [V2023]


def test_an_override_asks_what_its_checks_need(azure: AzureDouble, run: Run, policy: Write) -> None:
    """Each subscription costs what is judged of it."""
    one, two = (azure.add(name, contact=GOOD, contacts_2017=old()) for name in ("One", "Two"))
    file = policy('[[override]]\nsubscription = "two"\nchecks = ["owner-notified"]\n')

    ran = run("audit", "-o", "json", "--policy", file)

    assert ran.code == 0
    assert (asked(azure, one), asked(azure, two)) == ([V2017], [V2023])


@pytest.mark.parametrize("version", [V2017, V2023])
def test_a_wanted_check_that_cannot_be_judged_makes_the_row_unreadable(
    azure: AzureDouble, run: Run, version: str
) -> None:
    """Even beside one that fails, or holds; a failure is no refusal of a version."""
    azure.add("Prod", contact=NOTHING, contacts_2017=old())
    azure.fail(version, faults.arm_error(403, "AuthorizationFailed", "no"))

    ran = run("audit", "-o", "json", "--profile", "cis")

    row = only(ran)
    assert (ran.code, row["verdict"], row["error"]["reason"]) == (4, "unreadable", "forbidden")
    assert (row["findings"], row["emails"], row["waiver"]) == ([], [], None)


# What a report says


@pytest.mark.parametrize("profile", ["cis", "strict"])
def test_contact_email_is_decided_by_the_first_version_that_shows_an_address(
    azure: AzureDouble, run: Run, profile: str
) -> None:
    """Whatever else is checked: 2017 shows one, and the newest does not."""
    azure.add("Prod", contact=GOOD | {"emails": ""}, contacts_2017=old("old@contoso.com"))

    row = only(run("audit", "-o", "json", "--profile", profile))

    assert (row["verdict"], row["decided_by"]) == ("compliant", V2017)
    assert row["emails"] == ["old@contoso.com"]
    versions = [(contact["name"], contact["api_version"]) for contact in row["contacts"]]
    assert versions == [("default1", V2017), ("default", V2023)]


@pytest.mark.parametrize(
    ("contact", "at_2017", "checks", "failing", "decided_by", "emails"),
    [
        pytest.param(
            GOOD | {"notificationsByRole": {"state": "Off", "roles": []}},
            old("old@contoso.com"),
            CIS,
            [OWNER],
            V2023,
            ["soc@contoso.com"],
            id="the first failing check",
        ),
        pytest.param(
            GOOD,
            old("old@contoso.com"),
            [OWNER, EMAIL],
            [],
            V2017,
            ["old@contoso.com"],
            id="else contact-email",
        ),
        pytest.param(
            GOOD,
            old("old@contoso.com"),
            [OWNER, ALERTS],
            [],
            V2023,
            ["soc@contoso.com"],
            id="else the first",
        ),
        pytest.param(NOTHING, [], CIS, CIS, V2023, [], id="all fail, in order"),
        pytest.param(
            GOOD | {"emails": "A@b.com;a@B.com; c@d.com,A@b.com;no"},
            [],
            [EMAIL],
            [],
            V2023,
            ["A@b.com", "c@d.com"],
            id="distinct, as spelt",
        ),
    ],
)
def test_decided_by_and_emails_are_of_one_version(
    azure: AzureDouble,
    run: Run,
    contact: dict[str, Any],
    at_2017: list[dict[str, Any]],
    checks: list[str],
    failing: list[str],
    decided_by: str,
    emails: list[str],
) -> None:
    """That of the first failing check, else of contact-email, else of the first check."""
    azure.newer_put_on_2017 = "survives"
    azure.add("Prod", contact=contact, contacts_2017=at_2017)

    row = only(run("audit", "-o", "json", *checking(*checks)))

    assert failed(row) == failing
    assert (row["decided_by"], row["emails"]) == (decided_by, emails)


@pytest.mark.parametrize(
    ("arguments", "profile", "checks"),
    [
        pytest.param([], "conformity", [EMAIL], id="neither"),
        pytest.param(["--profile", "conformity"], "conformity", [EMAIL], id="conformity"),
        pytest.param(["--profile", "cis"], "cis", CIS, id="cis"),
        pytest.param(["--profile", "strict"], "strict", STRICT, id="strict"),
        pytest.param(
            ["--profile", "strict", "--required-email", "a@b.com", "--minimum-emails", "1"],
            "strict",
            [*STRICT, "required-email", "minimum-emails"],
            id="strict with values",
        ),
        pytest.param(["--check", OWNER], None, [OWNER], id="a check alone"),
        pytest.param(["--check", OWNER, "--check", OWNER], None, [OWNER], id="a check twice"),
        pytest.param(
            ["--check", "reachable", "--profile", "cis", "--check", OWNER],
            "cis",
            [*CIS, "reachable"],
            id="a check and a profile",
        ),
    ],
)
def test_a_report_names_profile_and_checks(
    azure: AzureDouble, run: Run, arguments: list[str], profile: str | None, checks: list[str]
) -> None:
    """What was judged is told."""
    azure.add("Prod", contact=GOOD)

    found = report(run("audit", "-o", "json", *arguments))

    assert (found["profile"], found["checks"]) == (profile, checks)


# Waivers


def test_a_waived_subscription_never_raises_the_code(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """The finding stays in the report, with who answers for it, and until when."""
    azure.add("Prod")
    azure.add("Good", contact=GOOD)
    file = policy(waiver(check=EMAIL))

    ran = run("audit", "-o", "json", "--policy", file)

    row, _ = rows(ran)
    expires = datetime.now(UTC).date() + timedelta(days=100)
    assert (ran.code, row["verdict"], failed(row)) == (0, "waived", [EMAIL])
    assert row["waiver"] == {
        "reason": "moving",
        "owner": "ops",
        "expires": str(expires),
        "check": EMAIL,
    }
    assert report(ran)["summary"]["waived"] == 1
    assert "warning" not in ran.err


def test_a_waiver_lowers_no_code_either(azure: AzureDouble, run: Run, policy: Write) -> None:
    """What else fails, or cannot be read, is counted as ever."""
    azure.add("Prod")
    azure.add("Bad")
    locked = azure.add("Locked", readable=False)
    file = policy(waiver() + waiver("Locked"))

    all_of_them = run("audit", "-o", "json", "--policy", file)
    but_one = run("audit", "-o", "json", "--policy", file, "--exclude", locked.id)

    verdicts = [row["verdict"] for row in rows(all_of_them)]
    assert (all_of_them.code, verdicts) == (4, ["waived", "non-compliant", "unreadable"])
    assert but_one.code == 3


@pytest.mark.parametrize("text", ["ID", "id", "Prod", "PROD"])
def test_a_waiver_is_of_an_id_or_a_name(
    azure: AzureDouble, run: Run, policy: Write, text: str
) -> None:
    """In any case."""
    prod = azure.add("Prod")
    azure.add("Production")
    named = {"ID": prod.id.upper(), "id": prod.id}.get(text, text)

    ran = run("audit", "-o", "json", "--policy", policy(waiver(named)))

    assert [row["verdict"] for row in rows(ran)] == ["waived", "non-compliant"]


@pytest.mark.parametrize(
    ("days", "verdict", "said"),
    [
        pytest.param(-1, "non-compliant", "expired on", id="yesterday"),
        pytest.param(0, "waived", "ends on", id="today"),
        pytest.param(14, "waived", "ends on", id="in 14 days"),
        pytest.param(15, "waived", None, id="in 15 days"),
    ],
)
def test_the_end_of_a_waiver_counts_and_is_said(
    azure: AzureDouble, run: Run, policy: Write, days: int, verdict: str, said: str | None
) -> None:
    """Valid through its day, UTC."""
    azure.add("Prod")
    day: date = datetime.now(UTC).date()
    text = waiver(days=days)

    ran = run("audit", "-o", "json", "--policy", policy(text))

    warnings = [line for line in ran.err.splitlines() if line.startswith("warning: ")]
    assert datetime.now(UTC).date() == day, "midnight came between"
    assert only(ran)["verdict"] == verdict
    assert (only(ran)["waiver"] is None) is (verdict == "non-compliant")
    assert len(warnings) == (0 if said is None else 1)
    assert said is None or f"{said} {day + timedelta(days=days)}" in warnings[0]


def test_a_waiver_that_matches_nothing_is_said_once(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """A misspelt name waives nothing, and `--quiet` silences what is said of it."""
    azure.add("Prod")
    file = policy(waiver("Prdo"))

    ran = run("audit", "-o", "json", "--policy", file)
    quiet = run("audit", "-o", "json", "-q", "--policy", file)

    line = "warning: the waiver of Prdo (moving, ops) matches no subscription in scope"
    assert (ran.code, ran.err.splitlines().count(line)) == (3, 1)
    assert (quiet.code, quiet.err) == (3, "")


@pytest.mark.parametrize(
    ("waivers", "verdict", "shown"),
    [
        pytest.param([(OWNER, 100)], "non-compliant", None, id="one of two"),
        pytest.param([(OWNER, 100), (EMAIL, 90)], "waived", EMAIL, id="each its own"),
        pytest.param([(OWNER, 100), (None, 120)], "waived", OWNER, id="one, and all"),
        pytest.param([(OWNER, 100), (EMAIL, -1)], "non-compliant", None, id="one has expired"),
        pytest.param([("reachable", 100)], "non-compliant", None, id="of what holds"),
        pytest.param([(None, 200), (None, 100)], "waived", None, id="twice"),
    ],
)
def test_every_failing_check_has_to_be_waived(
    azure: AzureDouble,
    run: Run,
    policy: Write,
    waivers: list[tuple[str | None, int]],
    verdict: str,
    shown: str | None,
) -> None:
    """Of several waivers the one that ends first is shown."""
    azure.add("Prod", contact=NOTHING | {"notificationsSources": alert("High")})
    file = policy(
        "".join(
            waiver(days=days, **({} if check is None else {"check": check}))
            for check, days in waivers
        )
    )

    row = only(run("audit", "-o", "json", "--policy", file, *checking(EMAIL, OWNER)))

    assert (row["verdict"], failed(row)) == (verdict, [EMAIL, OWNER])
    if verdict == "waived":
        first = min(days for _, days in waivers)
        assert row["waiver"]["check"] == shown
        assert row["waiver"]["expires"] == str(datetime.now(UTC).date() + timedelta(days=first))
    else:
        assert row["waiver"] is None


def test_a_waiver_of_what_complies_is_not_used(azure: AzureDouble, run: Run, policy: Write) -> None:
    """There is nothing to waive, and nothing to be said."""
    azure.add("Prod", contact=GOOD)

    ran = run("audit", "-o", "json", "--policy", policy(waiver()))

    row = only(ran)
    assert (row["verdict"], row["waiver"], ran.err) == (
        "compliant",
        None,
        "1 subscription: 1 compliant\n",
    )


@pytest.mark.parametrize("state", ["Disabled", "Deleted"])
def test_a_skipped_subscription_stays_skipped(
    azure: AzureDouble, run: Run, policy: Write, state: str
) -> None:
    """Skipped goes before waived; its waiver matches all the same."""
    azure.add("Prod", state=state)
    azure.add("Good", contact=GOOD)

    ran = run("audit", "-o", "json", "--policy", policy(waiver()))

    assert [row["verdict"] for row in rows(ran)] == ["skipped", "compliant"]
    assert "matches no subscription" not in ran.err


@pytest.mark.parametrize("form", ["table", "tsv", "jsonl"])
def test_a_waiver_shows_in_every_format(
    azure: AzureDouble, run: Run, policy: Write, form: str
) -> None:
    """Who answers, and until when."""
    azure.add("Prod")

    ran = run("audit", "-o", form, "--policy", policy(waiver()))

    expires = datetime.now(UTC).date() + timedelta(days=100)
    assert ran.code == 0
    assert all(word in ran.text for word in ("waived", str(expires), "moving", "ops"))


# Overrides

SANDBOX = '[[override]]\nmanagement_group = "Sandbox"\nchecks = ["minimum-emails"]\n'


def test_the_nearest_override_counts(azure: AzureDouble, run: Run, policy: Write) -> None:
    """A subscription before its nearest group, that before the top; nested ones, too."""
    names = ["Top", "InRoot", "InLeaf", "Own"]
    top, in_root, in_leaf, own = (azure.add(name, contact=GOOD) for name in names)
    azure.group("root", subscriptions=[in_root])
    azure.group("between", parent="root")
    azure.group("leaf", parent="between", subscriptions=[in_leaf, own])
    file = policy(
        'checks = ["minimum-emails"]\nminimum_emails = 9\n'
        '[[override]]\nmanagement_group = "root"\nminimum_emails = 2\n'
        '[[override]]\nmanagement_group = "LEAF"\nminimum_emails = 3\n'
        f'[[override]]\nsubscription = "{own.id.upper()}"\nminimum_emails = 1\n'
    )

    ran = run("audit", "-o", "json", "--policy", file)

    said = [[finding["message"] for finding in row["findings"]] for row in rows(ran)]
    assert said == [
        ["1 of at least 9 addresses"],
        ["1 of at least 2 addresses"],
        ["1 of at least 3 addresses"],
        [],
    ]
    assert asked(azure, top) == [V2023]


def test_each_key_is_of_the_nearest_group_that_says_it(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """A group hides of those above it the keys that it says itself, and no others."""
    inside, outside = (azure.add(name, contact=GOOD) for name in ("Inside", "Outside"))
    azure.group("root", subscriptions=[outside])
    azure.group("middle", parent="root")
    azure.group("leaf", parent="middle", subscriptions=[inside])
    file = policy(
        'allowed_domains = ["fabrikam.com"]\n'
        '[[override]]\nmanagement_group = "leaf"\nminimum_emails = 3\n'
        '[[override]]\nmanagement_group = "middle"\nminimum_emails = 2\n'
        'required_emails = ["middle@contoso.com"]\n'
        '[[override]]\nmanagement_group = "root"\nchecks = ["contact-email"]\n'
        'required_emails = ["root@contoso.com"]\n'
    )

    ran = run("audit", "-o", "json", "--policy", file)

    said = [[finding["message"] for finding in row["findings"]] for row in rows(ran)]
    domain = "of a domain that is not allowed: soc@contoso.com"
    assert said == [
        ["not configured: middle@contoso.com", domain, "1 of at least 3 addresses"],
        ["not configured: root@contoso.com", domain],
    ]


@pytest.mark.parametrize(
    ("arguments", "content", "checks"),
    [
        pytest.param(
            ["--required-email", "nobody@contoso.com"], None, [EMAIL, "required-email"], id="option"
        ),
        pytest.param(
            ["--required-email", "nobody@contoso.com"],
            'profile = "cis"',
            [*CIS, "required-email"],
            id="an option beside a policy",
        ),
        pytest.param(
            ["--profile", "cis", "--minimum-emails", "2"], None, [*CIS, "minimum-emails"],
            id="beside a profile",
        ),
        pytest.param(
            ["--check", OWNER, "--allowed-domain", "x.com"], None, [OWNER, "allowed-domain"],
            id="beside a check",
        ),
        pytest.param(
            [], 'profile = "cis"\nrequired_emails = ["nobody@contoso.com"]',
            [*CIS, "required-email"], id="a policy's, beside its profile",
        ),
        pytest.param([], "minimum_emails = 2", [EMAIL, "minimum-emails"], id="a policy's alone"),
        pytest.param(
            ["--profile", "cis"], "minimum_emails = 2", CIS, id="a nearer profile says anew"
        ),
        pytest.param(["--check", OWNER], "minimum_emails = 2", [OWNER], id="a nearer check alone"),
    ],
)  # fmt: skip
def test_a_value_switches_its_check_on(
    azure: AzureDouble,
    run: Run,
    policy: Write,
    arguments: list[str],
    content: str | None,
    checks: list[str],
) -> None:
    """Nobody who asks for an address is told "compliant" without having it looked for."""
    azure.add("Prod", contact=GOOD)
    more = [] if content is None else ["--policy", policy(content)]

    ran = run("audit", "-o", "json", *arguments, *more)

    assert report(ran)["checks"] == checks
    assert ran.code == (0 if checks in (CIS, [OWNER]) else 3)


EXCEPTIONS = {
    "waiver": '[[waiver]]\nsubscription = "{}"\nreason = "r"\nowner = "o"\nexpires = 2999-12-31\n',
    "override": '[[override]]\nsubscription = "{}"\nchecks = ["owner-notified"]\n',
}


@pytest.mark.parametrize("exception", EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_ids_match_ids_and_names_match_names(
    azure: AzureDouble, run: Run, policy: Write, exception: str
) -> None:
    """Who is called by the id of another is neither waived, nor overridden, nor selected by it."""
    meant = azure.add("Prod")
    azure.add(meant.id)
    azure.add(meant.id.upper())
    file = policy(exception.format(f"/subscriptions/{meant.id.upper()}"))

    ran = run("audit", "-o", "json", "--policy", file)
    one = run("audit", "-o", "json", "-s", f"/Subscriptions/{meant.id}/", "--policy", file)
    others = run("audit", "-o", "json", "--exclude", f"/subscriptions/{meant.id}/")

    assert [row["waiver"] is None and row["checks"] == [EMAIL] for row in rows(ran)] == [
        False,
        True,
        True,
    ]
    assert [row["name"] for row in rows(one)] == ["Prod"]
    assert [row["name"] for row in rows(others)] == [meant.id, meant.id.upper()]


@pytest.mark.parametrize("exception", EXCEPTIONS.values(), ids=EXCEPTIONS)
@pytest.mark.parametrize(
    "scope",
    [
        pytest.param([], id="all"),
        pytest.param(["-s", "Third"], id="neither in scope"),
        pytest.param(["--shard", "0/2"], id="a shard"),
    ],
)
@pytest.mark.parametrize(
    "command", [("audit",), ("plan", "--email", "a@contoso.com"), ("explain", "Third")]
)
def test_a_name_that_several_have_is_wrong_usage(
    azure: AzureDouble,
    run: Run,
    policy: Write,
    exception: str,
    scope: list[str],
    command: tuple[str, ...],
) -> None:
    """Wherever it stands, whatever is in scope: neither is guessed at, both ids are told."""
    ids = [azure.add("Sandbox").id, azure.add("sandbox").id]
    azure.add("Third")
    file = policy(exception.format("SANDBOX"))

    ran = run(*command, *(scope if command[0] != "explain" else ()), "--policy", file)

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert all(id_ in ran.err for id_ in ids)
    assert "policy.toml, line 1" in ran.err
    assert not [one for one in azure.arm_asked() if "securityContacts" in one.path]


def test_a_name_to_the_letter_is_of_one(azure: AzureDouble, run: Run, policy: Write) -> None:
    """As `-s` takes it."""
    azure.add("Sandbox")
    azure.add("sandbox")

    ran = run("audit", "-o", "json", "--policy", policy(EXCEPTIONS["waiver"].format("sandbox")))

    assert [row["verdict"] for row in rows(ran)] == ["non-compliant", "waived"]


def test_a_waiver_of_a_management_group(azure: AzureDouble, run: Run, policy: Write) -> None:
    """All levels down; `plan` leaves them alone, too."""
    inside = azure.add("Inside")
    azure.add("Outside")
    azure.group("trials")
    azure.group("deep", parent="trials", subscriptions=[inside])
    group = "/providers/Microsoft.Management/managementGroups/TRIALS"
    text = EXCEPTIONS["waiver"].replace("subscription", "management_group").format(group)

    ran = run("audit", "-o", "json", "--policy", policy(text))
    planned = run("plan", "-o", "json", "--email", "a@contoso.com", "--policy", policy(text))

    assert [row["verdict"] for row in rows(ran)] == ["waived", "non-compliant"]
    assert [row["status"] for row in json.loads(planned.out)["subscriptions"]] == [
        "waived",
        "change",
    ]


def test_a_check_whose_value_no_group_above_has_is_wrong_usage(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """It is known when Azure has told its tree, and before any subscription is read."""
    azure.group("a", subscriptions=[azure.add("Prod")])
    azure.group("b")
    file = policy(
        '[[override]]\nmanagement_group = "a"\nchecks = ["minimum-emails"]\n'
        '[[override]]\nmanagement_group = "b"\nminimum_emails = 2\n'
    )

    ran = run("audit", "--policy", file)

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert "policy.toml, line 1, override 1: the check minimum-emails has no value" in ran.err


def test_options_go_before_overrides(azure: AzureDouble, run: Run, policy: Write) -> None:
    """A check that is named stands alone, and a value counts everywhere."""
    azure.add("Prod", contact=GOOD)
    azure.add("Own", contact=GOOD | {"notificationsByRole": {"state": "Off", "roles": []}})
    file = policy(
        'profile = "strict"\n'
        '[[override]]\nsubscription = "own"\nprofile = "strict"\nminimum_emails = 1\n'
    )
    options = ["--check", "minimum-emails", "--minimum-emails", "5"]

    found = report(run("audit", "-o", "json", "--policy", file, *options))

    said = [[one["message"] for one in row["findings"]] for row in found["subscriptions"]]
    assert said == [["1 of at least 5 addresses"]] * 2
    assert (found["profile"], found["checks"]) == (None, ["minimum-emails"])


def test_groups_of_two_tenants_are_both_asked(azure: AzureDouble, run: Run, policy: Write) -> None:
    """A group may be in one of them alone, or in both under the same id."""
    other = azure.add_tenant("fabrikam.example")
    ours = azure.add("Ours", contact=GOOD)
    theirs = azure.add("Theirs", tenant_id=other.id, contact=GOOD)
    azure.add("Loose", tenant_id=other.id, contact=GOOD)
    azure.group("sandbox", subscriptions=[ours])
    azure.group("sandbox", tenant=other.id)
    azure.group("deep", tenant=other.id, parent="sandbox", subscriptions=[theirs])
    azure.group("alone", tenant=other.id, subscriptions=[])
    strict = "minimum_emails = 2\n"
    file = policy(
        f'{SANDBOX}{strict}[[override]]\nmanagement_group = "alone"\n'
        f'checks = ["minimum-emails"]\n{strict}'
    )

    ran = run(
        *("audit", "-o", "json", "--policy", file),
        *("--tenant", azure.tenant, "--tenant", other.id),
    )

    verdicts = {row["name"]: row["verdict"] for row in rows(ran)}
    assert verdicts == {"Ours": "non-compliant", "Theirs": "non-compliant", "Loose": "compliant"}


@pytest.mark.parametrize("readable", [True, False], ids=["not there", "forbidden"])
def test_a_group_that_cannot_be_read_fails_the_run(
    azure: AzureDouble, run: Run, policy: Write, readable: bool
) -> None:
    """Else its subscriptions would be judged by the wrong settings: no report, 1."""
    subscription = azure.add("Prod", contact=GOOD)
    azure.groups_readable = readable

    ran = run("audit", "-o", "json", "--policy", policy(f"minimum_emails = 1\n{SANDBOX}"))

    assert (ran.code, ran.out, asked(azure, subscription)) == (1, b"", [])
    assert "Sandbox" in ran.err


def test_a_group_that_cannot_be_read_is_told_as_the_policys(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """Nobody gave that option."""
    azure.add("Prod", contact=GOOD)

    ran = run("audit", "--policy", policy(f"minimum_emails = 1\n{SANDBOX}"))

    assert "--management-group" not in ran.err


def test_a_group_is_asked_for_once(azure: AzureDouble, run: Run, policy: Write) -> None:
    """Two overrides may name the same one."""
    azure.group("Sandbox", subscriptions=[azure.add("Prod", contact=GOOD)])
    second = SANDBOX.replace("Sandbox", "SANDBOX")

    run("audit", "--policy", policy(f"minimum_emails = 1\n{SANDBOX}{second}"))

    assert len([one for one in azure.arm_asked() if "descendants" in one.path]) == 1


def test_an_override_that_matches_nothing_is_said(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """A misspelt name leaves a subscription judged by less than was meant."""
    azure.add("Prod", contact=GOOD)

    ran = run("audit", "--policy", policy('[[override]]\nsubscription = "Prdo"\nprofile = "cis"\n'))

    assert "the override of Prdo matches no subscription in scope\n" in ran.err
    assert "override 1: no subscription is named 'Prdo' -- did you mean Prod (" in ran.err


def test_a_policy_is_judged_offline_as_it_was(
    azure: AzureDouble, run: Run, policy: Write, tmp_path: Path
) -> None:
    """A recording holds what the overrides need."""
    azure.group("sandbox", subscriptions=[azure.add("Prod", contact=GOOD)])
    azure.add("Other")
    file = policy(f"minimum_emails = 2\n{SANDBOX}{waiver('Other')}")
    tape = str(tmp_path / "tape")

    recorded = run("audit", "-o", "json", "--policy", file, "--record", tape)
    replayed = run("audit", "-o", "json", "--policy", file, "--replay", tape)

    assert [row["verdict"] for row in rows(recorded)] == ["non-compliant", "waived"]
    assert rows(replayed) == rows(recorded)


# plan and apply

WISH = ("--email", "new@contoso.com")


def statuses(ran: Ran) -> list[str]:
    """Return the status of each row of a plan or a result."""
    return [row["status"] for row in json.loads(ran.out)["subscriptions"]]


def test_a_waived_subscription_is_left_alone(
    azure: AzureDouble, run: Run, policy: Write, tmp_path: Path
) -> None:
    """By plan and by apply, in one go or from a saved plan; the others are written."""
    waived, other = azure.add("Prod"), azure.add("Other")
    file = policy(waiver())
    saved, state = str(tmp_path / "plan.json"), str(tmp_path / "state")
    yes = ("--yes", "-o", "json", "--state-dir", state)

    planned = run("plan", "-o", "json", *WISH, "--policy", file, "--save", saved)
    from_plan = run("apply", *yes, saved)
    at_once = run("apply", *yes, *WISH, "--policy", file)

    assert (planned.code, statuses(planned)) == (3, ["waived", "change"])
    assert (from_plan.code, statuses(from_plan)) == (0, ["waived", "done"])
    assert (at_once.code, statuses(at_once)) == (0, ["waived", "already"])
    assert {one.path.split("/")[2] for one in azure.writes()} == {other.id}
    assert (waived.contact, waived.contacts_2017) == (None, [])


@pytest.mark.parametrize("more", [[], ["--failing-only"]])
@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(waiver(), "waived", id="of all checks"),
        pytest.param(waiver(check=EMAIL), "waived", id="of the failing check"),
        pytest.param(waiver(check=OWNER), "change", id="of another check"),
        pytest.param(waiver(days=-1), "change", id="expired"),
        pytest.param(waiver("Prdo"), "change", id="of another subscription"),
        pytest.param(waiver(check=EMAIL) + "subscriptions = 1", None, id="a wrong policy"),
    ],
)
def test_only_a_waiver_that_counts_holds_a_plan_back(
    azure: AzureDouble, run: Run, policy: Write, more: list[str], text: str, status: str | None
) -> None:
    """As in the audit."""
    azure.add("Prod")

    ran = run("plan", "-o", "json", *WISH, "--policy", policy(text), *more)

    if status is None:
        assert (ran.code, ran.out, azure.asked) == (2, b"", [])
    else:
        assert (ran.code, statuses(ran)) == (0 if status == "waived" else 3, [status])


def test_a_waiver_of_what_complies_holds_no_plan_back(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """It is not waived, it complies; the wish is another matter, unless --failing-only."""
    azure.add("Prod", contact=GOOD)
    file = policy(waiver())

    plan = run("plan", "-o", "json", *WISH, "--policy", file)
    failing = run("plan", "-o", "json", *WISH, "--policy", file, "--failing-only")

    assert (statuses(plan), statuses(failing)) == (["change"], ["nothing"])


def test_failing_only_judges_by_the_policy(azure: AzureDouble, run: Run, policy: Write) -> None:
    """Its overrides, too."""
    azure.add("Prod", contact=GOOD)
    azure.add("Strict", contact=GOOD)
    file = policy(
        '[[override]]\nsubscription = "strict"\nchecks = ["minimum-emails"]\nminimum_emails = 2\n'
    )

    ran = run("plan", "-o", "json", *WISH, "--failing-only", "--policy", file)

    assert statuses(ran) == ["nothing", "change"]


def test_a_waiver_costs_no_other_subscription_a_request(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """Nor can a check that the cloud lacks keep a plan from those that nobody waived."""
    azure.add("Prod")
    other = azure.add("Other", contact=GOOD)
    file = policy('profile = "cis"\n' + waiver())
    azure.offered = {V2017, V2020}

    ran = run("plan", "-o", "json", *WISH, "-s", "Prod", "-s", "Other", "--policy", file)

    assert statuses(ran)[1] == "change"
    assert len(asked(azure, other)) == 3


def test_a_saved_plan_is_applied_whatever_the_variables_of_audit_say(
    azure: AzureDouble, run: Run, policy: Write, tmp_path: Path
) -> None:
    """Who exports a policy for audit and plan applies the plan in the same shell."""
    azure.add("Prod")
    saved = str(tmp_path / "plan.json")
    more = {"CONTACTS_AUDIT_POLICY": policy('profile = "cis"')}
    run("plan", *WISH, "--save", saved, **more)

    ran = run("apply", "--yes", "--state-dir", str(tmp_path / "state"), saved, **more)

    assert ran.code == 0


def test_a_policy_that_is_given_with_a_plan_is_not_ignored(
    azure: AzureDouble, run: Run, policy: Write, tmp_path: Path
) -> None:
    """Whoever waives between plan and apply must not see it written: left alone, or refused."""
    azure.add("Prod")
    saved = str(tmp_path / "plan.json")
    run("plan", *WISH, "--save", saved)
    more = ("--policy", policy(waiver()), "--yes", "--state-dir", str(tmp_path / "state"))

    run("apply", saved, *more)

    assert azure.writes() == []


def test_overrides_that_leave_a_check_without_its_value_are_2_before_any_list(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """The group asks for the check, the subscription takes its value away."""
    first, second = azure.add("First"), azure.add("Second", contact=GOOD)
    azure.group("sandbox", subscriptions=[second])
    file = policy(
        '[[override]]\nmanagement_group = "sandbox"\nchecks = ["required-email"]\n'
        'required_emails = ["a@b.com"]\n'
        '[[override]]\nsubscription = "second"\nrequired_emails = []\n'
    )

    ran = run("audit", "-o", "jsonl", "--workers", "1", "--policy", file)

    assert (ran.code, ran.out, asked(azure, first)) == (2, b"", [])
