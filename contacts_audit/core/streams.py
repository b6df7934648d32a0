"""Opens pipes, devices and our own open files; nothing waits forever for the other end."""

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

    Reading a regular file never waits: some in /proc would, and `read` returns None for them.

    Raises:
        OSError: it cannot be opened, or nobody writes into the pipe.
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
    """Open a stream for writing; of one of our own, share the place in it."""
    ours = descriptor(path)
    handle = _await_reader(path, time.monotonic() + timeout) if ours is None else os.dup(ours)
    return os.fdopen(handle, "w", encoding="utf-8", newline="")


def _await_writer(handle: int, timeout: float) -> None:
    """Wait until something was written into a pipe, or its writer is there and takes its time."""
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
                check_pipe(os.fstat(handle))
            except OSError:
                os.close(handle)
                raise
            os.set_blocking(handle, True)
            return handle


def check_pipe(about: os.stat_result) -> None:
    """
    Refuse a pipe that another user made, in /tmp say, to read what we write; root is another, too.

    https://docs.kernel.org/admin-guide/sysctl/fs.html#protected-fifos
    """
    if stat.S_ISFIFO(about.st_mode) and about.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "it is a pipe of another user")
