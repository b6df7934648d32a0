"""Starts the program; answers `--version` before anything heavy is imported."""

import gc
import resource
import sys

from contacts_audit import __version__


def main() -> None:
    """Run `contacts-audit`."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"contacts-audit {__version__}\n")
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # memory holds secrets; children inherit it
    gc.set_threshold(20_000)  # to look through what was imported takes a tenth of a short run
    from contacts_audit.cli.app import start

    start()


if __name__ == "__main__":
    main()
