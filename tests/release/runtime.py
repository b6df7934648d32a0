"""What the program needs at run time, as requirements.lock pins it."""

import re
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PINNED = re.compile(r"^([a-z0-9-]+)==\S+ \\\n(?:    --hash=\S+(?: \\)?\n)+", re.MULTILINE)


def pins(lock: Path, pythons: list[str]) -> str:
    """
    Return the part of *lock* that the program needs under any of the *pythons* ("3.11").

    Raises:
        ValueError: the lock lacks something.
    """
    needed = set[str]().union(*(_needed(version) for version in pythons))
    found = {match[1]: match[0] for match in PINNED.finditer(lock.read_text(encoding="utf-8"))}
    if missing := needed - found.keys():
        raise ValueError(f"{lock} does not pin {', '.join(sorted(missing))}: run make lock")
    return "".join(found[name] for name in sorted(needed))


def _needed(version: str) -> set[str]:
    """Return the names of what is imported, directly or not, as installed beside this Python."""
    seen = {("contacts-audit", "")}
    left = [*seen]
    while left:
        name, extra = left.pop()
        for line in requires(name) or ():
            wanted = Requirement(line)
            about = {"python_version": version, "python_full_version": f"{version}.0"}
            if wanted.marker is None or wanted.marker.evaluate({**about, "extra": extra}):
                extras = ("", *wanted.extras)
                new = {(canonicalize_name(wanted.name), each) for each in extras} - seen
                seen |= new
                left += new
    return {name for name, _ in seen} - {"contacts-audit"}
