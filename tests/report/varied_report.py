"""A report with each verdict, of names and texts that formats must escape."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml
from junitparser import Skipped as SkippedCase
from junitparser import TestCase as Case
from markdown_it import MarkdownIt
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.objects.cloud import Cloud
from report import basic_report
from report.basic_report import NOON, V2017, V2023, subscription

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
    Waiver,
)
from contacts_audit.report import (
    csv_,
    junit,
    markdown,
    ocsf,
)

HOSTILE = "a\x1b[31m\x00\r\nb\tc\u202ed\u2028e\x85[bold]f[/bold]|`x`&lt;\ufffe\uffff]]><b>\"',;=1"
Render = Callable[[Report], Iterator[str]]
RUN = basic_report.RUN._replace(
    profile=Profile.CIS,
    checks=(Check.CONTACT_EMAIL, Check.OWNER_NOTIFIED),
    invocation=Invocation((), (), ("--profile", "cis"), "https://management.azure.com"),
)


def judged(
    number: int,
    name: str,
    *emails: str,
    findings: tuple[Finding, ...] = (),
    waiver: Waiver | None = None,
) -> Audited:
    """Return a subscription that was read."""
    shown = Contact("default", V2023, emails, (), True, "1", "High", None, ())
    return Audited(subscription(number, name), (shown,), emails, findings, V2023, waiver)


NO_EMAIL = Finding(Check.CONTACT_EMAIL, "no email address is configured", V2017)
NO_OWNER = Finding(Check.OWNER_NOTIFIED, "the role Owner is not notified", V2023)
COMPLIANT = judged(1, "Prod", "ops@contoso.com", "+sec@contoso.com")
FAILING = judged(2, "Müller & Söhne 東京 🚀", findings=(NO_EMAIL, NO_OWNER))
HALF = judged(3, "=HYPERLINK(1)", "a@contoso.com", findings=(NO_OWNER,))
WAIVED = judged(
    4,
    "+49 30 12345",
    findings=(NO_EMAIL,),
    waiver=Waiver("+49 30 12345", "is shut down", "ops", date(2026, 6, 30)),
)
UNREAD = Unread(
    subscription(5, "Finance"),
    Fault.of(
        AzureError(
            Reason.FORBIDDEN,
            "AuthorizationFailed: The client does not have authorization.",
            status=403,
            code="AuthorizationFailed",
            request_id="11111111-2222-3333-4444-555555555555",
        )
    ),
)
UNSEEN = Unread(
    Subscription("00000006-0000-4000-8000-000000000000", visible=False),
    Fault(Reason.NOT_VISIBLE, "it is not visible to this identity", "check the id"),
)
SKIPPED = Skipped(subscription(7, "Old", "Disabled"))
OUTCOMES: tuple[Outcome, ...] = (COMPLIANT, FAILING, HALF, WAIVED, UNREAD, UNSEEN, SKIPPED)


def report(*outcomes: Outcome) -> Report:
    """Return a report of *outcomes*."""
    return Report(RUN, NOON + timedelta(seconds=9), outcomes)


REPORT = report(*OUTCOMES)


def everywhere(hostile: str) -> Report:
    """Return a report that has *hostile* in each of its texts."""
    odd = Subscription("x", hostile, hostile, hostile)
    shown = Contact(hostile, V2023, (hostile,), (), True, hostile, hostile, hostile, (hostile,))
    finding = Finding(Check.CONTACT_EMAIL, hostile, hostile)
    fault = Fault(Reason.REFUSED, hostile, hostile, 400, hostile, hostile)
    waiver = Waiver(hostile, hostile, hostile, date(2026, 6, 30))
    run = Run(hostile, NOON, hostile, (hostile,), None, (Check.CONTACT_EMAIL,), hostile)
    return Report(
        run,
        NOON,
        (
            Audited(odd, (shown,), (hostile,), (finding,), hostile),
            Audited(odd, (shown,), (hostile,), (finding,), hostile, waiver),
            Unread(odd, fault, (shown,)),
            Skipped(odd),
        ),
    )


def text(of: Report, render: Render) -> str:
    """Return the report, whole."""
    return "".join(render(of))


any_text = st.text(st.characters() | st.characters(categories=["Cc", "Cf", "Cs"]))
names = any_text | st.text("=+-@'\"|,;:\\`<>&[]()*_~#!\t\r\n \ufffe\uffff\u2028\u202ea1")


def rows(of: Report) -> list[list[str]]:
    """Return the lines of a CSV report, as its readers see them."""
    return list(csv.reader(io.StringIO(text(of, csv_.render), newline=""), strict=True))


def tables(of: Report) -> list[list[list[str]]]:
    """Return the cells of each table of a Markdown report, as a reader of tickets shows them."""
    found: list[list[list[str]]] = []
    inside = False
    for token in (
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text(of, markdown.render))
    ):
        inside = token.type != "table_close" and (inside or token.type == "table_open")
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and inside:
            kinds = {child.type for child in token.children or []}
            assert kinds <= {"text", "text_special", "code_inline"}, kinds
            found[-1][-1].append("".join(child.content for child in token.children or []))
    return found


def suite(of: Report) -> list[Case]:
    """Return the testcases of a JUnit report, as a CI server sees them; their counts are right."""
    document = JUnitXml.fromstring(text(of, junit.render).encode())
    (found,) = document
    cases = list(found)
    results = Counter(type(result) for case in cases for result in case.result)
    for counts in (document, found):
        assert counts.tests == len(cases)
        assert counts.failures == results[Failure]
        assert counts.errors == results[Error]
        assert counts.skipped == results[SkippedCase]
    return cases


def findings(of: Report) -> list[dict[str, Any]]:
    """Return the findings of an OCSF report, once the models of a published package know them."""
    found: list[dict[str, Any]] = json.loads(text(of, ocsf.render))
    for finding in found:
        known = ComplianceFinding.model_validate(finding)
        shown = json.loads(known.model_dump_json(exclude_unset=True))
        assert shown == without_newer(finding)
        assert finding["type_uid"] == finding["class_uid"] * 100 + finding["activity_id"]
        assert finding["class_uid"] == 2003
        # The model's accounts end at type 10; that of an Azure subscription came later.
        account = {**finding["cloud"]["account"], "type_id": 99}
        Cloud.model_validate({**finding["cloud"], "account": account})
    return found


def without_newer(finding: dict[str, Any]) -> dict[str, Any]:
    """Return what the models know: they lack the cloud profile, and the status as a word."""
    compliance = {key: value for key, value in finding["compliance"].items() if key != "status"}
    known = {key: value for key, value in finding.items() if key != "cloud"}
    return {**known, "compliance": compliance}
