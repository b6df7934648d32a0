"""JUnit XML has a test case for each subscription."""

import re
from dataclasses import replace
from datetime import timedelta

from hypothesis import example, given
from junitparser import Error, Failure
from junitparser import Skipped as SkippedCase
from report.basic_report import V2017, V2023
from report.varied_report import (
    COMPLIANT,
    FAILING,
    HALF,
    HOSTILE,
    REPORT,
    RUN,
    SKIPPED,
    UNREAD,
    UNSEEN,
    WAIVED,
    everywhere,
    names,
    report,
    suite,
    text,
)

from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import (
    fix_command,
    junit,
)


def test_each_subscription_has_a_testcase() -> None:
    """It has a failure, an error, a skip, or nothing."""
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
        "Replace the words in capitals (ADDRESS = an email address, a different one each time).",
    ]
    assert f"fix: {fix_command.command(UNREAD, RUN)}" in str(cases[4].result[0].text).splitlines()
    assert cases[4].result[0].type == "forbidden"
    assert "waived until" in cases[3].result[0].message


def test_a_testcase_has_the_seconds_that_its_subscription_took() -> None:
    """In decimal seconds; 0 where they are not known or nothing was asked."""
    failed, unread, skipped, unknown = suite(
        report(replace(FAILING, seconds=0.12345), replace(UNREAD, seconds=90.0), SKIPPED, COMPLIANT)
    )

    assert (failed.time, unread.time) == (0.123, 90.0)
    assert (skipped.time, unknown.time) == (0.0, 0.0)


def test_each_element_has_a_time() -> None:
    """Three decimals and no sign, also where the clock was set back while the run went on."""
    back = REPORT._replace(finished=RUN.started - timedelta(hours=1))

    for of in (REPORT, back):
        elements = re.findall(r"<test[^>]*>", text(of, junit.render))
        assert len(elements) == 2 + len(REPORT.outcomes)
        assert all(re.search(r' time="\d+\.\d{3}"', element) for element in elements)


def test_an_empty_suite() -> None:
    """It is a valid document."""
    assert suite(report()) == []


@given(names)
@example(HOSTILE)
def test_junit_is_well_formed(name: str) -> None:
    """The name can be read back, except for characters that XML forbids."""
    failed, *_ = suite(everywhere(name))

    shown = sanitized(name).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
    assert failed.name == f"{shown} (x)"
    assert failed.result[0].message == shown
