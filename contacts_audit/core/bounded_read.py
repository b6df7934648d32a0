"""Reads a file that others may have made: up to a size, and without waiting."""

import os
import stat

TYPE_CHECKING = False  # shell completion loads this module, and must not wait for typing
if TYPE_CHECKING:
    from pathlib import Path


def read_bounded(path: "Path | str", most: int) -> bytes:
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
