"""Writes an output file: with mode 0600, and whole or not at all."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from contacts_audit.core.disk import open_folder, permit, sync
from contacts_audit.core.errors import OutputError, PipeClosedError
from contacts_audit.core.paths import descriptor, is_file, is_stream, open_existing
from contacts_audit.core.streams import open_for_writing

CANNOT_CREATE = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
)  # of a folder: but a file there may be ours


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
