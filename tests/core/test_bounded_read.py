"""Files are read up to a size, and nobody waits for ever for one, whatever option names it."""

import errno
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, Run, program, surroundings

from contacts_audit.cli.complete import _listed_subscriptions
from contacts_audit.core.streams import open_for_reading


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Return a named pipe."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def sparse(path: Path) -> None:
    """Make a file of 10 GB that takes no place on the disk."""
    with path.open("wb") as file:
        file.truncate(10_000_000_000)


KINDS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "sparse": sparse,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "loop": lambda path: path.symlink_to(path.name),
    "deep": lambda path: path.write_text("[" * 100_000),
    "endless": lambda path: path.symlink_to("/proc/kmsg"),
}


def test_a_pipe_without_a_writer_is_an_error(pipe: Path) -> None:
    """It is waited for, and then it is an OSError."""
    with pytest.raises(OSError, match="nobody wrote into the pipe") as caught:
        open_for_reading(pipe, timeout=0.01)

    assert caught.value.errno == errno.ENXIO


def test_a_writer_may_be_slow(pipe: Path) -> None:
    """`az account get-access-token > pipe` opens the pipe long before it writes."""
    opened = threading.Event()

    def write() -> None:
        with pipe.open("wb", buffering=0) as file:
            opened.wait(60)
            file.write(b"first")
            file.write(b", last")

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.05)
    with open_for_reading(pipe, timeout=0.2) as file:
        opened.set()
        pieces = list(iter(lambda: file.read(5), b""))
    writer.join()

    assert b"".join(pieces) == b"first, last"


def ended(azure: AzureDouble, *arguments: str, **variables: str) -> tuple[int, str]:
    """Run the program as a process, and return how it ended: soon."""
    ran = subprocess.run(
        program(*arguments),
        env=surroundings(azure, **variables),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=25,
        check=False,
    )
    return ran.returncode, ran.stderr.decode()


@pytest.mark.parametrize("named", ["--ca-bundle", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize("kind", KINDS)
def test_certificates_that_are_no_file_end_the_run(
    azure: AzureDouble, tmp_path: Path, kind: str, named: str
) -> None:
    """OpenSSL would wait for a pipe, and no signal would end that."""
    path = tmp_path / "ca.pem"
    KINDS[kind](path)

    if named == "--ca-bundle":
        code, err = ended(azure, "audit", named, str(path))
    else:
        code, err = ended(azure, "audit", CONTACTS_AUDIT_CA_BUNDLE="", REQUESTS_CA_BUNDLE=str(path))

    assert (code, err.count("\n")) == (2 if named == "--ca-bundle" else 1, 1)
    assert f"the CA bundle {path} cannot be used" in err
    assert azure.asked == []


def test_other_files_in_a_folder_of_certificates_are_ignored(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """A pipe, a huge file, a broken link: the certificate beside them is trusted."""
    azure.add("Prod")
    (tmp_path / "ours.pem").write_bytes(azure.ca.read_bytes())
    os.mkfifo(tmp_path / "pipe.pem")
    sparse(tmp_path / "huge.pem")
    (tmp_path / "gone.pem").symlink_to("nothing")

    code, err = ended(azure, "audit", "--ca-bundle", str(tmp_path))

    assert (code, "1 non-compliant" in err) == (3, True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_of_az_that_is_no_file_is_one_error(
    azure: AzureDouble, tmp_path: Path, kind: str
) -> None:
    """--current reads it."""
    KINDS[kind](tmp_path / "azureProfile.json")

    code, err = ended(azure, "audit", "--current", AZURE_CONFIG_DIR=str(tmp_path))

    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith("error: --current: ")


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_a_recording_that_are_no_file_complete_nothing(tmp_path: Path, kind: str) -> None:
    """Completion must not wait."""
    listed = {"value": [{"displayName": "Prod", "subscriptionId": "x"}]}
    KINDS[kind](tmp_path / "00001-subscriptions.json")
    (tmp_path / "00002-subscriptions.json").write_text(json.dumps({"response": {"json": listed}}))

    assert list(_listed_subscriptions(str(tmp_path))) == [("Prod", "x")]


@pytest.mark.parametrize("option", ["--policy", "--subscriptions-from", "--baseline"])
def test_a_file_that_blocks_is_refused(azure: AzureDouble, option: str) -> None:
    """/proc/kmsg claims to be a regular file."""
    if not os.access("/proc/kmsg", os.R_OK):
        pytest.skip("only root may read it")

    code, err = ended(azure, "audit", option, "/proc/kmsg")

    assert (code, err.count("\n"), azure.asked) == (2, 1, [])


@pytest.mark.parametrize("key", ["finished", "verdict"])
def test_no_error_quotes_a_whole_file(run: Run, tmp_path: Path, key: str) -> None:
    """A value of 100,000 characters is cut."""
    path = tmp_path / "old.json"
    row = {"id": "x", "verdict": "a" * 100_000}
    fixture = json.loads((ROOT / "tests/golden/report.json").read_text())
    if key == "verdict":
        fixture["subscriptions"][0] |= row | {"id": fixture["subscriptions"][0]["id"]}
    else:
        fixture[key] = "a" * 100_000
    path.write_text(json.dumps(fixture))

    ran = run("diff", str(path), str(path))

    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert len(ran.err) < 2300


@pytest.mark.parametrize("key", ["a.", "[a.", '"a".', "x = {a."])
def test_a_key_of_very_many_parts_is_refused_unread(run: Run, tmp_path: Path, key: str) -> None:
    """Python's parser would take quadratic time: minutes for a megabyte."""
    path = tmp_path / "policy.toml"
    path.write_text(f"{key}{'a.' * 400_000}a = 1")

    ran = run("policy", "check", str(path))

    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "line 1: more than 100 dots" in ran.err


def test_a_token_of_megabytes_is_refused(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """It would be sent in a header."""
    path = tmp_path / "token"
    path.write_text("a" * 300_000)

    ran = run("audit", "--auth", "token", "--token-file", str(path))

    assert (ran.code, azure.asked) == (2, [])
    assert "larger than" in ran.err
