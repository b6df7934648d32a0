"""What a report says of checks and addresses, against the double."""

from typing import Any

import pytest
from audit.judged_runs import (
    ALERTS,
    CIS,
    EMAIL,
    GOOD,
    NOTHING,
    OWNER,
    STRICT,
    V2017,
    V2023,
    checking,
    failed,
    old,
    only,
    report,
)
from azure_double import AzureDouble
from conftest import Run


@pytest.mark.parametrize("profile", ["cis", "strict"])
def test_contact_email_is_decided_by_the_first_version_that_shows_an_address(
    azure: AzureDouble, run: Run, profile: str
) -> None:
    """2017 shows one and the newest does not, whatever else is checked."""
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
    """They are of the first failing check, else of contact-email, else of the first check."""
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
    """The report says what was judged."""
    azure.add("Prod", contact=GOOD)

    found = report(run("audit", "-o", "json", *arguments))

    assert (found["profile"], found["checks"]) == (profile, checks)
