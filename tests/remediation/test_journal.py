"""The journal of a run, line by line."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from remediation.saved_files import ID, OTHER, WHO

from contacts_audit.core.errors import OutputError
from contacts_audit.core.model import Subscription
from contacts_audit.remediation.journal import Journal


def test_a_line_for_each_thing_that_happens(tmp_path: Path) -> None:
    """The journal is readable by its owner only, ASCII, and written as it happens."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)

    journal.note(WHO, "sent", contact="ö\n\u2028", after={"x": [1]})
    after_one = path.read_bytes()
    journal.note(Subscription(OTHER), "answered", status=200)

    lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    assert after_one.endswith(b"}\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [{key: line[key] for key in line if key != "at"} for line in lines] == [
        {"subscription": ID, "event": "sent", "contact": "ö\n\u2028", "after": {"x": [1]}},
        {"subscription": OTHER, "event": "answered", "status": 200},
    ]
    assert all(line["at"].endswith("Z") for line in lines)


@pytest.mark.parametrize(
    "name", [pytest.param("there", id="exists"), pytest.param("no/such/folder", id="no folder")]
)
def test_a_journal_that_cannot_be_kept(tmp_path: Path, name: str) -> None:
    """A journal is never appended to an old one, and nothing is sent without a journal."""
    (tmp_path / "there").write_text("old\n")

    with pytest.raises(OutputError) as caught:
        Journal(tmp_path / name)

    assert name in str(caught.value)
    assert (tmp_path / "there").read_text() == "old\n"


def test_a_journal_is_not_written_through_a_link(tmp_path: Path) -> None:
    """A link is not followed, wherever it leads."""
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OutputError):
        Journal(tmp_path / "link")

    assert not (tmp_path / "elsewhere").exists()


def test_a_journal_on_a_full_disk(tmp_path: Path) -> None:
    """A line that cannot be written is an error, and nothing may be sent."""
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from contacts_audit.remediation.journal import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "who = Subscription('x')\n"
        "try:\n    journal.note(who, 'sent')\n    print('went on')\n"
        "except OutputError as error: print('stopped')\n"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / limit), limit],
            env={"PATH": os.environ["PATH"]},  # what measures coverage could not write, either
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        for limit in ("0", "10", "1000")
    ]

    assert [ran.stderr for ran in found] == [b"", b"", b""]
    assert [ran.stdout for ran in found] == [b"stopped\n", b"stopped\n", b"went on\n"]
