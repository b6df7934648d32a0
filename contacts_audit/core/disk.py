"""Private folders, modes and syncing, on file systems that may not have them."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

# What a file system says that has no such thing as modes, syncing or locks: SMB, FUSE, NFS.
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
    Make *folder*, and what is missing above it, for us alone, and see it on disk.

    Raises:
        OSError: it cannot be made.
    """
    for each in reversed([each for each in (folder, *folder.parents) if not each.is_dir()]):
        each.mkdir(mode=0o700, exist_ok=True)
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """
    See the names in *folder* on disk: that a file was made, or renamed.

    Raises:
        OSError: the disk does not say so.
    """
    with open_folder(folder) as handle:
        sync(handle)


def permit(path: Path | int, mode: int) -> None:
    """
    Give the file or folder *path* this *mode*, unless its file system knows none or fixes it.

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
    Open *folder* and give its descriptor.

    Raises:
        OSError: it cannot be opened.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def sync(handle: int) -> None:
    """
    See an open file or folder on disk, where its file system can say so.

    Raises:
        OSError: the disk failed.
    """
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
