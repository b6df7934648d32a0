"""A run that was split is one report again, or none."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Ran, run_in
from report.test_formats import OUTCOMES, REPORT

from contacts_audit.audit import report_file, report_outcomes
from contacts_audit.report import RENDERERS, Format, json_

CONTOSO = ROOT / "fixtures/contoso"
Document = dict[str, Any]
Forge = Callable[[Document], None]


def shards(folder: Path, parts: int, *more: str) -> list[str]:
    """Audit contoso in *parts*, and return the reports."""
    names = [str(folder / f"{part}.json") for part in range(parts)]
    for part, name in enumerate(names):
        asked = ("audit", "--replay", str(CONTOSO), "-q", "--report", name, *more)
        run_in({}, *asked, "--shard", f"{part}/{parts}")
    return names


def merged(*arguments: str, stdin: bytes = b"") -> Ran:
    """Merge; the command needs neither a network nor variables."""
    return run_in({}, "merge", *arguments, stdin=stdin)


def forged(name: str, change: Forge) -> str:
    """Change the report *name*, and return its name."""
    path = Path(name)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return name


def told(ran: Ran) -> dict[str, Any]:
    """Return the report that was printed, its rows by id, without its times."""
    document = json.loads(ran.out)
    del document["started"], document["finished"]
    return {**document, "subscriptions": {row["id"]: row for row in document["subscriptions"]}}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param([], id="the rule alone"),
        pytest.param(["--policy", str(CONTOSO / "policy.toml")], id="overrides and waivers"),
        pytest.param(["--profile", "strict"], id="all checks"),
    ],
)
def test_the_shards_together_are_the_whole(tmp_path: Path, more: list[str]) -> None:
    """Whatever order they are named in: every fact, the counts and the code of one run."""
    names = shards(tmp_path, 3, *more)
    whole = run_in({}, "audit", "--replay", str(CONTOSO), "-o", "json", *more)

    ran = merged("-o", "json", *reversed(names))

    assert ran.code == whole.code
    assert told(ran) == told(whole)
    assert merged("-o", "json", *names).out == ran.out


@pytest.mark.parametrize("form", list(Format))
def test_every_format_is_as_audits(tmp_path: Path, form: Format) -> None:
    """A report that is read back renders to the same bytes: nothing was lost on the way."""
    path = tmp_path / "report.json"
    path.write_text("".join(json_.render(REPORT)))
    report = report_outcomes.report_of(report_file.read(path.read_bytes(), "x"), "x")

    again = "".join(RENDERERS[form](report))

    unknown = replace(REPORT, run=replace(REPORT.run, invocation=None))  # how it was started
    assert again == "".join(RENDERERS[form](unknown))


def test_a_report_of_no_shard_is_a_whole_one(tmp_path: Path) -> None:
    """It is rendered in another format, hours later."""
    path = tmp_path / "report.json"
    path.write_text("".join(json_.render(REPORT)))

    ran = merged(str(path), "-o", "csv")

    assert ran.code == 4
    assert len(ran.text.splitlines()) == 1 + len(OUTCOMES)


def test_its_times_are_those_of_the_audits(tmp_path: Path) -> None:
    """From the first start to the last end: a merge looks at nothing anew."""
    names = shards(tmp_path, 2)
    forged(names[0], lambda one: one.update(started="2026-01-01T00:00:00Z"))
    forged(names[1], lambda one: one.update(finished="2027-01-01T00:00:00Z"))

    whole = json.loads(merged("-o", "json", *names).out)

    assert (whole["started"], whole["finished"]) == ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")


def test_a_merge_writes_and_compares_as_audit_does(tmp_path: Path) -> None:
    """--report, --jq, --baseline with --only-changes."""
    names = shards(tmp_path, 2)
    page, whole = tmp_path / "x.html", tmp_path / "x.json"

    ran = merged(*names, "--report", str(page), "--report", str(whole), "--jq", ".exit_code")
    again = merged(*names, "--only-changes", "--baseline", str(whole))

    assert (ran.code, ran.out) == (4, b"4\n")
    assert page.read_text().startswith("<!doctype html>")
    assert (again.code, again.out, again.err) == (4, b"", "")


def test_shards_without_subscriptions_count(tmp_path: Path) -> None:
    """More parts than subscriptions: some are empty, and belong to the whole all the same."""
    names = shards(tmp_path, 40)

    assert merged("-q", *names).code == 4
    assert merged("-q", *names[1:]).code == 4
    assert "0/40" in merged("-q", *names[1:]).err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda one: one.update(checks=["reachable"]), "of other checks", id="checks"),
        pytest.param(lambda one: one.update(cloud="AzureChinaCloud"), "of other cloud", id="cloud"),
        pytest.param(lambda one: one.update(tenants=["x"]), "of other tenants", id="tenants"),
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
def test_what_is_not_of_one_audit_is_refused(tmp_path: Path, change: Forge, said: str) -> None:
    """One line, 4, and nothing is printed: a part must not look like the whole."""
    names = shards(tmp_path, 2)
    forged(names[1], change)

    ran = merged(*names, "-o", "json")

    assert (ran.code, ran.out, ran.err.count("\n")) == (4, b"", 1)
    assert said in ran.err


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    """However many there should be: a number in a file costs no memory."""
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
    assert f"{rows[0]['id']} is there twice" in ran.err


def first(**facts: Any) -> Forge:
    """Return what changes *facts* of the first failing row."""

    def change(one: Document) -> None:
        failing = next(row for row in one["subscriptions"] if row["verdict"] == "non-compliant")
        failing.update(facts)

    return change


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
    """One line, 2, whichever part of it is wrong."""
    names = shards(tmp_path, 1)
    forged(names[0], change)

    ran = merged(*names)

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert names[0] in ran.err


@pytest.mark.parametrize("fact", ["status", "message", "code"])
def test_a_damaged_fault_is_wrong_usage(tmp_path: Path, fact: str) -> None:
    """A report's rows are hostile input, too."""

    def change(one: Document) -> None:
        unread = next(row for row in one["subscriptions"] if row["error"] is not None)
        unread["error"][fact] = ["x"]

    (name,) = shards(tmp_path, 1)
    forged(name, change)

    assert merged(name).code == 2


