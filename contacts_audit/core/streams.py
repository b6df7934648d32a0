"""Opens pipes, devices and our own open files, without waiting forever for the other end."""

import errno
import os
import select
import stat
import time
from pathlib import Path
from typing import BinaryIO, TextIO

from contacts_audit.core.paths import descriptor


def open_for_reading(path: Path, *, timeout: float = 30) -> BinaryIO:
    """
    Open *path*, whatever it is; a pipe gets *timeout* seconds to find a writer.

    Reading a regular file never waits; for files in /proc that would, `read` returns None.

    Raises:
        OSError: the path cannot be opened, or nobody writes into the pipe.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISFIFO(mode):
            _await_writer(handle, timeout)
        if not stat.S_ISREG(mode):
            os.set_blocking(handle, True)
        return os.fdopen(handle, "rb", buffering=0)
    except BaseException:
        os.close(handle)
        raise


def open_for_writing(path: Path, timeout: float) -> TextIO:
    """
    Open the stream *path* as UTF-8 text; a pipe gets *timeout* seconds to find a reader.

    One of our own open files is duplicated, so that the offset is shared.

    Raises:
        OSError: the path cannot be opened, or nobody reads the pipe.
    """
    ours = descriptor(path)
    handle = _await_reader(path, time.monotonic() + timeout) if ours is None else os.dup(ours)
    return os.fdopen(handle, "w", encoding="utf-8", newline="")


def _await_writer(handle: int, timeout: float) -> None:
    """Wait until the pipe has data, or a writer that has not written yet."""
    pipe = select.poll()
    pipe.register(handle, select.POLLIN)
    if pipe.poll(timeout * 1000):
        return
    try:
        os.read(handle, 1)
    except BlockingIOError:
        return
    raise OSError(errno.ENXIO, f"nobody wrote into the pipe for {timeout:g} seconds")


def _await_reader(path: Path, until: float) -> int:
    """Open a pipe as soon as it has a reader: a blocking open would wait forever."""
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
                check_pipe(os.fstat(handle))
            except OSError:
                os.close(handle)
                raise
            os.set_blocking(handle, True)
            return handle


def check_pipe(about: os.stat_result) -> None:
    """
    Refuse a pipe that another user, even root, made: its maker could read what we write.

    https://docs.kernel.org/admin-guide/sysctl/fs.html#protected-fifos

    Raises:
        PermissionError: the pipe belongs to another user.
    """
    if stat.S_ISFIFO(about.st_mode) and about.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "the pipe belongs to another user")
