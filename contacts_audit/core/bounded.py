"""Files that others may have made: read up to a size, and without waiting for ever."""

import errno
import os
import select
import stat

TYPE_CHECKING = False  # shell completion loads this module, and must not wait for typing
if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO


def contents(path: "Path | str", most: int) -> bytes:
    """
    Return what is in *path*, a regular file of up to *most* bytes.

    Nothing waits for a pipe, wakes a device, or reads a sparse file to its far end.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no regular file, or larger.
    """
    name = os.path.basename(path)  # noqa: PTH119
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
        raise ValueError(f"{name} is no regular file")
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError(f"{name} is no regular file")
        if about.st_size > most:
            raise ValueError(f"{name} is larger than {most} bytes")
        return file.read(about.st_size)


def opened_to_read(path: "Path", *, patience: float = 30) -> "BinaryIO":
    """
    Open *path*, whatever it is; a pipe gets *patience* seconds to find a writer.

    Reading a regular file never waits: some in /proc would, and `read` returns None for them.

    Raises:
        OSError: it cannot be opened, or nobody writes into the pipe.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISFIFO(mode):
            _await_writer(handle, patience)
        if not stat.S_ISREG(mode):
            os.set_blocking(handle, True)
        return os.fdopen(handle, "rb", buffering=0)
    except BaseException:
        os.close(handle)
        raise


def _await_writer(handle: int, patience: float) -> None:
    """Wait until something was written into a pipe, or its writer is there and takes its time."""
    pipe = select.poll()
    pipe.register(handle, select.POLLIN)
    if pipe.poll(patience * 1000):
        return
    try:
        os.read(handle, 1)
    except BlockingIOError:
        return
    raise OSError(errno.ENXIO, f"nobody wrote into the pipe for {patience:g} seconds")
