"""The formats for other programs say what the report says, and can be read by their own readers."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import tracemalloc
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import example, given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml
from junitparser import Skipped as SkippedCase
from junitparser import TestCase as Case
from markdown_it import MarkdownIt
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.objects.cloud import Cloud

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
    Verdict,
    Waiver,
)
from contacts_audit.core.sanitize import inert
from contacts_audit.report import (
    csv_,
    fix_command,
    json_,
    jsonl,
    junit,
    markdown_,
    ocsf,
    prometheus,
    table,
    tsv,
)

GOLDEN = ROOT / "tests/golden"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
V2017, V2023 = "2017-08-01-preview", "2023-12-01-preview"
NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
HOSTILE = "a\x1b[31m\x00\r\nb\tc\u202ed\u2028e\x85[bold]f[/bold]|`x`&lt;\ufffe\uffff]]><b>\"',;=1"
Render = Callable[[Report], Iterator[str]]
RUN = Run(
    version="1.0.0",
    started=NOON,
    cloud="AzureCloud",
    tenants=(TENANT,),
    profile=Profile.CIS,
    checks=(Check.CONTACT_EMAIL, Check.OWNER_NOTIFIED),
    portal_url="https://portal.azure.com/#blade/Microsoft_Azure_Security/SecurityMenuBlade/0",
    invocation=Invocation(
        (),
        (),
        ("--profile", "cis"),
        "https://management.azure.com",
    ),
)
FORMATS: dict[str, Render] = {
    "csv": csv_.render,
    "md": markdown_.render,
    "junit.xml": junit.render,
    "ocsf.json": ocsf.render,
    "prom": prometheus.render,
}
every_format = pytest.mark.parametrize(
    "render", [pytest.param(render, id=name) for name, render in FORMATS.items()]
)


def subscription(number: int, name: str | None = None, state: str = "Enabled") -> Subscription:
    """Return the subscription of this *number*."""
    return Subscription(f"{number:08x}-0000-4000-8000-000000000000", name, state, TENANT)


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


@pytest.mark.parametrize(
    ("render", "name"),
    [pytest.param(render, f"report.{name}", id=name) for name, render in FORMATS.items()],
)
def test_golden(render: Render, name: str) -> None:
    """The formats are a contract: `UPDATE_GOLDEN=1` rewrites them, and the diff is reviewed."""
    golden = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_bytes(text(REPORT, render).encode())

    assert text(REPORT, render) == golden.read_bytes().decode()


@every_format
@pytest.mark.parametrize("hostile", [HOSTILE, "\ud800", "[/]", "\U000e0041", "\ufffe", "]]>"])
def test_hostile_text_is_inert(render: Render, hostile: str) -> None:
    """Nothing steers a terminal, forges a line, or fails to be UTF-8."""
    shown = text(everywhere(hostile), render)
    lines = len(text(everywhere("plain"), render).splitlines())

    categories = {unicodedata.category(letter) for letter in shown if letter != "\n"}
    assert categories.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert shown.encode()
    assert len(shown.splitlines()) == lines


@every_format
@pytest.mark.parametrize("of", [REPORT, report()], ids=["all kinds", "nothing in scope"])
def test_lines_end_in_lf(render: Render, of: Report) -> None:
    """As all that we write."""
    shown = text(of, render)

    assert shown.endswith("\n")
    assert "\r" not in shown


@pytest.fixture(scope="module")
def many() -> Report:
    """Return a report of 50,000 subscriptions."""
    return report(
        *(
            judged(
                at, f"Subscription {at}", f"ops{at}@contoso.com", findings=(NO_OWNER,) * (at % 2)
            )
            for at in range(50_000)
        )
    )


def peak(pieces: Iterator[str]) -> int:
    """Return how many bytes more were held at a time while *pieces* were read."""
    tracemalloc.start()
    try:
        for _ in pieces:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "render",
    [
        *(pytest.param(render, id=name) for name, render in FORMATS.items() if name != "prom"),
        pytest.param(json_.render, id="json"),
    ],
)
def test_a_long_report_is_a_stream(render: Render, many: Report) -> None:
    """Neither all rows nor those already told are held as text: either would be over a megabyte."""
    for _ in islice(render(many), 1000):  # loads what is loaded once, and fills what is bounded
        pass

    assert peak(islice(render(many), 10_000)) < 500_000


def test_the_metrics_of_a_long_report(many: Report) -> None:
    """The library makes them in one piece, of three quarters of a kilobyte a row."""
    assert peak(prometheus.render(many)) < 50_000 * 768


def rows(of: Report) -> list[list[str]]:
    """Return the lines of a CSV report, as its readers see them."""
    return list(csv.reader(io.StringIO(text(of, csv_.render), newline=""), strict=True))


def test_csv_has_a_header() -> None:
    """The columns are those of tsv, and then what to do, what support asks for, whom to ask."""
    header, *lines = rows(REPORT)

    assert header == [
        "id",
        "name",
        "tenant_id",
        "state",
        "verdict",
        "emails",
        "decided_by",
        "reason",
        "message",
        "status",
        "code",
        "request_id",
        "hint",
        "command",
        "owner",
        "expires",
    ]
    assert [line[4] for line in lines] == [outcome.verdict for outcome in OUTCOMES]
    assert lines[1][7:] == [
        "contact-email,owner-notified",
        "no email address is configured; the role Owner is not notified",
        *[""] * 4,
        fix_command.command(FAILING, RUN),
        *[""] * 2,
    ]
    assert lines[4][9:] == [
        "403",
        "AuthorizationFailed",
        UNREAD.fault.request_id,
        UNREAD.fault.hint,
        fix_command.command(UNREAD, RUN),
        *[""] * 2,
    ]
    assert lines[3][9:] == [*[""] * 5, "ops", "2026-06-30"]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        pytest.param("=1+1", "'=1+1", id="a formula"),
        pytest.param("+49 30 12345", "'+49 30 12345", id="a telephone number"),
        pytest.param("-1", "'-1", id="a negative number"),
        pytest.param("@SUM(1)", "'@SUM(1)", id="a function of old"),
        pytest.param("  =1", "'  =1", id="blanks in front"),
        pytest.param("\u3000=1", "'\u3000=1", id="a wide blank in front"),
        pytest.param("\uff1d1", "'\uff1d1", id="a wide sign"),
        pytest.param("\t=1", "\\x09=1", id="a tab"),
        pytest.param("\r=1", "\\x0d=1", id="a carriage return"),
        pytest.param("'=1", "''=1", id="an apostrophe of its own"),
        pytest.param("'a", "'a", id="a harmless apostrophe"),
        pytest.param("a=1", "a=1", id="a sign within"),
        pytest.param("Müller, \"Söhne\"; 'x'", "Müller, \"Söhne\"; 'x'", id="quotes"),
        pytest.param("", "", id="nothing"),
        pytest.param("a;=1", "a;'=1", id="behind a semicolon"),
        pytest.param("a; +1;-2", "a;' +1;'-2", id="behind each"),
        pytest.param('a;"=1', "a;'\"=1", id="behind a quote, too"),
        pytest.param("a;'=1", "a;''=1", id="an apostrophe of its own, behind one"),
        pytest.param(";@x", ";'@x", id="at the start"),
        pytest.param("a;b=1", "a;b=1", id="a sign within a part"),
    ],
)
def test_a_cell_is_no_formula(name: str, cell: str) -> None:
    """A spreadsheet that opens the report computes nothing."""
    assert rows(report(judged(1, name, "a@contoso.com")))[1][1] == cell


@given(names)
@example(HOSTILE)
@example("'=x")
def test_csv_comes_back(name: str) -> None:
    """A cell is what was there, but for one apostrophe in front of a formula."""
    _, *lines = rows(everywhere(name))

    assert {len(line) for line in lines} == {16}
    assert len(lines) == 4
    cell = lines[0][1]
    assert re.match(r"\s*[=+\-@\t\r]", cell) is None
    assert re.search(r";[\s\"]*[=+\-@\t\r]", cell) is None
    sign = r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]"
    assert re.sub(rf"(^|;)'(?=(?(1)['\"]*){sign})", r"\1", cell) == inert(name)


def test_no_reader_of_semicolons_finds_a_formula() -> None:
    """Where a semicolon parts cells, a spreadsheet splits there, whatever the quotes say."""
    hostile = ('x;=cmd|"/c calc"!A0', 'x;"=1"', 'x;""=1', "x; =1;+2", 'a,b;="c"')
    found = [judged(1, name, "a@x.co", "=b@x.co", "+c@x.co") for name in hostile]

    text = "".join(csv_.render(report(*found)))

    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        parts = [part for line in csv.reader(text.splitlines(), delimiter=";", quoting=quoting)
                 for part in line]  # fmt: skip
        assert [part for part in parts if re.match(r"[\s\"]*[=+\-@]", part)] == []


def tables(of: Report) -> list[list[list[str]]]:
    """Return the cells of each table of a Markdown report, as a reader of tickets shows them."""
    found: list[list[list[str]]] = []
    inside = False
    for token in (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .parse(text(of, markdown_.render))
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


def test_markdown_counts_first() -> None:
    """A ticket's reader sees how bad it is, then each subscription, with what support asks for."""
    counts, (header, *lines) = tables(REPORT)

    assert counts == [
        ["VERDICT", "COUNT"],
        ["skipped", "1"],
        ["unreadable", "2"],
        ["non-compliant", "2"],
        ["waived", "1"],
        ["compliant", "1"],
        ["in scope", "7"],
    ]
    assert header == ["VERDICT", "NAME", "ID", "EMAILS", "WHY", "FIX"]
    assert [line[2] for line in lines] == [outcome.subscription.id for outcome in OUTCOMES]
    assert "403" in lines[4][4]
    assert UNREAD.fault.hint in lines[4][4]
    assert "waived until 2026-06-30: is shut down, ops" in lines[3][4]
    assert [line[5] for line in lines] == [fix_command.command(one, RUN) or "" for one in OUTCOMES]


