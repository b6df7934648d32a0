"""Runs under strace, and folders whose files and modes count."""

import os
import re
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from conftest import ROOT

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
CONTOSO = ("--replay", "fixtures/contoso")
WISH = ("--email", "soc@contoso.com")
Ran = subprocess.CompletedProcess[bytes]


def ran(command: Sequence[str], environment: Mapping[str, str] | None = None, **more: Any) -> Ran:
    """Run *command* to its end, which comes within a minute."""
    environment = environment or {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    return subprocess.run(
        command,
        env=environment,
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
        **{"stdin": subprocess.DEVNULL, **more},
    )


def modes(folder: Path) -> dict[str, str]:
    """Return the mode of each thing in *folder*, by its name up to the first digit."""
    return {
        re.split(r"-?\d", path.name)[0]: oct(stat.S_IMODE(path.stat().st_mode))
        for path in folder.iterdir()
    }


Strace = Callable[..., list[str]]


def without_power(command: Sequence[str]) -> list[str]:
    """Return *command* as one whom the modes of a folder bind, whoever we are."""
    capabilities = "-dac_override,-dac_read_search"
    mighty = ["setpriv", "--bounding-set", capabilities, "--inh-caps", capabilities]
    return [*mighty, *command] if os.geteuid() == 0 else list(command)
