"""The files of a recording are read strictly, and only up to a size."""

import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.recording.copies import changed, refused
from azure_double import AzureDouble
from conftest import ROOT, Ran, Run, program, run_in

from contacts_audit.azure.clouds import CLOUDS
from contacts_audit.azure.kinds import CloudName


def fifo(path: Path) -> None:
    """Make a pipe without a writer."""
    os.mkfifo(path)


def sparse(path: Path) -> None:
    """Make a file of 10 GB that needs no disk space."""
    with path.open("wb") as file:
        file.truncate(10_000_000_000)


def loop(path: Path) -> None:
    """Make a link to itself."""
    path.symlink_to(path.name)


def listening(path: Path) -> None:
    """Make a socket."""
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket must be short
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
def test_an_unusual_file_ends_the_run_at_once(folder: Path, kind: str, place: str) -> None:
    """The run does not wait for a pipe, or read 10 GB: exit 2, one line."""
    path = folder / place
    path.unlink(missing_ok=True)
    KINDS[kind](path)

    ran = subprocess.run(
        program("audit", "--replay", str(folder)),
        env={"PATH": os.environ["PATH"]},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )

    refused(Ran(ran.returncode, ran.stdout, ran.stderr.decode()))


def test_too_many_values_are_refused_before_they_are_parsed(folder: Path) -> None:
    """In memory they would need thirty times the size of the file."""
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
def test_wrong_types_are_refused(folder: Path, kept: object) -> None:
    """Before anything is judged."""
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
def test_wrong_types_in_the_manifest_are_refused(folder: Path, told: dict[str, Any]) -> None:
    """A string is no list of tenants, and a time has a zone."""
    changed(folder / "recording.json", lambda manifest: manifest.update(told))

    refused(run_in({}, "audit", "--replay", str(folder)))


def test_a_deep_body_costs_one_row(folder: Path) -> None:
    """The other subscriptions are read."""
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
    """As a string: it cannot be indented."""
    body = ('{"value":[],"x":' + "[" * 500 + "]" * 500 + "}").encode()
    azure.add("Prod", answers={"2017-08-01-preview": body})

    ran = run("fetch", "--record", str(tmp_path / "r"))
    again = run_in({}, "fetch", "--replay", str(tmp_path / "r"))

    assert ran.code == again.code == 0
    assert again.out == ran.out == body


def test_more_than_99999_exchanges_are_replayed_in_order(tmp_path: Path) -> None:
    """The files are sorted by number, not by letter."""
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
        "cloud": cloud._asdict(),
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
