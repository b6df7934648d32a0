"""A recording names no host: no link, command or request leads where it says."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from azure.recording.copies import CONTOSO, MOMENT, changed, everywhere, refused
from azure_double import AzureDouble
from conftest import Run, run_in

EVIL = "evil.example"


WISH = ("--email", "soc@contoso.com")


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
    """A recording with another host for a known cloud is refused."""
    changed(folder / "recording.json", lambda told: told["cloud"].update({key: value}))

    refused(run_in({}, "audit", "--replay", str(folder)))


@pytest.mark.parametrize("name", ["AzureChinaCloud", "azurecloud", "management.azure.com", "mine"])
def test_a_known_host_has_its_own_cloud(folder: Path, name: str) -> None:
    """Azure's Resource Manager belongs to no other cloud."""
    changed(folder / "recording.json", lambda told: told["cloud"].update(name=name))

    refused(run_in({}, "audit", "--replay", str(folder)))


@pytest.mark.parametrize("portal", ["https://evil.example", "https://portal.azure.com"])
def test_the_users_own_cloud_has_no_portal(folder: Path, portal: str) -> None:
    """No link in a report comes from a recording."""
    everywhere(folder, "https://management.azure.com", "https://arm.evil.example")
    cloud = {"name": "arm.evil.example", "portal": portal, "authority": "", "audience": ""}
    changed(folder / "recording.json", lambda told: told["cloud"].update(cloud))

    refused(run_in({}, "audit", "--replay", str(folder)))


def test_an_exchange_with_another_host_is_refused(folder: Path) -> None:
    """It does not belong to the recording."""
    path = min(folder.glob("0*.json"))
    everywhere_else = path.read_text().replace("management.azure.com", EVIL)
    path.write_text(everywhere_else)

    refused(run_in({}, "audit", "--replay", str(folder)))


@pytest.fixture
def own(folder: Path) -> Path:
    """Return a recording of another user's own cloud."""
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
    """Return the commands and links in a page."""
    found = re.findall(r"<code class=\"command\"[^>]*>(.*?)</code>|href=\"([^\"]*)\"", text)
    return " ".join(word for pair in found for word in pair)


def test_no_command_contains_the_host_of_a_recording(own: Path, tmp_path: Path) -> None:
    """Commands, links and curl have a variable, which the reader sets."""
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
        assert f"# They are from a recording of {MOMENT}, not from today" in ran.text


def test_a_curl_command_runs_with_the_host_of_the_reader(own: Path, tmp_path: Path) -> None:
    """ENDPOINT is the host."""
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


def test_a_comment_names_the_known_cloud_of_curl_commands() -> None:
    """It also says that they come from a recording."""
    ran = run_in({}, "plan", *WISH, "--curl", "--replay", str(CONTOSO))

    assert ran.text.startswith("# These commands talk to https://management.azure.com\n# They are ")
    assert f"from a recording of {MOMENT}" in ran.text.splitlines()[1]


def test_a_comment_names_the_endpoint_of_curl_commands(azure: AzureDouble, run: Run) -> None:
    """Without a recording, it does not speak of one."""
    found = azure.add("Prod")

    for ran in (run("explain", found.id, "--curl"), run("plan", *WISH, "--curl")):
        assert ran.text.startswith(f"# These commands talk to {azure.endpoint}\n# TOKEN holds")
        assert "recording" not in ran.text


def test_a_masked_recording_hides_the_users_own_host(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """In the manifest, URLs and pages. The verdicts stay the same."""
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
