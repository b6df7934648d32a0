"""A recording keeps exchanges without secrets, and replays them to the same report."""

import json
import shutil
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Fault
from conftest import ROOT, Run, run_in

V2017 = "2017-08-01-preview"


def contact(email: str) -> list[dict[str, Any]]:
    """Return a contact as 2017 keeps it."""
    return [{"name": "default1", "properties": {"email": email, "phone": "+1-425-555-0100"}}]


def rows(out: bytes) -> list[dict[str, Any]]:
    """Return the rows of a JSON report."""
    found: list[dict[str, Any]] = json.loads(out)["subscriptions"]
    return found


def test_a_recording_replays_to_the_same_report(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Offline and without credentials, with pages, refusals and failures."""
    azure.page_size, azure.contacts_page_size = 2, 1
    azure.add("Good é 😀", contacts_2017=[*contact(""), *contact("a@contoso.com")])
    azure.add("None")
    azure.add("Closed", readable=False)
    azure.add("Hanging")
    azure.fail(azure.subscriptions[3].id, faults.hang())
    folder = tmp_path / "recording"

    quick = ("--timeout", "2", "--budget", "4")
    live = run("audit", "-o", "json", "--record", str(folder), *quick)
    replayed = run_in({}, "audit", "-o", "json", "--replay", str(folder))

    assert (replayed.code, rows(replayed.out)) == (live.code, rows(live.out))
    assert json.loads(replayed.out)["tenants"] == [azure.tenant]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"value":[]}', id="compact"),
        pytest.param(b'\xef\xbb\xbf{ "value" : [ ] }\r\n', id="BOM and blanks"),
        pytest.param(b'{"value":[],"a":1.0,"b":1e2,"c":12345678901234567890}', id="numbers"),
        pytest.param('{"value":[],"é":"\\u00e9 😀 \\ud800"}'.encode(), id="escapes"),
        pytest.param(b'{"value":[],"value":[]}', id="keys twice"),
        pytest.param(b'{"value":[]}\xff', id="no text"),
        pytest.param(b"<html>\x00</html>", id="HTML"),
    ],
)
def test_a_body_comes_back_byte_for_byte(
    azure: AzureDouble, run: Run, tmp_path: Path, body: bytes
) -> None:
    """`fetch` prints the same for the recording as for Azure, however odd the body."""
    azure.add("Prod", answers={V2017: body})
    folder = str(tmp_path / "recording")

    live = run("fetch", "--record", folder)
    replayed = run_in({}, "fetch", "--replay", folder)

    assert live.out == body
    assert (replayed.code, replayed.out) == (live.code, live.out)


def test_answers_to_one_url_are_replayed_in_order(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """A retry is replayed without its wait, and the last answer repeats."""
    azure.add("Prod", contacts_2017=contact("a@contoso.com"))
    azure.fail("securityContacts", faults.throttle("0.2"), times=2)
    folder = tmp_path / "recording"

    run("audit", "--record", str(folder))
    replayed = run_in({}, "audit", "--replay", str(folder))

    kept = [json.loads(path.read_bytes()) for path in sorted(folder.glob("0*.json"))]
    assert [one["response"]["status"] for one in kept] == [200, 429, 429, 200]
    assert replayed.code == 0


def test_the_answer_after_a_renewed_token_is_replayed(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """The answer after a 401 counts, also offline."""
    azure.add("Prod", contacts_2017=contact("a@contoso.com"))
    expired = faults.arm_error(401, "ExpiredAuthenticationToken", "too late")
    azure.fail("securityContacts", expired, times=1)
    folder = str(tmp_path / "recording")

    live = run("audit", "--record", folder)
    replayed = run_in({}, "audit", "--replay", folder)

    assert (live.code, replayed.code) == (0, 0)


def test_a_version_that_was_given_up_is_refused_for_all(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Which subscriptions were still asked depended on the threads. No verdict does."""
    for number in range(12):
        azure.add(f"S{number}")
    azure.offered = {V2017}
    folder = str(tmp_path / "recording")

    live = run("audit", "-o", "json", "--record", folder, "--workers", "1")
    replayed = run_in({}, "audit", "-o", "json", "--replay", folder, "--workers", "8")

    assert rows(replayed.out) == rows(live.out)


@pytest.mark.parametrize(
    ("names", "offered"),
    [
        (("Good", "Blank", "Closed", "Disabled", "Busy", "Last"), None),
        (("One", "Two"), {V2017}),
        (("One", "Two", "Three", "Four", "Last"), {V2017}),
    ],
    ids=["usual", "old", "old for all"],
)
def test_a_recording_that_was_cut_short_never_looks_whole(
    azure: AzureDouble, run: Run, tmp_path: Path, names: tuple[str, ...], offered: set[str] | None
) -> None:
    """Cut after each file, and in the middle of the next one: what is missing is unreadable."""
    azure.page_size = 2
    azure.offered = offered or azure.offered
    for name in names:
        good = contact("a@contoso.com") if name in {"Good", "Busy"} else contact("")
        state = "Disabled" if name == "Disabled" else "Enabled"
        found = azure.add(name, contacts_2017=good, readable=name != "Closed", state=state)
        if name == "Busy":
            azure.fail(found.id, faults.throttle("0.05"), times=1)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    live = run("audit", "--workers", "1", "--record", str(whole))
    cut.mkdir()
    shutil.copy(whole / "recording.json", cut)
    codes, began = [], time.monotonic()
    for path in sorted(whole.glob("0*.json")):
        codes.append(run_in({}, "audit", "--replay", str(cut)).code)
        (cut / path.name).write_bytes(path.read_bytes()[:-3])
        torn = run_in({}, "audit", "--replay", str(cut))
        assert (torn.code, torn.out, torn.err.count("\n")) == (2, b"", 1)
        shutil.copy(path, cut)

    assert (
        time.monotonic() - began < 45
    )  # the last answer repeats: a 429 must not be retried without end
    assert live.code == (4 if "Closed" in names else 3)
    assert {*codes} == {1, 4}
    assert run_in({}, "audit", "--replay", str(cut)).code == live.code


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"response": {"status": 200, "headers": {}}}, id="no body"),
        pytest.param({"response": {"headers": {}, "text": ""}}, id="no status"),
        pytest.param({"response": {"status": "200", "headers": {}, "text": ""}}, id="odd status"),
        pytest.param({"response": {"status": 200, "headers": {"a": 1}, "text": ""}}, id="header"),
        pytest.param({"failure": {"reason": "bad luck", "message": ""}}, id="odd reason"),
        pytest.param({}, id="nothing"),
    ],
)
def test_a_damaged_recording_is_refused(
    azure: AzureDouble, run: Run, tmp_path: Path, damage: dict[str, Any]
) -> None:
    """Exit 2 before anything is judged, in one line."""
    azure.add("Prod")
    folder = tmp_path / "recording"
    run("audit", "--record", str(folder))
    path = max(folder.glob("0*.json"))
    request = json.loads(path.read_bytes())["request"]
    path.write_text(json.dumps({"request": request, **damage}))

    ran = run_in({}, "audit", "--replay", str(folder))

    assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_what_was_not_recorded_is_unreadable(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """The recording of another command has fewer answers, and the row says so."""
    azure.add("Prod")
    folder = str(tmp_path / "recording")
    run("emails", "--record", folder)

    ran = run_in({}, "audit", "--replay", folder, "-o", "json")

    (row,) = rows(ran.out)
    assert (ran.code, row["verdict"]) == (4, "unreadable")
    assert "the recording holds no answer" in row["error"]["message"]


def test_a_recording_is_private_and_contains_no_secret(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Folder 0700, files 0600, no token, no cookie, one file for each exchange."""
    azure.add("Prod", contacts_2017=contact("a@contoso.com"))
    folder = tmp_path / "recording"

    run("audit", "--record", str(folder))

    paths = sorted(folder.iterdir())
    text = "".join(path.read_text() for path in paths)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert len(paths) == len(azure.arm_asked()) + 1
    assert str(azure.arm_asked()[0].bearer) not in text
    assert "cookie" not in text.lower()


def test_a_recording_needs_an_empty_folder(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Nothing is sent if the folder is not empty, or cannot be made."""
    (tmp_path / "thing").write_text("mine")

    full = run("audit", "--record", str(tmp_path))
    impossible = run("audit", "--record", str(tmp_path / "thing" / "below"))

    assert (full.code, impossible.code, azure.asked) == (2, 74, [])
    assert (tmp_path / "thing").read_text() == "mine"


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"schema": 2}', id="another schema"),
        pytest.param(b'{"schema": 1, "cloud": {"name": "x"}, "tenants": []}', id="half a cloud"),
    ],
)
def test_a_folder_without_a_valid_manifest_is_refused(tmp_path: Path, manifest: bytes) -> None:
    """Exit 2, in one line."""
    (tmp_path / "recording.json").write_bytes(manifest)

    ran = run_in({}, "audit", "--replay", str(tmp_path))

    assert (ran.code, ran.err.count("\n")) == (2, 1)


