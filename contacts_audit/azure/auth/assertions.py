"""
The federated token file of a workload identity.

https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

import re
import time
from pathlib import Path

from contacts_audit.azure.auth.sign_in import claims_of, content, unreadable
from contacts_audit.azure.auth.token_provider import ago, moment
from contacts_audit.azure.kinds import AccessToken


def read(path: Path, variable: str) -> str:
    """
    Return the federated token in the file *path* that *variable* names.

    Raises:
        AuthError: there is none in it.
    """
    text = content(path, "federated token", variable).decode("utf-8-sig", "replace").strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){2,4}", text):
        raise unreadable("federated token", path, "it holds no token (JWT)", variable)
    return text


def expired(path: Path, variable: str) -> str:
    """Return what to do where Entra calls the token out of date: it shows its expiry itself."""
    when = moment(claims_of(AccessToken(read(path, variable), None)).get("exp"))
    if when is not None and when < time.time():
        return f"the token in {path} ({variable}) expired {ago(when)}: get a new one"
    return f"the token in {path} ({variable}) has expired, or this machine's clock is wrong"
