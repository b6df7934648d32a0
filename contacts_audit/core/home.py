"""Finds the home folder of the user."""

import os
from collections.abc import Mapping
from pathlib import Path


def home(environment: Mapping[str, str]) -> Path | None:
    """Return HOME, else the home in the user database, as az does; None if both are missing."""
    if environment.get("HOME"):
        return Path(environment["HOME"])
    import pwd

    try:
        found = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return None
    return Path(found) if found else None
