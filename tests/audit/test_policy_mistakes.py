"""Each mistake in a policy file is told with its line and a hint."""

import pytest
from audit.policy_texts import OVERRIDE, WAIVER, faults, parsed, refusal, waiver


@pytest.mark.parametrize(
    ("text", "place", "key", "near"),
    [
        pytest.param('profil = "cis"', "policy.toml", "profil", "profile", id="top"),
        pytest.param('Profile = "cis"', "policy.toml", "Profile", "profile", id="top, case"),
        pytest.param(
            'allowed-domains = ["a.com"]', "policy.toml", "allowed-domains", "allowed_domains",
            id="top, a hyphen",
        ),
        pytest.param(
            'required_email = "a@b.com"', "policy.toml", "required_email", "required_emails",
            id="top, as the option",
        ),
        pytest.param("[[waivers]]\n", "policy.toml", "waivers", "waiver", id="top, a table"),
        pytest.param("[[overides]]\n", "policy.toml", "overides", "override", id="top, misspelt"),
        pytest.param(
            f'{OVERRIDE}subscriptions = "x"', "policy.toml, override 1", "subscriptions",
            "subscription", id="override",
        ),
        pytest.param(
            f'{OVERRIDE}profile="cis"\n[[override]]\nmanagementgroup = "x"',
            "policy.toml, override 2", "managementgroup", "management_group",
            id="the second override",
        ),
        pytest.param(
            f"{OVERRIDE}requiredemail = []", "policy.toml, override 1", "requiredemail",
            "required_emails", id="override, without its line",
        ),
        pytest.param(
            f'{WAIVER}expiry = 2026-01-01', "policy.toml, waiver 1", "expiry", "expires",
            id="waiver",
        ),
        pytest.param(
            f'{WAIVER}{WAIVER}Owner = "o"', "policy.toml, waiver 2", "Owner", "owner",
            id="the second waiver",
        ),
    ],
)  # fmt: skip
def test_an_unknown_key_names_the_nearest(text: str, place: str, key: str, near: str) -> None:
    """A typing error must not disable a part of the policy."""
    said = refusal(text)

    assert said == f"{place}: {key!r} is not a known key -- did you mean {near}?"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        pytest.param(
            f'{WAIVER}profile = "cis"',
            "profile belongs above the first [[waiver]], or in an [[override]]",
            id="the classic of TOML",
        ),
        pytest.param(
            f'{OVERRIDE}profile="cis"\n{WAIVER}minimum_emails = 2',
            "minimum_emails belongs above the first [[override]], or in an [[override]]",
            id="the first table is an override",
        ),
        pytest.param(
            f'{WAIVER}profil = "cis"',
            "did you mean profile?  profile belongs above the first [[waiver]], or in an "
            "[[override]]",
            id="and misspelt",
        ),
        pytest.param(
            'check = "reachable"',
            "did you mean checks?  check belongs in a [[waiver]]",
            id="a waiver's at the top",
        ),
        pytest.param(
            f'{OVERRIDE}owner = "me"', "owner belongs in a [[waiver]]", id="a waiver's in another"
        ),
        pytest.param(
            'management_group = "x"',
            "management_group belongs in an [[override]] or a [[waiver]]",
            id="a table's at the top",
        ),
        pytest.param(
            f"{WAIVER}[waiver.override]\nx = 1", "write [[override]] for it", id="a table within"
        ),
    ],
)
def test_a_key_in_the_wrong_place_gets_a_hint_where_it_belongs(text: str, hint: str) -> None:
    """In TOML, everything below a table header belongs to that table."""
    assert refusal(text).endswith(f" is not a known key -- {hint}")


