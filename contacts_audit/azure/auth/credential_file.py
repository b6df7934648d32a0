"""
Reads the file of a certificate or of a federated token.

https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

import re
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from contacts_audit.azure.auth.access_token import expiry_of, time_ago
from contacts_audit.core.bounded_read import read_bounded
from contacts_audit.core.errors import AuthError
from contacts_audit.core.paths import kind_of

LARGEST = 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class CredentialFile:
    """A file at *path*, and the *variable* that names it; errors call it by its *kind*."""

    kind: ClassVar[str]
    path: Path
    variable: str

    def unusable(self, why: str, hint: str = "") -> AuthError:
        """Return the error that says *why* the file cannot be used."""
        return AuthError(
            f"cannot read {self.kind} {self.path}: {why} ({self.variable})",
            hint or f"check the file and {self.variable}",
        )

    def read(self) -> bytes:
        """
        Return the content of the file.

        Raises:
            AuthError: it cannot be read, is not a regular file, or is empty.
        """
        try:
            if kind_of(self.path) not in (None, stat.S_IFREG):
                raise self.unusable("it is not a regular file")
            content = read_bounded(self.path, LARGEST)
        except (OSError, ValueError) as error:
            raise self.unusable(getattr(error, "strerror", None) or str(error)) from error
        if not content.strip():
            raise self.unusable("the file is empty")
        return content


@dataclass(frozen=True, slots=True)
class FederatedTokenFile(CredentialFile):
    """A file with the federated token of a workload identity."""

    kind = "federated token"

    def token(self) -> str:
        """
        Return the token in the file.

        Raises:
            AuthError: the file cannot be read, or holds no JSON Web Token.
        """
        text = self.read().decode("utf-8-sig", "replace").strip()
        if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){2,4}", text):
            raise self.unusable("it holds no token (JWT)")
        return text

    def expired_hint(self) -> str:
        """Return what to do about AADSTS700024: the token may have expired."""
        expiry = expiry_of(self.token())
        place = f"the token in {self.path} ({self.variable})"
        if expiry is not None and expiry < time.time():
            return f"{place} expired {time_ago(expiry)}: get a new one"
        return f"{place} has expired, or this machine's clock is wrong"
