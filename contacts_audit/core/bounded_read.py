"""Reads a file that another program may have made: up to a size, and without waiting."""

import os
import stat

# What may be raised where such a file is read, parsed, and its values are looked up
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


def read_bounded(path: "os.PathLike[str] | str", most: int) -> bytes:
    """
    Return the content of *path*, a regular file of up to *most* bytes.

    It does not wait for a pipe, wake a device, or read a sparse file to its end.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not a regular file, or it is larger.
    """
    name = os.path.basename(path)  # noqa: PTH119
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
        raise ValueError(f"{name} is no regular file")
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{name} is no regular file")
        if status.st_size > most:
            raise ValueError(f"{name} is larger than {most} bytes")
        return file.read(status.st_size)
