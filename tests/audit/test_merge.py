"""A run that was split is one report again, or none."""

import json
from pathlib import Path

import pytest
from audit.merges import CONTOSO, Document, Forge, first, forged, merged, printed_report, shards
from conftest import run_in
from report.varied_report import OUTCOMES, REPORT

from contacts_audit.audit import merge, report_file
from contacts_audit.report import RENDERERS, Format, json_


@pytest.mark.parametrize(
    "more",
    [
        pytest.param([], id="the rule alone"),
        pytest.param(["--policy", str(CONTOSO / "policy.toml")], id="overrides and waivers"),
        pytest.param(["--profile", "strict"], id="all checks"),
    ],
)
def test_the_shards_together_are_the_whole(tmp_path: Path, more: list[str]) -> None:
    """In any order they have every row, count and exit code of one run."""
    names = shards(tmp_path, 3, *more)
    whole = run_in({}, "audit", "--replay", str(CONTOSO), "-o", "json", *more)

    ran = merged("-o", "json", *reversed(names))

    assert ran.code == whole.code
    assert printed_report(ran) == printed_report(whole)
    assert merged("-o", "json", *names).out == ran.out


@pytest.mark.parametrize("form", list(Format))
def test_every_format_equals_that_of_the_audit(tmp_path: Path, form: Format) -> None:
    """A report that is read back renders to the same bytes."""
    path = tmp_path / "report.json"
    path.write_text("".join(json_.render(REPORT)))
    report = merge.report_from(report_file.read(path.read_bytes(), "x"), "x")

    again = "".join(RENDERERS[form](report))

    unknown = REPORT._replace(run=REPORT.run._replace(invocation=None))  # how it was started
    assert again == "".join(RENDERERS[form](unknown))


def test_a_report_that_was_not_split_is_whole(tmp_path: Path) -> None:
    """It can be rendered in another format, hours later."""
    path = tmp_path / "report.json"
    path.write_text("".join(json_.render(REPORT)))

    ran = merged(str(path), "-o", "csv")

    assert ran.code == 4
    assert len(ran.text.splitlines()) == 1 + len(OUTCOMES)


def test_its_times_are_those_of_the_audits(tmp_path: Path) -> None:
    """It has the first start and the last end: a merge reads nothing again."""
    names = shards(tmp_path, 2)
    forged(names[0], lambda one: one.update(started="2026-01-01T00:00:00Z"))
    forged(names[1], lambda one: one.update(finished="2027-01-01T00:00:00Z"))

    whole = json.loads(merged("-o", "json", *names).out)

    assert (whole["started"], whole["finished"]) == ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")


def test_a_merge_writes_and_compares_as_audit_does(tmp_path: Path) -> None:
    """--report, --jq, and --baseline with --only-changes work."""
    names = shards(tmp_path, 2)
    page, whole = tmp_path / "x.html", tmp_path / "x.json"

    ran = merged(*names, "--report", str(page), "--report", str(whole), "--jq", ".exit_code")
    again = merged(*names, "--only-changes", "--baseline", str(whole))

    assert (ran.code, ran.out) == (4, b"4\n")
    assert page.read_text().startswith("<!doctype html>")
    assert (again.code, again.out, again.err) == (4, b"", "")


