"""Half a surrogate pair in a name spoils no JSON of ours: jq, Python and Go read it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from conftest import Run

HALF = "Half \\ud83d"
SHOWN = "Half \ufffd"
V2017 = "2017-08-01-preview"


def read_by_jq(text: bytes) -> bytes:
    """Return what the real jq makes of *text*; it refuses half a pair."""
    return subprocess.run(["jq", "-c", "."], input=text, capture_output=True, check=True).stdout


@pytest.fixture
def halved(azure: AzureDouble) -> AzureDouble:
    """Return a cloud in which a name, a contact's fields and an error hold half a character."""
    first = azure.add("First")
    second = azure.add("Second")
    listed = {
        "value": [
            {"subscriptionId": first.id, "displayName": "HALF", "state": "Enabled"},
            {"subscriptionId": second.id, "displayName": "Second", "state": "HALF"},
        ]
    }
    body = json.dumps(listed).replace("HALF", HALF).encode()
    azure.fail("GET /subscriptions?", faults.answer(body))
    refusal = '{"error":{"code":"Odd HALF","message":"It is HALF so."}}'.replace("HALF", HALF)
    azure.fail(f"{second.id}/providers", faults.answer(refusal.encode(), status=403))
    return azure


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["audit", "-o", "json"], id="json"),
        pytest.param(["audit", "-o", "jsonl"], id="jsonl"),
        pytest.param(["audit", "-o", "ocsf"], id="ocsf"),
        pytest.param(["audit", "--jq", "."], id="jq of ours"),
        pytest.param(["plan", "--email", "a@contoso.com", "-o", "json"], id="plan"),
        pytest.param(["explain", SHOWN, "-o", "json"], id="explain"),
    ],
)
def test_jq_reads_lone_surrogates(halved: AzureDouble, run: Run, arguments: list[str]) -> None:
    """They are shown as U+FFFD, as jq itself does."""
    ran = run(*arguments)

    read = read_by_jq(ran.out).decode()
    assert SHOWN in read
    assert b"\\ud83d" not in ran.out
    assert "\ud83d" not in json.dumps([json.loads(line) for line in read.splitlines()])


@pytest.mark.usefixtures("tools")
def test_files_hold_no_lone_surrogates(halved: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Reports, plans and names of exchanges are valid; recordings keep the body."""
    report, plan, folder = (tmp_path / name for name in ("r.json", "p.json", "recording"))
    run("audit", "--report", str(report), "--record", str(folder))
    run("plan", "--email", "a@contoso.com", "--save", str(plan))
    old = tmp_path / "old.json"
    shutil.copy(report, old)

    for file in (report, plan, *folder.iterdir()):
        assert read_by_jq(file.read_bytes())
    assert run("diff", str(old), str(report)).code == 0
    assert run("audit", "--replay", str(folder)).code == 4


def test_a_contact_with_a_lone_surrogate_is_never_written(azure: AzureDouble, run: Run) -> None:
    """It could not be restored, so it is malformed to a plan."""
    item = '{"name":"default","properties":{"emails":"a@contoso.com","x":"HALF y"}}'
    body = f'{{"value":[{item}]}}'.replace("HALF", HALF).encode()
    azure.add("Odd", answers={V2017: b'{"value":[]}', "2023-12-01-preview": body})

    ran = run("plan", "--email", "b@contoso.com", "-o", "json")

    (row,) = json.loads(ran.out)["subscriptions"]
    assert (ran.code, row["status"], row["error"]["reason"]) == (4, "unreadable", "malformed")
