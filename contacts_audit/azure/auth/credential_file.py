"""Reads the file of a certificate or a federated token."""

import stat
from pathlib import Path

from contacts_audit.core.bounded_read import read_bounded
from contacts_audit.core.errors import AuthError
from contacts_audit.core.paths import kind_of

LARGEST = 1024 * 1024  # bytes


def read(path: Path, kind: str, variable: str) -> bytes:
    """
    Return the content of *path*. *kind* and *variable* name the file in an error.

    Raises:
        AuthError: the file cannot be read, is not a regular file, or is empty.
    """
    try:
        if kind_of(path) not in (None, stat.S_IFREG):
            raise unusable(kind, path, "it is not a regular file", variable)
        content = read_bounded(path, LARGEST)
    except (OSError, ValueError) as error:
        detail = error.strerror if isinstance(error, OSError) else str(error)
        raise unusable(kind, path, detail or str(error), variable) from error
    if not content.strip():
        raise unusable(kind, path, "the file is empty", variable)
    return content


def unusable(kind: str, path: Path, why: str, variable: str, hint: str = "") -> AuthError:
    """Return the error of a file that cannot be used to sign in."""
    return AuthError(
        f"cannot read {kind} {path}: {why} ({variable})", hint or f"check the file and {variable}"
    )