def test_shards_without_subscriptions_count(tmp_path: Path) -> None:
    """With more shards than subscriptions some are empty, and must be there too."""
    names = shards(tmp_path, 40)

    assert merged("-q", *names).code == 4
    assert merged("-q", *names[1:]).code == 4
    assert "0/40" in merged("-q", *names[1:]).err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda one: one.update(checks=["reachable"]), "in its checks", id="checks"),
        pytest.param(lambda one: one.update(cloud="AzureChinaCloud"), "in its cloud", id="cloud"),
        pytest.param(lambda one: one.update(tenants=["x"]), "in its tenants", id="tenants"),
        pytest.param(lambda one: one.update(shard="0/2"), "both shard 0/2", id="twice"),
        pytest.param(lambda one: one.update(shard=None), "one of 1 shards", id="no shard"),
        pytest.param(lambda one: one.update(shard="1/3"), "one of 3 shards", id="another split"),
        pytest.param(lambda one: one["subscriptions"].pop(), "counts", id="a row less"),
        pytest.param(
            lambda one: one["subscriptions"].append(one["subscriptions"][0]),
            "counts",
            id="a row more",
        ),
    ],
)
def test_reports_of_different_audits_are_refused(tmp_path: Path, change: Forge, said: str) -> None:
    """One line, exit code 4, and no output: a part must not look like the whole."""
    names = shards(tmp_path, 2)
    forged(names[1], change)

    ran = merged(*names, "-o", "json")

    assert (ran.code, ran.out, ran.err.count("\n")) == (4, b"", 1)
    assert said in ran.err


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    """A huge number of shards in a file costs no memory."""
    names = shards(tmp_path, 3)
    forged(names[2], lambda one: one.update(shard="2/999999999"))

    two, huge = merged(*names[:2]), merged(names[2])

    assert (two.code, two.out) == (4, b"")
    assert "1 of 3 shards are missing: 2/3" in two.err
    assert (huge.code, huge.out) == (4, b"")
    assert "999999998 of 999999999 shards are missing: 0/999999999" in huge.err


def test_a_subscription_in_two_shards_is_refused(tmp_path: Path) -> None:
    """It would be counted twice."""
    names = shards(tmp_path, 2)
    rows = json.loads(Path(names[0]).read_text())["subscriptions"]

    def add(one: Document) -> None:
        one["subscriptions"].append(rows[0])
        one["summary"]["in_scope"] += 1

    forged(names[1], add)

    ran = merged(*names)

    assert (ran.code, ran.out) == (4, b"")
    assert f"{rows[0]['id']} appears twice" in ran.err


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(first(verdict="compliant"), id="a finding that complies"),
        pytest.param(first(findings=[]), id="a failure without a finding"),
        pytest.param(first(id="../x"), id="no id"),
        pytest.param(first(id="ABCDEF00-0000-4000-8000-000000000000"), id="not its own id"),
        pytest.param(first(name=5), id="a number for a name"),
        pytest.param(first(emails="a@b.c"), id="a text for a list"),
        pytest.param(first(emails=[None]), id="no address"),
        pytest.param(first(contacts=[{}]), id="no contact"),
        pytest.param(
            first(findings=[{"check": "x", "message": "", "api_version": ""}]), id="finding"
        ),
        pytest.param(first(waiver={"reason": "x"}), id="half a waiver"),
        pytest.param(first(checks=["x"]), id="an unknown check"),
        pytest.param(first(decided_by=None), id="decided by nothing"),
        pytest.param(first(verdict="unreadable", error={"reason": "x"}), id="an unknown reason"),
        pytest.param(lambda one: one.update(started="yesterday"), id="no time"),
        pytest.param(lambda one: one.update(finished="2026-01-01"), id="of no time zone"),
        pytest.param(lambda one: one.update(started=None), id="no start"),
        pytest.param(lambda one: one.update(tenants=None), id="no tenants"),
        pytest.param(lambda one: one.update(profile="x"), id="an unknown profile"),
        pytest.param(lambda one: one.update(shard="2/2"), id="no part"),
        pytest.param(lambda one: one.update(shard=[]), id="a list for a part"),
        pytest.param(lambda one: one.pop("summary"), id="no counts"),
        pytest.param(lambda one: one.update(summary=[]), id="a list for counts"),
        pytest.param(lambda one: one.update(tool={"name": "contacts-audit"}), id="no version"),
    ],
)
def test_a_damaged_report_is_wrong_usage(tmp_path: Path, change: Forge) -> None:
    """One line and exit code 2, whichever part is damaged."""
    names = shards(tmp_path, 1)
    forged(names[0], change)

    ran = merged(*names)

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert names[0] in ran.err


@pytest.mark.parametrize("fact", ["status", "message", "code"])
def test_a_damaged_fault_is_wrong_usage(tmp_path: Path, fact: str) -> None:
    """The error of a row is hostile input, too."""

    def change(one: Document) -> None:
        unread = next(row for row in one["subscriptions"] if row["error"] is not None)
        unread["error"][fact] = ["x"]

    (name,) = shards(tmp_path, 1)
    forged(name, change)

    assert merged(name).code == 2
