"""
Tokens and the default subscription from the Azure CLI.

https://learn.microsoft.com/cli/azure/account#az-account-get-access-token
"""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from contacts_audit.azure.auth.sign_in import described
from contacts_audit.azure.auth.token_provider import bearer, moment
from contacts_audit.azure.kinds import AccessToken, CloudName
from contacts_audit.core.bounded import contents
from contacts_audit.core.errors import AuthError, ContactsAuditError
from contacts_audit.core.home import home
from contacts_audit.core.paths import absolute
from contacts_audit.core.sanitize import told_in_public
from contacts_audit.core.shutdown import Ending

UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
LARGEST = 16 * 1024 * 1024  # bytes of a file of az's
LOGIN = "sign in: az login"
WAYS = (
    "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH "
    "or AZURE_FEDERATED_TOKEN_FILE; or give --auth managed-identity, device-code or token"
)
PATHS = (  # variables that az reads, and that name files or folders
    *("AZURE_CONFIG_DIR", "AZURE_EXTENSION_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "AZURE_CLIENT_CERTIFICATE_PATH"),
    *("ARM_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "ARM_OIDC_TOKEN_FILE_PATH"),
    *("HOME", "XDG_CONFIG_HOME"),
)


def program(environment: Mapping[str, str], otherwise: str = WAYS) -> str:
    """
    Return where az is, in an absolute folder of PATH; *otherwise* says what to do without it.

    Raises:
        AuthError: there is none.
    """
    given = environment.get("PATH", "")
    path = os.pathsep.join(folder for folder in given.split(os.pathsep) if folder.startswith("/"))
    found = shutil.which("az", path=path)
    if found is None:
        elsewhere = shutil.which("az", path=os.pathsep.join(_usual_folders(environment)))
        cure = "install it, and run: az login"
        if elsewhere is not None:
            cure = f"add {Path(elsewhere).parent} to PATH: az is there"
        raise AuthError(
            f"the Azure CLI was not found (no az in PATH={given})", f"{cure}; or {otherwise}"
        )
    return found


def _usual_folders(environment: Mapping[str, str]) -> list[str]:
    """Return where az often is: cron and systemd do not look everywhere."""
    own = home(environment)
    folders = ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/snap/bin", "/opt/az/bin"]
    return folders if own is None else [*folders, str(own / ".local/bin"), str(own / "bin")]


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
        token = AccessToken(
            bearer(said["accessToken"], "what az printed"),
            _expiry(said),
            _text(said, "tenant"),
            _text(said, "subscription"),
        )
        return described(token)
    except UNREADABLE as error:
        raise AuthError("az printed something that is no token", "try: az --version") from error


def default_subscription(environment: Mapping[str, str], cloud: str | None) -> str:
    """
    Return the id of az's default subscription, from its profile, never from its token cache.

    It must be one of *cloud*, which is None for one's own: az may call that by any name.

    Raises:
        ContactsAuditError: az has none, or is set to another cloud.
    """
    folder = _folder(environment)
    path = folder / "azureProfile.json"
    try:
        accounts = json.loads(_kept(path)).get("subscriptions") or []
        defaults = [account for account in accounts if account.get("isDefault") is True]
        clouds = {
            str(account["environmentName"]) for account in defaults if "environmentName" in account
        }
        found: dict[str, Any] = {
            account["id"].lower(): account
            for account in defaults
            if cloud is None or account.get("environmentName", cloud) == cloud
        }
    except FileNotFoundError:
        accounts, found, clouds = [], {}, set()
    except UNREADABLE as error:
        detail = error.strerror if isinstance(error, OSError) else "it is no profile of az"
        raise ContactsAuditError(f"--current: {path} cannot be read: {detail}", LOGIN) from error
    if not accounts:
        raise _signed_out(environment)
    _check_cloud(_active_cloud(environment, folder), cloud, clouds, folder)
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


def _signed_out(environment: Mapping[str, str]) -> ContactsAuditError:
    """Return the error of an az that knows no subscription, because it is not even there, say."""
    otherwise = "give -s ID instead of --current"
    try:
        program(environment, otherwise)
    except AuthError as error:
        return ContactsAuditError(f"--current: {error}", error.hint)
    return ContactsAuditError("--current: az is not signed in", f"{LOGIN}; or {otherwise}")


def _folder(environment: Mapping[str, str]) -> Path:
    """Return where az keeps its settings."""
    if environment.get("AZURE_CONFIG_DIR"):
        return Path(environment["AZURE_CONFIG_DIR"])
    own = home(environment)
    if own is None:
        raise ContactsAuditError(
            "--current: there is no home folder, and so no profile of az",
            "set HOME or AZURE_CONFIG_DIR, or give -s ID",
        )
    return own / ".azure"


def _active_cloud(environment: Mapping[str, str], folder: Path) -> str | None:
    """Return the cloud that az is set to, None where nothing says so."""
    return environment.get("AZURE_CLOUD_NAME") or _setting(folder / "config", "cloud", "name")


def _kept(path: Path) -> str:
    return contents(path, LARGEST).decode("utf-8-sig")


def _setting(path: Path, section: str, key: str) -> str | None:
    import configparser

    kept = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        kept.read_string(_kept(path))
        return kept.get(section, key, fallback=None) or None
    except (OSError, ValueError, configparser.Error):
        return None


def _check_cloud(
    active: str | None, cloud: str | None, defaults: Collection[str], folder: Path
) -> None:
    """
    Check that az means the *cloud* of this run where it speaks of its default subscription.

    Raises:
        ContactsAuditError: it is set to another one.
    """
    if active is None and cloud not in defaults and len(defaults) == 1:
        (active,) = defaults
    known = active in {*CloudName}
    if active in (None, cloud) or (cloud is None and not known):
        return
    arm = None if known else _setting(folder / "clouds.config", active, "endpoint_resource_manager")
    cure = f"--arm-endpoint {arm}" if arm else f"--cloud {active}"
    raise ContactsAuditError(
        f"--current: az is set to {active}, and this run to {cloud or 'another --arm-endpoint'}",
        f"give {cure}, or set az to this cloud: az cloud set --name {cloud or 'NAME'}",
    )


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
            env={**environment, **_whole_paths(environment), **quiet},
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


def _whole_paths(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the relative paths in *environment* as they are from here: az runs elsewhere."""
    given = ((name, environment[name]) for name in PATHS if environment.get(name))
    return {name: absolute(path) for name, path in given if not path.startswith("~")}


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
    if (told := moment(said.get("expires_on"))) is not None:
        return told
    try:
        return datetime.strptime(str(said.get("expiresOn")), "%Y-%m-%d %H:%M:%S.%f").timestamp()
    except (ValueError, OverflowError):
        return None  # the token itself may show it
