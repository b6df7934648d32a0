"""Checks, before the first request, that an output file can be written. Writes nothing."""

import errno
import fcntl
import os
import stat
import tempfile
from pathlib import Path

from contacts_audit.core.disk import open_folder
from contacts_audit.core.errors import OutputError
from contacts_audit.core.files import CANNOT_CREATE
from contacts_audit.core.paths import (
    descriptor,
    is_file,
    is_folder,
    is_mount,
    is_stream,
    kind_of,
    open_existing,
)
from contacts_audit.core.streams import check_pipe


def check_writable(path: Path) -> None:
    """
    Check that *path* can be replaced or written through; nothing is changed.

    Raises:
        OutputError: it cannot.
    """
    try:
        _try(path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}",
            "choose a folder that exists and that you can write to",
        ) from error


def _try(path: Path) -> None:
    ours = descriptor(path)
    if is_folder(path):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if ours is not None:
        if fcntl.fcntl(ours, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise PermissionError(errno.EBADF, "it is open for reading only")
    elif is_stream(path):
        if kind_of(path) == stat.S_IFSOCK:
            raise OSError(errno.ENXIO, "it is a socket")
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        check_pipe(path.stat())
    else:
        _try_file(path)


def _try_file(path: Path) -> None:
    with open_folder(path.parent) as folder:
        if is_file(path):
            if is_mount(path):
                os.close(open_existing(path))
                return
            _try_replacing(os.lstat(path), os.fstat(folder), path)
        try:
            tempfile.TemporaryFile(dir=path.parent).close()
        except OSError as error:
            if error.errno not in CANNOT_CREATE or not is_file(path):
                raise
            os.close(open_existing(path))


def _try_replacing(file: os.stat_result, folder: os.stat_result, path: Path) -> None:
    """Raise what a rename over the *file* would raise."""
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in (0, file.st_uid, folder.st_uid):
        raise PermissionError(
            errno.EPERM, "it belongs to another user, in a folder with the sticky bit"
        )
    try:
        os.close(open_existing(path))
    except PermissionError as error:
        if error.errno == errno.EPERM:  # it is immutable; its mode would not matter
            raise
    except OSError as error:
        if error.errno == errno.EROFS:
            raise
