"""Profiles, checks and values of several levels add up to what is judged."""

import pytest

from contacts_audit.audit.profiles import Settings, combined_criteria
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import (
    Check,
    Profile,
)


@pytest.mark.parametrize(
    ("settings", "checks", "profile"),
    [
        pytest.param(Settings(), ["contact-email"], "conformity", id="nothing said"),
        pytest.param(Settings(checks=()), ["contact-email"], "conformity", id="no check said"),
        pytest.param(
            Settings(checks=(Check.OWNER_NOTIFIED,)), ["owner-notified"], None, id="one check"
        ),
        pytest.param(
            Settings(Profile.CIS),
            ["contact-email", "alert-notifications", "owner-notified", "attack-paths"],
            "cis",
            id="cis",
        ),
        pytest.param(
            Settings(Profile.CONFORMITY, (Check.REACHABLE, Check.CONTACT_EMAIL, Check.REACHABLE)),
            ["contact-email", "reachable"],
            "conformity",
            id="they add up, each once",
        ),
        pytest.param(
            Settings(Profile.STRICT),
            [
                "contact-email",
                "alert-notifications",
                "owner-notified",
                "attack-paths",
                "reachable",
            ],
            "strict",
            id="strict without values",
        ),
        pytest.param(
            Settings(Profile.STRICT, minimum_emails=2, allowed_domains=()),
            [
                "contact-email",
                "alert-notifications",
                "owner-notified",
                "attack-paths",
                "reachable",
                "minimum-emails",
            ],
            "strict",
            id="strict with one value",
        ),
        pytest.param(
            Settings(Profile.STRICT, None, ("a@b.com",), ("b.com",), 1),
            [str(check) for check in Check if check is not Check.DELIVERABLE],
            "strict",
            id="strict with all values",
        ),
        pytest.param(
            Settings(Profile.CIS, required_emails=("a@b.com",), minimum_emails=2),
            [
                "contact-email",
                "alert-notifications",
                "owner-notified",
                "attack-paths",
                "required-email",
                "minimum-emails",
            ],
            "cis",
            id="values switch their checks on",
        ),
        pytest.param(
            Settings(allowed_domains=("b.com",)),
            ["contact-email", "allowed-domain"],
            "conformity",
            id="a value alone, beside conformity",
        ),
        pytest.param(
            Settings(checks=(Check.REACHABLE,), minimum_emails=2),
            ["reachable", "minimum-emails"],
            None,
            id="a value beside a check",
        ),
        pytest.param(
            Settings(deliverable=True),
            ["contact-email", "deliverable"],
            "conformity",
            id="deliverable is switched on",
        ),
        pytest.param(
            Settings(Profile.STRICT, (Check.DELIVERABLE,)),
            [
                "contact-email",
                "alert-notifications",
                "owner-notified",
                "attack-paths",
                "reachable",
                "deliverable",
            ],
            "strict",
            id="deliverable is named, and needs no value",
        ),
        pytest.param(
            Settings(attack_path_level="High"),
            ["contact-email"],
            "conformity",
            id="a level has a default, and switches nothing on",
        ),
    ],
)
def test_profiles_and_checks_add_up(
    settings: Settings, checks: list[str], profile: str | None
) -> None:
    """Without both it is conformity; checks alone have no profile."""
    found = combined_criteria([settings])

    assert (list(found.checks), found.profile) == (checks, profile)


@pytest.mark.parametrize("profile", [None, *Profile])
@pytest.mark.parametrize(
    "check", [Check.REQUIRED_EMAIL, Check.ALLOWED_DOMAIN, Check.MINIMUM_EMAILS]
)
def test_a_check_without_its_value_is_wrong_usage(check: Check, profile: Profile | None) -> None:
    """Without a value the check would always pass."""
    settings = Settings(profile, (check,), (), (), None)

    with pytest.raises(UsageError, match=f"the check {check} has no value"):
        combined_criteria([settings])


def test_what_is_set_goes_before_what_is_not() -> None:
    """A list replaces a whole list, even an empty one; None sets nothing."""
    below = Settings(Profile.CIS, (Check.REACHABLE,), ("a@b.com",), ("b.com",), 3, "High")
    above = Settings(None, (), ("c@d.com",), None, 1, None)

    found = combined_criteria([above, below])

    assert found.profile is Profile.CIS
    assert Check.REACHABLE not in found.checks
    assert (found.required_emails, found.allowed_domains) == (("c@d.com",), ("b.com",))
    assert (found.minimum_emails, found.attack_path_level) == (1, "High")


VALUE = Settings(required_emails=("a@b.com",))
ANEW = Settings(Profile.CONFORMITY)


@pytest.mark.parametrize(
    ("levels", "judged"),
    [
        pytest.param([VALUE], True, id="alone"),
        pytest.param([Settings(Profile.CIS), VALUE], False, id="a nearer profile says anew"),
        pytest.param([ANEW, Settings(), VALUE], False, id="from further away, too"),
        pytest.param([VALUE, ANEW], True, id="a value nearer than the profile"),
        pytest.param([VALUE, ANEW, VALUE], True, id="said again, nearer than the profile"),
        pytest.param([ANEW, VALUE, VALUE], False, id="said twice, further than the profile"),
        pytest.param([Settings(Profile.CIS, None, ("a@b.com",))], True, id="on the same level"),
        pytest.param([Settings(checks=(Check.REACHABLE,)), VALUE], True, id="a check adds up"),
        pytest.param([Settings(Profile.STRICT), VALUE], True, id="strict takes what has a value"),
        pytest.param([Settings(required_emails=()), VALUE], False, id="taken away"),
        pytest.param(
            [Settings(Profile.CIS, (Check.REQUIRED_EMAIL,)), VALUE], True, id="asked for by name"
        ),
    ],
)
def test_a_value_switches_its_check_on_until_a_nearer_profile(
    levels: list[Settings], judged: bool
) -> None:
    """A value that is not judged would look compliant."""
    assert (Check.REQUIRED_EMAIL in combined_criteria(levels).checks) is judged


ON, OFF = Settings(deliverable=True), Settings(deliverable=False)


@pytest.mark.parametrize(
    ("levels", "judged"),
    [
        pytest.param([Settings(Profile.STRICT)], False, id="strict does not have it"),
        pytest.param([Settings(), ON], True, id="further away"),
        pytest.param([OFF, ON], False, id="switched off nearer"),
        pytest.param([ON, OFF], True, id="switched on nearer"),
        pytest.param([Settings(Profile.STRICT), ON], False, id="a nearer profile"),
        pytest.param([ON, Settings(Profile.CIS)], True, id="nearer than the profile"),
        pytest.param([Settings(checks=(Check.DELIVERABLE,)), OFF], True, id="named nearer"),
    ],
)
def test_deliverable_is_judged_only_where_it_is_asked_for(
    levels: list[Settings], judged: bool
) -> None:
    """It tells name servers about the domains of the organization, so no profile has it."""
    assert (Check.DELIVERABLE in combined_criteria(levels).checks) is judged
