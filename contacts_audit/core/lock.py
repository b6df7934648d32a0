"""The lock that lets one `apply` or `restore` write at a time."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from contacts_audit.core.disk import UNSUPPORTED, make_private
from contacts_audit.core.errors import BusyError, OutputError

RELEASE_TIMEOUT = 1.0  # seconds that a lock may still be held by who is about to end


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """
    Make *folder* for us alone, if need be, and hold its lock; it ends with us, however we end.

    Raises:
        BusyError: another process holds it, and still does a moment later.
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
            f"another apply or restore is at work ({folder / 'lock'})", "wait until it has ended"
        ) from error
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror}", "name another by --state-dir"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _try_lock(path: Path) -> None:
    """
    Make the lock file, for us alone, and see whether its file system knows locks.

    Raises:
        OutputError: it knows none.
        OSError: the file cannot be made or opened.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    handle = os.open(path, flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in UNSUPPORTED - {errno.EACCES}:  # which may say that another has it
            raise OutputError(
                f"{path} cannot be locked: the file system has no locks ({error.strerror})",
                "name a folder on a local disk by --state-dir",
            ) from error
    finally:
        os.close(handle)
