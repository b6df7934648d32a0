"""A report with each verdict but waived, and what the schema says of a document."""

import json
import unicodedata
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from contacts_audit.core.errors import AzureError, Reason
from contacts_audit.core.model import (
    Audited,
    Check,
    Contact,
    Fault,
    Finding,
    Invocation,
    Outcome,
    Profile,
    Report,
    Run,
    Skipped,
    Subscription,
    Unread,
)
from contacts_audit.report import RENDERERS, Format

SCHEMA: dict[str, Any] = json.loads(
    files("contacts_audit.report").joinpath("schema.json").read_bytes()
)
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
V2017, V2023 = "2017-08-01-preview", "2023-12-01-preview"
NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
HOSTILE = "a\x1b[31m\x00\r\nb\tc\u202ed\u2028e\x85[bold]f[/bold][link=x]g\u200bh\ufeff<b>\"',;=1"
RUN = Run(
    version="1.0.0",
    started=NOON,
    cloud="AzureCloud",
    tenants=(TENANT,),
    profile=Profile.CONFORMITY,
    checks=(Check.CONTACT_EMAIL,),
    portal_url="https://portal.azure.com/#blade/Microsoft_Azure_Security/SecurityMenuBlade/0",
    invocation=Invocation((), (), (), "https://management.azure.com"),
)


def subscription(
    number: int, name: str | None = None, state: str | None = "Enabled"
) -> Subscription:
    """Return the subscription of this *number*."""
    return Subscription(f"{number:08x}-0000-4000-8000-000000000000", name, state, TENANT)


def contact(*emails: str, malformed: tuple[str, ...] = (), version: str = V2023) -> Contact:
    """Return a contact as *version* shows it."""
    return Contact(
        "default", version, (*emails, *malformed), malformed, True, "1", "High", None, ("Owner",)
    )


def failing(
    number: int, name: str, message: str = "no email address is configured", *malformed: str
) -> Audited:
    """Return a subscription without an address."""
    finding = Finding(Check.CONTACT_EMAIL, message, V2023)
    return Audited(
        subscription(number, name), (contact(malformed=malformed),), (), (finding,), V2023
    )


def passing(number: int, name: str, *emails: str) -> Audited:
    """Return a subscription with addresses."""
    return Audited(
        subscription(number, name), (contact(*emails, version=V2017),), emails, (), V2017
    )


OUTCOMES: tuple[Outcome, ...] = (
    passing(1, "Prod", "ops@contoso.com", "sec@contoso.com"),
    failing(2, "Müller & Söhne 東京 🚀"),
    failing(3, "Lab", "no email address is configured (malformed address 'a@')", "a@"),
    Unread(
        subscription(4, "Finance"),
        Fault.of(
            AzureError(
                Reason.FORBIDDEN,
                "AuthorizationFailed: The client does not have authorization.",
                status=403,
                code="AuthorizationFailed",
                request_id="11111111-2222-3333-4444-555555555555",
            )
        ),
        (contact(version=V2017),),
    ),
    Unread(
        Subscription("00000005-0000-4000-8000-000000000000", visible=False),
        Fault(Reason.NOT_VISIBLE, "it is not visible to this identity", "check the id"),
    ),
    Skipped(subscription(6, "Old", "Disabled")),
)
REPORT = Report(RUN, NOON + timedelta(seconds=9), OUTCOMES)


def report(*outcomes: Outcome, run: Run = RUN) -> Report:
    """Return a report of *outcomes*."""
    return Report(run, NOON, outcomes)


def text(of: Report, as_: Format) -> str:
    """Return the report, whole."""
    return "".join(RENDERERS[as_](of))


def faults(document: object, schema: dict[str, Any] = SCHEMA) -> list[str]:
    """Return what the schema says against *document*."""
    checker = Draft202012Validator.FORMAT_CHECKER
    validator = Draft202012Validator(schema, format_checker=checker)
    return [error.message for error in validator.iter_errors(document)]


def without(document: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """Return a copy of *document* that lacks the key at *path*."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    place: Any = copy
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return copy


def everywhere(hostile: str) -> Report:
    """Return a report that has *hostile* in each of its texts."""
    odd = Subscription("x", hostile, hostile, hostile)
    shown = Contact(
        hostile, V2023, (hostile,), (hostile,), True, hostile, hostile, hostile, (hostile,)
    )
    fault = Fault(Reason.REFUSED, hostile, hostile, 400, hostile, hostile)
    return report(
        Audited(odd, (shown,), (hostile,), (Finding(Check.CONTACT_EMAIL, hostile, V2023),), V2023),
        Unread(odd, fault, (shown,)),
        Skipped(odd),
    )


def harmful(shown: str) -> list[str]:
    """Return the characters of *shown* that are more than text, lines and separators apart."""
    return [
        hex(ord(letter))
        for letter in shown
        if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and letter not in "\n"
    ]


def plain(coloured: str) -> str:
    """Return *coloured* without its colours."""
    from rich.text import Text

    return Text.from_ansi(coloured).plain
