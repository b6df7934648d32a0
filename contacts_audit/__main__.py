"""Starts the program. Answers `--version` and completions before importing anything heavy."""

import gc
import os
import resource
import sys

from contacts_audit import __version__
from contacts_audit.cli.stdout import fill_closed_streams, write_stdout


def main() -> None:
    """Run `contacts-audit`."""
    fill_closed_streams()
    text = answer(sys.argv[1:])
    if text is None:
        resource.setrlimit(
            resource.RLIMIT_CORE, (0, 0)
        )  # no core files, of children neither: memory holds secrets
        gc.set_threshold(100_000)  # collecting what was imported takes a tenth of a short run
        from contacts_audit.cli.app import start

        start()
    if code := write_stdout(text):
        os._exit(code)  # a normal exit would write to stdout again


def answer(arguments: list[str]) -> str | None:
    """Return the output of `--version` or a completion, None for anything else."""
    if arguments == ["--version"]:
        return f"contacts-audit {__version__}\n"
    if arguments[:1] == ["completion"] and "--" in arguments:
        from contacts_audit.cli.complete import main as completed

        return completed(arguments[1:])
    return None


def leave_current_folder() -> None:
    """
    Remove the current folder, which `python -m` puts first, from the import path.

    Otherwise a `jq.py` in that folder would be imported. If the folder is a clone that is not
    installed, move it to the end instead.
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
