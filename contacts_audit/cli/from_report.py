"""The report of an earlier audit as the source of a plan: its checks, and its subscriptions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from contacts_audit.audit import report_file
from contacts_audit.cli.host import LARGEST_REPORT, Host
from contacts_audit.cli.options import PolicyOptions, ScopeOptions
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Check

if TYPE_CHECKING:
    from contacts_audit.audit.policy import Policy
    from contacts_audit.azure.tenants import Connection

OPTION = "--from-report"


@dataclass(frozen=True, slots=True)
class Source:
    """The *document* of a report, and the *name* of its file."""

    document: Mapping[str, Any]
    name: str

    def scope(self, given: ScopeOptions) -> ScopeOptions:
        """Return the scope: the subscriptions of the report, unless others were *given*."""
        if given.subscription or given.subscriptions_from or given.management_group:
            return given
        rows = self.document["subscriptions"]
        return given if given.current else replace(given, subscription=[row["id"] for row in rows])

    def judged(self, policy: "Policy", given: PolicyOptions) -> "Policy":
        """
        Return what is judged: what was *given*, else the checks of the report.

        A report has no values: those come from options.

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
                overrides.append(Override(settings, row["id"], place=f"{OPTION} {self.name}"))
        return replace(found, overrides=tuple(overrides))

    def _checks(self, names: Any) -> tuple[Check, ...]:
        try:
            return tuple(map(Check, names))
        except ValueError as error:
            raise UsageError(f"{self.name}: {error}", "name a report of this version") from error

    def check(self, connection: "Connection") -> None:
        """
        Check that the report is of the cloud and the tenants that are signed in to.

        Raises:
            UsageError: it is of others.
        """
        if (cloud := self.document["cloud"]) != connection.cloud.name:
            raise UsageError(
                f"{self.name} is of {cloud}, not of {connection.cloud.name}", "give --cloud as then"
            )
        if missing := {*self.document["tenants"]} - {*connection.tenant_ids()}:
            raise UsageError(
                f"{self.name} is of tenant {min(missing)}, which was not signed in to",
                "give --tenant, or the credential that made it",
            )


def reported_by(host: Host, name: str) -> Source:
    """
    Return the JSON report in the file *name*.

    Raises:
        UsageError: it is none, or not a whole one.
    """
    told = f"{OPTION} {name}"
    document = report_file.read(host.read(name, OPTION, LARGEST_REPORT), told)
    report_file.check_counts(document, told)
    return Source(document, told)
