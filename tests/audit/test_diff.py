"""What differs between two reports, and what somebody has to look at."""

import json
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble
from conftest import ROOT, Run, run_in

from contacts_audit.audit.diff import ChangeKind, Difference, other_checks

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
VERDICTS = ("compliant", "non-compliant", "waived", "unreadable", "skipped")


def row(verdict: str, id_: str = "a", **more: Any) -> dict[str, Any]:
    """Return a row of a report, as far as a comparison looks at it."""
    error = {"reason": "forbidden", "message": "no"} if verdict == "unreadable" else None
    found = [{"check": "contact-email", "message": "none"}]
    return {
        "id": id_,
        "name": "Prod",
        "state": "Enabled",
        "verdict": verdict,
        "emails": [],
        "error": error,
        "findings": found if verdict in ("non-compliant", "waived") else [],
        **more,
    }


@pytest.mark.parametrize(
    ("old", "new", "change", "worse"),
    [
        ("compliant", "non-compliant", "new", True),
        ("waived", "non-compliant", "new", True),
        ("unreadable", "non-compliant", "new", True),
        ("skipped", "non-compliant", "new", True),
        ("non-compliant", "compliant", "fixed", False),
        ("waived", "compliant", "fixed", False),
        ("unreadable", "compliant", "became-readable", False),
        ("skipped", "compliant", "became-readable", False),
        ("compliant", "waived", "waived", False),
        ("non-compliant", "waived", "waived", False),
        ("unreadable", "waived", "waived", False),
        ("non-compliant", "non-compliant", "still-failing", False),
        ("unreadable", "unreadable", "still-unreadable", False),
        ("compliant", "unreadable", "became-unreadable", True),
        ("non-compliant", "unreadable", "became-unreadable", True),
        ("skipped", "unreadable", "became-unreadable", True),
        ("compliant", "compliant", "unchanged", False),
        ("waived", "waived", "unchanged", False),
        ("skipped", "skipped", "unchanged", False),
        ("compliant", "skipped", "disappeared", True),
        (None, "compliant", "appeared", False),
        (None, "skipped", "appeared", False),
        (None, "non-compliant", "appeared", True),
        (None, "unreadable", "appeared", True),
        ("compliant", None, "disappeared", True),
        ("non-compliant", None, "disappeared", True),
    ],
)
def test_each_pair_of_verdicts_has_one_class(
    old: str | None, new: str | None, change: str, worse: bool
) -> None:
    """The class is the one in the contract, and `worse` marks what got worse."""
    found = Difference(old and row(old), new and row(new))  # type: ignore[arg-type]

    assert (found.change, found.worse) == (change, worse)


def test_no_pair_is_without_a_class() -> None:
    """Every old verdict with every new verdict, and subscriptions that only one report has."""
    for old in (*VERDICTS, None):
        for new in (*VERDICTS, None):
            if old or new:
                found = Difference(old and row(old), new and row(new))  # type: ignore[arg-type]
                assert found.change in ChangeKind
                assert isinstance(found.message, str)


@pytest.mark.parametrize(
    ("more", "differs"),
    [
        ({}, False),
        ({"name": "Other", "state": "Warned"}, False),
        ({"emails": ["b@contoso.com"]}, True),
        ({"findings": [{"check": "reachable", "message": "x"}]}, True),
        ({"findings": [{"check": "contact-email", "message": "other words"}]}, False),
    ],
)
def test_what_counts_as_a_change(more: dict[str, Any], differs: bool) -> None:
    """Verdict, addresses, reason and failing checks count; names and messages do not."""
    assert Difference(row("non-compliant"), row("non-compliant", **more)).differs is differs


def report(folder: Path, name: str, run: Run, *arguments: str) -> str:
    """Write a report of an audit, and return where it is."""
    path = folder / name
    run("audit", "-q", "--report", str(path), *arguments)
    return str(path)


def test_two_reports_are_compared(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Rows keep the order of the newer report; the exit code is 3 if something got worse."""
    first = azure.add("First", contacts_2017=GOOD)
    azure.add("Second")
    azure.add("Gone", contacts_2017=GOOD)
    old = report(tmp_path, "old.json", run)
    first.contacts_2017 = []
    azure.subscriptions[1].contacts_2017 = GOOD
    azure.subscriptions.pop()
    new = report(tmp_path, "new.json", run)

    text, document = run("diff", old, new), run("diff", old, new, "-o", "json")

    told = json.loads(document.out)
    assert (text.code, document.code) == (3, 3)
    assert [line.split()[0] for line in text.text.splitlines()[1:]] == [
        *("new", "fixed", "disappeared")
    ]
    assert {*told} == {"schema", "kind", "old", "new", "worse", "summary", "subscriptions"}
    assert (told["kind"], told["worse"], told["old"], told["new"]) == ("diff", True, old, new)
    assert {*told["summary"]} == {*map(str, ChangeKind)}
    assert told["summary"]["new"] == 1
    assert {*told["subscriptions"][0]} == {
        *("id", "name", "class", "old_verdict", "new_verdict", "message")
    }
    assert azure.writes() == []


def test_equal_reports_differ_in_nothing(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Nothing is printed, and the exit code is 0, although something still fails."""
    azure.add("First", contacts_2017=GOOD)
    old = report(tmp_path, "old.json", run)

    ran = run("diff", old, old)

    assert (ran.code, ran.out) == (0, b"")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b'{"schema":1,"tool":{"name":"other"},"subscriptions":[]}',
        b'{"schema":2,"tool":{"name":"contacts-audit"},"subscriptions":[]}',
        b'{"schema":1,"tool":{"name":"contacts-audit"},"subscriptions":[{}]}',
        b'{"schema":1,"tool":{"name":"contacts-audit"},"subscriptions":[{"verdict":"x"}]}',
        b'{"schema":1,"tool":{"name":"contacts-audit"}}',
    ],
)
def test_a_file_that_is_not_a_report_is_wrong_usage(tmp_path: Path, text: bytes) -> None:
    """One line and exit code 2, for `diff` and for a baseline, before any request."""
    path = tmp_path / "x.json"
    path.write_bytes(text)
    fixture = str(ROOT / "fixtures/contoso")

    diffed = run_in({}, "diff", str(path), str(path))
    audited = run_in({}, "audit", "--replay", fixture, "--only-changes", "--baseline", str(path))

    assert (diffed.code, diffed.err.count("\n")) == (2, 1)
    assert (audited.code, audited.out, audited.err.count("\n")) == (2, b"", 1)


