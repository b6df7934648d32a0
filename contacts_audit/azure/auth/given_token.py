"""Uses the token in --token-file or AZURE_ACCESS_TOKEN. It is not renewed."""

import json
import re

from contacts_audit.azure.auth.access_token import bearer_token, check_not_expired
from contacts_audit.azure.auth.sign_in import Credential, SignIn, check_tenant_id
from contacts_audit.azure.kinds import Auth


def given_token(sign_in: SignIn) -> Credential | None:
    """Return the token of `--token-file`, else that of AZURE_ACCESS_TOKEN."""
    name, place, given = "--token-file", f"{sign_in.token_name} (--token-file)", sign_in.token
    if given is None:
        name = place = "AZURE_ACCESS_TOKEN"
        given = sign_in.environment.get(name)
    if given is None:
        return None
    check_tenant_id(sign_in)
    found = bearer_token(_extract_token(given), place)
    return Credential(
        f"token of {name}",
        f"{name} is given",
        lambda claims, fresh: check_not_expired(found, f"the token in {place}"),
        Auth.TOKEN,
    )


def _extract_token(given: str) -> str:
    """Return the token in *given*: alone, after "Bearer", in quotes, or in the JSON of az."""
    text = given.strip()
    if text.startswith(("{", '"')):
        try:
            output = json.loads(text)
        except (ValueError, RecursionError):
            return ""
        found = output.get("accessToken") if isinstance(output, dict) else output
        text = found if isinstance(found, str) else ""
    return re.sub(r"\A(authorization: *)?bearer( +|\Z)", "", text, flags=re.IGNORECASE)