# Which reports belong together


def moved(name: str, **by: float) -> str:
    """Let the run of the report *name* have been earlier, as timedelta counts."""

    def change(one: Document) -> None:
        for key in ("started", "finished"):
            then = datetime.fromisoformat(one[key]) - timedelta(**by)
            one[key] = then.strftime("%Y-%m-%dT%H:%M:%SZ")

    return forged(name, change)


@pytest.mark.parametrize(
    ("by", "ids", "code"),
    [
        pytest.param({"minutes": 55}, (None, None), 4, id="one after the other, no id"),
        pytest.param({"hours": 2}, (None, None), "of another run", id="no id, hours before"),
        pytest.param({"days": 1}, (None, None), "of another run", id="yesterday's, no id"),
        pytest.param({"hours": 2}, ("a", "a"), 4, id="an id, hours before"),
        pytest.param({"days": 1}, ("a", "a"), "of another run", id="yesterday's, the same id"),
        pytest.param({"days": -1}, ("a", "a"), "of another run", id="tomorrow's, the same id"),
        pytest.param({}, ("a", "b"), "its run_id is b, not a", id="another id"),
        pytest.param({}, ("a", None), "its run_id is none, not a", id="an id and none"),
        pytest.param({}, (None, "a"), "its run_id is a, not none", id="none and an id"),
    ],
)
def test_a_report_of_another_run_is_refused(
    tmp_path: Path, by: dict[str, float], ids: tuple[str | None, str | None], code: int | str
) -> None:
    """Left by a shard that failed tonight, it would be told as tonight's."""
    names = shards(tmp_path, 2)
    for name, run_id in zip(names, ids, strict=True):
        forged(name, lambda one, run_id=run_id: one.update(run_id=run_id))  # type: ignore[misc]
    moved(names[1], **by)

    ran = merged(*names, "-o", "json")

    assert ran.code == 4
    if isinstance(code, str):
        assert (ran.out, ran.err.count("\n")) == (b"", 1)
        assert code in ran.err
    else:
        assert json.loads(ran.out)["run_id"] == ids[0]


def test_shards_in_a_row_are_one_run(tmp_path: Path) -> None:
    """Where one pod at a time is at work, each begins when the one before has ended."""
    names = shards(tmp_path, 4)
    for at, name in enumerate(names):
        moved(name, minutes=45 * at)

    assert json.loads(merged(*names, "-o", "json").out)["summary"]["in_scope"] > 0


def test_reports_that_know_of_no_id_are_tied_by_their_times(tmp_path: Path) -> None:
    """Those of an older version lack the key."""
    names = shards(tmp_path, 2)
    for name in names:
        forged(name, lambda one: one.pop("run_id"))

    assert json.loads(merged(*names, "-o", "json").out)["run_id"] is None


