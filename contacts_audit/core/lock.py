"""The lock that lets one `apply` or `restore` write at a time."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from contacts_audit.core.disk import UNSUPPORTED, make_private
from contacts_audit.core.errors import BusyError, OutputError

RELEASE_TIMEOUT = 1.0  # seconds in which a process that is about to end releases the lock


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """
    Hold the lock of *folder* while the block runs, and make the folder if it is missing.

    The system releases the lock when the process ends, however it ends.

    Raises:
        BusyError: another process holds the lock for longer than a second.
        OutputError: the folder cannot be made or written.
    """
    from filelock import FileLock, Timeout

    try:
        make_private(folder)
        _try_lock(folder / "lock")
        lock = FileLock(folder / "lock")
        lock.acquire(timeout=RELEASE_TIMEOUT, poll_interval=RELEASE_TIMEOUT / 20)
    except Timeout as error:
        raise BusyError(
            f"another apply or restore is at work ({folder / 'lock'})", "wait until it ends"
        ) from error
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror}",
            "choose another folder with --state-dir",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _try_lock(path: Path) -> None:
    """Make the lock file, readable by us alone; refuse a file system that has no locks."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    handle = os.open(path, flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in UNSUPPORTED - {errno.EACCES}:  # EACCES: another process may hold it
            raise OutputError(
                f"{path} cannot be locked: the file system has no locks ({error.strerror})",
                "choose a folder on a local disk with --state-dir",
            ) from error
    finally:
        os.close(handle)
