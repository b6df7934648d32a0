"""The double of Azure, and the program wired to it."""

import gc
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asking import Client
from azure_double import AzureDouble
from hypothesis import HealthCheck, settings

from contacts_audit.cli.app import run as run_program
from contacts_audit.cli.host import Host
from contacts_audit.cli.terminal import Screen
from contacts_audit.core.shutdown import Shutdown

ROOT = Path(__file__).parents[1]

settings.register_profile(  # a change lands or not, whatever the dice and the machine say
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """What stdout shows."""
        return self.out.decode()


Run = Callable[..., Ran]


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the thousands of tests, which stay to the end."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def heard() -> None:
    """Let the programs that we start hear signals, also where the tests run under nohup."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def unmeasured() -> None:
    """Measure no program that a test starts: it would take twice as long."""
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        del os.environ[name]


@pytest.fixture
def azure() -> Iterator[AzureDouble]:
    """Start a cloud of one's own, empty; nothing in it may crash unseen."""
    with AzureDouble() as double:
        yield double
    assert not double.crashes


@pytest.fixture
def ask(azure: AzureDouble) -> Iterator[Client]:
    """Return a plain client of the double."""
    client = Client(azure)
    with client.session:
        yield client


def surroundings(azure: AzureDouble, **variables: str) -> dict[str, str]:
    """Return the variables of a user whose cloud is *azure*."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AZURE_TENANT_ID": azure.tenant,
        "AZURE_CLIENT_ID": azure.client_id,
        "AZURE_CLIENT_SECRET": azure.secret,
        "CONTACTS_AUDIT_ARM_ENDPOINT": azure.endpoint,
        "CONTACTS_AUDIT_AUTHORITY_HOST": azure.authority,
        "CONTACTS_AUDIT_AUDIENCE": azure.audience,
        "CONTACTS_AUDIT_CA_BUNDLE": str(azure.ca),
        **variables,
    }


def run_in(environment: Mapping[str, str], *arguments: str, stdin: bytes = b"") -> Ran:
    """Run the program in this process, as a user with *environment* would."""
    out, err = io.BytesIO(), io.StringIO()
    host = Host(environment, io.BytesIO(stdin), Screen(out, err), Shutdown())
    code = run_program(arguments, host)
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture
def run(azure: AzureDouble) -> Run:
    """Return the program, signed in to the double: argv in; code, stdout and stderr out."""

    def runner(*arguments: str, stdin: bytes = b"", **variables: str) -> Ran:
        return run_in(surroundings(azure, **variables), *arguments, stdin=stdin)

    return runner


def program(*arguments: str) -> list[str]:
    """Return the command line of the program as a process."""
    return [sys.executable, "-m", "contacts_audit", *arguments]


def begin(azure: AzureDouble, *arguments: str, **more: Any) -> "subprocess.Popen[bytes]":
    """Run the program as a process; *more* is Popen's."""
    how = {"env": surroundings(azure), "cwd": ROOT, **more}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(program(*arguments), stdin=subprocess.DEVNULL, **(pipes | how))


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds; a minute is plenty."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def start(azure: AzureDouble) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Return the program as a process, for what only a process shows; none outlives its test."""
    started: list[subprocess.Popen[bytes]] = []

    def starter(*arguments: str, **variables: str) -> "subprocess.Popen[bytes]":
        env = surroundings(azure, **variables)
        process = begin(azure, *arguments, env=env)
        started.append(process)
        return process

    yield starter
    for process in started:
        with process:
            process.kill()


@pytest.fixture(scope="session")
def tools() -> None:
    """Skip where the document's own tools are missing; fail where they must be there."""
    missing = [tool for tool in ("bash", "xargs", "curl", "jq") if shutil.which(tool) is None]
    if missing and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS"):
        pytest.fail(f"missing: {', '.join(missing)}")
    if missing:
        pytest.skip(f"missing: {', '.join(missing)}")


def without_commands(err: str) -> list[str]:
    """Return the lines of stderr, but for the commands at its end that would fix what was found."""
    begins = ("To read ", "See what would fix ")
    return [
        line
        for line in err.splitlines()
        if not line.startswith(begins) and " more are " not in line and "more kinds" not in line
    ]
