"""Starts the program. Answers `--version` and completions before importing anything heavy."""

import gc
import os
import resource
import sys

from contacts_audit import __version__
from contacts_audit.cli.stdout import occupy_closed, put


def main() -> None:
    """Run `contacts-audit`."""
    occupy_closed()
    text = answer(sys.argv[1:])
    if text is None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # memory holds secrets; children too
        gc.set_threshold(100_000)  # to look through what was imported takes a tenth of a short run
        from contacts_audit.cli.app import start

        start()
    if code := put(text):
        os._exit(code)  # Python would try to print it once more


def answer(arguments: list[str]) -> str | None:
    """Return what is printed without the rest of the program; None where it is needed."""
    if arguments == ["--version"]:
        return f"contacts-audit {__version__}\n"
    if arguments[:1] == ["completion"] and "--" in arguments:
        from contacts_audit.cli.completion import main as completed

        return completed(arguments[1:])
    return None


def leave_current_folder() -> None:
    """
    Undo what `python -m` does: it would import a `jq.py` or `queue.py` of the current folder.

    A clone that is not installed is still found, after everything else.
    """
    try:
        here = os.getcwd()  # noqa: PTH109 - pathlib is not loaded yet
    except OSError:
        here = ""
    if not sys.flags.safe_path and sys.path[:1] == [here]:
        del sys.path[0]
        if here == os.path.dirname(os.path.dirname(os.path.abspath(__file__))):  # noqa: PTH100,PTH120
            sys.path.append(here)


if __name__ == "__main__":
    leave_current_folder()
    main()
