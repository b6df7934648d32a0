"""Reads the JSON reports that --baseline, --from-report and diff name."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from contacts_audit.audit import report_file
from contacts_audit.cli.host import LARGEST_REPORT, Host
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Check

if TYPE_CHECKING:
    from contacts_audit.audit.policy import Policy
    from contacts_audit.azure.tenants import Connection

FROM_REPORT = "--from-report"


def read_report(host: Host, name: str, option: str) -> Mapping[str, Any]:
    """
    Return the JSON report in the file *name*, which *option* gave.

    Raises:
        UsageError: the file cannot be read, is not a report, or is not a complete one.
    """
    label = f"{option} {name}" if option.startswith("--") else name
    document = report_file.read(host.read(name, option, LARGEST_REPORT), label)
    report_file.check_counts(document, label)
    return document


def warn_of_other_checks(
    host: Host, old: tuple[str, Collection[str]], new: tuple[str, Collection[str]]
) -> None:
    """Print a warning if two reports, each a name and its checks, did not judge the same."""
    from contacts_audit.audit import diff

    if differing := diff.other_checks(old[1], new[1]):
        host.screen.warn(
            f"{new[0]} judged other checks than {old[0]} ({differing}): verdicts may differ for "
            "that reason alone"
        )


class Baseline(NamedTuple):
    """The *rows* of an older report, and the *checks* that it judged; None where there is none."""

    rows: Sequence[Mapping[str, Any]] = ()
    checks: Sequence[str] | None = None


def read_baseline(host: Host, path: Path) -> Baseline:
    """
    Return the baseline in the report *path*, an empty one where it does not exist yet.

    Raises:
        UsageError: it exists, and is not a complete report.
    """
    try:
        path.stat()
    except FileNotFoundError:
        host.screen.note(f"--baseline: {path} does not exist: every row is new")
        return Baseline()
    except (OSError, ValueError):
        pass  # without permission to look, it may exist
    document = read_report(host, str(path), "--baseline")
    return Baseline(document["subscriptions"], document["checks"])


class EarlierReport(NamedTuple):
    """The *document* of a report that a plan is made from, and the *name* of its option."""

    document: Mapping[str, Any]
    name: str

    def scope(self, given: ScopeOptions) -> ScopeOptions:
        """Return the scope: the subscriptions of the report, unless others were *given*."""
        if given.subscription or given.subscriptions_from or given.management_group:
            return given
        rows = self.document["subscriptions"]
        return given if given.current else replace(given, subscription=[row["id"] for row in rows])

    def policy(self, policy: "Policy", given: PolicyOptions) -> "Policy":
        """
        Return *policy* where options chose it, else one with the checks of the report.

        A report holds no values of checks: those come from options.

        Raises:
            UsageError: a check of the report is unknown, or lacks its value.
        """
        from contacts_audit.audit.policy import Override
        from contacts_audit.audit.profiles import Settings

        if given.check or given.profile or given.policy:
            return policy
        top = self._checks(self.document["checks"])
        found = replace(policy, top=Settings(checks=top))
        _ = found.criteria  # each check has its value
        overrides = []
        for row in self.document["subscriptions"]:
            own = self._checks(finding["check"] for finding in row["findings"])
            if more := {*own} - {*found.criteria.checks}:
                settings = Settings(checks=(*top, *sorted(more)))
                overrides.append(Override(settings, row["id"], place=self.name))
        return replace(found, overrides=tuple(overrides))

    def _checks(self, names: Any) -> tuple[Check, ...]:
        try:
            return tuple(map(Check, names))
        except ValueError as error:
            raise UsageError(
                f"{self.name}: {error}", "give a report made by this version"
            ) from error

    def check(self, connection: "Connection") -> None:
        """
        Check that the report comes from the cloud and tenants of *connection*.

        Raises:
            UsageError: it does not.
        """
        from contacts_audit.cli.sign_in import check_tenants

        if (cloud := self.document["cloud"]) != connection.cloud.name:
            raise UsageError(
                f"{self.name} is from {cloud}, not {connection.cloud.name}", f"add --cloud {cloud}"
            )
        check_tenants(connection, self.document["tenants"], self.name)