@pytest.mark.parametrize("fault", [None, faults.html(403)], ids=["JSON", "HTML"])
def test_a_masked_recording_has_the_same_verdicts(
    azure: AzureDouble, run: Run, tmp_path: Path, fault: Fault | None
) -> None:
    """Ids, names, addresses and telephone numbers are masked, in messages and headers, too."""
    azure.page_size = 1
    azure.add("Secret Project", contacts_2017=contact("jane.doe@contoso.com"))
    azure.add("Other Project", contacts_2017=contact("not-an-address"))
    azure.add("Closed Project", readable=False)
    if fault is not None:
        azure.fail(azure.subscriptions[2].id, fault)
    folder = tmp_path / "recording"

    live = run("audit", "-o", "json", "--record", str(folder), "--mask")
    replayed = run_in({}, "audit", "-o", "json", "--replay", str(folder))

    text = "".join(path.name + path.read_text() for path in folder.iterdir())
    secrets = [azure.tenant, azure.client_id, azure.object_id, "Project", "jane", "not-an-address"]
    secrets += ["425-555", *(subscription.id for subscription in azure.subscriptions)]
    assert not [secret for secret in secrets if secret in text]
    verdicts = [[row["verdict"] for row in rows(ran.out)] for ran in (live, replayed)]
    assert verdicts[0] == verdicts[1] == ["compliant", "non-compliant", "unreadable"]


