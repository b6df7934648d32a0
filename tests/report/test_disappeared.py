"""Each format shows the subscriptions that are no longer in scope."""

import json
import re

from junitparser import Skipped as SkippedCase
from report.varied_report import FAILING, REPORT, findings, report, rows, suite, tables, text

from contacts_audit.report import (
    json_,
    jsonl,
    markdown,
    prometheus,
    table,
    tsv,
)

LOST = "00000008-0000-4000-8000-000000000000"
CHANGES = report(FAILING)._replace(
    whole=REPORT.verdicts,
    gone=({"id": LOST, "name": "=Gone\x1b|", "verdict": "waived"},),
)
FATE = "no longer in scope; was waived"


def test_csv_shows_what_disappeared() -> None:
    """`disappeared` is in the place of a verdict, and unknown cells are empty."""
    assert rows(CHANGES)[2:] == [
        [LOST, "'=Gone\\x1b|", "", "", "disappeared", "", "", "", FATE, *[""] * 7]
    ]
    assert [*tsv.render(CHANGES)][1:] == [f"{LOST}\t=Gone\\x1b|\t\t\tdisappeared\t\t\t\t{FATE}\n"]


def test_markdown_shows_what_disappeared() -> None:
    """The row is in the table; the counts are those of the whole audit."""
    counts, (_, *lines) = tables(CHANGES)

    assert counts[-1] == ["in scope", "7"]
    assert lines[1] == ["disappeared", "=Gone\\x1b|", LOST, "", FATE, ""]
    assert "only those that changed" in text(CHANGES, markdown.render)


def test_json_lines_show_what_disappeared() -> None:
    """There is a record of its own kind before the summary, equal to that of the JSON report."""
    lines = [json.loads(line) for line in jsonl.render(CHANGES)]
    (lost,) = json.loads(text(CHANGES, json_.render))["disappeared"]

    assert [line["record"] for line in lines] == ["subscription", "disappeared", "summary"]
    assert lines[1] == {"record": "disappeared", **lost}
    assert lost == {"id": LOST, "name": "=Gone\x1b|", "verdict": "waived"}


def test_a_testcase_that_disappeared_is_skipped() -> None:
    """It did not run, so it neither passed nor failed."""
    _, lost = suite(CHANGES)

    assert lost.name == f"=Gone\\x1b| ({LOST})"
    assert lost.time == 0
    assert [(type(one), one.message) for one in lost.result] == [(SkippedCase, FATE)]


def test_a_finding_that_disappeared_is_not_closed() -> None:
    """Nobody knows whether it was fixed: it is no pass, no failure, and no event says Close."""
    *_, lost = findings(CHANGES)

    assert (lost["status_code"], lost["message"]) == ("disappeared", FATE)
    assert (lost["compliance"]["status_id"], lost["compliance"]["status"]) == (99, "Disappeared")
    assert lost["activity_id"] == 1


def test_no_metric_shows_what_disappeared() -> None:
    """Its series ends."""
    assert LOST not in text(CHANGES, prometheus.render)


def test_the_table_shows_what_disappeared() -> None:
    """Both in a pipe and folded to a terminal."""
    for shown in ("".join(table.render(CHANGES)), "".join(table.render(CHANGES, 200, plain=True))):
        last = shown.splitlines()[-1]
        assert re.split("  +", last) == ["disappeared", "=Gone\\x1b|", LOST, FATE]
