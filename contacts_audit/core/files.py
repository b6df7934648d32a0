"""Writes files privately and atomically."""

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

from contacts_audit.core.errors import BusyError, OutputError, PipeClosedError
from contacts_audit.core.paths import (
    is_file,
    is_folder,
    is_mount,
    is_stream,
    kind_of,
    number,
    opened_over,
)

LETTING_GO = 1.0  # seconds that a lock may still be held by who is about to end
# What a file system says that has no such thing as modes, syncing or locks: SMB, FUSE, NFS.
UNKNOWN_TO_IT = frozenset(
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
NO_NEW_FILE = (errno.EACCES, errno.EPERM, errno.EROFS)  # of a folder: but a file there may be ours


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
    A file gets *mode*, where its file system knows modes.  A link is replaced, not followed.  A
    file that cannot be replaced, as it is a mount of its own or lies in a folder that is not ours,
    is overwritten.

    Raises:
        OutputError: it could not be written; an old file that is not overwritten is as it was.
    """
    through = is_stream(path)
    try:
        if through:
            with _opened(path, patience) as stream:
                stream.writelines(pieces)
        else:
            _replace(path, pieces, mode)
    except OSError as error:
        if isinstance(error, BrokenPipeError) and number(path) == 1:
            raise PipeClosedError("the reader of stdout went away") from error
        raise OutputError(
            f"{path} could not be written: {error.strerror}",
            "" if through else "the old file, if any, is untouched",
        ) from error


def make_private(folder: Path) -> None:
    """
    Make *folder*, and what is missing above it, for us alone, and see it on disk.

    Raises:
        OSError: it cannot be made.
    """
    for each in reversed([each for each in (folder, *folder.parents) if not is_folder(each)]):
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
        _try_lock(folder / "lock")
        lock = FileLock(folder / "lock")
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
        if error.errno in UNKNOWN_TO_IT - {errno.EACCES}:  # which may say that another has it
            raise OutputError(
                f"{path} cannot be locked: the file system has no locks ({error.strerror})",
                "name a folder on a local disk by --state-dir",
            ) from error
    finally:
        os.close(handle)


def permit(path: Path | int, mode: int) -> None:
    """
    Give the file or folder *path* this *mode*, unless its file system knows none or fixes it.

    Raises:
        OSError: the disk failed.
    """
    try:
        os.chmod(path, mode)  # noqa: PTH101 - it may be an open file
    except OSError as error:
        if error.errno not in UNKNOWN_TO_IT:
            raise


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
    ours = number(path)
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
        _check_pipe(path.stat())
    else:
        _try_file(path)


def _try_file(path: Path) -> None:
    with _folder(path.parent) as folder:
        if is_file(path):
            if is_mount(path):
                os.close(opened_over(path))
                return
            _try_replacing(os.lstat(path), os.fstat(folder), path)
        try:
            tempfile.TemporaryFile(dir=path.parent).close()
        except OSError as error:
            if error.errno not in NO_NEW_FILE or not is_file(path):
                raise
            os.close(opened_over(path))


def _try_replacing(file: os.stat_result, folder: os.stat_result, path: Path) -> None:
    """Raise what a rename over the *file* would."""
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in (0, file.st_uid, folder.st_uid):
        raise PermissionError(errno.EPERM, "it is another user's, in a folder with the sticky bit")
    try:
        os.close(opened_over(path))
    except PermissionError as error:
        if error.errno == errno.EPERM:  # not its mode, which does not matter: it is immutable
            raise
    except OSError as error:
        if error.errno == errno.EROFS:
            raise


def _opened(path: Path, patience: float) -> TextIO:
    """Open a stream for writing; of one of our own, share the place in it."""
    ours = number(path)
    handle = _found(path, time.monotonic() + patience) if ours is None else os.dup(ours)
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
        try:
            handle, name = tempfile.mkstemp(
                prefix=".contacts-audit.", suffix=".tmp", dir=path.parent
            )
        except OSError as error:
            if error.errno not in NO_NEW_FILE or not is_file(path):
                raise
            return _overwrite(path, "".join(pieces).encode())
        with _removed_if_cut_short(Path(name)):
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.writelines(pieces)
                file.flush()
                permit(file.fileno(), mode)
                _sync(file.fileno())
            _rename(Path(name), path)
        try:
            _sync(folder)
        except OSError as error:
            raise OutputError(
                f"{path} was written, but may not outlive a loss of power: {error.strerror}"
            ) from error


def _rename(new: Path, path: Path) -> None:
    try:
        new.replace(path)
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.EXDEV) or not is_file(path):
            raise
        _overwrite(path, new.read_bytes())  # a mount of its own
        new.unlink()


def _overwrite(path: Path, content: bytes) -> None:
    """Write *content* into the file that is there; the disk must not fill up meanwhile."""
    with os.fdopen(opened_over(path), "wb") as file:
        file.write(content)
        file.truncate()
        file.flush()
        _sync(file.fileno())


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


def _sync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in UNKNOWN_TO_IT:
            raise
