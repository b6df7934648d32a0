"""The program works without a home folder and without a current folder."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.auth.shared import GOOD
from azure_double import AzureDouble
from conftest import ROOT, Ran, program, surroundings

from contacts_audit.core.paths import home

STRANGER = "54321"  # a user id that the user database does not have


def test_home_comes_from_the_variable_or_the_user_database() -> None:
    """As for az. An empty variable is not set."""
    own = Path(pwd.getpwuid(os.getuid()).pw_dir)

    assert home({"HOME": "/x"}) == Path("/x")
    assert home({"HOME": ""}) == own
    assert home({}) == own


@pytest.fixture
def as_a_stranger(azure: AzureDouble) -> Callable[..., Ran]:
    """Return the program, run by a user without a name and without a home, as containers do."""
    tools = os.geteuid() == 0 and shutil.which("setpriv")
    if not tools and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS") and os.geteuid() == 0:
        pytest.fail("setpriv is missing")
    if not tools:
        pytest.skip("only root can be somebody else")
    azure.folder.chmod(0o755)

    def runner(*arguments: str, **variables: str) -> Ran:
        kept = surroundings(azure, **variables)
        del kept["HOME"]
        ran = subprocess.run(
            [
                *("setpriv", "--reuid", STRANGER, "--regid", STRANGER, "--clear-groups"),
                *("--bounding-set", "+dac_read_search", "--inh-caps", "+dac_read_search"),
                *(
                    "--ambient-caps",
                    "+dac_read_search",
                ),  # the files of the program may belong to root
                *program(*arguments),
            ],
            env=kept,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr.decode())

    return runner


@pytest.mark.parametrize("command", [["apply", "--email", "a@contoso.com"], ["restore", "x.json"]])
def test_without_any_home_the_state_folder_must_be_named(
    azure: AzureDouble, as_a_stranger: Callable[..., Ran], command: list[str]
) -> None:
    """The error is one line. No folder `~` is made, and nothing is sent."""
    ran = as_a_stranger(*command, "--yes")

    assert (ran.code, ran.out, ran.err.count("\n"), azure.asked) == (2, b"", 1, [])
    assert "--state-dir" in ran.err
    assert not Path("/~").exists()


def test_without_any_home_reading_works(
    azure: AzureDouble, as_a_stranger: Callable[..., Ran], tmp_path: Path
) -> None:
    """Writing, too, if the state has a folder."""
    azure.add("Prod", contacts_2017=GOOD)
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, int(STRANGER), int(STRANGER))

    audit = as_a_stranger("audit")
    apply = as_a_stranger("apply", "--email", "b@contoso.com", "--yes", "--state-dir", str(state))
    current = as_a_stranger("audit", "--current")

    assert (audit.code, apply.code) == (0, 0), apply.err
    assert (current.code, current.err.count("\n")) == (1, 1)
    assert "set HOME or AZURE_CONFIG_DIR" in current.err


def test_a_service_without_home_reads(azure: AzureDouble) -> None:
    """`env -i`, as systemd starts a service without User=."""
    azure.add("Prod", contacts_2017=GOOD)
    kept = {
        name: text
        for name, text in surroundings(azure).items()
        if name.startswith(("AZURE_", "CONTACTS_AUDIT_"))
    }

    ran = subprocess.run(
        [sys.executable, "-m", "contacts_audit", "audit"],
        env=kept,
        cwd=ROOT,
        capture_output=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("audit", "--report", "r.json"), 74, "r.json cannot be written: No such file"),
        (("plan", "--email", "a@contoso.com", "--save", "p.json"), 74, "p.json cannot be written"),
        (("audit", "--ca-bundle", "ca.pem"), 2, "CA bundle ca.pem cannot be used"),
        (("audit", "--jq", ".summary.in_scope"), 0, "1\n"),
    ],
)
def test_a_deleted_current_folder_does_not_crash(
    azure: AzureDouble, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """Relative paths are not found. All else works."""
    azure.add("Prod", contacts_2017=GOOD)
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd {gone} && rmdir {gone} && exec "$0" "$@"'

    ran = subprocess.run(
        ["sh", "-c", script, str(Path(sys.executable).parent / "contacts-audit"), *arguments],
        env=surroundings(azure) | {"LD_LIBRARY_PATH": "lib"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr.count("\n") <= 2) == (code, True), ran.stderr
    assert says in ran.stdout + ran.stderr
