"""Private, atomic files."""

import contextlib
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from contacts_audit.errors import BusyError, OutputError

OPEN_FILES = {"/dev/stdout": 1, "/dev/stderr": 2}


def write_new(path: Path, content: bytes) -> None:
    """
    Write *content* to a file that does not exist yet, readable by us alone.

    Raises:
        OutputError: it could not be written.
    """
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        raise OutputError(f"{path} could not be written: {error.strerror}") from error


def replace(path: Path, pieces: Iterable[str], mode: int = 0o600) -> None:
    """
    Write *pieces* to *path* so that a reader sees the old file or the new one, never half of one.

    A pipe or a device is written through; a file gets *mode*.

    Raises:
        OutputError: it could not be written; an old file is as it was.
    """
    try:
        if is_stream(path):
            with _opened(path) as stream:
                stream.writelines(pieces)
        else:
            _replace(path, pieces, mode)
    except OSError as error:
        raise OutputError(
            f"{path} could not be written: {error.strerror}", "the old file, if any, is untouched"
        ) from error


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """
    Make *folder* for us alone, if need be, and hold its lock; it ends with us, however we end.

    Raises:
        BusyError: another process holds it.
        OutputError: the folder cannot be made or written.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(folder / "lock", mode=0o600)
        lock.acquire(blocking=False)
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


def check_writable(path: Path) -> None:
    """
    Try whether *path* could be replaced, leaving no trace.

    Raises:
        OutputError: it could not.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        if not is_stream(path):
            tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}", "name a folder that exists and is yours"
        ) from error


def is_stream(path: Path) -> bool:
    """Say whether *path* is a pipe, a device or an open file: something to write through."""
    if path.is_relative_to("/dev/fd") or str(path) in OPEN_FILES:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _opened(path: Path) -> TextIO:
    """Open a stream for writing; of one of our own, share the place in it."""
    own = OPEN_FILES.get(str(path)) or re.fullmatch(r"/dev/fd/(\d+)", str(path))
    if own is None:
        return path.open("a", encoding="utf-8", newline="")
    number = own if isinstance(own, int) else int(own[1])
    return os.fdopen(os.dup(number), "w", encoding="utf-8", newline="")


def _replace(path: Path, pieces: Iterable[str], mode: int) -> None:
    handle, name = tempfile.mkstemp(prefix=".contacts-audit.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename itself
    finally:
        os.close(folder)