@given(names)
@example(HOSTILE)
def test_markdown_comes_back(name: str) -> None:
    """A cell shows what was there: no markup, no cell of its own."""
    _, (_, *lines) = tables(everywhere(name))

    shown = inert(name)
    assert [len(line) for line in lines] == [6] * 4
    assert lines[0][1].strip() == (shown.strip() if name else "x")
    assert lines[2][4].split() == f"refused: {shown} ({told(shown)}); {shown}".split()


def told(shown: str) -> str:
    """Return the facts of the fault that has *shown* in it."""
    return ", ".join(["status 400", *([f"code {shown}", f"request id {shown}"] if shown else [])])


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


def test_a_testcase_a_subscription() -> None:
    """Failure, error and skipped; a pass says nothing."""
    cases = suite(REPORT)

    assert [(case.name, [type(result) for result in case.result]) for case in cases] == [
        (COMPLIANT.subscription.label, []),
        (FAILING.subscription.label, [Failure]),
        (HALF.subscription.label, [Failure]),
        (WAIVED.subscription.label, [SkippedCase]),
        (UNREAD.subscription.label, [Error]),
        (UNSEEN.subscription.label, [Error]),
        (SKIPPED.subscription.label, [SkippedCase]),
    ]
    assert cases[1].result[0].type == "contact-email,owner-notified"
    assert str(cases[1].result[0].text).splitlines() == [
        f"contact-email at {V2017}: no email address is configured",
        f"owner-notified at {V2023}: the role Owner is not notified",
        f"fix: {fix_command.command(FAILING, RUN)}",
        "Replace the words in capitals (ADDRESS = an email address, another one each time).",
    ]
    assert f"fix: {fix_command.command(UNREAD, RUN)}" in str(cases[4].result[0].text).splitlines()
    assert cases[4].result[0].type == "forbidden"
    assert "waived until" in cases[3].result[0].message


