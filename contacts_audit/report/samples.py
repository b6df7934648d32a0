"""Makes small valid reports, on which a `--jq` filter is tried before the audit."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from contacts_audit import __version__
from contacts_audit.core.errors import HINTS, Reason
from contacts_audit.core.model import (
    Audited,
    Check,
    Contact,
    Fault,
    Finding,
    Outcome,
    Profile,
    Report,
    Run,
    Skipped,
    Subscription,
    Unread,
    Waiver,
)
from contacts_audit.report import json_

_NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
_VERSION = "2023-12-01-preview"
_TENANT = "00000000-0000-0000-0000-00000000000a"
_EMAIL = "soc@example.com"


def reports() -> Iterator[str]:
    """Yield JSON reports: one for each verdict, with a single row, and one with all these rows."""
    rows = outcomes()
    for some in (*((row,) for row in rows), rows):
        yield "".join(json_.render(_report(some)))


def outcomes() -> tuple[Outcome, ...]:
    """Return an outcome for each verdict."""
    contact = Contact(
        "default", _VERSION, (_EMAIL,), (), True, "+1 425 555 0100", "High", "Critical", ("Owner",)
    )
    finding = Finding(Check.CONTACT_EMAIL, "no email address is configured", _VERSION)
    waiver = Waiver("Sample 3", "a reason", "an owner", _NOON.date(), Check.CONTACT_EMAIL)
    fault = Fault(Reason.FORBIDDEN, "no", HINTS[Reason.FORBIDDEN], 403, "AuthorizationFailed", "id")
    return (
        Audited(_subscription(1), (contact,), (_EMAIL,), (), _VERSION),
        Audited(_subscription(2), (), (), (finding,), _VERSION),
        Audited(_subscription(3), (), (), (finding,), _VERSION, waiver),
        Unread(_subscription(4), fault, (contact,)),
        Skipped(_subscription(5, "Disabled")),
    )


def _subscription(number: int, state: str = "Enabled") -> Subscription:
    guid = f"00000000-0000-0000-0000-{number:012}"
    return Subscription(guid, f"Sample {number}", state, _TENANT)


def _report(rows: Sequence[Outcome]) -> Report:
    checks = (Check.CONTACT_EMAIL,)
    portal = "https://portal.azure.com/"
    run = Run(
        __version__, _NOON, "AzureCloud", (_TENANT,), Profile.CONFORMITY, checks, portal, "0/1"
    )
    return Report(run, _NOON, tuple(rows))
