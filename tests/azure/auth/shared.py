"""What the sign-in tests share: unsigned tokens, and variables without a credential."""

import base64
import json
from collections.abc import Callable

from conftest import Ran

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
NO_CREDENTIAL = dict.fromkeys(("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"), "")
Beside = Callable[..., Ran]
Machine = Callable[..., tuple[int, str, str]]


def unsigned_token(**claims: object) -> str:
    """Return a token with *claims* and no signature."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.x"
