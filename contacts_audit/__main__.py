"""Starts the program; answers `--version` before anything heavy is imported."""

import gc
import os
import sys

from contacts_audit import __version__


def main() -> None:
    """Run `contacts-audit`."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"contacts-audit {__version__}\n")
        return
    gc.set_threshold(20_000)  # to look through what was imported takes a tenth of a short run
    from contacts_audit.cli.app import start

    start()


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