def test_the_fixtures_are_what_the_recorder_makes() -> None:
    """Each verdict except `waived`, and each subscription for its own reason."""
    root = ROOT / "fixtures"

    contoso = run_in({}, "audit", "--replay", str(root / "contoso"), "-o", "json")
    old = run_in({}, "audit", "--replay", str(root / "old-cloud"), "-o", "json")

    summary = json.loads(contoso.out)["summary"]
    del summary["waived"]
    assert all(summary.values())
    assert contoso.code == 4
    assert {row["decided_by"] for row in rows(old.out)} == {V2017}


@pytest.mark.parametrize("mask", [(), ("--mask",)], ids=["plain", "masked"])
def test_no_cookie_is_recorded_or_shown(
    azure: AzureDouble, run: Run, tmp_path: Path, mask: tuple[str, ...]
) -> None:
    """Neither in a recording nor with `--debug`, nor in a replay of one."""
    azure.add("Prod")
    cookies = {"Set-Cookie": "slice=Bakery; path=/", "X-Cookie": "ARRAffinity=Bakery"}
    azure.fail("securityContacts", faults.status(403, {"error": {"code": "No"}}, cookies))
    folder = tmp_path / "recording"

    live = run("audit", "--debug", "--record", str(folder), *mask)
    text = "".join(path.read_text() for path in folder.iterdir())
    path = max(folder.glob("0*.json"))
    kept = json.loads(path.read_text())
    kept["response"]["headers"]["set-cookie"] = "slice=Bakery"
    path.write_text(json.dumps(kept))
    again = run_in({}, "audit", "--debug", "--replay", str(folder))

    for shown in (text, live.err, again.err):
        assert [
            word for word in ("bakery", "set-cookie", "x-cookie") if word in shown.lower()
        ] == []
    assert "request-id" in live.err
