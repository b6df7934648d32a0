"""Private, atomic files."""

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from contacts_audit.errors import BusyError, OutputError, PipeClosedError

LETTING_GO = 1.0  # seconds that a lock may still be held by who is about to end
OPEN_FILES = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
FOLDERS_OF_OPEN_FILES = ("/dev/fd", "/proc/self/fd", "/proc/thread-self/fd")


def write_new(path: Path, content: bytes) -> None:
    """
    Write *content* to a file that does not exist yet, readable by us alone.

    Raises:
        OutputError: it could not be written, and is not there.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with _removed_if_cut_short(path), os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        raise OutputError(f"{path} could not be written: {error.strerror}") from error


def replace(path: Path, pieces: Iterable[str], mode: int = 0o600, *, patience: float = 30) -> None:
    """
    Write *pieces* to *path* so that a reader sees the old file or the new one, never half of one.

    A pipe of ours or a device is written through; a pipe gets *patience* seconds to find a reader.
    A file gets *mode*.

    Raises:
        OutputError: it could not be written; an old file is as it was.
    """
    through = is_stream(path)
    try:
        if through:
            with _opened(path, patience) as stream:
                stream.writelines(pieces)
        else:
            _replace(path, pieces, mode)
    except OSError as error:
        if isinstance(error, BrokenPipeError) and _number(path) == 1:
            raise PipeClosedError("the reader of stdout went away") from error
        raise OutputError(
            f"{path} could not be written: {error.strerror}",
            "" if through else "the old file, if any, is untouched",
        ) from error


def contents(path: Path, most: int) -> bytes:
    """
    Return what is in *path*, a regular file of up to *most* bytes.

    Nothing waits for a pipe, wakes a device, or reads a sparse file to its far end.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no regular file, or larger.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError(f"{path.name} is no regular file")
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError(f"{path.name} is no regular file")
        if about.st_size > most:
            raise ValueError(f"{path.name} is larger than {most} bytes")
        return file.read(about.st_size)


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
    with _folder(folder) as handle:
        _sync(handle)


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
        lock = FileLock(folder / "lock", mode=0o600)
        lock.acquire(timeout=LETTING_GO, poll_interval=LETTING_GO / 20)
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


def is_stream(path: Path) -> bool:
    """Say whether *path* is a pipe, a device or an open file: something to write through."""
    if _number(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def is_open_file(path: Path) -> bool:
    """Say whether *path* is one of our own open files, as the shell's `<(...)` is."""
    return _number(path) is not None


def place(path: Path) -> str:
    """Return what *path* names, however it is spelt; what a link there points to is another."""
    folder = os.path.realpath(path.parent)  # unlike Path.resolve, it bears links in a circle
    spelt = os.path.join(folder, path.name)  # noqa: PTH118 - Path would keep what realpath undid
    if spelt in OPEN_FILES:
        return f"/dev/fd/{OPEN_FILES[spelt]}"
    if folder in map(os.path.realpath, FOLDERS_OF_OPEN_FILES):
        return f"/dev/fd/{path.name}"
    return spelt


def _number(path: Path) -> int | None:
    """Return which of our own open files *path* is, None where it is none."""
    folder, _, name = place(path).rpartition("/")
    return int(name) if folder == "/dev/fd" and name.isdecimal() else None


def _try(path: Path) -> None:
    number = _number(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if number is not None:
        if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise PermissionError(errno.EBADF, "it is open for reading only")
    elif is_stream(path):
        if path.is_socket():
            raise OSError(errno.ENXIO, "it is a socket")
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        _check_pipe(path.stat())
    else:
        with _folder(path.parent):
            tempfile.TemporaryFile(dir=path.parent).close()


def _opened(path: Path, patience: float) -> TextIO:
    """Open a stream for writing; of one of our own, share the place in it."""
    number = _number(path)
    handle = _found(path, time.monotonic() + patience) if number is None else os.dup(number)
    return os.fdopen(handle, "w", encoding="utf-8", newline="")


def _found(path: Path, until: float) -> int:
    """Open a pipe once it has a reader; opening would wait for one for ever."""
    while True:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > until:
                raise OSError(errno.ENXIO, "nobody reads it") from error
            time.sleep(0.05)
        else:
            try:
                _check_pipe(os.fstat(handle))
            except OSError:
                os.close(handle)
                raise
            os.set_blocking(handle, True)
            return handle


def _check_pipe(about: os.stat_result) -> None:
    """
    Refuse a pipe that another user made, in /tmp say, to read what we write; root is another, too.

    https://docs.kernel.org/admin-guide/sysctl/fs.html#protected-fifos
    """
    if stat.S_ISFIFO(about.st_mode) and about.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "it is a pipe of another user")


def _replace(path: Path, pieces: Iterable[str], mode: int) -> None:
    with _folder(path.parent) as folder:  # opened first: what cannot be synced is not begun
        handle, name = tempfile.mkstemp(prefix=".contacts-audit.", suffix=".tmp", dir=path.parent)
        with _removed_if_cut_short(Path(name)):
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.writelines(pieces)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            Path(name).replace(path)
        try:
            _sync(folder)
        except OSError as error:
            raise OutputError(
                f"{path} was written, but may not outlive a loss of power: {error.strerror}"
            ) from error


@contextlib.contextmanager
def _removed_if_cut_short(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


@contextlib.contextmanager
def _folder(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def _sync(folder: int) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that knows no such thing, as CIFS
            raise
