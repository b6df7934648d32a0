"""The server and what is measured, as processes: pinned apart, timed whole, by `wait4`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
LONGEST = 300.0


@dataclass(frozen=True)
class Run:
    """One whole process: seconds on the wall and on the processor, peak MiB, its exit code."""

    wall: float
    cpu: float
    peak: float
    code: int


@dataclass
class Served:
    """A server that runs; *counts* are its own, once it has ended."""

    facts: Mapping[str, str]
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a user whose cloud this is."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "AZURE_TENANT_ID": self.facts["tenant"],
            "AZURE_CLIENT_ID": self.facts["client_id"],
            "AZURE_CLIENT_SECRET": self.facts["secret"],
            "CONTACTS_AUDIT_ARM_ENDPOINT": self.facts["endpoint"],
            "CONTACTS_AUDIT_AUTHORITY_HOST": self.facts["endpoint"],
            "CONTACTS_AUDIT_AUDIENCE": self.facts["audience"],
            "CONTACTS_AUDIT_CA_BUNDLE": self.facts["ca"],
        }


@contextmanager
def server(**options: Any) -> Iterator[Served]:
    """Serve from a process of its own, on the first core."""
    words = [sys.executable, "-m", "bench.server"]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", *map(str, _words(value))]
    with subprocess.Popen(
        ["taskset", "-c", "0", *words],
        cwd=TESTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        served = Served(json.loads(process.stdout.readline()))
        try:
            yield served
        finally:
            process.stdin.close()
            served.counts = json.loads(process.stdout.readline())


def _words(value: Any) -> Sequence[Any]:
    return () if value is True else value if isinstance(value, tuple) else (value,)


def measured(command: Sequence[str | Path], environment: Mapping[str, str]) -> Run:
    """Run *command* on the second core to its end; its children count, too."""
    began = time.perf_counter()
    process = subprocess.Popen(
        ["taskset", "-c", "1", "timeout", str(LONGEST), *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, process.returncode)
