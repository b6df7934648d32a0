"""What is on disk before a write is sent, and what a full disk does."""

import json
import re
import resource
import shutil
import subprocess
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, begin, program, surroundings
from remediation.apply_process import DONE, FIVE, again, applying, statuses
from remediation.workspace import puts


@pytest.fixture
def strace(tmp_path: Path) -> list[str]:
    """Return a command that traces system calls; skip the test without one."""
    if shutil.which("strace") is None:
        pytest.skip("missing: strace")
    permitted = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True)
    if permitted.returncode:
        pytest.skip("strace is not permitted")
    calls = "trace=openat,write,fsync,rename,renameat,renameat2,sendto,sendmsg"
    return ["strace", "-f", "-y", "-s", "400", "-e", calls, "-o", str(tmp_path / "trace")]


def test_the_backup_is_on_disk_before_the_first_put(
    azure: AzureDouble, tmp_path: Path, strace: list[str]
) -> None:
    """The backup is written, synced and renamed, then the journal, and only then a PUT is sent."""
    azure.add("Prod")
    state = tmp_path / "state"

    subprocess.run(
        [*strace, *program(*applying(state))],
        env=surroundings(azure),
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )

    calls = (tmp_path / "trace").read_text().splitlines()
    folder = re.escape(str(state))
    order = [
        rf'write\(\d+<{folder}/\.contacts-audit\..*\.tmp>, "{{',
        rf"fsync\(\d+<{folder}/\.contacts-audit\..*\.tmp>",
        rf'rename(at2?)?\(.*/\.contacts-audit\..*"{folder}/backup-',
        rf"fsync\(\d+<{folder}>",
        rf"write\(\d+<{folder}/journal-.*wanted",
        rf"fsync\(\d+<{folder}/journal-",
        rf'write\(\d+<{folder}/journal-.*\\"sent\\"',
        rf"fsync\(\d+<{folder}/journal-",
        r"(write|sendto|sendmsg)\(\d+<(socket|TCP)",
        rf"write\(\d+<{folder}/journal-.*answered",
    ]
    at = -1
    for pattern in order:
        following = (
            place for place in range(at + 1, len(calls)) if re.search(pattern, calls[place])
        )
        at = next(following, len(calls))
        assert at < len(calls), pattern
    assert len(azure.writes()) == 1


def with_little_room(azure: AzureDouble, state: Path, size: int) -> tuple[int, bytes, list[str]]:
    """
    Apply where no file can grow beyond *size*.

    Return the code, stdout, and of which subscriptions the journal says, in whole lines, "sent".
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    process = begin(azure, *applying(state), preexec_fn=limit)
    out, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    (file,) = state.glob("journal-*")
    lines = [json.loads(line) for line in file.read_text().split("\n")[:-1]]
    sent = [line["subscription"] for line in lines if line["event"] == "sent"]
    return process.returncode, out, sent


def test_a_journal_that_cannot_grow_stops_the_run_and_tells_what_was_done(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """The exit code is 74, and the results so far are printed."""
    for place in range(FIVE):
        azure.add(f"S{place}")

    code, out, sent = with_little_room(azure, tmp_path / "state", 3000)

    assert (code, 0 < len(sent) < FIVE) == (74, True)
    assert statuses(out)[0] == DONE


def test_nothing_is_sent_of_which_the_journal_has_no_whole_line(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """The disk fills up within the fourth line "sent", so its PUT is not sent."""
    subscriptions = [azure.add(f"S{place}") for place in range(FIVE)]
    again(azure, tmp_path / "first")
    (file,) = (tmp_path / "first").glob("journal-*")
    fourth = [found.start() for found in re.finditer('"event": "sent"', file.read_text())][3]
    azure.asked.clear()
    for subscription in subscriptions:
        subscription.contact = None

    code, _, sent = with_little_room(azure, tmp_path / "state", fourth)

    assert code == 74
    assert puts(azure) == sent == [subscription.id for subscription in subscriptions[:3]]
