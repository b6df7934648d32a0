"""A recording is a file of a stranger: nothing in it leads anywhere, or takes more than it may."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble
from conftest import ROOT, Ran, Run, coverage_variables, program, run_in

from contacts_audit.azure.clouds import CLOUDS
from contacts_audit.azure.kinds import CloudName
from contacts_audit.azure.recording.folder import Recording

FIXTURES = ROOT / "fixtures"
CONTOSO = FIXTURES / "contoso"
EVIL = "evil.example"
MOMENT = Recording.read(CONTOSO).recorded.strftime("%Y-%m-%dT%H:%M:%SZ")
WISH = ("--email", "soc@contoso.com")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of a recording."""
    copy = tmp_path / "recording"
    shutil.copytree(CONTOSO, copy)
    return copy


def changed(path: Path, change: Callable[[Any], object]) -> None:
    """Let *change* have its way with the JSON in *path*."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def everywhere(folder: Path, old: str, new: str) -> None:
    """Put *new* in the place of *old* in each file of *folder*."""
    for path in folder.iterdir():
        path.write_text(path.read_text().replace(old, new))


def refused(ran: Ran) -> None:
    """Check that *ran* ended as wrong usage, in one line."""
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1), ran.err
    assert ran.err.startswith("error: --replay: ")


@pytest.mark.parametrize("key", ["arm", "authority", "audience", "portal"])
@pytest.mark.parametrize(
    "value",
    [
        "https://evil.example",
        "https://management.azure.com.evil.example",
        "",
        "https://MANAGEMENT.azure.com",
    ],
)
def test_a_known_cloud_has_its_own_hosts(folder: Path, key: str, value: str) -> None:
    """A recording that calls another host Azure's, or another name's, is refused whole."""
    changed(folder / "recording.json", lambda told: told["cloud"].update({key: value}))

    refused(run_in({}, "audit", "--replay", str(folder)))


@pytest.mark.parametrize("name", ["AzureChinaCloud", "azurecloud", "management.azure.com", "mine"])
def test_a_known_host_has_its_own_name(folder: Path, name: str) -> None:
    """Nor is Azure's Resource Manager any other cloud's."""
    changed(folder / "recording.json", lambda told: told["cloud"].update(name=name))

    refused(run_in({}, "audit", "--replay", str(folder)))


@pytest.mark.parametrize("portal", ["https://evil.example", "https://portal.azure.com"])
def test_a_cloud_of_ones_own_has_no_portal(folder: Path, portal: str) -> None:
    """No link of a report comes from a recording."""
    everywhere(folder, "https://management.azure.com", "https://arm.evil.example")
    cloud = {"name": "arm.evil.example", "portal": portal, "authority": "", "audience": ""}
    changed(folder / "recording.json", lambda told: told["cloud"].update(cloud))

    refused(run_in({}, "audit", "--replay", str(folder)))


def test_an_exchange_is_of_its_clouds_host(folder: Path) -> None:
    """A file that tells of another host is no part of the recording."""
    path = min(folder.glob("0*.json"))
    everywhere_else = path.read_text().replace("management.azure.com", EVIL)
    path.write_text(everywhere_else)

    refused(run_in({}, "audit", "--replay", str(folder)))


@pytest.fixture
def own(folder: Path) -> Path:
    """Return a recording of a stranger's own cloud."""
    everywhere(folder, "https://management.azure.com", f"https://arm.{EVIL}")
    cloud = {
        "name": f"arm.{EVIL}",
        "portal": None,
        "authority": f"https://login.{EVIL}",
        "audience": f"https://{EVIL}",
    }
    changed(folder / "recording.json", lambda told: told["cloud"].update(cloud))
    return folder


def commands_of(text: str) -> str:
    """Return the part of a page, or of what is printed, that is copied to a shell."""
    found = re.findall(r"<code class=\"command\"[^>]*>(.*?)</code>|href=\"([^\"]*)\"", text)
    return " ".join(word for pair in found for word in pair)


