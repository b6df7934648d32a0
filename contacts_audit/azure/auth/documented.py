"""
Brings an answer of a token service into the types that are documented, for MSAL relies on them.

https://www.rfc-editor.org/rfc/rfc6749#section-5, https://www.rfc-editor.org/rfc/rfc8628#section-3.2
"""

import json
from collections.abc import Mapping
from typing import Any

from contacts_audit.azure.arm import error_body
from contacts_audit.azure.auth.access_token import claims_of, epoch_seconds

SECONDS = frozenset({"expires_in", "ext_expires_in", "refresh_in", "expires_on", "interval"})
TEXTS = frozenset(
    {
        *("access_token", "refresh_token", "token_type", "scope", "suberror", "foci", "claims"),
        *("device_code", "user_code", "verification_uri", "message"),
        *("authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "issuer"),
    }
)
ERRORS = ("error", "error_description")
UNKNOWN = "it refused, and named no reason"


def documented(found: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return what in *found* has the documented type, numbers that came as text, and errors as text.

    What has another type is left out, as is an empty error.
    """
    kept = {name: value for name, value in found.items() if _is_sound(name, value)}
    kept |= {name: int(float(kept[name])) for name in SECONDS & kept.keys()}
    given = [found[name] for name in ERRORS if found.get(name)]
    if not all(isinstance(each, str) for each in given):
        said = error_body.said(json.dumps(found))
        code, message = said.code or "", said.message or ""
        told = message if code in message else f"{code}: {message}".removesuffix(": ")
        kept |= {"error": code or UNKNOWN, "error_description": told or UNKNOWN}
    return kept


def _is_sound(name: str, value: Any) -> bool:
    """Say whether *value* has the type of the field *name*; a field of no known type has any."""
    if name in SECONDS:
        return epoch_seconds(value) is not None
    if name == "id_token":
        return isinstance(value, str) and bool(claims_of(value))
    if name == "client_info":
        claims = claims_of(f".{value}") if isinstance(value, str) else {}
        return all(isinstance(claims.get(part), str) for part in ("uid", "utid"))
    if name in ERRORS:
        return isinstance(value, str) and bool(value)
    return isinstance(value, str) or name not in TEXTS
