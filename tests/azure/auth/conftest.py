"""Fixtures of the sign-in tests."""

import functools
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from az_stub import Az, az_output, make_az
from azure.auth.shared import GOOD, NO_CREDENTIAL, Beside, Machine
from azure_double import AzureDouble
from conftest import Ran, Run


@pytest.fixture
def az(tmp_path: Path) -> Az:
    """Return a maker of a stub of az."""
    return functools.partial(make_az, tmp_path / "bin")


@pytest.fixture
def beside_az(azure: AzureDouble, run: Run, az: Az) -> Beside:
    """Return the program with az signed in, and no other credential unless variables give one."""
    azure.add("Prod", contacts_2017=GOOD)

    def runner(*arguments: str, stdin: bytes = b"", **variables: str) -> Ran:
        path = az(az_output(azure))
        return run(*arguments, stdin=stdin, **{**NO_CREDENTIAL, "PATH": path, **variables})

    return runner


@pytest.fixture
def on_a_machine(start: Callable[..., "subprocess.Popen[bytes]"]) -> Machine:
    """Return the program as a process: MSAL reads the variables of its own process."""

    def runner(*arguments: str, **variables: str) -> tuple[int, str, str]:
        process = start(*arguments, **{**NO_CREDENTIAL, **variables})
        out, err = process.communicate(timeout=60)
        return process.returncode, out.decode(), err.decode()

    return runner
