"""What waivers do to rows, exit codes and warnings, against the double."""

from datetime import UTC, date, datetime, timedelta

import pytest
from audit.judged_runs import (
    EMAIL,
    GOOD,
    NOTHING,
    OWNER,
    Write,
    alert,
    checking,
    failed,
    only,
    report,
    rows,
    waiver,
)
from azure_double import AzureDouble
from conftest import Run


def test_a_waived_subscription_does_not_raise_the_exit_code(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """The finding stays in the report, with the owner and the end of the waiver."""
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


def test_a_waiver_does_not_lower_the_exit_code(azure: AzureDouble, run: Run, policy: Write) -> None:
    """What else fails or cannot be read counts as before."""
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
    """Case does not matter."""
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
def test_an_expired_waiver_does_not_count_and_is_warned_of(
    azure: AzureDouble, run: Run, policy: Write, days: int, verdict: str, said: str | None
) -> None:
    """A waiver is valid through its day, UTC."""
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


def test_a_waiver_that_matches_nothing_is_warned_of_once(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """`--quiet` silences the warning."""
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
    """A waiver of one check does not cover another."""
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


def test_a_waiver_of_a_compliant_subscription_is_not_used(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """There is nothing to waive, and no warning."""
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
    """Skipped goes before waived; the waiver still matches."""
    azure.add("Prod", state=state)
    azure.add("Good", contact=GOOD)

    ran = run("audit", "-o", "json", "--policy", policy(waiver()))

    assert [row["verdict"] for row in rows(ran)] == ["skipped", "compliant"]
    assert "matches no subscription" not in ran.err


@pytest.mark.parametrize("form", ["table", "tsv", "jsonl"])
def test_a_waiver_shows_in_every_format(
    azure: AzureDouble, run: Run, policy: Write, form: str
) -> None:
    """Every format has the owner and the end of the waiver."""
    azure.add("Prod")

    ran = run("audit", "-o", form, "--policy", policy(waiver()))

    expires = datetime.now(UTC).date() + timedelta(days=100)
    assert ran.code == 0
    assert all(word in ran.text for word in ("waived", str(expires), "moving", "ops"))
