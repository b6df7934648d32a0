"""
Reads the default subscription from the profile of the Azure CLI, for `--current`.

The token cache of az is never read.
"""

import configparser
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contacts_audit.azure.auth.azure_cli import SIGN_IN, find_az
from contacts_audit.azure.kinds import CloudName
from contacts_audit.core.bounded_read import UNREADABLE, read_bounded
from contacts_audit.core.errors import AuthError, ContactsAuditError
from contacts_audit.core.paths import home

LARGEST = 16 * 1024 * 1024  # bytes of a file
SET_DEFAULT = "set one: az account set -s ID"


def default_subscription(environment: Mapping[str, str], cloud: str | None) -> str:
    """
    Return the id of az's default subscription, in lower case.

    It must be in *cloud*, or in any cloud if that is None: az may use any name for a cloud of the
    user's own.

    Raises:
        ContactsAuditError: az has no default subscription, or is set to another cloud.
    """
    folder = _folder(environment)
    accounts, clouds, found = _defaults(folder / "azureProfile.json", cloud)
    if not accounts:
        raise _signed_out(environment)
    active = environment.get("AZURE_CLOUD_NAME") or _setting(folder / "config", "cloud", "name")
    if active is None and cloud not in clouds and len(clouds) == 1:
        (active,) = clouds
    if active not in (None, cloud) and (cloud is not None or active in {*CloudName}):
        raise _set_to_another(active, cloud, folder)
    if len(found) != 1:
        raise ContactsAuditError(
            f"--current: az has no default subscription in {cloud or 'this cloud'}", SET_DEFAULT
        )
    ((found_id, account),) = found.items()
    if found_id == str(account.get("tenantId")).lower():
        raise ContactsAuditError(
            "--current: az's default is a tenant-level account, not a subscription", SET_DEFAULT
        )
    return found_id


def _defaults(path: Path, cloud: str | None) -> tuple[list[Any], set[str], dict[str, Any]]:
    """Return all accounts in the profile, the clouds of the default ones, and those in *cloud*."""
    try:
        accounts = json.loads(_read(path)).get("subscriptions") or []
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
        return [], set(), {}
    except UNREADABLE as error:
        detail = error.strerror if isinstance(error, OSError) else "it is not a profile of az"
        raise ContactsAuditError(f"--current: {path} cannot be read: {detail}", SIGN_IN) from error
    return accounts, clouds, found


def _read(path: Path) -> str:
    return read_bounded(path, LARGEST).decode("utf-8-sig")


def _signed_out(environment: Mapping[str, str]) -> ContactsAuditError:
    """Return why az knows no subscription: it is not installed, or not signed in."""
    otherwise = "give -s ID instead of --current"
    try:
        find_az(environment, otherwise)
    except AuthError as error:
        return ContactsAuditError(f"--current: {error}", error.hint)
    return ContactsAuditError("--current: az is not signed in", f"{SIGN_IN}; or {otherwise}")


def _folder(environment: Mapping[str, str]) -> Path:
    own = home(environment)
    folder = environment.get("AZURE_CONFIG_DIR") or (own and own / ".azure")
    if folder is None:
        raise ContactsAuditError(
            "--current: the profile of az cannot be found, because there is no home folder",
            "set HOME or AZURE_CONFIG_DIR, or give -s ID",
        )
    return Path(folder)


def _setting(path: Path, section: str, key: str) -> str | None:
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        settings.read_string(_read(path))
        return settings.get(section, key, fallback=None) or None
    except (OSError, ValueError, configparser.Error):
        return None


def _set_to_another(active: str, cloud: str | None, folder: Path) -> ContactsAuditError:
    """Return the error of an az that is set to *active*, another cloud than this run's."""
    known = active in {*CloudName}
    arm = None if known else _setting(folder / "clouds.config", active, "endpoint_resource_manager")
    cure = f"--arm-endpoint {arm}" if arm else f"--cloud {active}"
    return ContactsAuditError(
        f"--current: az is set to {active}, and this run to {cloud or 'another --arm-endpoint'}",
        f"give {cure}, or set az to this cloud: az cloud set --name {cloud or 'NAME'}",
    )
