"""The options of plan, apply and restore: what to change, and how writing is guarded."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from contacts_audit.cli.options.checks import RiskLevel
from contacts_audit.cli.options.declare import CHANGES, WRITING, printed_as, whole
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


ChangeOutput = Annotated[ChangeFormat, printed_as(ChangeFormat)]


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """What to change in a contact; the rest is kept."""

    email: Annotated[
        list[str], CHANGES("--email ADDRESS", "Add this email address. Can be repeated.")
    ] = field(default_factory=list)
    replace: Annotated[
        bool, CHANGES("--replace", "Remove all addresses except those of --email.")
    ] = False
    remove_email: Annotated[
        list[str], CHANGES("--remove-email ADDRESS", "Remove this email address. Can be repeated.")
    ] = field(default_factory=list)
    allow_empty: Annotated[
        bool, CHANGES("--allow-empty", "Allow --remove-email to remove the last address.")
    ] = False
    notify_owners: Annotated[
        bool, CHANGES("--notify-owners", "Send notifications to the Owner role.")
    ] = False
    minimum_severity: Annotated[
        Severity | None,
        CHANGES(
            "--minimum-severity SEVERITY",
            "Send mail for alerts of this severity and above: {}.",
            values=Severity,
        ),
    ] = None
    attack_paths: Annotated[
        RiskLevel | None,
        CHANGES(
            "--attack-paths RISK",
            "Send mail for attack paths of this risk and above: {}.",
            values=RiskLevel,
        ),
    ] = None
    enable: Annotated[bool, CHANGES("--enable", "Enable the contact.")] = False
    phone: Annotated[str | None, CHANGES("--phone PHONE", "Set the telephone number.")] = None
    api_version: Annotated[
        str | None,
        CHANGES(
            "--api-version VERSION",
            "Write as the rule documents it: only 2017-08-01-preview is accepted. Default: the "
            "newest version that the cloud offers.",
        ),
    ] = None
    failing_only: Annotated[
        bool,
        CHANGES(
            "--failing-only",
            "Change only non-compliant subscriptions. Add the changes that their failing checks "
            "need.",
        ),
    ] = False
    from_report: Annotated[
        str | None,
        CHANGES(
            "--from-report REPORT",
            "Like --failing-only, but take checks and subscriptions from this JSON report.",
        ),
    ] = None

    @property
    def of_failing(self) -> bool:
        """Say whether only failing subscriptions are changed."""
        return self.failing_only or self.from_report is not None


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How writing is guarded."""

    yes: Annotated[bool, WRITING("--yes", "Do not ask for confirmation.")] = False
    max_changes: Annotated[
        int | None,
        WRITING(
            "--max-changes COUNT",
            "Write nothing if more than this many subscriptions would change.",
            parser=whole,
        ),
    ] = None
    state_dir: Annotated[
        Path | None,
        WRITING(
            "--state-dir DIR",
            "Keep backups, journals and the lock in DIR. Default: the user's state folder.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """Which part of a backup is restored, and what may be lost for it."""

    subscription: Annotated[
        list[str],
        WRITING(
            "--subscription -s ID_OR_NAME",
            "Restore this subscription. Can be repeated. Default: all in the backup.",
        ),
    ] = field(default_factory=list)
    subscriptions_from: Annotated[
        list[str],
        WRITING(
            "--subscriptions-from FILE",
            "Restore the subscriptions in FILE ('-': stdin), one per line. Can be repeated.",
        ),
    ] = field(default_factory=list)
    exclude: Annotated[
        list[str], WRITING("--exclude ID_OR_NAME", "Exclude this subscription. Can be repeated.")
    ] = field(default_factory=list)
    recreate: Annotated[
        bool,
        WRITING(
            "--recreate",
            "Delete the contact and create it again if that is the only way to clear its "
            "telephone number.",
        ),
    ] = False
    overwrite: Annotated[
        bool,
        WRITING(
            "--overwrite",
            "Also restore contacts that somebody else has changed since the backup. Their "
            "change is lost.",
        ),
    ] = False


def derives(context: Any) -> bool:
    """
    Return whether failing checks add changes to those given.

    A variable adds none: CONTACTS_AUDIT_FAILING_ONLY only narrows the scope.
    """
    sources = map(context.get_parameter_source, ("failing_only", "from_report"))
    return any(source is not None and source.name == "COMMANDLINE" for source in sources)


def change_of(given: ChangeOptions, *, derived: bool = False) -> Change:
    """
    Return the change that is *given*; it may be empty if failing checks add changes (*derived*).

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
    if not (derived and is_empty(change)):
        check(change, given.api_version)
    return change
