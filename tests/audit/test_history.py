"""The history of many runs: the last of each day, what changed between any two, and no shards."""

from typing import Any

import pytest

from contacts_audit.audit.history import document, history
from contacts_audit.core.errors import UsageError

ONE, TWO = ("00000001-0000-4000-8000-000000000000", "00000002-0000-4000-8000-000000000000")


def row(id: str, verdict: str) -> dict[str, Any]:
    """Return the row of a subscription."""
    error = {"reason": "forbidden", "message": "no"} if verdict == "unreadable" else None
    return {
        "id": id,
        "name": None,
        "state": "Enabled",
        "verdict": verdict,
        "emails": [],
        "error": error,
        "findings": [],
    }


def report(finished: str, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return what of a report a history reads."""
    verdicts = [each["verdict"] for each in rows]
    names = ("compliant", "non-compliant", "unreadable", "waived", "skipped")
    return {
        "finished": finished,
        "recorded": None,
        "cloud": "AzureCloud",
        "tenants": ["t"],
        "checks": ["contact-email"],
        "shard": None,
        "summary": {name.replace("-", "_"): verdicts.count(name) for name in names},
        "subscriptions": rows,
        **more,
    }


def test_the_last_run_of_a_day_counts_and_each_change_is_told() -> None:
    """Also a change that the evening took back; what stays as it was is not told."""
    failing = row(ONE, "non-compliant")

    told = document(
        history(
            [
                ("a", report("2026-11-01T04:15:00Z", failing)),
                ("b", report("2026-11-01T12:00:00Z", row(ONE, "compliant"))),
                ("c", report("2026-11-01T23:59:59Z", failing)),
                (
                    "d",
                    report(
                        "2026-11-02T04:15:00Z", row(ONE, "non-compliant"), row(TWO, "compliant")
                    ),
                ),
                ("e", report("2026-11-03T04:15:00Z", row(TWO, "unreadable"))),
            ]
        )
    )

    assert [(day["date"], day["report"], day["in_scope"]) for day in told["days"]] == [
        ("2026-11-01", "c", 1),
        ("2026-11-02", "d", 2),
        ("2026-11-03", "e", 1),
    ]
    assert [day["unreadable"] for day in told["days"]] == [0, 0, 1]
    assert [(one["at"], one["id"], one["class"]) for one in told["changes"]] == [
        ("2026-11-01T12:00:00Z", ONE, "fixed"),
        ("2026-11-01T23:59:59Z", ONE, "new"),
        ("2026-11-02T04:15:00Z", TWO, "appeared"),
        ("2026-11-03T04:15:00Z", TWO, "became-unreadable"),
        ("2026-11-03T04:15:00Z", ONE, "disappeared"),
    ]


def test_a_replay_is_of_the_day_on_which_it_was_recorded() -> None:
    """Not of the day on which somebody replayed it."""
    found = history([("a", report("2026-11-30T00:00:00Z", recorded="2026-01-01T00:00:00Z"))])

    assert str(found.days[0].day) == "2026-01-01"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"shard": "0/4"}, "merge"),
        ({"cloud": "AzureUSGovernment"}, "a folder of their own"),
        ({"tenants": ["other"]}, "a folder of their own"),
    ],
)
def test_what_cannot_be_compared_is_refused(more: dict[str, Any], says: str) -> None:
    """A shard is a part, and another tenant's subscriptions have not disappeared."""
    reports = [
        ("a", report("2026-11-01T00:00:00Z")),
        ("b", report("2026-11-02T00:00:00Z", **more)),
    ]

    with pytest.raises(UsageError, match=r"^b is ") as caught:
        history(reports)
    assert says in str(caught.value.hint)


def test_nothing_is_no_history() -> None:
    """An empty folder is a slip, and no page."""
    with pytest.raises(UsageError):
        history([])