def test_a_suite_of_nothing() -> None:
    """It is a document all the same."""
    assert suite(report()) == []


@given(names)
@example(HOSTILE)
def test_junit_is_well_formed(name: str) -> None:
    """Whatever is in it; the name comes back but for what XML forbids."""
    failed, *_ = suite(everywhere(name))

    shown = inert(name).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
    assert failed.name == f"{shown} (x)"
    assert failed.result[0].message == shown


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


def test_a_finding_a_subscription_and_check() -> None:
    """Pass, fail, a warning for what could not be read; waived is suppressed."""
    found = findings(REPORT)

    assert [
        (
            finding["resources"][0]["uid"][-36:-28],
            finding["metadata"]["event_code"],
            finding["compliance"]["status_id"],
            finding["status_id"],
            finding["status_code"],
        )
        for finding in found
    ] == [
        ("00000001", "contact-email", 1, 1, "compliant"),
        ("00000001", "owner-notified", 1, 1, "compliant"),
        ("00000002", "contact-email", 3, 1, "non-compliant"),
        ("00000002", "owner-notified", 3, 1, "non-compliant"),
        ("00000003", "contact-email", 1, 1, "compliant"),
        ("00000003", "owner-notified", 3, 1, "non-compliant"),
        ("00000004", "contact-email", 3, 3, "waived"),
        ("00000004", "owner-notified", 1, 1, "compliant"),
        ("00000005", "contact-email", 2, 1, "forbidden"),
        ("00000005", "owner-notified", 2, 1, "forbidden"),
        ("00000006", "contact-email", 2, 1, "not-visible"),
        ("00000006", "owner-notified", 2, 1, "not-visible"),
        ("00000007", "contact-email", 99, 1, "skipped"),
        ("00000007", "owner-notified", 99, 1, "skipped"),
    ]
    assert len({finding["finding_info"]["uid"] for finding in found}) == len(found)
    assert found[2]["remediation"]["desc"] == fix_command.command(FAILING, RUN)
    assert found[8]["remediation"]["desc"] == (
        f"{UNREAD.fault.hint}: {fix_command.command(UNREAD, RUN)}"
    )
    assert found[10]["remediation"]["desc"] == UNSEEN.fault.hint
    assert found[6]["comment"] == "waived until 2026-06-30: is shut down, ops"


