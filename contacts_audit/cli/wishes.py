"""The options of plan and apply: what to change, and how writing is guarded."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from contacts_audit.cli.options import RiskLevel, choice, flag, option, whole
from contacts_audit.core.model import Change


class Severity(StrEnum):
    """The severities of an alert."""

    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """What to change in a contact; everything else stays as it is."""

    email: Annotated[
        list[str],
        option(
            "--email",
            panel="Changes",
            metavar="ADDRESS",
            help="Add this email address. Can be repeated.",
        ),
    ] = field(default_factory=list)
    replace: Annotated[
        bool, flag("--replace", panel="Changes", help="Remove all addresses but those of --email.")
    ] = False
    remove_email: Annotated[
        list[str],
        option(
            "--remove-email",
            panel="Changes",
            metavar="ADDRESS",
            help="Remove this email address. Can be repeated.",
        ),
    ] = field(default_factory=list)
    allow_empty: Annotated[
        bool, flag("--allow-empty", panel="Changes", help="Allow removing the last address.")
    ] = False
    notify_owners: Annotated[
        bool, flag("--notify-owners", panel="Changes", help="Notify the role Owner.")
    ] = False
    minimum_severity: Annotated[
        Severity | None,
        choice(
            Severity,
            "--minimum-severity",
            panel="Changes",
            metavar="SEVERITY",
            help="Send mail for alerts from this severity on: {}.",
        ),
    ] = None
    attack_paths: Annotated[
        RiskLevel | None,
        choice(
            RiskLevel,
            "--attack-paths",
            panel="Changes",
            metavar="RISK",
            help="Send mail for attack paths from this risk level on: {}.",
        ),
    ] = None
    enable: Annotated[bool, flag("--enable", panel="Changes", help="Enable the contact.")] = False
    phone: Annotated[
        str | None,
        option("--phone", panel="Changes", metavar="PHONE", help="Set the telephone number."),
    ] = None
    api_version: Annotated[
        str | None,
        option(
            "--api-version",
            panel="Changes",
            metavar="VERSION",
            help="Write at 2017-08-01-preview, as the rule documents. Default: the newest that "
            "the cloud offers.",
        ),
    ] = None
    failing_only: Annotated[
        bool,
        flag(
            "--failing-only",
            panel="Changes",
            help="Change only what audit calls non-compliant: what its failing checks need.",
        ),
    ] = False
    from_report: Annotated[
        str | None,
        option(
            "--from-report",
            panel="Changes",
            metavar="REPORT",
            help="Change only what fails by the checks of this JSON report, in its subscriptions.",
        ),
    ] = None

    @property
    def of_failing(self) -> bool:
        """Say whether only what fails is to be changed."""
        return self.failing_only or self.from_report is not None


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How writing is guarded."""

    yes: Annotated[bool, flag("--yes", panel="Writing", help="Do not ask for confirmation.")] = (
        False
    )
    max_changes: Annotated[
        int | None,
        option(
            "--max-changes",
            panel="Writing",
            metavar="COUNT",
            parser=whole,
            help="Write nothing if more than this many subscriptions would change.",
        ),
    ] = None
    state_dir: Annotated[
        Path | None,
        option(
            "--state-dir",
            panel="Writing",
            metavar="DIR",
            help="Keep backups, journals and the lock here. Default: the user's state folder.",
        ),
    ] = None


def derives(context: Any) -> bool:
    """
    Return whether what fails says what is written, beside the wish.

    No variable says what is written: CONTACTS_AUDIT_FAILING_ONLY narrows a wish, and adds nothing.
    """
    sources = map(context.get_parameter_source, ("failing_only", "from_report"))
    return any(source is not None and source.name == "COMMANDLINE" for source in sources)


def change_of(given: ChangeOptions, *, derived: bool = False) -> Change:
    """
    Return what is wished, beside what is *derived* from what fails.

    Raises:
        UsageError: nothing is, and nothing follows from what fails; or it is what cannot be had.
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
