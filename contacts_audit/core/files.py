"""Writes an output file, with mode 0600, whole or not at all; checks beforehand that it can be."""

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from contacts_audit.core.disk import open_folder, permit, sync
from contacts_audit.core.errors import OutputError, PipeClosedError
from contacts_audit.core.paths import (
    descriptor,
    is_file,
    is_folder,
    is_mount,
    is_stream,
    kind_of,
    open_existing,
)
from contacts_audit.core.streams import check_pipe, open_for_writing

# Errors of a folder in which nothing can be created; a file there may be ours.
CANNOT_CREATE = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_new(path: Path, content: bytes) -> None:
    """
    Write *content* to a new file, readable by us alone.

    Raises:
        OutputError: the file exists, or could not be written; no part of it is left.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with _removed_on_error(path), os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        raise OutputError(f"{path} could not be written: {error.strerror}") from error


def replace(path: Path, pieces: Iterable[str], mode: int = 0o600, *, timeout: float = 30) -> None:
    """
    Write *pieces* to *path* so that a reader sees the old file or the new one, never half of one.

    A pipe or a device is written through; a pipe gets *timeout* seconds to find a reader.  A file
    gets *mode*, if its file system has modes.  A link is replaced, not followed.  A file that
    cannot be replaced is overwritten: one that is mounted by itself, or in a folder where we
    cannot create files.

    Raises:
        OutputError: it could not be written; the old file is unchanged unless it was overwritten.
        PipeClosedError: the reader of stdout went away.
    """
    through = is_stream(path)
    try:
        if through:
            with open_for_writing(path, timeout) as stream:
                stream.writelines(pieces)
        else:
            _replace(path, pieces, mode)
    except OSError as error:
        if isinstance(error, BrokenPipeError) and descriptor(path) == 1:
            raise PipeClosedError("the reader of stdout went away") from error
        raise OutputError(
            f"{path} could not be written: {error.strerror}",
            "" if through else "the old file, if any, is unchanged",
        ) from error


def _replace(path: Path, pieces: Iterable[str], mode: int) -> None:
    with open_folder(path.parent) as folder:  # first: where it cannot be synced, nothing is written
        try:
            handle, name = tempfile.mkstemp(
                prefix=".contacts-audit.", suffix=".tmp", dir=path.parent
            )
        except OSError as error:
            if error.errno not in CANNOT_CREATE or not is_file(path):
                raise
            return _overwrite(path, "".join(pieces).encode())
        with _removed_on_error(Path(name)):
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.writelines(pieces)
                file.flush()
                permit(file.fileno(), mode)
                sync(file.fileno())
            _rename(Path(name), path)
        try:
            sync(folder)
        except OSError as error:
            raise OutputError(
                f"{path} was written, but may be lost if the power fails: {error.strerror}"
            ) from error


def _rename(new: Path, path: Path) -> None:
    try:
        new.replace(path)
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.EXDEV) or not is_file(path):
            raise
        _overwrite(path, new.read_bytes())  # it is mounted by itself
        new.unlink()


def _overwrite(path: Path, content: bytes) -> None:
    """Write *content* into the existing file; it is damaged if the disk fills up meanwhile."""
    with os.fdopen(open_existing(path), "wb") as file:
        file.write(content)
        file.truncate()
        file.flush()
        sync(file.fileno())


@contextlib.contextmanager
def _removed_on_error(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


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
    except OSError as error:
        if error.errno in (errno.EPERM, errno.EROFS):  # immutable, whatever its mode; read-only
            raise
