"""Files are private, and planted links are not followed."""

import json
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import Run, program, surroundings
from core.disks import GOOD, WISH, modes, ran


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_modes_whatever_the_umask(azure: AzureDouble, tmp_path: Path, mask: int) -> None:
    """Files and new parent folders are private; metrics are readable by all."""
    azure.add("Prod")
    tmp_path.chmod(0o755)
    names = ("r.json", "r.csv", "r.html", "r.prom")
    reports = [word for name in names for word in ("--report", str(tmp_path / name))]
    state = tmp_path / "a" / "state"
    record = str(tmp_path / "b" / "record")
    script = "\n".join(
        f"{' '.join(program(*arguments))} || test $? -eq 3 || exit 1"
        for arguments in (
            ("audit", *reports, "--record", record),
            ("plan", *WISH, "--save", str(tmp_path / "plan.json")),
            ("apply", *WISH, "--yes", "--state-dir", str(state)),
        )
    )

    umask = f"umask {mask:04o}; {script}"
    ended = ran(["sh", "-c", umask], surroundings(azure))

    assert ended.returncode == 0, ended.stderr
    private = dict.fromkeys((*names[:3], "plan.json"), "0o600")
    assert modes(tmp_path) == {**private, "r.prom": "0o644", "a": "0o700", "b": "0o700"}
    assert modes(state) == {"backup": "0o600", "journal": "0o600", "lock": "0o600"}
    assert {*modes(Path(record)).values()} == {"0o600"}
    assert {*modes(state.parent).values(), *modes(tmp_path / "b").values()} == {"0o700"}


def test_planted_links_are_not_followed(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Neither reports, plans nor the lock follow one; its target stays unchanged."""
    azure.add("Prod")
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    state = tmp_path / "state"
    state.mkdir()
    for link in (tmp_path / "r.json", tmp_path / "plan.json", state / "lock"):
        link.symlink_to(theirs)

    report = run("audit", "--report", str(tmp_path / "r.json"))
    plan = run("plan", *WISH, "--save", str(tmp_path / "plan.json"))
    applied = run("apply", *WISH, "--yes", "--state-dir", str(state))

    assert (report.code, plan.code, applied.code) == (3, 3, 74)
    assert theirs.read_text() == "theirs"
    assert azure.writes() == []
    assert [each.is_symlink() for each in (tmp_path / "r.json", tmp_path / "plan.json")] == [
        False
    ] * 2


def test_a_folder_may_be_a_link(run: Run, azure: AzureDouble, tmp_path: Path) -> None:
    """The user decides where reports are; the report is written there."""
    azure.add("Prod", contacts_2017=GOOD)
    (tmp_path / "disk").mkdir()
    (tmp_path / "reports").symlink_to("disk")

    assert run("audit", "--report", str(tmp_path / "reports" / "r.json")).code == 0

    assert json.loads((tmp_path / "disk" / "r.json").read_text())["exit_code"] == 0
    assert (tmp_path / "reports").is_symlink()
