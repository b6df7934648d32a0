"""The check attack-paths: mail is sent from the wanted risk on."""

from typing import Any

import pytest
from audit.samples import CRITERIA, RISKS, V2023, contact, read, wrong

from contacts_audit.audit.checks import judge
from contacts_audit.core.model import (
    Check,
)


@pytest.mark.parametrize("wanted", RISKS)
@pytest.mark.parametrize("threshold", RISKS)
def test_a_lower_threshold_than_wanted_passes(threshold: str, wanted: str) -> None:
    """The levels are ordered: Low, Medium, High, Critical."""
    message = wrong(Check.ATTACK_PATHS, [contact(risk=threshold)], attack_path_level=wanted)

    assert (message is None) is (RISKS.index(threshold) <= RISKS.index(wanted))


def test_the_threshold_that_is_too_high_is_named() -> None:
    """The message also says which level was wanted."""
    message = wrong(Check.ATTACK_PATHS, [contact(risk="Critical")], attack_path_level="High")

    assert message == (
        "no email is sent for attack paths of risk High (the threshold is 'Critical')"
    )


@pytest.mark.parametrize(
    "source",
    [
        pytest.param([], id="no source"),
        pytest.param([{"sourceType": "Alert", "minimalSeverity": "Low"}], id="alerts alone"),
        pytest.param([{"sourceType": "AttackPath"}], id="without a threshold"),
        pytest.param([{"sourceType": "AttackPath", "minimalRiskLevel": "low"}], id="another case"),
        pytest.param([{"sourceType": "AttackPath", "minimalRiskLevel": "Severe"}], id="unknown"),
        pytest.param([{"sourceType": "AttackPath", "minimalRiskLevel": 1}], id="a number"),
        pytest.param([{"sourceType": "AttackPath", "minimalSeverity": "Low"}], id="another key"),
    ],
)
def test_attack_paths_without_a_known_threshold_fail(source: Any) -> None:
    """Even the level Critical, which every known threshold includes, fails."""
    reading = read(V2023, {"emails": "a@contoso.com", "notificationsSources": source})

    assert judge(Check.ATTACK_PATHS, reading, CRITERIA) is not None


def test_an_unknown_risk_is_named() -> None:
    """The message quotes it."""
    message = wrong(Check.ATTACK_PATHS, [contact(risk="Severe\n")])

    assert message == (
        "no email is sent for attack paths of risk Critical (the threshold is 'Severe\\n')"
    )


def test_the_attack_paths_of_a_disabled_contact_do_not_count() -> None:
    """A disabled contact sends nothing."""
    assert wrong(Check.ATTACK_PATHS, [contact(risk="Low", enabled=False)]) is not None
    assert (
        wrong(Check.ATTACK_PATHS, [contact(risk="Low", enabled=False), contact(risk="Low")]) is None
    )
