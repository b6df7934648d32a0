"""What all checks have in common: findings, disabled contacts, and the exit code."""

from collections import Counter

import pytest
from audit.samples import CRITERIA, V2017, VERSION, contact

from contacts_audit.audit.checks import RULES, judge
from contacts_audit.audit.profiles import PROFILES
from contacts_audit.core.model import (
    Audited,
    Check,
    Criteria,
    Finding,
    Profile,
    Reading,
    Subscription,
    Verdict,
    exit_code,
)

FORBIDDING = (Check.ALLOWED_DOMAIN, Check.DELIVERABLE)


def test_every_check_has_a_rule_and_every_profile_its_checks() -> None:
    """Every check that can be asked for can be judged."""
    four = (Check.CONTACT_EMAIL, Check.ALERT_NOTIFICATIONS, Check.OWNER_NOTIFIED)

    assert set(RULES) == set(Check)
    assert dict(PROFILES) == {
        Profile.CONFORMITY: (Check.CONTACT_EMAIL,),
        Profile.CIS: (*four, Check.ATTACK_PATHS),
        Profile.STRICT: (*four, Check.ATTACK_PATHS, Check.REACHABLE),
    }


def test_a_finding_has_its_api_version_and_the_remark() -> None:
    """The reader sees which answer decided."""
    reading = Reading(V2017, ())

    found = judge(Check.CONTACT_EMAIL, reading, CRITERIA, "; it decided alone")

    message = "no email address is configured; it decided alone"
    assert found == Finding(Check.CONTACT_EMAIL, message, V2017)


def test_a_check_that_passes_has_no_finding() -> None:
    """Without a finding the verdict is compliant."""
    reading = Reading(VERSION, (contact("a@contoso.com"),))

    found = judge(Check.CONTACT_EMAIL, reading, CRITERIA, "; unsaid")

    assert found is None
    assert Audited(Subscription("x"), (), (), (), VERSION).verdict is Verdict.COMPLIANT


@pytest.mark.parametrize("check", list(Check))
def test_every_check_can_judge_no_contact(check: Check) -> None:
    """Without a contact only the checks pass that forbid addresses: the others demand some."""
    criteria = Criteria(None, (check,), "Low", ("a@b.com",), ("b.com",), 1)

    found = judge(check, Reading(VERSION, ()), criteria)

    assert (found is None) is (check in FORBIDDING)


@pytest.mark.parametrize("check", [one for one in Check if one not in FORBIDDING])
def test_a_disabled_contact_passes_no_check(check: Check) -> None:
    """The same contact, enabled, passes all of them."""
    criteria = Criteria(None, (check,), "Low", ("a@b.com",), ("b.com",), 1)
    good, off = (
        contact("a@b.com", severity="High", risk="Low", roles=("Owner",), enabled=enabled)
        for enabled in (True, False)
    )

    assert judge(check, Reading(VERSION, (good,)), criteria) is None
    assert judge(check, Reading(VERSION, (off,)), criteria) is not None


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        pytest.param([], 0, id="nothing in scope"),
        pytest.param([Verdict.COMPLIANT], 0, id="compliant"),
        pytest.param([Verdict.COMPLIANT, Verdict.WAIVED, Verdict.SKIPPED], 0, id="never raised"),
        pytest.param([Verdict.SKIPPED], 0, id="only skipped"),
        pytest.param([Verdict.WAIVED], 0, id="only waived"),
        pytest.param([Verdict.COMPLIANT, Verdict.NON_COMPLIANT], 3, id="a finding"),
        pytest.param([Verdict.WAIVED, Verdict.NON_COMPLIANT], 3, id="never lowered"),
        pytest.param([Verdict.COMPLIANT, Verdict.UNREADABLE], 4, id="unreadable"),
        pytest.param([Verdict.NON_COMPLIANT, Verdict.UNREADABLE], 4, id="incomplete goes before"),
    ],
)
def test_the_exit_code_of_a_run(verdicts: list[Verdict], code: int) -> None:
    """It is 0 only if everything was read and is compliant."""
    assert exit_code(Counter(verdicts)) == code
