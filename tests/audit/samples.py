"""Contacts, readings and management groups that the tests of checks and policies share."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from contacts_audit.audit.checks import judge
from contacts_audit.audit.policy import GroupMembers, Override, Policy
from contacts_audit.audit.profiles import Settings
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts.read import contacts as read_contacts
from contacts_audit.core.model import (
    Check,
    Contact,
    Criteria,
    Reading,
    Subscription,
)

VERSION = "2023-12-01-preview"
V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", VERSION
ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
PROD = Subscription(ID, "Prod")
TODAY = date(2026, 1, 31)
CRITERIA = Criteria(None, tuple(Check))
RISKS = ["Low", "Medium", "High", "Critical"]
AFTER = ": There must be something after the @-sign"  # what email-validator says


def contact(
    *emails: str,
    malformed: tuple[str, ...] = (),
    enabled: bool = True,
    severity: str | None = None,
    risk: str | None = None,
    roles: tuple[str, ...] = (),
    name: str = "default",
) -> Contact:
    """Return a contact with *emails*, the *malformed* ones after them."""
    return Contact(
        name=name,
        api_version=VERSION,
        emails=(*emails, *malformed),
        malformed=malformed,
        enabled=enabled,
        phone=None,
        alert_severity=severity,
        attack_path_risk=risk,
        roles=roles,
    )


def read(version: str, *properties: Any) -> Reading:
    """Return the reading of contacts with *properties*, as *version* lists them."""
    items = [{"name": f"default{at}", "properties": one} for at, one in enumerate(properties)]
    body = json.dumps({"value": items}).encode()
    answer = Answer("https://arm.example/x", 200, {}, body)
    return Reading(version, tuple(read_contacts(answer, version)))


def wrong(check: Check, contacts: Sequence[Contact], **criteria: Any) -> str | None:
    """Return what *check* finds wrong with *contacts*, None where it holds."""
    wanted = Criteria(None, (check,), **criteria)
    finding = judge(check, Reading(VERSION, tuple(contacts)), wanted)
    return None if finding is None else finding.message


OTHER = Subscription("1a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", "Other")
STRICT, LOOSE, TWICE = (
    Settings(minimum_emails=3),
    Settings(minimum_emails=1),
    Settings(minimum_emails=2),
)
NAMES = {"Prod": ID, "prod": ID, "PROD": ID, "pROD": ID}


def under(*subscriptions: Subscription, groups: Sequence[str] = ()) -> GroupMembers:
    """Return what is under a management group."""
    return GroupMembers(frozenset(one.id for one in subscriptions), frozenset(groups))


def policy(*overrides: Override, **groups: Any) -> Policy:
    """Return a policy with *overrides*, knowing *groups*."""
    top = Settings(None, (Check.MINIMUM_EMAILS,), minimum_emails=9)
    return Policy(Settings(), top, overrides, (), groups, TODAY, NAMES)
