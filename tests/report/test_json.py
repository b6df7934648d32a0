"""The JSON report follows its schema, and JSON lines hold the same."""

import json
from collections.abc import Iterator
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from report.basic_report import (
    HOSTILE,
    NOON,
    OUTCOMES,
    REPORT,
    SCHEMA,
    TENANT,
    V2017,
    everywhere,
    failing,
    faults,
    passing,
    report,
    subscription,
    text,
    without,
)

from contacts_audit.core.errors import HINTS, Reason
from contacts_audit.core.model import (
    Check,
    Fault,
    Outcome,
    Profile,
    Report,
    Run,
    Skipped,
    Subscription,
    Unread,
    Verdict,
)
from contacts_audit.report import RENDERERS, Format


def parsed(of: Report) -> dict[str, Any]:
    """Return the JSON report, read back."""
    document: dict[str, Any] = json.loads(text(of, Format.JSON))
    return document


def test_the_schema_is_valid() -> None:
    """It is JSON Schema, draft 2020-12."""
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_the_schema_allows_every_reason_and_verdict() -> None:
    """A new reason does not make a validation fail."""
    definitions = SCHEMA["$defs"]

    assert set(definitions["verdict"]["enum"]) == set(Verdict)
    assert set(definitions["error"]["properties"]["reason"]["enum"]) == set(Reason)
    assert set(definitions["check"]["enum"]) >= set(Check)
    assert set(SCHEMA["properties"]["profile"]["enum"]) >= {*Profile, None}


REPORTS = [
    pytest.param(REPORT, id="all kinds"),
    pytest.param(report(), id="nothing in scope"),
    pytest.param(report(passing(1, "Prod", "a@contoso.com")), id="compliant"),
    pytest.param(report(failing(1, "Prod")), id="non-compliant"),
    pytest.param(report(Skipped(Subscription("0" * 8 + TENANT[8:], state="Deleted"))), id="nulls"),
    pytest.param(report(failing(1, HOSTILE, HOSTILE)), id="hostile"),
    pytest.param(
        report(
            passing(1, "Prod", "a@contoso.com"),
            run=Run(
                "1.0.0", NOON, "arm.stack.example:8443", (), None, (Check.CONTACT_EMAIL,), None
            ),
        ),
        id="one's own cloud",
    ),
    *(
        pytest.param(report(Unread(subscription(1), Fault(reason, "x", HINTS[reason]))), id=reason)
        for reason in Reason
    ),
]


@pytest.mark.parametrize("of", REPORTS)
def test_a_report_follows_the_schema(of: Report) -> None:
    """This holds for all outcomes."""
    assert faults(parsed(of)) == []


def keys_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each key in *value*."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, below in items:
        if isinstance(value, dict):
            yield (*path, key)
        yield from keys_of(below, (*path, key))


@pytest.mark.parametrize(
    "path", [pytest.param(path, id="/".join(map(str, path))) for path in keys_of(parsed(REPORT))]
)
def test_no_key_may_be_missing(path: tuple[Any, ...]) -> None:
    """All keys are always present, and the schema requires each."""
    assert faults(without(parsed(REPORT), path)) != []


