"""Metrics of several audits in one folder, as promtool and node_exporter read them."""

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, Run, run_in
from prometheus_client.parser import text_string_to_metric_families

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
AUDITS = {
    "one cloud": ("--replay", "fixtures/contoso"),
    "another": ("--replay", "fixtures/old-cloud"),
    "first shard": ("--replay", "fixtures/contoso", "--shard", "0/2"),
    "second shard": ("--replay", "fixtures/contoso", "--shard", "1/2"),
    "other checks": ("--replay", "fixtures/contoso", "--profile", "cis"),
    "more checks": ("--replay", "fixtures/contoso", "--profile", "cis", "--check", "reachable"),
    "one check": ("--replay", "fixtures/contoso", "--check", "owner-notified"),
    "another scope": ("--replay", "fixtures/contoso", "-s", "Production"),
    "and another": ("--replay", "fixtures/contoso", "--exclude", "Production"),
}


def tool(name: str) -> str:
    """Return where a program of Debian is; skip where it is missing, fail where it must be."""
    found = shutil.which(name)
    if found is None and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS"):
        pytest.fail(f"missing: {name}")
    if found is None:
        pytest.skip(f"missing: {name}")
    return found


def written(folder: Path, name: str, *arguments: str) -> str:
    """Run an audit that writes its metrics into *folder*; return them."""
    path = folder / f"{name.replace(' ', '-')}.prom"
    run_in({}, "audit", "-q", *arguments, "--report", str(path))
    return path.read_text()


def series(text: str) -> list[tuple[str, frozenset[tuple[str, str]]]]:
    """Return name and labels of each series of ours, whatever its value."""
    return [
        (sample.name, frozenset(sample.labels.items()))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("contacts_audit_")
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the metrics of all audits into one folder."""
    monkeypatch.chdir(ROOT)
    for name, arguments in AUDITS.items():
        written(tmp_path, name, *arguments)
    return tmp_path


def test_no_two_audits_share_a_series(folder: Path) -> None:
    """Whatever differs between two audits is in the labels of all series."""
    each = [series(path.read_text()) for path in folder.iterdir()]
    known = [one for found in each for one in found]

    assert len(each) == len(AUDITS)
    assert len(known) == len(set(known))
    for found in each:
        alike = [{*labels} for _, labels in found]
        own = set.intersection(*alike)
        assert {"cloud", "tenant", "profile"} <= {name for name, _ in own}


def test_promtool_accepts_them(folder: Path) -> None:
    """Each file alone, as node_exporter reads it."""
    promtool = tool("promtool")
    for path in folder.iterdir():
        checked = subprocess.run(
            [promtool, "check", "metrics"],
            input=path.read_bytes(),
            capture_output=True,
            check=False,
        )
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_node_exporter_shows_them_all(folder: Path) -> None:
    """None is dropped because of another."""
    exporter = tool("prometheus-node-exporter")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    collectors = ["--collector.disable-defaults", "--collector.textfile"]
    process = subprocess.Popen(
        [
            exporter,
            f"--web.listen-address=127.0.0.1:{port}",
            *collectors,
            f"--collector.textfile.directory={folder}",
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        shown = _asked(f"http://127.0.0.1:{port}/metrics")
    finally:
        process.kill()
        process.wait()

    expected = [one for path in folder.iterdir() for one in series(path.read_text())]
    filled = [
        (name, frozenset(pair for pair in labels if pair[1])) for name, labels in series(shown)
    ]
    assert sorted(map(repr, map(_sorted, filled))) == sorted(map(repr, map(_sorted, expected)))
    assert re.search(r"^node_textfile_scrape_error 0$", shown, re.MULTILINE)


def _sorted(one: tuple[str, frozenset[tuple[str, str]]]) -> tuple[str, list[tuple[str, str]]]:
    return one[0], sorted(one[1])


def _asked(url: str) -> str:
    """Return what the exporter says, once it listens."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + 30
    while True:
        try:
            with direct.open(url) as answer:
                text: str = answer.read().decode()
                return text
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_labels_stay_from_night_to_night(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """They do not depend on verdicts, on the order of options, or on the content of a list."""
    first, second = azure.add("Prod"), azure.add("Test")
    names = tmp_path / "names.txt"
    found = []
    for night in range(2):
        names.write_text(f"{first.id}\n" if night else f"{second.id}\n{first.id}\n")
        selected = ["-s", "Prod", "-s", "TEST"] if night else ["-s", "test", "-s", "PROD"]
        path = tmp_path / f"{night}.prom"
        ran = run(
            "audit", "-q", *selected, "--subscriptions-from", str(names), "--report", str(path)
        )
        assert ran.code in (0, 3)
        found.append({labels for name, labels in series(path.read_text()) if "exit" in name})
        first.contacts_2017 = GOOD

    assert found[0] == found[1]
    ((*labels,),) = found[0]
    assert {name for name, _ in labels} == {"cloud", "tenant", "profile", "scope"}


def test_labels_have_no_names(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """No name and no address, even if options hold some."""
    azure.add("Secret Project", contacts_2017=GOOD)
    path = tmp_path / "r.prom"

    run("audit", "-q", "-s", "Secret Project", "--required-email", "a@contoso.com")
    run("audit", "-q", "-s", "Secret Project", "--report", str(path))

    assert "ecret" not in path.read_text()
    assert "contoso.com" not in path.read_text()
