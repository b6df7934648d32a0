"""
Acquires a token from the Azure CLI (az).

https://learn.microsoft.com/cli/azure/account#az-account-get-access-token
"""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from contacts_audit.azure.auth.access_token import bearer_token, epoch_seconds
from contacts_audit.azure.auth.managed_identity_endpoint import why_not_offered
from contacts_audit.azure.auth.sign_in import Credential, SignIn
from contacts_audit.azure.kinds import AccessToken, Auth
from contacts_audit.core.bounded_read import UNREADABLE
from contacts_audit.core.errors import AuthError
from contacts_audit.core.paths import absolute, home
from contacts_audit.core.sanitize import without_credentials

SIGN_IN = "sign in: az login"
OTHER_WAYS = (
    "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH "
    "or AZURE_FEDERATED_TOKEN_FILE; or give --auth managed-identity, device-code or token"
)
USUAL = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/snap/bin", "/opt/az/bin")
"""Folders that the short PATH of cron and systemd may lack."""
PATHS = (  # variables that name files or folders: made absolute, as az runs in another folder
    *("AZURE_CONFIG_DIR", "AZURE_EXTENSION_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "AZURE_CLIENT_CERTIFICATE_PATH"),
    *("ARM_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "ARM_OIDC_TOKEN_FILE_PATH"),
    *("HOME", "XDG_CONFIG_HOME"),
)


def find_az(environment: Mapping[str, str], otherwise: str = OTHER_WAYS) -> str:
    """
    Return the path of az, from an absolute folder in PATH.

    Raises:
        AuthError: az is not there. *otherwise* says what to do without it.
    """
    given, own = environment.get("PATH", ""), home(environment)
    found = _az_in(folder for folder in given.split(os.pathsep) if folder.startswith("/"))
    if found is not None:
        return found
    elsewhere = _az_in([*USUAL, *([] if own is None else [f"{own}/.local/bin", f"{own}/bin"])])
    cure = "install it, and run: az login"
    if elsewhere is not None:
        cure = f"add {Path(elsewhere).parent} to PATH: az is there"
    raise AuthError(
        f"the Azure CLI was not found (no az in PATH={given})", f"{cure}; or {otherwise}"
    )


def _az_in(folders: Iterable[str]) -> str | None:
    return shutil.which("az", path=os.pathsep.join(folders))


def azure_cli(sign_in: SignIn) -> Credential:
    """
    Return the user or the application that `az login` signed in.

    Raises:
        AuthError: az is not installed.
    """
    path = find_az(sign_in.environment)
    why_not = why_not_offered(sign_in.environment)
    why = f"{path}, as nothing else is configured" + (f"; {why_not}" if why_not else "")
    return Credential("Azure CLI", why, partial(_acquire, sign_in, path), Auth.AZURE_CLI)


def _acquire(sign_in: SignIn, path: str, claims: str | None, fresh: bool) -> AccessToken:
    """Return the token that `az account get-access-token` prints. az itself renews it."""
    if claims is not None:  # a person must sign in again
        challenge = base64.b64encode(claims.encode()).decode()
        raise AuthError(
            "Azure asks for a new sign-in of the Azure CLI",
            f"az login --claims-challenge {challenge}",
        )
    until = time.monotonic() + sign_in.timeout
    command = [path, "account", "get-access-token", "--output", "json"]
    command += ["--resource", sign_in.audience()]
    if sign_in.tenant is not None:
        command += ["--tenant", sign_in.tenant]
    elif sign_in.subscription is not None:
        command += ["--subscription", sign_in.subscription]
    try:
        output = json.loads(_run(sign_in, command, max(0.1, until - time.monotonic())))
        tenant, subscription = (
            text if isinstance(text := output.get(key), str) else None
            for key in ("tenant", "subscription")
        )
        source = "the output of az"
        return bearer_token(output["accessToken"], source, _expiry(output), tenant, subscription)
    except UNREADABLE as error:
        raise AuthError("az printed no token", "check the output of: az --version") from error


def _run(sign_in: SignIn, command: list[str], timeout: float) -> bytes:
    """Return the output of az. It has no stdin, and runs in /, where nobody else can write."""
    environment = sign_in.environment
    given = ((name, environment[name]) for name in PATHS if environment.get(name))
    whole = {name: absolute(path) for name, path in given if not path.startswith("~")}
    quiet = {"AZURE_CORE_NO_COLOR": "true", "AZURE_CORE_ONLY_SHOW_ERRORS": "true"}
    try:
        with sign_in.shutdown.child(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={**environment, **whole, **quiet},
        ) as process:
            out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise AuthError(
            f"az did not answer within {timeout:.3g} s", "raise --auth-timeout, or run az by hand"
        ) from error
    except OSError as error:
        raise AuthError(f"az cannot be run: {error.strerror}", "reinstall the Azure CLI") from error
    if process.returncode != 0:
        raise _failure(without_credentials(err.decode("utf-8", "replace"), environment))
    return out


def _failure(stderr: str) -> AuthError:
    """Return the first error that az printed, and the command that it suggests."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    helpful = [line for line in errors if not line.endswith("Here is the traceback:")]
    message = next(iter(helpful or lines[-1:]), "it printed no error")
    hint = SIGN_IN if "az login" in message else "try: az account get-access-token"
    if suggestions := [line for line in lines if line.startswith("az login")]:
        hint = f"sign in: {suggestions[0]}"
    return AuthError(f"az failed: {message[:500]}", hint)


def _expiry(output: Mapping[str, Any]) -> float | None:
    """Return the expiry in epoch seconds. Before 2.54, az prints local time only."""
    if (expires_on := epoch_seconds(output.get("expires_on"))) is not None:
        return expires_on
    try:
        local = datetime.strptime(str(output.get("expiresOn")), "%Y-%m-%d %H:%M:%S.%f")
        return local.timestamp()
    except (ValueError, OverflowError):
        return None  # the claims of the token may show it
