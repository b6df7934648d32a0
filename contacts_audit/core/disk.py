"""Private folders, modes and syncing, on file systems that may not have them."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from contacts_audit.core.paths import is_folder

# Errors of file systems without modes, syncing or locks: SMB, FUSE, NFS.
UNSUPPORTED = frozenset(
    {
        errno.EPERM,
        errno.EACCES,
        errno.EINVAL,
        errno.ENOSYS,
        errno.ENOTSUP,
        errno.EOPNOTSUPP,
        errno.EBADF,
        errno.ENOLCK,
    }
)


def make_private(folder: Path) -> None:
    """
    Make *folder* and its missing parents, readable by us alone, and sync them to disk.

    Raises:
        OSError: the folder cannot be made.
    """
    for each in reversed([each for each in (folder, *folder.parents) if not is_folder(each)]):
        each.mkdir(mode=0o700, exist_ok=True)
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """
    Sync the names in *folder* to disk, after a file was made or renamed.

    Raises:
        OSError: the disk failed.
    """
    with open_folder(folder) as handle:
        sync(handle)


def permit(path: Path | int, mode: int) -> None:
    """
    Set the *mode* of *path*, a file, folder or descriptor, if its file system has modes.

    Raises:
        OSError: the disk failed.
    """
    try:
        os.chmod(path, mode)  # noqa: PTH101 - it may be an open file
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise


@contextlib.contextmanager
def open_folder(folder: Path) -> Iterator[int]:
    """
    Yield a descriptor of *folder*, open while the block runs.

    Raises:
        OSError: the folder cannot be opened.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def sync(handle: int) -> None:
    """
    Sync an open file or folder to disk, if its file system supports that.

    Raises:
        OSError: the disk failed.
    """
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