def test_a_report_that_is_missing_is_wrong_usage(tmp_path: Path) -> None:
    """There is nothing to compare with."""
    assert run_in({}, "diff", str(tmp_path / "a"), str(tmp_path / "b")).code == 2


# --only-changes


def test_a_night_without_change_prints_nothing(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Nothing on stdout or stderr; the exit code is that of the audit, the report is whole."""
    azure.add("First", contacts_2017=GOOD)
    azure.add("Second")
    azure.add("Locked", readable=False)
    path = tmp_path / "report.json"
    run("audit", "-q", "--report", str(path))
    before = json.loads(path.read_text())["subscriptions"]

    ran = run("audit", "--only-changes", "--baseline", str(path), "--report", str(path))

    after = json.loads(path.read_text())["subscriptions"]
    assert (ran.code, ran.out, ran.err) == (4, b"", "")
    assert [each["verdict"] for each in before] == [each["verdict"] for each in after]


@pytest.mark.parametrize("quiet", [[], ["-q"]], ids=["loud", "quiet"])
def test_a_change_is_printed(
    azure: AzureDouble, run: Run, tmp_path: Path, quiet: list[str]
) -> None:
    """Rows that changed and subscriptions that left the scope are printed, even with `--quiet`."""
    azure.add("First", contacts_2017=GOOD)
    second = azure.add("Second", contacts_2017=GOOD)
    azure.add("Gone", contacts_2017=GOOD)
    path = report(tmp_path, "old.json", run)
    second.contacts_2017 = []
    azure.subscriptions.pop()
    azure.add("Fresh", contacts_2017=GOOD)

    table = run("audit", "--only-changes", "--baseline", path, *quiet)
    document = run("audit", "--only-changes", "--baseline", path, "-o", "json", *quiet)
    shaped = run("audit", "--only-changes", "--baseline", path, "--jq", ".summary.in_scope")
    lines = run("audit", "--only-changes", "--baseline", path, "-o", "jsonl")

    told = json.loads(document.out)
    assert (table.code, document.code) == (3, 3)
    assert [line.split()[0] for line in table.text.splitlines()[1:]] == [
        *("non-compliant", "compliant", "disappeared")
    ]
    assert [each["name"] for each in told["subscriptions"]] == ["Second", "Fresh"]
    assert [each["name"] for each in told["disappeared"]] == ["Gone"]
    assert told["summary"]["in_scope"] == 3
    assert shaped.text == "3\n"
    records = [json.loads(line)["record"] for line in lines.text.splitlines()]
    assert records == ["subscription", "subscription", "disappeared", "summary"]


def test_the_first_night_has_no_baseline(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """A missing baseline counts as empty and is mentioned once; it may be the report of the run."""
    azure.add("First", contacts_2017=GOOD)
    path = str(tmp_path / "report.json")
    arguments = ("audit", "--only-changes", "--baseline", path, "--report", path)

    first, second = run(*arguments), run(*arguments)

    assert first.err.count("does not exist") == 1
    assert "First" in first.text
    assert (second.code, second.out, second.err) == (0, b"", "")


@pytest.mark.parametrize("arguments", [["--only-changes"], ["--baseline", "x.json"]])
def test_the_two_options_need_each_other(
    azure: AzureDouble, run: Run, arguments: list[str]
) -> None:
    """Exit 2 before anything is sent."""
    ran = run("audit", *arguments)

    assert (ran.code, azure.asked) == (2, [])


def test_metrics_can_be_read_by_their_collector(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """The mode is 0644, because the collector is another user; a failed run keeps the old file."""
    azure.add("First", contacts_2017=GOOD)
    path = tmp_path / "contacts.prom"
    run("audit", "-q", "--report", str(path))
    before = path.read_text()

    ran = run("audit", "-q", "--report", str(path), AZURE_CLIENT_SECRET="wrong")

    assert path.stat().st_mode & 0o777 == 0o644
    assert (ran.code, path.read_text()) == (1, before)


def test_a_failed_run_is_reported_whatever_changed(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Only a night that was audited is silent."""
    azure.add("First", contacts_2017=GOOD)
    path = report(tmp_path, "old.json", run)

    ran = run("audit", "--only-changes", "--baseline", path, AZURE_CLIENT_SECRET="wrong")

    assert (ran.code, ran.err.count("\n")) == (1, 1)


def test_many_checks_of_a_stranger_are_cut() -> None:
    """A report of another hand may name any number of them, of any length."""
    many = [f"check-{number}" for number in range(50_000)]

    said = other_checks(many, ["x" * 10_000])

    assert said.startswith("also xxx")
    assert "; not check-0, check-1" in said
    assert len(said) < 1100
