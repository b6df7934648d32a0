"""Tells before a run whether a file can be written after it."""

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
from pathlib import Path

from contacts_audit.core.disk import open_folder
from contacts_audit.core.errors import OutputError
from contacts_audit.core.files import CANNOT_CREATE
from contacts_audit.core.paths import descriptor, is_file, is_mount, is_stream, open_existing
from contacts_audit.core.streams import check_pipe


def check_writable(path: Path) -> None:
    """
    Try whether *path* could be replaced or written through, leaving no trace.

    Raises:
        OutputError: it could not.
    """
    try:
        _try(path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}", "name a folder that exists and is yours"
        ) from error


def _try(path: Path) -> None:
    ours = descriptor(path)
    with contextlib.suppress(FileNotFoundError):
        os.lstat(path)  # raises what is_dir and its like keep to themselves: a name too long
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if ours is not None:
        if fcntl.fcntl(ours, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise PermissionError(errno.EBADF, "it is open for reading only")
    elif is_stream(path):
        if path.is_socket():
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
    """Raise what a rename over the *file* would."""
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in (0, file.st_uid, folder.st_uid):
        raise PermissionError(errno.EPERM, "it is another user's, in a folder with the sticky bit")
    try:
        os.close(open_existing(path))
    except PermissionError as error:
        if error.errno == errno.EPERM:  # not its mode, which does not matter: it is immutable
            raise
    except OSError as error:
        if error.errno == errno.EROFS:
            raise
