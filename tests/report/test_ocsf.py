"""OCSF has a finding for each subscription and check."""

import json
from dataclasses import replace

from hypothesis import example, given
from report.basic_report import V2023
from report.varied_report import (
    COMPLIANT,
    FAILING,
    HOSTILE,
    REPORT,
    RUN,
    UNREAD,
    UNSEEN,
    everywhere,
    findings,
    judged,
    names,
    report,
    text,
)

from contacts_audit.core.model import (
    Check,
    Finding,
)
from contacts_audit.report import (
    fix_command,
    ocsf,
)


def test_each_check_of_a_subscription_has_a_finding() -> None:
    """Pass, fail, or a warning if it could not be read; waived is suppressed."""
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


def test_ocsf_times_are_in_milliseconds() -> None:
    """The schema requires that."""
    (finding, _) = findings(report(COMPLIANT))

    assert finding["time"] == finding["finding_info"]["created_time"] == 1_769_860_809_000


def test_ocsf_has_no_addresses() -> None:
    """A security lake needs none."""
    assert "@contoso.com" not in text(report(COMPLIANT), ocsf.render)


def test_an_override_chooses_the_checks() -> None:
    """The findings are of the checks of the row, not of the run."""
    strange = Finding(Check.REACHABLE, "an alert would reach nobody", V2023)
    overridden = replace(judged(1, "x", findings=(strange,)), checks=(Check.REACHABLE,))

    found = findings(report(overridden))

    assert [finding["compliance"]["status_id"] for finding in found] == [3]


def test_every_check_has_a_title() -> None:
    """This includes checks that are added later."""
    assert set(ocsf.TITLES) == set(Check)


def test_an_empty_report_is_an_array() -> None:
    """It is valid JSON."""
    assert findings(report()) == []


@given(names)
@example(HOSTILE)
def test_ocsf_can_be_read_back(name: str) -> None:
    """All texts are kept exactly."""
    failed, *_ = json.loads(text(everywhere(name), ocsf.render))

    assert failed["message"] == name
    assert failed["resources"][0]["name"] == (name or "x")
