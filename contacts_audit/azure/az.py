"""
The Azure CLI as a source of tokens, and its default subscription.

https://learn.microsoft.com/cli/azure/account#az-account-get-access-token
"""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from contacts_audit.azure.tokens import AccessToken, bearer, moment
from contacts_audit.ending import Ending
from contacts_audit.errors import AuthError, ContactsAuditError
from contacts_audit.inert import told_in_public

LOGIN = "sign in: az login"


def program(environment: Mapping[str, str]) -> str:
    """
    Return where az is, in an absolute folder of PATH.

    Raises:
        AuthError: there is none.
    """
    path = os.pathsep.join(
        folder for folder in environment.get("PATH", "").split(os.pathsep) if folder.startswith("/")
    )
    found = shutil.which("az", path=path)
    if found is None:
        raise AuthError(
            "the Azure CLI is not installed (no az in PATH)",
            "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or install az",
        )
    return found


def az_token(
    claims: str | None,
    *,
    audience: str,
    tenant: str | None,
    subscription: str | None,
    timeout: float,
    ending: Ending,
    environment: Mapping[str, str],
) -> AccessToken:
    """
    Return the token that `az account get-access-token` prints; az renews it by itself.

    Raises:
        AuthError: az is missing, is not signed in, or fails.
    """
    if claims is not None:
        challenge = base64.b64encode(claims.encode()).decode()
        raise AuthError(
            "Azure asks for a new sign-in of the Azure CLI",
            f"az login --claims-challenge {challenge}",
        )
    arguments = ["account", "get-access-token", "--output", "json", "--resource", audience]
    if tenant is not None:
        arguments += ["--tenant", tenant]
    elif subscription is not None:
        arguments += ["--subscription", subscription]
    try:
        said = json.loads(_az(arguments, timeout, ending, environment))
        return AccessToken(
            bearer(said["accessToken"], "what az printed"),
            _expiry(said),
            _text(said, "tenant"),
            _text(said, "subscription"),
        )
    except (ValueError, LookupError, TypeError) as error:
        raise AuthError("az printed something that is no token", "try: az --version") from error


def default_subscription(environment: Mapping[str, str], cloud: str | None) -> str:
    """
    Return the id of az's default subscription, from its profile, never from its token cache.

    It must be one of *cloud*, which is None for one's own: az may call that by any name.

    Raises:
        ContactsAuditError: az has none.
    """
    folder = environment.get("AZURE_CONFIG_DIR") or Path(environment.get("HOME", "/")) / ".azure"
    path = Path(folder) / "azureProfile.json"
    try:
        accounts = json.loads(path.read_text("utf-8-sig")).get("subscriptions") or []
        found: dict[str, Any] = {
            account["id"].lower(): account
            for account in accounts
            if account.get("isDefault") is True
            and (cloud is None or account.get("environmentName", cloud) == cloud)
        }
    except FileNotFoundError:
        accounts, found = [], {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ContactsAuditError(f"--current: {path} cannot be read: {error}", LOGIN) from error
    if not accounts:
        raise ContactsAuditError("--current: az is not signed in", LOGIN)
    if len(found) != 1:
        raise ContactsAuditError(
            f"--current: az has no default subscription in {cloud or 'this cloud'}",
            "set one: az account set -s ID",
        )
    found_id, account = next(iter(found.items()))
    if found_id == str(account.get("tenantId")).lower():
        raise ContactsAuditError(
            "--current: az's default is a tenant-level account, not a subscription",
            "set one: az account set -s ID",
        )
    return found_id


def _az(
    arguments: list[str], timeout: float, ending: Ending, environment: Mapping[str, str]
) -> bytes:
    """Run az with nothing on its stdin, in a folder where nobody can have put anything."""
    quiet = {"AZURE_CORE_NO_COLOR": "true", "AZURE_CORE_ONLY_SHOW_ERRORS": "true"}
    try:
        with ending.running(
            [program(environment), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={**environment, **quiet},
        ) as process:
            out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise AuthError(
            f"az did not answer within {timeout:.3g} s", "raise --auth-timeout, or run az by hand"
        ) from error
    except OSError as error:
        raise AuthError(
            f"az cannot be run: {error.strerror}", "install the Azure CLI anew"
        ) from error
    if process.returncode != 0:
        raise _az_error(told_in_public(err.decode("utf-8", "replace"), environment))
    return out


def _az_error(said: str) -> AuthError:
    """Tell az's first sentence that says something, and the command that it advises."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    telling = [line for line in errors if not line.endswith("Here is the traceback:")]
    message = next(iter(telling or lines[-1:]), "it said nothing")
    advice = next((line for line in lines if line.startswith("az login")), None)
    if advice is not None:
        return AuthError(f"az failed: {message[:500]}", f"sign in: {advice}")
    signed_out = "az login" in message
    return AuthError(
        f"az failed: {message[:500]}", LOGIN if signed_out else "try: az account get-access-token"
    )


def _text(said: Mapping[str, Any], key: str) -> str | None:
    value = said.get(key)
    return value if isinstance(value, str) else None


def _expiry(said: Mapping[str, Any]) -> float | None:
    """Return the expiry in epoch seconds; an az before 2.54 tells it in local time only."""
    if "expires_on" in said:
        return moment(said["expires_on"])
    return datetime.strptime(said["expiresOn"], "%Y-%m-%d %H:%M:%S.%f").timestamp()
