"""An override changes what is judged of a subscription or under a management group."""

import pytest
from audit.samples import ID, LOOSE, NAMES, OTHER, PROD, STRICT, TWICE, policy, under

from contacts_audit.audit.policy import Override, Policy
from contacts_audit.audit.profiles import Settings
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import (
    Check,
    Profile,
)


@pytest.mark.parametrize("text", [ID, "Prod"])
def test_an_override_is_of_one_subscription(text: str) -> None:
    """Its id or its name selects it; all other subscriptions keep the settings of the top."""
    judged = policy(Override(LOOSE, subscription=text))

    assert judged.criteria_of(PROD).minimum_emails == 1
    assert judged.criteria_of(OTHER).minimum_emails == 9
    assert judged.criteria.minimum_emails == 9


@pytest.mark.parametrize("reverse", [False, True], ids=["as written", "reversed"])
def test_the_nearest_group_goes_before_its_parents(reverse: bool) -> None:
    """The order in the file and the case of the ids do not matter."""
    overrides = [
        Override(LOOSE, management_group="Root"),
        Override(TWICE, management_group="MIDDLE"),
        Override(STRICT, management_group="leaf"),
    ]
    judged = policy(
        *(reversed(overrides) if reverse else overrides),
        root=under(PROD, OTHER, groups=["middle", "leaf"]),
        middle=under(PROD, OTHER, groups=["leaf"]),
        leaf=under(PROD),
    )

    assert judged.criteria_of(PROD).minimum_emails == 3
    assert judged.criteria_of(OTHER).minimum_emails == 2


def test_each_key_is_taken_from_the_nearest_group_that_sets_it() -> None:
    """An override hides only the keys that it sets itself."""
    judged = policy(
        Override(Settings(minimum_emails=3), management_group="leaf"),
        Override(Settings(required_emails=("b@b.com",), minimum_emails=1), management_group="mid"),
        Override(
            Settings(Profile.CIS, None, ("a@b.com",), ("b.com",), None, "Low"),
            management_group="root",
        ),
        root=under(PROD, OTHER, groups=["mid", "leaf"]),
        mid=under(PROD, groups=["leaf"]),
        leaf=under(PROD),
    )

    found, other = judged.criteria_of(PROD), judged.criteria_of(OTHER)

    assert (found.minimum_emails, found.required_emails) == (3, ("b@b.com",))
    assert (found.allowed_domains, found.attack_path_level) == (("b.com",), "Low")
    assert found.profile is other.profile is Profile.CIS
    assert (other.minimum_emails, other.required_emails) == (9, ("a@b.com",))


def test_a_check_may_take_its_value_from_a_group_further_up() -> None:
    """Only the hierarchy in Azure can tell whether there is one."""
    leaf = Override(
        Settings(checks=(Check.REQUIRED_EMAIL,)), management_group="leaf", place="p, line 3"
    )
    root = Override(Settings(required_emails=("a@b.com",)), management_group="root")
    inside = policy(leaf, root, root=under(PROD, groups=["leaf"]), leaf=under(PROD))
    beside = policy(leaf, root, root=under(OTHER), leaf=under(PROD))

    inside.check_values()
    with pytest.raises(UsageError, match=r"^p, line 3: the check required-email has no value"):
        beside.check_values()


def test_groups_without_an_override_change_nothing() -> None:
    """The nearest group may be several levels below the next one."""
    judged = policy(
        Override(LOOSE, management_group="root"),
        Override(STRICT, management_group="leaf"),
        root=under(PROD, groups=["one", "two", "leaf"]),
        leaf=under(PROD),
    )

    assert judged.criteria_of(PROD).minimum_emails == 3


@pytest.mark.parametrize("reverse", [False, True], ids=["as written", "reversed"])
def test_a_subscription_goes_before_its_groups(reverse: bool) -> None:
    """Its own override is the nearest."""
    overrides = [
        Override(LOOSE, subscription="prod"),
        Override(STRICT, management_group="leaf"),
    ]
    judged = policy(*(reversed(overrides) if reverse else overrides), leaf=under(PROD, OTHER))

    assert judged.criteria_of(PROD).minimum_emails == 1
    assert judged.criteria_of(OTHER).minimum_emails == 3


def test_an_override_replaces_whole_keys_and_leaves_the_others() -> None:
    """Lists are not joined."""
    top = Settings(Profile.STRICT, None, ("a@b.com", "c@d.com"), ("b.com",), 4, "High")
    override = Override(Settings(required_emails=("e@f.com",)), subscription="Prod")

    criteria = Policy(Settings(), top, (override,), ids=NAMES).criteria_of(PROD)

    assert criteria.required_emails == ("e@f.com",)
    assert (criteria.allowed_domains, criteria.minimum_emails) == (("b.com",), 4)
    assert (criteria.profile, criteria.attack_path_level) == (Profile.STRICT, "High")


def test_an_empty_list_takes_a_check_out_of_strict() -> None:
    """A check without a value is not judged there."""
    top = Settings(Profile.STRICT, allowed_domains=("b.com",))
    override = Override(Settings(allowed_domains=()), subscription="Prod")
    judged = Policy(Settings(), top, (override,), ids=NAMES)

    assert Check.ALLOWED_DOMAIN in judged.criteria_of(OTHER).checks
    assert Check.ALLOWED_DOMAIN not in judged.criteria_of(PROD).checks


def test_a_key_that_the_subscription_does_not_set_comes_from_its_groups() -> None:
    """The order is subscription, nearest group, top, for each key."""
    judged = policy(
        Override(Settings(attack_path_level="Low"), subscription="Prod"),
        Override(Settings(Profile.CIS, minimum_emails=3), management_group="leaf"),
        leaf=under(PROD),
    )

    criteria = judged.criteria_of(PROD)

    assert (criteria.attack_path_level, criteria.minimum_emails) == ("Low", 3)
    assert Check.ATTACK_PATHS in criteria.checks


def test_two_overrides_of_one_subscription_both_count() -> None:
    """One names it by id, the other by name; they set different keys."""
    judged = policy(
        Override(Settings(attack_path_level="Low"), subscription=ID),
        Override(Settings(minimum_emails=3), subscription="Prod"),
    )

    criteria = judged.criteria_of(PROD)

    assert (criteria.attack_path_level, criteria.minimum_emails) == ("Low", 3)


def test_options_go_before_the_policy_and_its_overrides() -> None:
    """What is typed is nearest."""
    override = Override(Settings(Profile.STRICT, minimum_emails=3), subscription="Prod")
    options = Settings(Profile.CIS, (Check.MINIMUM_EMAILS,), minimum_emails=1)
    judged = Policy(options, Settings(minimum_emails=9), (override,), ids=NAMES)

    criteria = judged.criteria_of(PROD)

    assert (criteria.profile, criteria.minimum_emails) == (Profile.CIS, 1)
    assert judged.criteria_of(PROD) == judged.criteria_of(OTHER) == judged.criteria


def test_an_override_that_matches_nothing_is_warned_of() -> None:
    """A misspelled name would leave a subscription judged by less than was meant."""
    judged = policy(
        Override(LOOSE, subscription="Prdo"),
        Override(LOOSE, subscription="Prod"),
        Override(LOOSE, management_group="root"),
    )

    assert judged.warnings([PROD]) == ["the override of Prdo matches no subscription in scope"]
