"""What a path is: a file, a stream, one of our open files, a mount. Changes nothing."""

import errno
import os
import stat
from pathlib import Path

OPEN_FILES = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
FOLDERS_OF_OPEN_FILES = ("/dev/fd", "/proc/self/fd", "/proc/thread-self/fd")

NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


def kind_of(path: Path) -> int | None:
    """
    Return the kind of what *path* leads to, as `stat.S_IFMT` has it; None if there is nothing.

    `Path.exists`, `is_dir` and the like take each error for a no, since Python 3.14:
    https://docs.python.org/3.14/library/pathlib.html#pathlib.Path.exists

    Raises:
        OSError: nobody can tell: the name is too long, or a folder may not be searched.
    """
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except OSError as error:
        if error.errno in NOTHING_THERE:
            return None
        raise


def is_folder(path: Path) -> bool:
    """
    Say whether *path* leads to a folder.

    Raises:
        OSError: nobody can tell.
    """
    return kind_of(path) == stat.S_IFDIR


def is_stream(path: Path) -> bool:
    """Say whether *path* is a pipe, a device or an open file: something to write through."""
    if number(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def absolute(path: Path | str) -> str:
    """Return *path* from the root on; unchanged where the current folder was deleted."""
    try:
        return str(Path(path).absolute())
    except FileNotFoundError:
        return str(path)


def place(path: Path) -> str:
    """Return what *path* names, however it is spelt; what a link there points to is another."""
    parent = absolute(path.parent)
    if not parent.startswith("/"):
        return str(path)
    folder = os.path.realpath(parent)  # unlike Path.resolve, it bears links in a circle
    spelt = os.path.join(folder, path.name)  # noqa: PTH118 - Path would keep what realpath undid
    if spelt in OPEN_FILES:
        return f"/dev/fd/{OPEN_FILES[spelt]}"
    if folder in map(os.path.realpath, FOLDERS_OF_OPEN_FILES):
        return f"/dev/fd/{path.name}"
    return spelt


def number(path: Path) -> int | None:
    """Return which of our own open files *path* is, None where it is none."""
    folder, _, name = place(path).rpartition("/")
    return int(name) if folder == "/dev/fd" and name.isdecimal() else None


def opened_over(path: Path) -> int:
    """Open a file that is there and no link; its content stays."""
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EBUSY, "it is no file any more")
    return handle


def is_file(path: Path) -> bool:
    """Say whether *path* is a file that exists, and no link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def is_mount(path: Path) -> bool:
    """
    Say whether *path* is a file that was mounted by itself, as `docker run -v FILE:FILE` does.

    https://docs.kernel.org/filesystems/proc.html tells of mnt_id.
    """
    return is_file(path) and _mount_id(path) != _mount_id(path.parent)


def _mount_id(path: Path) -> str:
    """Return the id of the mount that *path* is on; the empty text where nobody tells."""
    try:
        handle = os.open(path, getattr(os, "O_PATH", os.O_RDONLY) | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        told = Path(f"/proc/self/fdinfo/{handle}").read_text(encoding="utf-8")
    except OSError:
        return ""
    finally:
        os.close(handle)
    return next((line for line in told.splitlines() if line.startswith("mnt_id:")), "")
