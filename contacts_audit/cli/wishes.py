"""What is wished of a contact, and how writing is guarded: the options of plan and apply."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from contacts_audit.cli.options import RiskLevel, choice, flag, option, whole
from contacts_audit.core.model import Wish


class Severity(StrEnum):
    """The severities of an alert."""

    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"


@dataclass(frozen=True, slots=True)
class WishOptions:
    """How a contact should be; what is not wished stays as it is."""

    email: Annotated[
        list[str],
        option("--email", panel="Wish", metavar="ADDRESS", help="Have this address; repeatable."),
    ] = field(default_factory=list)
    replace: Annotated[
        bool, flag("--replace", panel="Wish", help="Have no other addresses than --email's.")
    ] = False
    remove_email: Annotated[
        list[str],
        option(
            "--remove-email", panel="Wish", metavar="ADDRESS", help="Drop this address; repeatable."
        ),
    ] = field(default_factory=list)
    allow_empty: Annotated[
        bool, flag("--allow-empty", panel="Wish", help="Let a contact lose its last address.")
    ] = False
    notify_owners: Annotated[
        bool, flag("--notify-owners", panel="Wish", help="Notify the role Owner.")
    ] = False
    minimum_severity: Annotated[
        Severity | None,
        choice(
            Severity,
            "--minimum-severity",
            panel="Wish",
            metavar="SEVERITY",
            help="Mail alerts from this severity on: {}.",
        ),
    ] = None
    attack_paths: Annotated[
        RiskLevel | None,
        choice(
            RiskLevel,
            "--attack-paths",
            panel="Wish",
            metavar="RISK",
            help="Mail attack paths from this risk on: {}.",
        ),
    ] = None
    enable: Annotated[bool, flag("--enable", panel="Wish", help="Enable the contact.")] = False
    phone: Annotated[
        str | None,
        option("--phone", panel="Wish", metavar="PHONE", help="Have this telephone number."),
    ] = None
    api_version: Annotated[
        str | None,
        option(
            "--api-version",
            panel="Wish",
            metavar="VERSION",
            help="Write at 2017-08-01-preview, as documented.  Default: the newest offered.",
        ),
    ] = None
    failing_only: Annotated[
        bool,
        flag(
            "--failing-only",
            panel="Wish",
            help="Only what audit calls non-compliant, and what its failing checks need.",
        ),
    ] = False
    from_report: Annotated[
        str | None,
        option(
            "--from-report",
            panel="Wish",
            metavar="REPORT",
            help="Only what fails by the checks of this JSON report, of its subscriptions.",
        ),
    ] = None

    @property
    def of_failing(self) -> bool:
        """Say whether only what fails is to be changed."""
        return self.failing_only or self.from_report is not None


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How writing is guarded."""

    yes: Annotated[bool, flag("--yes", panel="Writing", help="Do not ask.")] = False
    max_changes: Annotated[
        int | None,
        option(
            "--max-changes",
            panel="Writing",
            metavar="COUNT",
            parser=whole,
            help="Write nothing where more than this many subscriptions would change.",
        ),
    ] = None
    state_dir: Annotated[
        Path | None,
        option(
            "--state-dir",
            panel="Writing",
            metavar="DIR",
            help="Keep backups, journals and the lock there.  Default: the user's state folder.",
        ),
    ] = None


def derives(context: Any) -> bool:
    """
    Return whether what fails says what is written, beside the wish.

    No variable says what is written: CONTACTS_AUDIT_FAILING_ONLY narrows a wish, and adds nothing.
    """
    sources = map(context.get_parameter_source, ("failing_only", "from_report"))
    return any(source is not None and source.name == "COMMANDLINE" for source in sources)


def wish_of(given: WishOptions, *, derived: bool = False) -> Wish:
    """
    Return what is wished, beside what is *derived* from what fails.

    Raises:
        UsageError: nothing is, and nothing follows from what fails; or it is what cannot be had.
    """
    from contacts_audit.remediation.plan import check, is_empty

    wish = Wish(
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
    if not (derived and is_empty(wish)):
        check(wish, given.api_version)
    return wish
