"""
Reads the federated token file of a workload identity.

https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

import re
import time
from pathlib import Path

from contacts_audit.azure.auth import credential_file
from contacts_audit.azure.auth.access_token import expiry_of, time_ago
from contacts_audit.azure.kinds import AccessToken


def read(path: Path, variable: str) -> str:
    """
    Return the federated token in the file *path*, which *variable* names.

    Raises:
        AuthError: the file cannot be read, or holds no JSON Web Token.
    """
    content = credential_file.read(path, "federated token", variable)
    text = content.decode("utf-8-sig", "replace").strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){2,4}", text):
        raise credential_file.unusable("federated token", path, "it holds no token (JWT)", variable)
    return text


def expired_hint(path: Path, variable: str) -> str:
    """Return what to do about AADSTS700024: the token in the file may have expired."""
    expiry = expiry_of(AccessToken(read(path, variable), None))
    if expiry is not None and expiry < time.time():
        return f"the token in {path} ({variable}) expired {time_ago(expiry)}: get a new one"
    return f"the token in {path} ({variable}) has expired, or this machine's clock is wrong"
