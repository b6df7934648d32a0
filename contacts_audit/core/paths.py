"""Finds out what a path is (file, stream, mount ...), and the home folder. Changes nothing."""

import errno
import os
import stat
from collections.abc import Mapping
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
    """Return whether *path* is a pipe, a device or one of our open files."""
    if descriptor(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def absolute(path: Path | str) -> str:
    """Return *path* as an absolute path; unchanged if the current folder was deleted."""
    try:
        return str(Path(path).absolute())
    except FileNotFoundError:
        return str(path)


def resolved(path: Path) -> str:
    """Return *path* in its one spelling: folders are resolved, a link as last part is not."""
    parent = absolute(path.parent)
    if not parent.startswith("/"):
        return str(path)
    folder = os.path.realpath(parent)  # unlike Path.resolve, it accepts circular links
    spelt = os.path.join(folder, path.name)  # noqa: PTH118 - Path would keep what realpath undid
    if spelt in OPEN_FILES:
        return f"/dev/fd/{OPEN_FILES[spelt]}"
    if folder in map(os.path.realpath, FOLDERS_OF_OPEN_FILES):
        return f"/dev/fd/{path.name}"
    return spelt


def descriptor(path: Path) -> int | None:
    """Return the descriptor of the open file of ours that *path* names, if any."""
    folder, _, name = resolved(path).rpartition("/")
    return int(name) if folder == "/dev/fd" and name.isdecimal() else None


def open_existing(path: Path) -> int:
    """
    Open the existing file *path* for writing, without following a link; its content stays.

    Raises:
        OSError: it cannot be opened, or is not a regular file.
    """
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EBUSY, "it is no longer a file")
    return handle


def is_file(path: Path) -> bool:
    """Return whether *path* is an existing regular file, not a link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def is_mount(path: Path) -> bool:
    """
    Return whether *path* is a file that is mounted by itself, as by `docker run -v FILE:FILE`.

    Linux shows the mount as mnt_id: https://docs.kernel.org/filesystems/proc.html
    """
    return is_file(path) and _mount_id(path) != _mount_id(path.parent)


def _mount_id(path: Path) -> str:
    """Return the line with the id of the mount that holds *path*, or "" if it is unknown."""
    try:
        handle = os.open(path, getattr(os, "O_PATH", os.O_RDONLY) | os.O_NONBLOCK)
        try:
            text = Path(f"/proc/self/fdinfo/{handle}").read_text(encoding="utf-8")
        finally:
            os.close(handle)
    except OSError:
        return ""
    return next((line for line in text.splitlines() if line.startswith("mnt_id:")), "")


def home(environment: Mapping[str, str]) -> Path | None:
    """Return HOME, else the home in the user database, as az does; None if both are missing."""
    if environment.get("HOME"):
        return Path(environment["HOME"])
    import pwd

    try:
        found = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return None
    return Path(found) if found else None
