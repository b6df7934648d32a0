"""Two runs at once, and a run that was killed."""

from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from conftest import begin, run_in, surroundings, wait_for
from remediation.apply_process import FIVE, STEPS, Step, again, applying, at_third, statuses, whole


@pytest.mark.parametrize("name", ["first reading", "reading before the PUT", "PUT", "reading back"])
def test_sigkill_leaves_whole_files_and_no_lock(
    azure: AzureDouble, tmp_path: Path, name: str
) -> None:
    """The same command does the rest, and the backup can be restored."""
    subscriptions = [azure.add(f"S{place}") for place in range(FIVE)]
    step = STEPS[name]
    hanging = Step(step.method, step.number, faults.hang(), None, 0)
    there = at_third(azure, subscriptions[2], hanging)
    state = tmp_path / "state"
    process = begin(azure, *applying(state))
    wait_for(there)

    process.kill()
    process.communicate(timeout=60)

    written = {name: 0, "reading before the PUT": 2, "PUT": 2, "reading back": 3}[name]
    whole(state)
    backup = next(state.glob("backup-*.json"), None)
    assert (backup is None) is (name == "first reading")
    assert again(azure, state) == (0, ["already"] * written + ["done"] * (FIVE - written))
    whole(state)
    if written:
        arguments = ("restore", str(backup), "--yes", "-o", "json", "--state-dir", str(state))
        restored = run_in(surroundings(azure), *arguments)
        assert (restored.code, {each.contact is None for each in subscriptions}) == (0, {True})


@pytest.mark.parametrize("command", ["apply", "restore"])
def test_of_two_at_once_one_is_6_and_sends_nothing(
    azure: AzureDouble, tmp_path: Path, command: str
) -> None:
    """The second run exits with 6; the first is not disturbed."""
    azure.add("Done")
    state = tmp_path / "state"
    assert again(azure, state) == (0, ["done"])
    (backup,) = state.glob("backup-*.json")
    azure.add("Prod")
    azure.fail("PUT", faults.slow(2))
    process = begin(azure, *applying(state))
    wait_for(lambda: len(azure.writes()) == 2)
    files = {file.name for file in state.iterdir()}
    arguments = applying(state)
    if command == "restore":
        arguments = ("restore", str(backup), "--yes", "--state-dir", str(state))

    second = run_in(surroundings(azure), *arguments)
    left = {file.name for file in state.iterdir()}
    out, _ = process.communicate(timeout=60)

    assert (second.code, second.out, left) == (6, b"", files)
    assert (process.returncode, statuses(out)) == (0, ["already", "done"])
    assert len(azure.writes()) == 2


@pytest.mark.parametrize("first", ["apply", "restore"])
@pytest.mark.parametrize("second", ["apply", "restore"])
def test_the_lock_is_held_while_the_first_one_reads(
    azure: AzureDouble, tmp_path: Path, first: str, second: str
) -> None:
    """A second run sends no request, as its reading would be outdated before it writes."""
    azure.add("Done")
    state = tmp_path / "state"
    assert again(azure, state) == (0, ["done"])
    backup = str(next(state.glob("backup-*.json")))
    azure.add("Prod")
    azure.fail("securityContacts", faults.hang())
    arguments = {"apply": applying(state)}
    arguments["restore"] = ("restore", backup, "--yes", "--state-dir", str(state))
    asked = len(azure.arm_asked())
    process = begin(azure, *arguments[first])
    wait_for(lambda: any("securityContacts" in each.path for each in azure.arm_asked()[asked:]))
    signed_in = len(azure.tokens)

    ran = run_in(surroundings(azure), *arguments[second])

    assert (ran.code, ran.out, len(azure.tokens)) == (6, b"", signed_in)
    process.kill()
    process.communicate(timeout=60)