def test_no_command_of_a_recording_leads_to_its_host(own: Path, tmp_path: Path) -> None:
    """Commands, links and curl: the host is a blank that the reader fills in."""
    replay = ("--replay", str(own))
    page = tmp_path / "r.html"
    first = json.loads(run_in({}, "audit", *replay, "-o", "json").out)["subscriptions"][1]["id"]

    run_in({}, "audit", *replay, "--report", str(page))
    explained = run_in({}, "explain", first, "--curl", *replay)
    planned = run_in({}, "plan", *WISH, "--curl", *replay)

    commands = commands_of(page.read_text())
    assert "contacts-audit apply" in commands
    assert EVIL not in commands
    for ran in (explained, planned):
        assert EVIL not in ran.text
        assert '"$ENDPOINT"\'/subscriptions/' in ran.text
        assert "# These commands talk to $ENDPOINT\n" in ran.text
        assert f"# They are from a recording of {MOMENT}, not of today" in ran.text


def test_a_command_with_a_blank_host_runs_once_it_is_filled_in(own: Path, tmp_path: Path) -> None:
    """The words that curl gets are those of the host that the reader chose."""
    (tmp_path / "curl").write_text('#!/bin/sh\nfor last; do :; done; echo "$last"\n')
    (tmp_path / "curl").chmod(0o700)
    replay = ("--replay", str(own))
    first = json.loads(run_in({}, "audit", *replay, "-o", "json").out)["subscriptions"][0]["id"]
    script = run_in({}, "explain", first, "--curl", *replay).out

    ran = subprocess.run(
        ["bash"],
        input=script,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "ENDPOINT": "https://mine.example", "TOKEN": "x"},
        capture_output=True,
        check=True,
    )

    assert ran.stdout.startswith(b"https://mine.example/subscriptions/")


def test_a_known_cloud_is_named_above_its_commands() -> None:
    """What they talk to is the program's own word, and that they are of a recording is said."""
    ran = run_in({}, "plan", *WISH, "--curl", "--replay", str(CONTOSO))

    assert ran.text.startswith("# These commands talk to https://management.azure.com\n# They are ")
    assert f"from a recording of {MOMENT}" in ran.text.splitlines()[1]


def test_a_live_command_names_what_it_talks_to(azure: AzureDouble, run: Run) -> None:
    """The endpoint that the user gave; nothing is said of a recording."""
    found = azure.add("Prod")

    for ran in (run("explain", found.id, "--curl"), run("plan", *WISH, "--curl")):
        assert ran.text.startswith(f"# These commands talk to {azure.endpoint}\n# TOKEN holds")
        assert "recording" not in ran.text


# What is no file, or too much of one


def fifo(path: Path) -> None:
    """Make a pipe that nobody writes to."""
    os.mkfifo(path)


def sparse(path: Path) -> None:
    """Make a file of 10 GB that takes no place on the disk."""
    with path.open("wb") as file:
        file.truncate(10_000_000_000)


def loop(path: Path) -> None:
    """Make a link to itself."""
    path.symlink_to(path.name)


def listening(path: Path) -> None:
    """Make a socket."""
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


KINDS: dict[str, Callable[[Path], object]] = {
    "pipe": fifo,
    "folder": Path.mkdir,
    "sparse": sparse,
    "loop": loop,
    "socket": listening,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "endless": lambda path: path.symlink_to("/proc/kmsg"),
    "terminal": lambda path: path.symlink_to("/dev/tty"),
    "many values": lambda path: path.write_text(f"[{'[],' * 2_100_000}[]]"),
    "deep": lambda path: path.write_text("[" * 100_000 + "]" * 100_000),
    "digits": lambda path: path.write_text("9" * 100_000),
    "nothing": lambda path: path.write_text(""),
    "a list": lambda path: path.write_text("[]"),
    "a text": lambda path: path.write_text('"request response failure"'),
    "no UTF-8": lambda path: path.write_bytes(b"\xff\xfe\xfd"),
}


