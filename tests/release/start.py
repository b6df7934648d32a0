# ruff: noqa: UP031, UP036
"""
The start of contacts-audit.pyz, where `make dist` puts it as `__main__.py`.

Any Python can read it, as far back as 2.7: it says in one line which Pythons the file is for, and
what to do where shiv cannot unpack it.
"""

import sys

HELD = {}  # type: dict[str, str]  # the Python of each ending of a C extension; `make dist` fills it

ENDING = ""
if sys.version_info >= (3, 11):
    from importlib.machinery import EXTENSION_SUFFIXES

    ENDING = EXTENSION_SUFFIXES[0]
if ENDING not in HELD:
    sys.exit(
        "error: contacts-audit.pyz runs under CPython %s on Linux (x86_64, glibc), not under %s"
        " (Python %s%s) -- start it by one of those: python3.13 contacts-audit.pyz, say"
        % (
            ", ".join(sorted(HELD.values())),
            sys.executable or "this one",
            sys.version.split()[0],
            ENDING and ", which loads *" + ENDING,
        )
    )

from _bootstrap import bootstrap  # type: ignore[import-not-found]  # noqa: E402 - shiv's

try:
    bootstrap()
except (OSError, RuntimeError) as error:  # its folder cannot be written, or there is no home
    if "contacts_audit" in sys.modules:
        raise
    sys.exit(
        "error: contacts-audit.pyz cannot unpack itself: %s"
        " -- name a folder that you alone can write by the variable SHIV_ROOT" % error
    )
