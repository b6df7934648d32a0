"""The systemd service may write what it writes, and others can read what is for them."""

import os
import shlex
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path, PurePosixPath

import pytest
from azure_double import AzureDouble
from conftest import program, surroundings
from deploy.manifests import DEPLOY

PARENTS = {"StateDirectory": "/var/lib", "CacheDirectory": "/var/cache"}
SETTINGS: defaultdict[str, list[str]] = defaultdict(list)
for line in (DEPLOY / "contacts-audit.service").read_text().splitlines():
    if "=" in line and not line.startswith("#"):
        SETTINGS[line.partition("=")[0]] += shlex.split(line.partition("=")[2])
COMMAND = SETTINGS["ExecStart"]
VARIABLES = dict(one.split("=", 1) for one in SETTINGS["Environment"])
PRIVATE = [f"{parent}/{name}" for kind, parent in PARENTS.items() for name in SETTINGS[kind]]
SHARED = SETTINGS["ReadWritePaths"]
FILES = [COMMAND[at + 1] for at, one in enumerate(COMMAND) if one in ("--report", "--baseline")]


def below(path: str, folders: list[str]) -> bool:
    """Say whether *path* is one of *folders*, or in one."""
    return any(PurePosixPath(path).is_relative_to(folder) for folder in folders)


def test_all_that_is_written_is_in_a_folder_that_can_be_written() -> None:
    """Reports and, for the one-file program, what it unpacks; the rest of the disk is read-only."""
    assert SETTINGS["ProtectSystem"] == ["strict"]
    assert len(FILES) == 3
    for path in (*FILES, VARIABLES["SHIV_ROOT"]):
        assert below(path, PRIVATE + SHARED), path


def test_the_program_is_unpacked_where_nobody_else_can_write() -> None:
    """Whoever can write there can change the program."""
    assert below(VARIABLES["SHIV_ROOT"], PRIVATE)
    assert not below(VARIABLES["SHIV_ROOT"], SHARED)


def test_what_another_service_reads_is_not_in_a_private_folder() -> None:
    """The folders of a DynamicUser are below /var/lib/private and the like, mode 0700."""
    metrics = [path for path in FILES if path.endswith(".prom")]

    assert SETTINGS["DynamicUser"] == ["yes"]
    assert metrics
    for path in metrics:
        assert below(path, SHARED)
        assert not below(path, PRIVATE)
    assert SETTINGS["SupplementaryGroups"]  # whose folder it is: the user exists only meanwhile
    assert all(below(path, PRIVATE) for path in FILES if path not in metrics)


def test_the_service_runs_on_a_read_only_disk(azure: AzureDouble, tmp_path: Path) -> None:
    """Its own command, twice, with the variables of a DynamicUser; metrics are for everybody."""
    unshare = ["unshare", "--mount", "--propagation=private"]
    if os.geteuid() or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("no mount namespaces")
    azure.add("Prod", contacts_2017=[{"name": "default1", "properties": {"email": "a@b.com"}}])
    arguments = [f"{tmp_path}{one}" if one in FILES else one for one in COMMAND[1:]]
    folders = [f"{tmp_path}{folder}" for folder in PRIVATE + SHARED]
    for folder in folders:
        Path(folder).mkdir(parents=True)
    mount = "".join(f"mount --bind {shlex.quote(each)} {shlex.quote(each)} && " for each in folders)
    script = f'{mount}mount -o remount,bind,ro / && exec "$@"'

    for _ in range(2):
        ran = subprocess.run(
            [*unshare, shutil.which("sh") or "sh", "-c", script, "sh", *program(*arguments)],
            env=surroundings(azure, HOME="/", PYTHONDONTWRITEBYTECODE="1") | VARIABLES,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, "error" in ran.stderr) == (0, False), ran.stderr

    modes = [Path(f"{tmp_path}{path}").stat().st_mode & 0o777 for path in dict.fromkeys(FILES)]
    assert modes == [0o600, 0o644]