def test_keys_may_be_added() -> None:
    """A newer program may add keys within schema 1."""
    document = parsed(REPORT)
    for place in (document, document["summary"], document["tool"], *document["subscriptions"]):
        place["new"] = 1

    assert faults(document) == []


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the report of all kinds with another *value* at *path*."""
    document = parsed(REPORT)
    place: Any = document
    *way, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    for key in way:
        place = place[key]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("schema", 2, id="another schema"),
        pytest.param("schema", True, id="no number"),
        pytest.param("tool/name", "other", id="another tool"),
        pytest.param("started", "2026-01-31T12:00:00", id="a time without a zone"),
        pytest.param("finished", "2026-01-31", id="a date"),
        pytest.param("profile", "mine", id="unknown profile"),
        pytest.param("checks", [], id="no checks"),
        pytest.param("checks", ["x"], id="unknown check"),
        pytest.param("shard", "1", id="half a shard"),
        pytest.param("exit_code", 0, id="all well, though it is not"),
        pytest.param("exit_code", 3, id="findings, though incomplete"),
        pytest.param("exit_code", 1, id="a code of no report"),
        pytest.param("summary/read", -1, id="negative count"),
        pytest.param("summary/read", 1.5, id="half a subscription"),
        pytest.param("summary/unreadable", 0, id="incomplete, and nothing unread"),
        pytest.param("subscriptions/0/id", "00000001-0000-4000-8000-00000000000", id="short id"),
        pytest.param("subscriptions/0/id", "A" * 8 + TENANT[8:], id="id in capitals"),
        pytest.param("subscriptions/0/verdict", "pass", id="unknown verdict"),
        pytest.param("subscriptions/0/verdict", "non-compliant", id="a failure without a finding"),
        pytest.param("subscriptions/0/verdict", "unreadable", id="unread without an error"),
        pytest.param("subscriptions/0/verdict", "waived", id="waived without a waiver"),
        pytest.param("subscriptions/0/verdict", "skipped", id="skipped, and read"),
        pytest.param("subscriptions/0/decided_by", None, id="decided by nobody"),
        pytest.param("subscriptions/0/emails", ["a"], id="no address"),
        pytest.param("subscriptions/1/verdict", "compliant", id="a pass with findings"),
        pytest.param("subscriptions/1/findings/0/check", "x", id="a finding of no check"),
        pytest.param("subscriptions/3/verdict", "compliant", id="a pass with an error"),
        pytest.param("subscriptions/3/error/reason", "x", id="unknown reason"),
        pytest.param("subscriptions/3/error", None, id="no error"),
        pytest.param("subscriptions/3/contacts/0/enabled", "yes", id="a switch in words"),
        pytest.param("subscriptions/3/decided_by", V2017, id="unread, and decided"),
        pytest.param("subscriptions/5/waiver", {}, id="half a waiver"),
    ],
)
def test_a_report_that_contradicts_itself_is_refused(path: str, value: object) -> None:
    """The schema allows no impossible row."""
    assert faults(changed(path, value)) != []


def test_a_waived_row_is_allowed() -> None:
    """The schema covers waivers."""
    document = changed("subscriptions/1/verdict", "waived")
    document["subscriptions"][1]["waiver"] = {
        "reason": "migration",
        "owner": "ops",
        "expires": "2026-06-30",
        "check": None,
    }

    assert faults(document) == []


def test_json_lines_are_the_same_report() -> None:
    """One line for each subscription; the last has all other keys, and marks the end."""
    *rows, last = map(json.loads, text(REPORT, Format.JSONL).splitlines())

    assert {row.pop("record") for row in rows} == {"subscription"}
    assert last.pop("record") == "summary"
    assert {**last, "subscriptions": rows} == parsed(REPORT)


def test_each_line_is_yielded_alone() -> None:
    """A reader of the stream gets each row at once."""
    lines = list(RENDERERS[Format.JSONL](REPORT))

    assert [line.count("\n") for line in lines] == [1] * (len(OUTCOMES) + 1)


some_outcomes = st.lists(
    st.sampled_from(
        [
            passing(1, "a", "a@contoso.com"),
            failing(2, "b"),
            Unread(subscription(3), Fault(Reason.TIMEOUT, "x", "y")),
            Skipped(subscription(4)),
        ]
    )
)


@given(some_outcomes)
def test_the_counts_add_up(outcomes: list[Outcome]) -> None:
    """Each subscription is counted once, and has one row."""
    document = parsed(report(*outcomes))
    counts = document["summary"]

    assert counts["in_scope"] == len(outcomes) == len(document["subscriptions"])
    assert counts["in_scope"] == counts["read"] + counts["unreadable"] + counts["skipped"]
    assert counts["read"] == counts["compliant"] + counts["non_compliant"] + counts["waived"]
    for verdict in Verdict:
        rows = [row for row in document["subscriptions"] if row["verdict"] == verdict]
        assert counts[verdict.replace("-", "_")] == len(rows)
    assert document["exit_code"] == (
        4 if counts["unreadable"] else 3 if counts["non_compliant"] else 0
    )
    assert faults(document) == []


def test_times_are_in_utc() -> None:
    """This holds in any time zone."""
    run = Run("1", NOON.astimezone(timezone(timedelta(hours=9))), "x", (), None, (), None)

    assert parsed(report(run=run))["started"] == "2026-01-31T12:00:00Z"


def test_the_facts_of_a_failure_are_kept() -> None:
    """Azure support asks for status, code and request id."""
    assert parsed(REPORT)["subscriptions"][3]["error"] == {
        "reason": "forbidden",
        "status": 403,
        "code": "AuthorizationFailed",
        "message": "AuthorizationFailed: The client does not have authorization.",
        "request_id": "11111111-2222-3333-4444-555555555555",
        "hint": HINTS[Reason.FORBIDDEN],
    }


def test_hostile_text_is_kept_in_json() -> None:
    """A program that parses the report gets the exact text."""
    (row, *_) = parsed(everywhere(HOSTILE))["subscriptions"]

    assert (row["name"], row["findings"][0]["message"]) == (HOSTILE, HOSTILE)