def test_ocsf_tells_milliseconds() -> None:
    """As the schema asks, whatever others do."""
    (finding, _) = findings(report(COMPLIANT))

    assert finding["time"] == finding["finding_info"]["created_time"] == 1_769_860_809_000


def test_ocsf_has_no_addresses() -> None:
    """They are no matter of a security lake."""
    assert "@contoso.com" not in text(report(COMPLIANT), ocsf.render)


def test_an_override_chooses_the_checks() -> None:
    """What was judged of this one is told, whatever the run as a whole asks for."""
    strange = Finding(Check.REACHABLE, "an alert would reach nobody", V2023)
    overridden = replace(judged(1, "x", findings=(strange,)), checks=(Check.REACHABLE,))

    found = findings(report(overridden))

    assert [finding["compliance"]["status_id"] for finding in found] == [3]


def test_every_check_has_a_title() -> None:
    """Also those that come later."""
    assert set(ocsf.TITLES) == set(Check)


def test_no_findings() -> None:
    """They are an array all the same."""
    assert findings(report()) == []


@given(names)
@example(HOSTILE)
def test_ocsf_comes_back(name: str) -> None:
    """To the letter."""
    failed, *_ = json.loads(text(everywhere(name), ocsf.render))

    assert failed["message"] == name
    assert failed["resources"][0]["name"] == (name or "x")


def metrics(of: Report) -> dict[str, Metric]:
    """Return the metrics of a Prometheus report, as the library's own reader sees them."""
    families = text_string_to_metric_families(text(of, prometheus.render))
    return {family.name: family for family in families}


def test_the_metrics() -> None:
    """All five verdicts, each subscription, the exit code, and when."""
    found = metrics(REPORT)

    assert {name: family.type for name, family in found.items()} == {
        "contacts_audit_subscriptions": "gauge",
        "contacts_audit_subscription": "gauge",
        "contacts_audit_exit_code": "gauge",
        "contacts_audit_last_run_timestamp_seconds": "gauge",
    }
    assert {
        sample.labels["verdict"]: sample.value
        for sample in found["contacts_audit_subscriptions"].samples
    } == {"skipped": 1, "unreadable": 2, "non-compliant": 2, "waived": 1, "compliant": 1}
    assert [
        (sample.labels, sample.value) for sample in found["contacts_audit_subscription"].samples
    ] == [
        (
            {
                **prometheus.labels_of(RUN),
                "subscription_id": outcome.subscription.id,
                "verdict": outcome.verdict,
            },
            1,
        )
        for outcome in OUTCOMES
    ]
    (code,) = found["contacts_audit_exit_code"].samples
    (when,) = found["contacts_audit_last_run_timestamp_seconds"].samples
    assert (code.value, when.value) == (4, REPORT.finished.timestamp())