def test_all_mistakes_are_reported_at_once_each_with_its_line() -> None:
    """They are sorted by line, so that one run shows all there is to fix."""
    text = (
        '# a policy\nprofil = "cis"\nrequired_emails = [\n  "a@b.com", # [[waiver]]\n  "a@"\n]\n'
        "[[override]]\nmanagement_group = 'x'\nprofile = \"ciss\"\n"
        'attack_path_level = "high"\n\n'
        '[[waiver]]\nreason = """\nx = 1\n"""\nowner = "o"\nexpires = "2026-12-31"\n'
        'waiver = 1\nsubscription = "0a1b2c3d4e5f4a6b8c7d9e0f1a2b3c4d"\ncheck = "contact-mail"\n'
        "[[waiver]]\nmanagement_group = 'x'\nsubscription = 'y'\n"
    )

    found = [one.removeprefix("policy.toml, line ") for one in faults(text)]

    assert found == [
        "2: 'profil' is not a known key -- did you mean profile?",
        "3: required_emails: ['a@b.com', 'a@'] is not a list of email addresses -- "
        'write required_emails = ["soc@example.com"]',
        "9, override 1: profile: 'ciss' is not a profile -- did you mean cis?",
        "10, override 1: attack_path_level: 'high' is not a level -- did you mean High?",
        "17, waiver 1: expires: '2026-12-31' is not a date (2026-12-31, without quotes) -- "
        "write expires = 2026-12-31",
        "18, waiver 1: 'waiver' is not a known key -- write [[waiver]] for it",
        "19, waiver 1: subscription: '0a1b2c3d4e5f4a6b8c7d9e0f1a2b3c4d' is a malformed "
        "subscription id -- give an id (8-4-4-4-12) or a name",
        "20, waiver 1: check: 'contact-mail' is not a check -- did you mean contact-email?",
        "21, waiver 2: it must name either a subscription or a management group -- "
        "give one of subscription and management_group",
        '21, waiver 2: reason is missing -- add reason = "closed at the end of the year"',
        '21, waiver 2: owner is missing -- add owner = "platform team"',
        "21, waiver 2: expires is missing -- add expires = 2026-12-31",
    ]


@pytest.mark.parametrize("key", ['""', '"\\n"', '"\\u001b[2J"', '"ключ"', f'"{"x" * 9999}"'])
def test_a_key_that_is_similar_to_none_is_refused_too(key: str) -> None:
    """The hint still names the nearest key."""
    assert "is not a known key -- did you mean " in refusal(f"{key} = 1")


TEXTS = ["7", "true", "[]", '[["x"]]', "{a = 1}", "2026-12-31", "1.5", "nan"]
LISTS = [
    "7",
    "true",
    '"contact-email"',
    "[7]",
    "[true]",
    "[[]]",
    '[["x"]]',
    "[{}]",
    '[""]',
    '["x"]',
]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("profile", value) for value in [*TEXTS, '""', '"CIS"', '"none"', '["cis"]']),
        *(("checks", value) for value in [*LISTS, '["Contact-Email"]', "{reachable = true}"]),
        *(("required_emails", value) for value in [*LISTS, '["a@b"]', '["a@b.com;c@d.com"]']),
        *(
            ("allowed_domains", value)
            for value in [*LISTS, '["@b.com"]', '["a b.com"]', '["*.b.com"]', '["http://b.com"]']
        ),
        *(
            ("minimum_emails", value)
            for value in ["0", "-1", "true", "false", "1.0", '"1"', "[1]", "inf", "nan", "{}"]
        ),
        *(("deliverable", value) for value in ["1", '"true"', "[]", "{}"]),
        *(("attack_path_level", value) for value in [*TEXTS, '""', '"critical"', '["Low"]']),
    ],
)
@pytest.mark.parametrize("table", ["", OVERRIDE], ids=["top", "override"])
def test_a_malformed_value_is_refused(table: str, key: str, value: str) -> None:
    """The error has the place and the key."""
    said = refusal(f"{table}{key} = {value}\n")

    assert said.startswith(f"policy.toml{', override 1' if table else ''}: {key}: ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("subscription", value) for value in [*TEXTS, '""', '"  "', '["x"]']),
        *(("reason", value) for value in [*TEXTS, '""', '" \\t"']),
        *(("owner", value) for value in [*TEXTS, '""']),
        *(("check", value) for value in [*TEXTS, '""', '"all"', '["reachable"]']),
        *(
            ("expires", value)
            for value in [
                '"2026-12-31"',
                "2026-12-31T00:00:00Z",
                "2026-12-31 23:59:59",
                "23:59:59",
                "20261231",
                "true",
                "[2026-12-31]",
                '"never"',
            ]
        ),
    ],
)
def test_a_waiver_with_a_malformed_value_is_refused(key: str, value: str) -> None:
    """A waiver must not count in part."""
    said = refusal(waiver(**{key: value}))

    assert said.startswith(f"policy.toml, waiver 1: {key}: ")


