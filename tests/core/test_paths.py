"""What a path is, and that nobody takes "cannot be looked at" for "is not there"."""

import ast
import errno
import hashlib
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, Run

from contacts_audit.core.paths import is_folder, kind_of

TOO_LONG = "n" * 300
HIDDEN = {"exists", "is_dir", "is_file", "is_symlink", "is_socket", "is_fifo", "is_mount"}
HIDDEN |= {"is_block_device", "is_char_device", "is_junction", "glob", "rglob", "lexists"}


def test_the_kind_is_that_of_where_the_path_leads(tmp_path: Path) -> None:
    """Nothing, under a file, and a circle of links are nothing."""
    file, link, circle = tmp_path / "file", tmp_path / "link", tmp_path / "circle"
    file.touch()
    link.symlink_to(tmp_path)
    circle.symlink_to(circle)
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))

    assert kind_of(file) == stat.S_IFREG
    assert kind_of(tmp_path / "pipe") == stat.S_IFIFO
    assert kind_of(tmp_path / "socket") == stat.S_IFSOCK
    assert [is_folder(each) for each in (tmp_path, link, file)] == [True, True, False]
    assert {kind_of(each) for each in (tmp_path / "none", file / "under", circle)} == {None}


def test_a_name_that_is_too_long_is_no_missing_one(tmp_path: Path) -> None:
    """As the system has it, which `Path.exists` hides since Python 3.14."""
    for ask in (kind_of, is_folder, os.stat):
        with pytest.raises(OSError, match="too long") as caught:
            ask(tmp_path / TOO_LONG)

        assert caught.value.errno == errno.ENAMETOOLONG


def test_a_folder_that_may_not_be_searched_is_no_empty_one(tmp_path: Path) -> None:
    """What is in it may be there."""
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed/file").touch()
    tmp_path.chmod(0o755)
    (tmp_path / "closed").chmod(0)
    code = (
        "import os, sys; from pathlib import Path; "
        "from contacts_audit.core.paths import kind_of; "
        "os.geteuid() or os.setresuid(65534, 65534, 65534); kind_of(Path(sys.argv[1]))"
    )
    for folder in [*tmp_path.parents][:3]:  # pytest's own are of its user alone
        if folder.stat().st_uid == os.geteuid() and folder.stat().st_mode & 0o077 == 0:
            folder.chmod(0o711)

    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "closed/file")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "PermissionError: [Errno 13]" in ran.stderr


def test_nobody_asks_a_path_what_python_hides() -> None:
    """`Path.exists`, `is_dir` and the like answer no where nobody knows; `kind_of` raises."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.func.attr}"
        for path in (ROOT / "contacts_audit").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in HIDDEN
    ]

    assert found == []


WITH = {  # what each command needs to get as far as the path
    "audit": [],
    "emails": [],
    "fetch": [],
    "token": [],
    "explain": ["Prod"],
    "plan": ["--enable"],
    "apply": ["--enable", "--yes"],
}


def options_with_paths() -> list[tuple[str, str]]:
    """Return each of these commands with each of its options that takes a file or a folder."""
    words = json.loads((ROOT / "contacts_audit/cli/completion.json").read_text())
    return [
        (command, option)
        for command in WITH
        for option, takes in words[command]["options"].items()
        if takes in ("files", "folders") and (command, option) != ("apply", "--replay")
    ]


@pytest.mark.parametrize(("command", "option"), options_with_paths())
def test_a_path_that_is_too_long_is_refused_in_a_line(
    azure: AzureDouble, run: Run, command: str, option: str
) -> None:
    """Before anything is read or written, whatever the option does with the path."""
    azure.add("Prod")
    path = TOO_LONG + (".json" if option == "--report" else "")
    more = ["--only-changes"] if option == "--baseline" else WITH[command]

    ran = run(command, *more, option, path)

    assert "too long" in ran.err
    assert (ran.code in (1, 2, 74), ran.out, azure.arm_asked()) == (True, b"", [])
    assert len(ran.err.splitlines()) == 1


def test_a_journal_whose_name_is_too_long_is_no_missing_one(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """A backup may name any: what it says is a fact that `restore` lacks, and no crash."""
    azure.add("Prod")
    state = ("--yes", "--state-dir", str(tmp_path))
    assert run("apply", "--email", "soc@contoso.com", *state).code == 0
    (backup,) = tmp_path.glob("backup-*.json")
    document = json.loads(backup.read_text())
    document["journal"] = f"journal-{TOO_LONG}.jsonl"
    del document["sha256"]
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    document["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    backup.write_text(json.dumps(document))

    ran = run("restore", str(backup), *state)

    assert (ran.code, "Traceback" in ran.err) == (5, False)
    assert "cannot be read: File name too long" in ran.text + ran.err
