"""A report with each verdict, and its HTML page."""

from dataclasses import replace
from datetime import date, timedelta

from report.basic_report import NOON, TENANT, V2017, V2023, subscription

from contacts_audit.audit import checks
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
from contacts_audit.report import html

OTHER = "1a2b3c4d-0000-4000-8000-00000000000a"
PORTAL = "https://portal.azure.com/#blade/Microsoft_Azure_Security/SecurityMenuBlade/0"
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=https://evil.example/x onerror=alert(1)>",
    "\"' onmouseover='alert(1)' autofocus onfocus=\"alert(1)",
    "</style><style>@import 'https://evil.example'</style>",
    "a\x1b[31m\x00\r\nb\tc\u202ed\u2028e\x85g\u200bh\ufeff",
    "{{ 7 * 7 }}{% raw %}&lt;&#60;<!--",
    "javascript:alert(1)",
    "\ud800",
    "W" * 256,
    "; rm -rf ~ $(reboot) `reboot`",
]
RUN = Run(
    "1.0.0", NOON, "AzureCloud", (TENANT,), Profile.CONFORMITY, (Check.CONTACT_EMAIL,), PORTAL
)


def contact(*emails: str, version: str = V2023) -> Contact:
    """Return a contact with *emails*."""
    return Contact("default", version, emails, (), True, None, "High", None, ("Owner",))


def passing(number: int, name: str, *emails: str) -> Audited:
    """Return a subscription with addresses."""
    return Audited(subscription(number, name), (contact(*emails),), emails, (), V2023)


def failing(number: int, name: str) -> Audited:
    """Return a subscription without an address."""
    finding = Finding(Check.CONTACT_EMAIL, checks.NO_ADDRESS, V2023)
    return Audited(subscription(number, name), (contact(),), (), (finding,), V2023)


def unread(number: int, name: str, reason: Reason = Reason.FORBIDDEN) -> Unread:
    """Return a subscription that could not be read."""
    fault = Fault(reason, "It may not.", HINTS[reason], 403, "AuthorizationFailed", "request-17")
    return Unread(subscription(number, name), fault, (contact(version=V2017),))


def report(*outcomes: Outcome, run: Run = RUN) -> Report:
    """Return a report of *outcomes*."""
    return Report(run, NOON + timedelta(seconds=9), outcomes)


WAIVER = Waiver("x", "it is being moved", "platform team", date(2026, 6, 30))
REPORT = report(
    passing(1, "Prod", "ops@contoso.com", "sec@contoso.com"),
    failing(2, "Lab 10"),
    failing(3, "Lab 9"),
    unread(4, "Finance"),
    replace(failing(5, "Sandbox"), waiver=WAIVER),
    Skipped(subscription(6, "Old", "Disabled")),
    passing(7, "مرحبا", "web@contoso.com"),
)


def everywhere(hostile: str) -> Report:
    """Return a report that has *hostile* in each of its texts."""
    odd = Subscription("00000001-0000-4000-8000-000000000000", hostile, hostile, hostile)
    shown = Contact(
        hostile, V2023, (hostile,), (hostile,), True, hostile, hostile, hostile, (hostile,)
    )
    fault = Fault(Reason.REFUSED, hostile, hostile, 400, hostile, hostile)
    finding = Finding(Check.CONTACT_EMAIL, hostile, V2023)
    judged = Audited(odd, (shown,), (hostile,), (finding,), V2023)
    waiver = Waiver(hostile, hostile, hostile, date(2026, 6, 30))
    return report(
        judged, replace(judged, waiver=waiver), Unread(odd, fault, (shown,)), Skipped(odd)
    )


def page_of(of: Report) -> str:
    """Return the page, whole."""
    return "".join(html.render(of))