@pytest.mark.parametrize("key", ["reason", "owner", "expires"])
def test_a_waiver_needs_all_but_the_check(key: str) -> None:
    """Reason, owner and end are required."""
    said = refusal(waiver(**{key: ""}))

    assert said.startswith(f"policy.toml, waiver 1: {key} is missing -- add {key} = ")


def test_a_waiver_names_a_subscription_or_a_group() -> None:
    """It names one of them, not both."""
    assert "must name either a subscription or a management group" in refusal(
        waiver(subscription="")
    )
    of_group = parsed(waiver(subscription="", management_group='"sandboxes"'))

    assert of_group.waivers[0].management_group == "sandboxes"


@pytest.mark.parametrize("key", ["override", "waiver"])
@pytest.mark.parametrize("value", ["1", "true", '"x"', "{}", "[1]", "[[]]", '[{}, "x"]'])
def test_a_table_instead_of_an_array_of_tables_is_refused(key: str, value: str) -> None:
    """[override] is a typing error for [[override]]."""
    said = refusal(f"{key} = {value}")

    assert said == f"policy.toml: {key} is not an array of tables -- write [[{key}]]"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[[override]]\nprofile = "cis"', id="of nothing"),
        pytest.param(
            f'{OVERRIDE}management_group = "g"\nprofile = "cis"',
            id="of both",
        ),
        pytest.param(OVERRIDE, id="saying nothing"),
        pytest.param('[[override]]\nmanagement_group = "a/b"\nprofile = "cis"', id="no group id"),
        pytest.param('[[override]]\nmanagement_group = ""\nprofile = "cis"', id="an empty group"),
        pytest.param('[[override]]\nmanagement_group = 7\nprofile = "cis"', id="a number"),
        pytest.param('[[override]]\nsubscription = 7\nprofile = "cis"', id="no name"),
    ],
)
def test_an_override_has_one_target_and_a_setting(text: str) -> None:
    """Anything else is a mistake."""
    assert refusal(text).startswith("policy.toml, override 1: ")


def test_an_override_with_two_targets_is_refused() -> None:
    """The error does not say that a target is missing."""
    said = refusal(f'{OVERRIDE}management_group = "g"\nprofile = "cis"')

    assert "neither" not in said


@pytest.mark.parametrize("table", ["", OVERRIDE], ids=["top", "override"])
@pytest.mark.parametrize("check", ["required-email", "allowed-domain", "minimum-emails"])
def test_a_check_without_its_value_is_refused(table: str, check: str) -> None:
    """When the file is read, not when a subscription is judged."""
    said = refusal(f'{table}checks = ["{check}"]')

    assert f"the check {check} has no value" in said


@pytest.mark.parametrize(
    ("table", "place"),
    [
        pytest.param("", "policy.toml", id="top"),
        pytest.param(OVERRIDE, "policy.toml, override 1", id="override"),
    ],
)
def test_a_check_without_its_value_names_the_place(table: str, place: str) -> None:
    """The error also names the key that is missing."""
    said = refusal(f'{table}checks = ["required-email"]')

    assert said.startswith(place)
    assert "required_emails" in said


def test_an_override_may_take_the_value_of_the_top() -> None:
    """Or it sets its own."""
    top = parsed(f'minimum_emails = 2\n{OVERRIDE}checks = ["minimum-emails"]')
    own = parsed(f'{OVERRIDE}checks = ["minimum-emails"]\nminimum_emails = 2')

    assert len(top.overrides) == len(own.overrides) == 1


def test_an_override_may_take_the_value_of_a_group_further_up() -> None:
    """The hierarchy is known only when Azure was asked."""
    outer = '[[override]]\nmanagement_group = "outer"\nminimum_emails = 2\n'

    found = parsed(f'{outer}[[override]]\nmanagement_group = "x"\nchecks = ["minimum-emails"]')

    assert len(found.overrides) == 2


def test_an_override_may_not_take_the_value_of_a_wanted_check() -> None:
    """An empty list is not a value."""
    top = 'checks = ["required-email"]\nrequired_emails = ["a@b.com"]\n'

    assert "the check required-email has no value" in refusal(
        f"{top}{OVERRIDE}required_emails = []"
    )
