"""Reads the default subscription from the profile of the Azure CLI."""

import configparser
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from contacts_audit.azure.auth.azure_cli import LARGEST, LOGIN, UNREADABLE, program
from contacts_audit.azure.kinds import CloudName
from contacts_audit.core.bounded import contents
from contacts_audit.core.errors import AuthError, ContactsAuditError
from contacts_audit.core.home import home


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