@pytest.mark.parametrize("place", ["recording.json", "00001-subscriptions.json", "99999999-x.json"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_of_a_recording_ends_the_run_at_once(
    folder: Path, kind: str, place: str
) -> None:
    """A pipe is not waited for, and 10 GB of nothing are not read: exit 2, one line."""
    path = folder / place
    path.unlink(missing_ok=True)
    KINDS[kind](path)

    ran = subprocess.run(
        program("audit", "--replay", str(folder)),
        env={"PATH": os.environ["PATH"]} | coverage_variables(),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )

    refused(Ran(ran.returncode, ran.stdout, ran.stderr.decode()))


def test_many_small_values_are_refused_before_they_are_read(folder: Path) -> None:
    """They would take thirty times the place of the file, whatever they are for."""
    changed(folder / "recording.json", lambda told: told.update(more=[[]] * 1_100_000))

    refused(run_in({}, "audit", "--replay", str(folder)))


REQUEST = {
    "method": "GET",
    "url": "https://management.azure.com/subscriptions?api-version=2022-12-01",
}
HEAD = {"status": 200, "headers": {}}


@pytest.mark.parametrize(
    "kept",
    [
        {"request": REQUEST, "response": {**HEAD, "status": True, "text": ""}},
        {"request": REQUEST, "response": {**HEAD, "status": 10**30, "text": ""}},
        {"request": REQUEST, "response": {**HEAD, "status": -1, "text": ""}},
        {"request": REQUEST, "response": {**HEAD, "text": 5}},
        {"request": REQUEST, "response": {**HEAD, "text": "\ud800"}},
        {"request": REQUEST, "response": {**HEAD, "base64": "no base64!"}},
        {"request": REQUEST, "response": {**HEAD, "base64": ["YQ=="]}},
        {"request": REQUEST, "response": {**HEAD, "headers": [["a", "b"]], "text": ""}},
        {"request": REQUEST, "response": {**HEAD, "headers": {"a": None}, "text": ""}},
        {"request": REQUEST, "response": ["status", "headers", "text"]},
        {"request": {**REQUEST, "url": 5}, "response": {**HEAD, "text": ""}},
        {"request": {**REQUEST, "url": "file:///etc/passwd"}, "response": {**HEAD, "text": ""}},
        {"request": {**REQUEST, "method": ["GET"]}, "response": {**HEAD, "text": ""}},
        {"request": "GET", "response": {**HEAD, "text": ""}},
        {"request": REQUEST, "failure": {"reason": ["timeout"], "message": ""}},
        {"request": REQUEST, "failure": {"reason": "timeout", "message": 5}},
        {"request": REQUEST, "failure": "timeout"},
    ],
)
def test_loose_types_are_refused(folder: Path, kept: object) -> None:
    """Before anything is judged, whatever stands where something else should."""
    (folder / "00000-x.json").write_text(json.dumps(kept))

    refused(run_in({}, "audit", "--replay", str(folder)))


@pytest.mark.parametrize(
    "told",
    [
        {"tenants": "abc"},
        {"tenants": [5]},
        {"tenants": {"a": "b"}},
        {"cloud": []},
        {"cloud": {"name": "AzureCloud"}},
        {"cloud": {key: ["x"] for key in ("name", "arm", "authority", "audience", "portal")}},
        {"recorded": 5},
        {"recorded": "yesterday"},
        {"recorded": "0001-01-01T00:00:00Z"},
        {"recorded": "2026-01-01"},
        {"schema": "1"},
    ],
)
def test_a_loose_manifest_is_refused(folder: Path, told: dict[str, Any]) -> None:
    """A text is no list of tenants, and a time has a zone."""
    changed(folder / "recording.json", lambda manifest: manifest.update(told))

    refused(run_in({}, "audit", "--replay", str(folder)))


def test_a_deep_body_is_a_row(folder: Path) -> None:
    """What is so deep that nobody can read it spoils its own subscription, and no other."""
    path = max(folder.glob("0*2017*.json"))
    deep = "[" * 50_000 + "]" * 50_000
    answer = {"status": 200, "headers": {}, "text": f'{{"value":{deep}}}'}
    changed(path, lambda kept: (kept.pop("response"), kept.update(response=answer)))

    ran = run_in({}, "audit", "--replay", str(folder), "-o", "json")

    reasons = [
        row["error"] and row["error"]["reason"] for row in json.loads(ran.out)["subscriptions"]
    ]
    assert ran.code == 4
    assert "malformed" in reasons


def test_a_deep_body_is_recorded(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """As a text: lines that are as deep nobody could write."""
    body = ('{"value":[],"x":' + "[" * 500 + "]" * 500 + "}").encode()
    azure.add("Prod", answers={"2017-08-01-preview": body})

    ran = run("fetch", "--record", str(tmp_path / "r"))
    again = run_in({}, "fetch", "--replay", str(tmp_path / "r"))

    assert ran.code == again.code == 0
    assert again.out == ran.out == body


def test_more_than_99999_exchanges_play_in_their_order(tmp_path: Path) -> None:
    """Their files sort by number, not by letter."""
    cloud = CLOUDS[CloudName.AZURE]
    identity = "20ff7fc3-e762-44dd-bd96-b71116dcdc23"
    listed = {"value": [{"subscriptionId": identity, "displayName": "P", "state": "Enabled"}]}
    url = f"{cloud.arm}/subscriptions/{identity}/providers/Microsoft.Security/securityContacts"
    files = {
        99998: ("subscriptions?api-version=2022-12-01", 200, listed),
        99999: ("", 200, {"value": []}),
        100000: ("", 200, {"value": ["later"]}),
    }
    manifest = {
        "schema": 1,
        "masked": False,
        "cloud": {name: getattr(cloud, name) for name in cloud.__slots__},
        "tenants": [],
    }
    (tmp_path / "recording.json").write_text(json.dumps(manifest))
    for number, (path, status, body) in files.items():
        where = f"{cloud.arm}/{path}" if path else f"{url}?api-version=2017-08-01-preview"
        response = {"status": status, "headers": {}, "json": body}
        kept = {"request": {"method": "GET", "url": where}, "response": response}
        (tmp_path / f"{number:05d}-x.json").write_text(json.dumps(kept))

    ran = run_in({}, "fetch", "--replay", str(tmp_path))

    assert (ran.code, ran.out) == (0, b'{"value":[]}'), ran.err


# When it was recorded


def test_a_replay_says_when_it_was_recorded(tmp_path: Path) -> None:
    """One line on stderr for each command; in JSON, the page, Markdown and the metrics."""
    forms = ("json", "html", "md", "prom", "xml", "ocsf.json", "jsonl")
    reports = [word for form in forms for word in ("--report", str(tmp_path / f"r.{form}"))]
    replay = ("--replay", str(CONTOSO))

    ran = run_in({}, "audit", *replay, *reports, "--quiet")

    told = json.loads((tmp_path / "r.json").read_text())
    moment = told["recorded"]
    assert ran.err.startswith(f"--replay: {CONTOSO} was recorded {moment}; this is not the state")
    assert moment == MOMENT
    assert moment < told["started"]
    assert json.loads((tmp_path / "r.jsonl").read_text().splitlines()[-1])["recorded"] == moment
    assert f'<dt>Recorded</dt><dd><time datetime="{moment}">' in (tmp_path / "r.html").read_text()
    assert f"- recorded: {moment}; this is not" in (tmp_path / "r.md").read_text()
    stamp = re.search(r"timestamp_seconds(?:\{.*\})? (\d\S+)", (tmp_path / "r.prom").read_text())
    assert stamp is not None
    assert time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(float(stamp[1]))) == moment
    assert f'timestamp="{moment[:-1]}"' in (tmp_path / "r.xml").read_text()
    (first, *_) = json.loads((tmp_path / "r.ocsf.json").read_text())
    assert first["time"] == float(stamp[1]) * 1000


@pytest.mark.parametrize(
    "command",
    [
        ("fetch",),
        ("emails",),
        ("doctor",),
        ("explain", "Production"),
        ("plan", *WISH),
        ("audit",),
        ("audit", "--quiet", "-o", "json"),
        ("audit", "--jq", "."),
    ],
)
@pytest.mark.parametrize("variable", [False, True], ids=["option", "variable"])
def test_each_command_says_that_it_replays(command: tuple[str, ...], variable: bool) -> None:
    """A variable that was forgotten in a file is named."""
    where = {"CONTACTS_AUDIT_REPLAY": str(CONTOSO)} if variable else {}
    options = () if variable else ("--replay", str(CONTOSO))

    ran = run_in(where, *command, *options)

    source = "CONTACTS_AUDIT_REPLAY" if variable else "--replay"
    (line,) = [line for line in ran.err.splitlines() if " was recorded " in line]
    assert line.startswith(f"{source}: {CONTOSO} was recorded {MOMENT};")


def test_no_change_stays_without_a_byte(tmp_path: Path) -> None:
    """As always: what is asked for is silence; the report that is written says the rest."""
    replay = ("--replay", str(CONTOSO))
    run_in({}, "audit", *replay, "--report", str(tmp_path / "old.json"))
    baseline = ("--only-changes", "--baseline", str(tmp_path / "old.json"))

    ran = run_in({}, "audit", *replay, *baseline, "--report", str(tmp_path / "new.json"))

    assert (ran.out, ran.err) == (b"", "")
    assert json.loads((tmp_path / "new.json").read_text())["recorded"] == MOMENT


def test_a_live_report_was_not_recorded(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """The key is there, and null; a recording that is made keeps its time."""
    azure.add("Prod")

    ran = run("audit", "-o", "json", "--record", str(tmp_path / "r"))
    again = run_in({}, "audit", "--replay", str(tmp_path / "r"), "-o", "json")

    manifest = json.loads((tmp_path / "r" / "recording.json").read_text())
    assert json.loads(ran.out)["recorded"] is None
    assert json.loads(again.out)["recorded"] == manifest["recorded"]
    assert json.loads(ran.out)["started"] <= manifest["recorded"] <= json.loads(ran.out)["finished"]


def test_a_recording_of_old_tells_by_its_answers(folder: Path) -> None:
    """Without a time of its own; and without any date, by its file."""

    def without(told: dict[str, Any]) -> None:
        told.pop("recorded", None)

    changed(folder / "recording.json", without)
    kept = [json.loads(path.read_text()) for path in folder.glob("0*.json")]
    dates = [parsedate_to_datetime(one["response"]["headers"]["date"]) for one in kept]
    by_dates = json.loads(run_in({}, "audit", "--replay", str(folder), "-o", "json").out)
    for path in folder.glob("0*.json"):
        changed(path, lambda kept: kept.get("response", {"headers": {}})["headers"].pop("date", 0))
    os.utime(folder / "recording.json", (1_000_000_000, 1_000_000_000))
    by_file = json.loads(run_in({}, "audit", "--replay", str(folder), "-o", "json").out)

    assert datetime.fromisoformat(by_dates["recorded"]) == max(dates)
    assert by_file["recorded"] == "2001-09-09T01:46:40Z"


def test_a_masked_recording_hides_ones_own_host(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """In the manifest, URLs and pages; replayed, it is judged as it was."""
    azure.page_size = azure.contacts_page_size = 1
    email = {"email": "a@contoso.com", "phone": "+1-425-555-0100"}
    azure.add("High", contacts_2017=[{"name": "a-contoso.com", "properties": email}] * 2)
    azure.add("Owner", readable=False)
    folder = tmp_path / "r"

    live = run("audit", "-o", "json", "--record", str(folder), "--mask")
    again = run_in({}, "audit", "-o", "json", "--replay", str(folder))

    text = "".join(path.name + path.read_text() for path in folder.iterdir())
    assert [word for word in ("localhost", "127.0.0.1", "contoso") if word in text] == []
    assert "set-cookie" not in text.lower()
    one, two = (json.loads(ran.out) for ran in (live, again))
    assert [row["verdict"] for row in one["subscriptions"]] == ["compliant", "unreadable"]
    assert one["summary"] == two["summary"]
    assert re.fullmatch(r"host-[0-9a-f]{10}\.example:\d+", two["cloud"])