def test_a_verdict_that_nobody_has_is_nought() -> None:
    """An alert on its count finds a number."""
    samples = metrics(report())["contacts_audit_subscriptions"].samples

    assert {sample.labels["verdict"]: sample.value for sample in samples} == dict.fromkeys(
        Verdict, 0
    )


def test_metrics_name_nobody() -> None:
    """Ids and verdicts; no names, no addresses, no time of their making."""
    named = replace(everywhere("Contoso"), run=RUN)
    shown = text(named, prometheus.render)

    assert "Contoso" not in shown
    assert "_created" not in shown


@given(names)
@example(HOSTILE)
@example('\\"\n')
def test_metrics_come_back(name: str) -> None:
    """Even an id that is none is a label."""
    (sample,) = metrics(report(Skipped(Subscription(name))))["contacts_audit_subscription"].samples

    assert sample.labels["subscription_id"] == inert(name)


@pytest.mark.parametrize("of", [REPORT, everywhere(HOSTILE)], ids=["all kinds", "hostile"])
def test_promtool_finds_nothing(of: Report) -> None:
    """Prometheus's own linter reads the file."""
    promtool = shutil.which("promtool")
    if promtool is None and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS"):
        pytest.fail("missing: promtool")
    if promtool is None:
        pytest.skip("missing: promtool")

    checked = subprocess.run(
        [promtool, "check", "metrics"],
        input=text(of, prometheus.render),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


# What disappeared

LOST = "00000008-0000-4000-8000-000000000000"
CHANGES = replace(
    report(FAILING),
    whole=REPORT.verdicts,
    gone=({"id": LOST, "name": "=Gone\x1b|", "verdict": "waived"},),
)
FATE = "it is in scope no more; it was waived"


def test_csv_tells_what_disappeared() -> None:
    """In the place of a verdict; of what nobody asked for any more, the cells are empty."""
    assert rows(CHANGES)[2:] == [
        [LOST, "'=Gone\\x1b|", "", "", "disappeared", "", "", "", FATE, *[""] * 7]
    ]
    assert [*tsv.render(CHANGES)][1:] == [f"{LOST}\t=Gone\\x1b|\t\t\tdisappeared\t\t\t\t{FATE}\n"]


def test_markdown_tells_what_disappeared() -> None:
    """In its table; the counts are of the whole audit."""
    counts, (_, *lines) = tables(CHANGES)

    assert counts[-1] == ["in scope", "7"]
    assert lines[1] == ["disappeared", "=Gone\\x1b|", LOST, "", FATE, ""]
    assert "only those that changed" in text(CHANGES, markdown_.render)


def test_json_lines_tell_what_disappeared() -> None:
    """By a record of its own kind, before the summary, as the JSON report has it."""
    lines = [json.loads(line) for line in jsonl.render(CHANGES)]
    (lost,) = json.loads(text(CHANGES, json_.render))["disappeared"]

    assert [line["record"] for line in lines] == ["subscription", "disappeared", "summary"]
    assert lines[1] == {"record": "disappeared", **lost}
    assert lost == {"id": LOST, "name": "=Gone\x1b|", "verdict": "waived"}


def test_a_testcase_that_disappeared_is_skipped() -> None:
    """It was not run: it is neither a pass nor a failure."""
    _, lost = suite(CHANGES)

    assert lost.name == f"=Gone\\x1b| ({LOST})"
    assert [(type(one), one.message) for one in lost.result] == [(SkippedCase, FATE)]


def test_a_finding_that_disappeared_is_not_closed() -> None:
    """Nobody knows whether it was mended: it is no pass, no failure, and no event says Close."""
    *_, lost = findings(CHANGES)

    assert (lost["status_code"], lost["message"]) == ("disappeared", FATE)
    assert (lost["compliance"]["status_id"], lost["compliance"]["status"]) == (99, "Disappeared")
    assert lost["activity_id"] == 1


def test_no_metric_tells_what_disappeared() -> None:
    """Its series ends."""
    assert LOST not in text(CHANGES, prometheus.render)


def test_the_table_tells_what_disappeared() -> None:
    """Piped, and folded to a terminal."""
    for shown in ("".join(table.render(CHANGES)), table.render_at(CHANGES, 200, plain=True)):
        last = shown.splitlines()[-1]
        assert re.split("  +", last) == ["disappeared", "=Gone\\x1b|", LOST, FATE]
