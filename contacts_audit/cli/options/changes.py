"""The options of plan, apply and restore: what to change, and how writing is guarded."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from contacts_audit.cli.options.checks import RiskLevel
from contacts_audit.cli.options.declare import CHANGES, WRITING, whole
from contacts_audit.core.model import Change


class Severity(StrEnum):
    """The severities of an alert."""

    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"


class ChangeFormat(StrEnum):
    """The formats of changes; the first is the default."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """What to change in a contact; the rest is kept."""

    email: list[str] = CHANGES(
        "--email ADDRESS", "Add this email address. Can be repeated.", repeated=True
    )
    replace: bool = CHANGES("--replace", "Remove all addresses except those of --email.")
    remove_email: list[str] = CHANGES(
        "--remove-email ADDRESS", "Remove this email address. Can be repeated.", repeated=True
    )
    allow_empty: bool = CHANGES("--allow-empty", "Allow --remove-email to remove the last address.")
    notify_owners: bool = CHANGES("--notify-owners", "Send notifications to the Owner role.")
    minimum_severity: Severity | None = CHANGES(
        "--minimum-severity SEVERITY", "Send mail for alerts of this severity and above: {}."
    )
    attack_paths: RiskLevel | None = CHANGES(
        "--attack-paths RISK", "Send mail for attack paths of this risk and above: {}."
    )
    enable: bool = CHANGES("--enable", "Enable the contact.")
    phone: str | None = CHANGES("--phone PHONE", "Set the telephone number.")
    api_version: str | None = CHANGES(
        "--api-version VERSION",
        "Write as the rule documents it: only 2017-08-01-preview is accepted. Default: the "
        "newest version that the cloud offers.",
    )
    failing_only: bool = CHANGES(
        "--failing-only",
        "Change only non-compliant subscriptions. Add the changes that their failing checks need.",
    )
    from_report: str | None = CHANGES(
        "--from-report REPORT",
        "Like --failing-only, but take checks and subscriptions from this JSON report.",
    )


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How writing is guarded."""

    yes: bool = WRITING("--yes", "Do not ask for confirmation.")
    max_changes: int | None = WRITING(
        "--max-changes COUNT",
        "Write nothing if more than this many subscriptions would change.",
        parser=whole,
    )
    state_dir: Path | None = WRITING(
        "--state-dir DIR",
        "Keep backups, journals and the lock in DIR. Default: the user's state folder.",
    )


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """Which part of a backup is restored, and what may be lost for it."""

    subscription: list[str] = WRITING(
        "--subscription -s ID_OR_NAME",
        "Restore this subscription. Can be repeated. Default: all in the backup.",
        repeated=True,
    )
    subscriptions_from: list[str] = WRITING(
        "--subscriptions-from FILE",
        "Restore the subscriptions in FILE ('-': stdin), one per line. Can be repeated.",
        repeated=True,
    )
    exclude: list[str] = WRITING(
        "--exclude ID_OR_NAME", "Exclude this subscription. Can be repeated.", repeated=True
    )
    recreate: bool = WRITING(
        "--recreate",
        "Delete the contact and create it again if that is the only way to clear its "
        "telephone number.",
    )
    overwrite: bool = WRITING(
        "--overwrite",
        "Also restore contacts that somebody else has changed since the backup. Their "
        "change is lost.",
    )


def derives(typed: Collection[str]) -> bool:
    """
    Return whether failing checks add changes, by the options that were *typed*.

    A variable adds none: CONTACTS_AUDIT_FAILING_ONLY only narrows the scope.
    """
    return "failing_only" in typed or "from_report" in typed


def change_of(given: ChangeOptions, typed: Collection[str]) -> Change:
    """
    Return the change that is *given*; it may be empty if failing checks add changes.

    Raises:
        UsageError: no change is given, or one that is impossible.
    """
    from contacts_audit.remediation.plan import check, is_empty

    change = Change(
        tuple(given.email),
        given.replace,
        tuple(given.remove_email),
        given.notify_owners,
        given.minimum_severity,
        given.attack_paths,
        given.enable,
        given.phone,
        given.allow_empty,
    )
    if not (derives(typed) and is_empty(change)):
        check(change, given.api_version)
    return change
