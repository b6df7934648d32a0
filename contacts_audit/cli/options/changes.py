"""The options of plan, apply and restore: what to change, and how writing is guarded."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from contacts_audit.cli.options.checks import RiskLevel
from contacts_audit.cli.options.declare import CHANGES, WRITING, printed_as, whole
from contacts_audit.core.model import Wish


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
    """What to change in a contact; everything else stays as it is."""

    email: Annotated[
        list[str], CHANGES("--email ADDRESS", "Add this email address. Can be repeated.")
    ] = field(default_factory=list)
    replace: Annotated[bool, CHANGES("--replace", "Remove all addresses but those of --email.")] = (
        False
    )
    remove_email: Annotated[
        list[str], CHANGES("--remove-email ADDRESS", "Remove this email address. Can be repeated.")
    ] = field(default_factory=list)
    allow_empty: Annotated[bool, CHANGES("--allow-empty", "Allow removing the last address.")] = (
        False
    )
    notify_owners: Annotated[bool, CHANGES("--notify-owners", "Notify the role Owner.")] = False
    minimum_severity: Annotated[
        Severity | None,
        CHANGES(
            "--minimum-severity SEVERITY",
            "Send mail for alerts from this severity on: {}.",
            values=Severity,
        ),
    ] = None
    attack_paths: Annotated[
        RiskLevel | None,
        CHANGES(
            "--attack-paths RISK",
            "Send mail for attack paths from this risk level on: {}.",
            values=RiskLevel,
        ),
    ] = None
    enable: Annotated[bool, CHANGES("--enable", "Enable the contact.")] = False
    phone: Annotated[str | None, CHANGES("--phone PHONE", "Set the telephone number.")] = None
    api_version: Annotated[
        str | None,
        CHANGES(
            "--api-version VERSION",
            "Write at 2017-08-01-preview, as the rule documents. Default: the newest that "
            "the cloud offers.",
        ),
    ] = None
    failing_only: Annotated[
        bool,
        CHANGES(
            "--failing-only",
            "Change only what audit calls non-compliant: what its failing checks need.",
        ),
    ] = False
    from_report: Annotated[
        str | None,
        CHANGES(
            "--from-report REPORT",
            "Change only what fails by the checks of this JSON report, in its subscriptions.",
        ),
    ] = None

    @property
    def of_failing(self) -> bool:
        """Say whether only what fails is to be changed."""
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
            "Keep backups, journals and the lock here. Default: the user's state folder.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """What of a backup is restored, and at what cost; no variable says any of that."""

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
            "Restore those in FILE ('-': stdin), one per line. Can be repeated.",
        ),
    ] = field(default_factory=list)
    exclude: Annotated[
        list[str], WRITING("--exclude ID_OR_NAME", "Leave this subscription out. Can be repeated.")
    ] = field(default_factory=list)
    recreate: Annotated[
        bool,
        WRITING(
            "--recreate",
            "Delete and write anew a contact whose telephone number Azure would keep.",
        ),
    ] = False
    overwrite: Annotated[
        bool,
        WRITING(
            "--overwrite",
            "Restore also what somebody else changed since; that change is lost.",
        ),
    ] = False


def derives(context: Any) -> bool:
    """
    Return whether what fails says what is written, beside the changes given.

    No variable says what is written: CONTACTS_AUDIT_FAILING_ONLY narrows changes, and adds none.
    """
    sources = map(context.get_parameter_source, ("failing_only", "from_report"))
    return any(source is not None and source.name == "COMMANDLINE" for source in sources)


def change_of(given: ChangeOptions, *, derived: bool = False) -> Wish:
    """
    Return the change that is *given*, beside what is *derived* from what fails.

    Raises:
        UsageError: nothing is given, and nothing follows from what fails; or it is impossible.
    """
    from contacts_audit.remediation.plan import check, is_empty

    change = Wish(
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
