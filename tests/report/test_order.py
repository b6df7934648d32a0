"""What fails is looked at first; what is left out is told."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import Run
from report.basic_report import faults
from report.fix_commands import contact

from contacts_audit.core.model import Verdict
from contacts_audit.report import Format

AZURES = ["Good", "Bad", "Old", "Closed", "Waived", "Fine", "Worse"]
URGENT = ["Bad", "Worse", "Closed", "Waived", "Old", "Good", "Fine"]


@pytest.fixture
def asked(azure: AzureDouble, tmp_path: Path) -> list[str]:
    """Let there be a subscription of each verdict, in no good order."""
    for name in AZURES:
        good = name in {"Good", "Fine"}
        one = azure.add(
            name,
            state="Disabled" if name == "Old" else "Enabled",
            readable=name != "Closed",
        )
        one.contact = contact("a@a.example") if good else None
    policy = tmp_path / "policy.toml"
    policy.write_text(
        '[[waiver]]\nsubscription = "Waived"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n'
    )
    return ["audit", "--policy", str(policy)]


def names(form: str, text: str) -> list[str]:
    """Return the names of the rows of a report of this *form*, as they are shown."""
    match form:
        case "json":
            return [row["name"] for row in json.loads(text)["subscriptions"]]
        case "jsonl":
            rows = [json.loads(line) for line in text.splitlines()]
            return [row["name"] for row in rows if row["record"] == "subscription"]
        case "csv":
            return [row["name"] for row in csv.DictReader(io.StringIO(text))]
        case "tsv":
            return [line.split("\t")[1] for line in text.splitlines()]
        case "table":
            return [re.split("  +", line)[1] for line in text.splitlines()[1:]]
        case "markdown":
            return re.findall(r"^\| [a-z-]+ \| (\w+) \| \w+-", text, re.MULTILINE)
        case "html":
            return re.findall(r'class="name"[^>]*>(\w+)<', text)
        case "junit":
            return re.findall(r' name="(\w+) \(', text)
        case "ocsf":
            return [one["resources"][0]["name"] for one in json.loads(text)]
    return re.findall(r'subscription_id="[^"]*(.)"', text)


PEOPLE = ("markdown", "html")
PROGRAMS = ("json", "jsonl", "csv", "tsv", "junit", "ocsf")


@pytest.mark.parametrize("form", PEOPLE)
def test_failures_come_first_for_people(run: Run, asked: list[str], form: str) -> None:
    """Then come unreadable rows; within a verdict the order is that of Azure."""
    assert names(form, run(*asked, "-o", form).text) == URGENT
    assert names(form, run(*asked, "-o", form, "--sort", "azure").text) == AZURES
    assert names(form, run(*asked, "-o", form, CONTACTS_AUDIT_SORT="azure").text) == AZURES


def test_a_piped_table_keeps_its_order(run: Run, asked: list[str]) -> None:
    """Unless `--sort` says otherwise."""
    assert names("table", run(*asked).text) == AZURES
    assert names("table", run(*asked, "--sort", "verdict").text) == URGENT


@pytest.mark.parametrize("form", PROGRAMS)
def test_programs_get_azures_order(run: Run, asked: list[str], form: str) -> None:
    """Scripts depend on it."""
    assert names(form, run(*asked, "-o", form).text) == AZURES
    ran = run(*asked, "-o", form, "--sort", "verdict")
    assert names(form, ran.text) == AZURES
    assert f"--sort applies to table, markdown and html; {form} keeps" in ran.err


def test_files_are_in_the_order_of_their_readers(
    run: Run, asked: list[str], tmp_path: Path
) -> None:
    """Markdown starts with failures, CSV has the order of Azure."""
    run(*asked, "--report", f"{tmp_path}/r.md", "--report", f"{tmp_path}/r.csv")

    assert names("markdown", (tmp_path / "r.md").read_text()) == URGENT
    assert names("csv", (tmp_path / "r.csv").read_text()) == AZURES


@pytest.mark.parametrize("form", [*PEOPLE, *PROGRAMS, "table"])
def test_only_selects_the_printed_rows(
    run: Run, asked: list[str], form: str, tmp_path: Path
) -> None:
    """Summary, exit code, files and the faults on stderr still cover all."""
    whole = tmp_path / "whole.json"
    wanted = ["Bad", "Closed", "Worse"] if form not in PEOPLE else ["Bad", "Worse", "Closed"]

    ran = run(
        *asked, "-o", form, "--report", str(whole), CONTACTS_AUDIT_ONLY="unreadable;non-compliant"
    )

    assert names(form, ran.text) == wanted
    assert ran.code == 4
    assert "Only unreadable, non-compliant: 3 of 7 are printed" in ran.err
    assert names("json", whole.read_text()) == AZURES
    assert json.loads(whole.read_text())["only"] is None


def test_a_filtered_report_says_so(run: Run, asked: list[str]) -> None:
    """It counts all subscriptions, and names the verdicts that it shows."""
    said = json.loads(run(*asked, "-o", "json", "--only", "waived").text)
    last = json.loads(run(*asked, "-o", "jsonl", "--only", "waived").text.splitlines()[-1])

    for one in (said, last):
        assert one["only"] == ["waived"]
        assert (one["summary"]["in_scope"], one["exit_code"]) == (7, 4)
    assert faults(said) == []
    assert (
        "- listed: only waived (1 of 7)" in run(*asked, "-o", "markdown", "--only", "waived").text
    )
    assert (
        "Showing 1 of 7 subscriptions: only waived."
        in run(*asked, "-o", "html", "--only", "waived").text
    )
    assert 'name="only" value="waived"' in run(*asked, "-o", "junit", "--only", "waived").text


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("form", list(Format))
def test_any_verdict_alone(run: Run, asked: list[str], verdict: Verdict, form: Format) -> None:
    """In every format; with no such row the report is empty, not an error."""
    ran = run(*asked, "-o", form, "--only", verdict, "--exclude", "Fine", "--exclude", "Closed")
    none = run(*asked, "-o", form, "--only", "unreadable", "--exclude", "Closed")

    assert ran.code == none.code == 3
    assert len(names(form, ran.text)) == (
        0 if verdict is Verdict.UNREADABLE else 1 + (verdict is Verdict.NON_COMPLIANT)
    )
    assert names(form, none.text) == []


def test_a_filter_shapes_what_is_left(run: Run, asked: list[str]) -> None:
    """--jq gets the filtered report."""
    ran = run(*asked, "--only", "skipped", "--jq", ".subscriptions[].name", "-r")

    assert ran.text == "Old\n"


def test_a_filtered_report_cannot_be_merged(run: Run, asked: list[str], tmp_path: Path) -> None:
    """It has fewer rows than it counts."""
    part = tmp_path / "part.json"
    part.write_bytes(run(*asked, "-o", "json", "--only", "waived").out)

    ran = run("merge", str(part))

    assert ran.code == 4
    assert "--only" in ran.err


@pytest.mark.parametrize("how", ["diff", "baseline"])
@pytest.mark.parametrize("option", [["--only", "waived"], ["--only-changes", "--baseline", "none"]])
def test_a_filtered_report_cannot_be_a_baseline(
    run: Run, asked: list[str], tmp_path: Path, how: str, option: list[str]
) -> None:
    """Missing rows would look as if they had appeared or disappeared."""
    part = tmp_path / "part.json"
    part.write_bytes(run(*asked, "-o", "json", *option).out)
    words = ["diff", str(part)] if how == "diff" else [*asked, "--only-changes", "--baseline"]

    ran = run(*words, str(part))

    assert ran.code == 2
    assert f"{option[0]} left rows out" in ran.err


def test_commands_cover_only_the_shown_rows(run: Run, azure: AzureDouble, tmp_path: Path) -> None:
    """A ticket about one row changes no other."""
    azure.add("Old").contact = contact(owner=False)
    old = str(tmp_path / "old.json")
    run("audit", "--profile", "cis", "-q", "--report", old)
    new = azure.add("New")

    asked = ["audit", "--profile", "cis", "--only-changes", "--baseline", old]
    ticket = run(*asked, "-o", "markdown").text

    (line,) = re.findall("^contacts-audit plan .*$", ticket, re.MULTILINE)
    assert f"-s {new.id}" in line


def changed(run: Run, azure: AzureDouble, asked: list[str], tmp_path: Path) -> list[str]:
    """Return how to ask for changes, once some were made: one better, one worse, one gone."""
    old = tmp_path / "old.json"
    run(*asked, "-q", "--report", str(old))
    azure.subscriptions[1].contact = contact("a@a.example")
    azure.subscriptions[0].contact = contact()
    azure.subscriptions[3].readable = True
    azure.subscriptions[5].contact = contact("b@a.example")
    del azure.subscriptions[6]
    azure.add("New").contact = contact("a@a.example")
    return [*asked, "--only-changes", "--baseline", str(old)]


WAS = {
    "Good": "compliant (a@a.example)",
    "Bad": "non-compliant (contact-email)",
    "Closed": "unreadable (forbidden)",
    "Fine": "compliant (a@a.example)",
    "New": "not in the baseline",
    "Worse": "non-compliant",
}


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_a_change_shows_the_old_verdict(
    run: Run, azure: AzureDouble, asked: list[str], tmp_path: Path, form: str
) -> None:
    """A mail shows old and new side by side."""
    ran = run(*changed(run, azure, asked, tmp_path), "-o", form)

    if form == "table":
        head, *lines = [re.split("  +", line) for line in ran.text.splitlines()]
    else:
        table = ran.text.split("\n\n")[3].splitlines()
        head, _, *lines = [[cell.strip() for cell in line.split(" |")] for line in table]
        lines = [line[:-1] for line in lines]
    assert head[5:][-1] == "WAS" or "WAS" in head
    assert {line[1].strip("| "): line[-1] for line in lines} == {
        name: was.replace("@", "@") for name, was in WAS.items()
    }


def test_a_change_shows_the_old_verdict_in_json(
    run: Run, azure: AzureDouble, asked: list[str], tmp_path: Path
) -> None:
    """The key `was` has the compared facts, and null for a new subscription."""
    ran = run(*changed(run, azure, asked, tmp_path), "-o", "json")

    document = json.loads(ran.text)
    rows = {row["name"]: row["was"] for row in document["subscriptions"]}
    assert faults(document) == []
    assert rows["New"] is None
    assert rows["Closed"] == {
        "verdict": "unreadable",
        "emails": [],
        "reason": "forbidden",
        "checks": [],
    }
    assert rows["Good"]["emails"] == ["a@a.example"]
    assert rows["Bad"]["checks"] == ["contact-email"]


def test_only_some_changes(run: Run, azure: AzureDouble, asked: list[str], tmp_path: Path) -> None:
    """Both filters apply; with no row left nothing is printed."""
    changes = changed(run, azure, asked, tmp_path)

    ran = run(*changes, "--only", "non-compliant")
    none = run(*changes, "--only", "waived")

    assert names("table", ran.text) == ["Good", "Closed", "Worse"]
    assert (none.out, none.err) == (b"", "")