@pytest.mark.parametrize(
    ("variables", "more", "run_id"),
    [
        pytest.param({"HOSTNAME": "audit-28373-1"}, ["auto/2"], "audit-28373", id="the Job's name"),
        pytest.param({"HOSTNAME": "audit-1-x7k2p"}, ["auto/2"], "audit", id="the pod's name"),
        pytest.param({"HOSTNAME": "node-7"}, ["auto/2"], None, id="the node's name"),
        pytest.param({}, ["auto/2"], None, id="no name"),
        pytest.param({"HOSTNAME": "laptop-1"}, ["1/2"], None, id="no Job's shard"),
        pytest.param({"HOSTNAME": "x-1"}, ["auto/2", "--run-id", "uid"], "uid", id="the option"),
        pytest.param({"CONTACTS_AUDIT_RUN_ID": "uid"}, ["1/2"], "uid", id="the variable"),
        pytest.param(
            {"HOSTNAME": "x-1", "CONTACTS_AUDIT_RUN_ID": ""}, ["auto/2"], "x", id="empty is unset"
        ),
    ],
)
def test_a_shard_knows_its_run(
    variables: dict[str, str], more: list[str], run_id: str | None
) -> None:
    """A pod of an Indexed Job is called after the Job and its index."""
    asked = ("audit", "--replay", str(CONTOSO), "-o", "json", "--shard", *more)

    ran = run_in({"JOB_COMPLETION_INDEX": "1", **variables}, *asked)

    assert json.loads(ran.out)["run_id"] == run_id


@pytest.mark.parametrize("run_id", ["a b", "-a", "x" * 129, "a\n", "\u202e"])
def test_a_run_id_is_a_plain_word(run_id: str) -> None:
    """It is told in lines and logs."""
    ran = run_in({}, "audit", "--replay", str(CONTOSO), f"--run-id={run_id}")

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)


def test_a_merge_may_know_its_run(tmp_path: Path) -> None:
    """Where all shards failed tonight, all that is there is yesterday's, and fits together."""
    names = shards(tmp_path, 2, "--run-id", "yesterday")

    assert merged(*names, "-q", "--run-id", "yesterday").code == 4
    tonight = merged(*names, "-o", "json", "--run-id", "tonight")

    assert (tonight.code, tonight.out) == (4, b"")
    assert "its run_id is yesterday, not tonight" in tonight.err


# Whose word counts


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("cloud", ["AzureCloud", "evil.example", "Evil", "AZURECLOUD"])
def test_no_link_and_no_command_takes_a_host_from_a_report(
    tmp_path: Path, form: Format, cloud: str
) -> None:
    """It is a file of strangers: links are ours where the cloud is known, else there are none."""
    (name,) = shards(tmp_path, 1, "--profile", "strict")

    def forge(one: Document) -> None:
        one.update(cloud=cloud, tenants=["evil.example", "x"])
        for row in one["subscriptions"]:
            row.update(portal_url="https://evil.example/", tenant_id="evil.example")
            if row["error"] is not None:
                row["error"]["hint"] = "sign in at https://evil.example/"

    forged(name, forge)

    ran = merged(name, "-o", form)

    assert ran.code == 4
    assert "//evil" not in ran.text + ran.err
    assert "-endpoint evil" not in ran.text
    assert "--tenant" not in ran.text


def test_the_portal_of_a_known_cloud_is_in_a_merged_page(tmp_path: Path) -> None:
    """As in that of the audit."""
    (name,) = shards(tmp_path, 1)

    assert 'href="https://portal.azure.com/#blade/' in merged(name, "-o", "html").text


def test_a_replay_names_no_host_of_its_recording(tmp_path: Path) -> None:
    """A command to copy goes where the user wants it to go."""
    ran = run_in({}, "audit", "--replay", str(ROOT / "fixtures/old-cloud"), "-o", "html")

    assert "--arm-endpoint https" not in ran.text


def test_stdin_is_read_once(tmp_path: Path) -> None:
    """One report may come through a pipe; a second reading would find nothing."""
    (name,) = shards(tmp_path, 1)
    content = Path(name).read_bytes()

    assert merged("-", "-q", stdin=content).code == 4
    twice = merged("-", "-", stdin=content)

    assert (twice.code, twice.out) == (2, b"")
    assert "stdin is read as REPORT already" in twice.err
