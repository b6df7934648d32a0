"""A policy file says what is judged; what is wrong in it is told in a line, before any request."""

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble
from conftest import Ran, Run, run_in

from contacts_audit.audit.policy import Override, Policy, Settings
from contacts_audit.audit.policy_file import read
from contacts_audit.cli.host import Host
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.policy_source import load_policy
from contacts_audit.cli.terminal import Screen
from contacts_audit.core.errors import FaultsError, UsageError
from contacts_audit.core.model import Check, Profile, Waiver
from contacts_audit.core.shutdown import Ending

TODAY = date(2026, 1, 31)
WHOLE = """
profile = "strict"
checks = ["contact-email", "reachable"]
required_emails = ["soc@contoso.com"]
allowed_domains = ["contoso.com", "fabrikam.com"]
minimum_emails = 2
attack_path_level = "High"

[[override]]
management_group = "sandboxes"
profile = "conformity"

[[override]]
subscription = "Prod"
required_emails = []
minimum_emails = 1

[[waiver]]
subscription = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
reason = "closed at the end of the year"
owner = "platform team"
expires = 2026-12-31

[[waiver]]
subscription = "Prod"
check = "owner-notified"
reason = "no owner"
owner = "nobody"
expires = 0001-01-01
"""
OVERRIDE = '[[override]]\nsubscription = "x"\n'
WAIVER = '[[waiver]]\nsubscription = "x"\nreason = "r"\nowner = "o"\nexpires = 2026-12-31\n'


def parsed(text: str | bytes) -> Policy:
    """Return the policy that *text* is, today and without options."""
    spelt = text.encode() if isinstance(text, str) else text
    return read(spelt, "policy.toml", Settings(), TODAY)


def faults(text: str | bytes) -> list[str]:
    """Return why *text* is no policy, and what to do, a line each."""
    with pytest.raises(UsageError) as caught:
        parsed(text)
    found = caught.value.faults if isinstance(caught.value, FaultsError) else [caught.value]
    return [f"{one} -- {one.hint}" for one in found]


def refusal(text: str | bytes) -> str:
    """Return the only reason why *text* is no policy, less the number of the line."""
    (said,) = faults(text)
    return re.sub(r"(?<=^policy.toml), line \d+", "", said)


def waiver(**values: str) -> str:
    """Return a waiver with *values* in place of its own; an empty one takes the key away."""
    own = {"subscription": '"x"', "reason": '"r"', "owner": '"o"', "expires": "2026-12-31"}
    lines = [f"{key} = {value}\n" for key, value in (own | values).items() if value]
    return "[[waiver]]\n" + "".join(lines)


# What it says


def test_all_keys_are_read() -> None:
    """Each into its place."""
    policy = parsed(WHOLE)

    assert policy.top == Settings(
        Profile.STRICT,
        (Check.CONTACT_EMAIL, Check.REACHABLE),
        ("soc@contoso.com",),
        ("contoso.com", "fabrikam.com"),
        2,
        "High",
    )
    assert policy.overrides == (
        Override(Settings(Profile.CONFORMITY), management_group="sandboxes"),
        Override(Settings(required_emails=(), minimum_emails=1), subscription="Prod"),
    )
    assert policy.waivers == (
        Waiver(
            "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
            "closed at the end of the year",
            "platform team",
            date(2026, 12, 31),
        ),
        Waiver("Prod", "no owner", "nobody", date.min, Check.OWNER_NOTIFIED),
    )
    assert (policy.options, policy.day) == (Settings(), TODAY)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\n \n# nothing\n", id="a comment"),
        pytest.param(b"\xef\xbb\xbf", id="a byte order mark"),
        pytest.param(b"override = []\nwaiver = []\n", id="empty arrays"),
    ],
)
def test_a_policy_may_say_nothing(text: bytes) -> None:
    """Then all is as without it."""
    assert parsed(text) == Policy(Settings(), day=TODAY)


@pytest.mark.parametrize(
    "spelt",
    [
        pytest.param(WHOLE.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(b"\xef\xbb\xbf" + WHOLE.encode(), id="a byte order mark"),
        pytest.param(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode(), id="Notepad"),
        pytest.param(WHOLE.encode() + b"# \xc3\xa4", id="no last line feed"),
    ],
)
def test_editors_may_spell_it_in_their_way(spelt: bytes) -> None:
    """It says the same."""
    assert parsed(spelt) == parsed(WHOLE)


def test_inline_tables_are_tables() -> None:
    """TOML has two spellings of an array of them."""
    inline = (
        'waiver = [{subscription = "x", reason = "r", owner = "o", expires = 2026-12-31}]\n'
        'override = [{subscription = "x", profile = "cis"}]\n'
    )

    assert parsed(inline) == parsed(f'{OVERRIDE}profile = "cis"\n{WAIVER}')


@pytest.mark.parametrize("level", ["Low", "Medium", "High", "Critical"])
def test_each_level_is_one(level: str) -> None:
    """As the option takes it."""
    assert parsed(f'attack_path_level = "{level}"').criteria.attack_path_level == level


# Unknown keys


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
    """A slip must not turn a policy into none."""
    said = refusal(text)

    assert said == f"{place}: {key!r} is no key -- did you mean {near}?"


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
def test_a_key_in_the_wrong_place_is_told_its_place(text: str, hint: str) -> None:
    """In TOML, what stands below a table is in the table."""
    assert refusal(text).endswith(f" is no key -- {hint}")


def test_all_faults_are_told_at_once_each_with_its_line() -> None:
    """In the order of the lines, whatever their kind; whoever mends one has not to run again."""
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
        "2: 'profil' is no key -- did you mean profile?",
        "3: required_emails: ['a@b.com', 'a@'] is no list of addresses -- "
        'write required_emails = ["soc@example.com"]',
        "9, override 1: profile: 'ciss' is no profile -- did you mean cis?",
        "10, override 1: attack_path_level: 'high' is no level -- did you mean High?",
        "17, waiver 1: expires: '2026-12-31' is no date (2026-12-31, without quotes) -- "
        "write expires = 2026-12-31",
        "18, waiver 1: 'waiver' is no key -- write [[waiver]] for it",
        "19, waiver 1: subscription: '0a1b2c3d4e5f4a6b8c7d9e0f1a2b3c4d' is nearly a subscription "
        "id, but not quite -- give an id (8-4-4-4-12) or a name",
        "20, waiver 1: check: 'contact-mail' is no check -- did you mean contact-email?",
        "21, waiver 2: it has to be of a subscription or of a management group -- "
        "give one of subscription and management_group",
        '21, waiver 2: it has no reason -- add reason = "closed at the end of the year"',
        '21, waiver 2: it has no owner -- add owner = "platform team"',
        "21, waiver 2: it has no expires -- add expires = 2026-12-31",
    ]


@pytest.mark.parametrize("key", ['""', '"\\n"', '"\\u001b[2J"', '"ключ"', f'"{"x" * 9999}"'])
def test_a_key_that_is_like_none_is_refused_too(key: str) -> None:
    """Some key is always the nearest."""
    assert "is no key -- did you mean " in refusal(f"{key} = 1")


# Wrong values

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
        *(("attack_path_level", value) for value in [*TEXTS, '""', '"critical"', '["Low"]']),
    ],
)
@pytest.mark.parametrize("table", ["", OVERRIDE], ids=["top", "override"])
def test_a_value_that_is_none_is_refused(table: str, key: str, value: str) -> None:
    """With the place and the key."""
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
def test_a_waiver_with_a_wrong_value_is_refused(key: str, value: str) -> None:
    """A waiver that is not understood must not be half of one."""
    said = refusal(waiver(**{key: value}))

    assert said.startswith(f"policy.toml, waiver 1: {key}: ")


@pytest.mark.parametrize("key", ["reason", "owner", "expires"])
def test_a_waiver_needs_all_but_the_check(key: str) -> None:
    """Nobody waives without a reason, an owner and an end."""
    said = refusal(waiver(**{key: ""}))

    assert said.startswith(f"policy.toml, waiver 1: it has no {key} -- add {key} = ")


def test_a_waiver_is_of_somebody() -> None:
    """Of one subscription, or of one management group."""
    assert "has to be of a subscription or of a management group" in refusal(
        waiver(subscription="")
    )
    of_group = parsed(waiver(subscription="", management_group='"sandboxes"'))

    assert of_group.waivers[0].management_group == "sandboxes"


@pytest.mark.parametrize("key", ["override", "waiver"])
@pytest.mark.parametrize("value", ["1", "true", '"x"', "{}", "[1]", "[[]]", '[{}, "x"]'])
def test_what_is_no_array_of_tables_is_refused(key: str, value: str) -> None:
    """[override] is a slip for [[override]]."""
    said = refusal(f"{key} = {value}")

    assert said == f"policy.toml: {key} is no array of tables -- write [[{key}]]"


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
def test_an_override_is_of_one_thing_and_says_something(text: str) -> None:
    """Else it is a slip."""
    assert refusal(text).startswith("policy.toml, override 1: ")


def test_an_override_of_both_is_told_so() -> None:
    """It has one thing too many, not too few."""
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
    """And the key that would give it one."""
    said = refusal(f'{table}checks = ["required-email"]')

    assert said.startswith(place)
    assert "required_emails" in said


def test_an_override_may_take_the_value_of_the_top() -> None:
    """Or bring its own."""
    top = parsed(f'minimum_emails = 2\n{OVERRIDE}checks = ["minimum-emails"]')
    own = parsed(f'{OVERRIDE}checks = ["minimum-emails"]\nminimum_emails = 2')

    assert len(top.overrides) == len(own.overrides) == 1


def test_an_override_may_take_the_value_of_a_group_further_up() -> None:
    """Only Azure knows which group is in which: it is seen when it has told."""
    outer = '[[override]]\nmanagement_group = "outer"\nminimum_emails = 2\n'

    found = parsed(f'{outer}[[override]]\nmanagement_group = "x"\nchecks = ["minimum-emails"]')

    assert len(found.overrides) == 2


def test_an_override_may_not_take_the_value_of_a_wanted_check() -> None:
    """An empty list is no value."""
    top = 'checks = ["required-email"]\nrequired_emails = ["a@b.com"]\n'

    assert "the check required-email has no value" in refusal(
        f"{top}{OVERRIDE}required_emails = []"
    )


# Hostile files


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(WHOLE.encode("utf-16"), id="UTF-16"),
        pytest.param(WHOLE.encode("utf-16-be"), id="UTF-16 without a mark"),
        pytest.param(b"\x7fELF\x02\x01\x01\x00\xff\xfe\x80", id="a program"),
        pytest.param(b"\x00" * 1000, id="zeroes"),
        pytest.param(b'profile = "\xe4"', id="Latin-1"),
        pytest.param(b"profile = 'cis'\rchecks = []", id="CR alone"),
        pytest.param(b'{"profile": "cis"}', id="JSON"),
        pytest.param(b"profile: cis\n", id="YAML"),
        pytest.param(b"<html></html>", id="HTML"),
        pytest.param(b'profile = "cis"\nprofile = "strict"', id="a key twice"),
        pytest.param(b"[[waiver]]\n[waiver]\n", id="a table and an array"),
        pytest.param(WAIVER.encode() + b'owner = "p"', id="a key of a waiver twice"),
        pytest.param(b'profile = "cis', id="cut off"),
        pytest.param(b'profile = "\\ud800"', id="half a character"),
        pytest.param(b"checks = " + b"[" * 100_000, id="deep and open"),
        pytest.param(b"checks = " + b"[" * 5_000 + b"]" * 5_000, id="deep arrays"),
        pytest.param(b"waiver = " + b"[{a=" * 5_000, id="deep tables"),
        pytest.param(b"x." * 2_000 + b"x = 1", id="a deep unknown key"),
        pytest.param(b"expires = 2026-02-30", id="no day"),
    ],
)
def test_what_is_no_policy_is_refused(text: bytes) -> None:
    """With its name; never by a traceback."""
    assert refusal(text).startswith("policy.toml: ")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"profile.{'a.' * 2000}a = 1", id="a deep profile"),
        pytest.param(f"checks.{'a.' * 2000}a = 1", id="deep checks"),
        pytest.param(f"minimum_emails.{'a.' * 2000}a = 1", id="a deep count"),
        pytest.param(f"minimum_emails = {'9' * 5000}", id="a number of 5,000 digits"),
        pytest.param(f"profile = 0x{'f' * 5000}", id="a profile of 5,000 digits"),
        pytest.param(f"attack_path_level = 0x{'f' * 5000}", id="a level of 5,000 digits"),
    ],
)
def test_what_python_cannot_spell_is_refused_too(text: str) -> None:
    """Its limits are no crash of ours."""
    with pytest.raises(UsageError):
        parsed(text)


def test_a_count_has_an_upper_bound() -> None:
    """As the option has (1024); beyond it, the finding could not be spelt."""
    assert "minimum_emails" in refusal(f"minimum_emails = 0x{'f' * 5000}")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"checks = [{'7, ' * 100_000}]", id="a long list"),
        pytest.param(f'profile = "{"x" * 1_000_000}"', id="a long text"),
        pytest.param(f'"{"x" * 1_000_000}" = 1', id="a long key"),
    ],
)
def test_a_long_value_makes_no_long_line(text: str) -> None:
    """The place is what one needs to see."""
    assert len(refusal(text)) < 2_000


def test_a_long_policy_is_read() -> None:
    """Ten thousand waivers are some seconds' work for nobody."""
    assert len(parsed(WAIVER * 10_000).waivers) == 10_000


# As its users meet it


def asked_nothing(ran: Ran, azure: AzureDouble) -> str:
    """Return the only line on stderr of a run that was wrong usage, and sent nothing."""
    assert (ran.code, ran.out, azure.asked) == (2, b"", []), ran.err
    (line,) = ran.err.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize("command", [("audit",), ("plan", "--email", "a@contoso.com")])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "cannot be read: No such file or directory", id="not found"),
        pytest.param("folder", "cannot be read: Is a directory", id="a directory"),
        pytest.param(WHOLE.encode("utf-16"), "'utf-8' codec", id="UTF-16"),
        pytest.param(b"\x7fELF\x00\x80", "'utf-8' codec", id="binary"),
        pytest.param(b"# " + b"x" * 16 * 1024 * 1024, "is larger than", id="huge"),
        pytest.param(b"profil = 1", "did you mean profile?", id="an unknown key"),
        pytest.param(b'"\x1b[2J\n" = 1', "Illegal character", id="escape codes"),
        pytest.param(b'"\\u001b[2J\\n" = 1', "'\\x1b[2J\\n' is no key", id="an escaped key"),
        pytest.param(b"x = 1\nx = 2\n", "at line 2", id="a key twice"),
        pytest.param(b'checks = ["minimum-emails"]', "has no value", id="no value"),
    ],
)
def test_a_wrong_policy_is_2_before_any_request(
    azure: AzureDouble,
    run: Run,
    tmp_path: Path,
    command: tuple[str, ...],
    content: bytes | str | None,
    said: str,
) -> None:
    """In one line, and without a token."""
    azure.add("Prod")
    file = tmp_path / "policy.toml"
    if content == "folder":
        file.mkdir()
    elif isinstance(content, bytes):
        file.write_bytes(content)

    ran = run(*command, "--policy", str(file))

    assert said in asked_nothing(ran, azure)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--check", "required-email"], "required-email has no value", id="no address"),
        pytest.param(["--check", "allowed-domain"], "allowed-domain has no value", id="no domain"),
        pytest.param(["--check", "minimum-emails"], "minimum-emails has no value", id="no number"),
        pytest.param(
            ["--profile", "strict", "--check", "minimum-emails"], "has no value", id="beside strict"
        ),
        pytest.param(["--check", "contact-mail"], "contact-mail", id="an unknown check"),
        pytest.param(["--check", ""], "", id="an empty check"),
        pytest.param(["--profile", "CIS!"], "CIS!", id="an unknown profile"),
        pytest.param(["--required-email", "a@"], "'a@' is no address", id="no address at all"),
        pytest.param(["--required-email", ""], "is no address", id="an empty address"),
        pytest.param(["--allowed-domain", "@b.com"], "is no domain", id="no domain at all"),
        pytest.param(["--allowed-domain", ""], "is no domain", id="an empty domain"),
        pytest.param(["--minimum-emails", "0"], "'0'", id="no count"),
        pytest.param(["--minimum-emails", "1.5"], "'1.5'", id="no whole count"),
        pytest.param(["--attack-path-level", "Severe"], "Severe", id="an unknown level"),
    ],
)
def test_a_wrong_option_is_2_before_any_request(
    azure: AzureDouble, run: Run, arguments: list[str], said: str
) -> None:
    """In one line, too."""
    azure.add("Prod")

    ran = run("audit", *arguments)

    assert said in asked_nothing(ran, azure)


def test_the_policy_may_come_from_stdin(azure: AzureDouble, run: Run) -> None:
    """As other files may."""
    azure.add("Prod")

    ran = run("audit", "-o", "json", "--policy", "-", stdin=b'checks = ["owner-notified"]')

    assert json.loads(ran.out)["checks"] == ["owner-notified"]


@pytest.mark.parametrize(
    ("text", "checks"),
    [
        pytest.param("owner-notified", ["owner-notified"], id="one"),
        pytest.param("owner-notified;reachable", ["owner-notified", "reachable"], id="semicolon"),
        pytest.param(
            "\nreachable\n owner-notified ;\n", ["reachable", "owner-notified"], id="lines"
        ),
        pytest.param("reachable;reachable", ["reachable"], id="twice"),
        pytest.param("", ["contact-email"], id="empty"),
        pytest.param(" ; ", ["contact-email"], id="blank"),
    ],
)
def test_a_variable_names_checks(
    azure: AzureDouble, run: Run, text: str, checks: list[str]
) -> None:
    """Parted by semicolons and line feeds; empty is unset."""
    azure.add("Prod")

    ran = run("audit", "-o", "json", CONTACTS_AUDIT_CHECK=text)

    assert json.loads(ran.out)["checks"] == checks


def test_a_variable_that_names_no_check_is_2(azure: AzureDouble, run: Run) -> None:
    """And is named itself."""
    ran = run("audit", CONTACTS_AUDIT_CHECK="reachable;reached")

    line = asked_nothing(ran, azure)
    assert "reached" in line
    assert "(from CONTACTS_AUDIT_CHECK)" in line


def test_the_command_line_goes_before_the_variables(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """It replaces them, and never adds."""
    azure.add("Prod")
    ours, theirs = tmp_path / "ours.toml", tmp_path / "theirs.toml"
    ours.write_text('required_emails = ["a@b.com"]')
    theirs.write_text("nonsense")

    ran = run(
        *("audit", "-o", "json", "--policy", str(ours), "--check", "required-email"),
        CONTACTS_AUDIT_CHECK="owner-notified;reachable",
        CONTACTS_AUDIT_POLICY=str(theirs),
    )

    assert json.loads(ran.out)["checks"] == ["required-email"]


def test_a_variable_names_the_policy(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """None is read unless it is named."""
    azure.add("Prod")
    file = tmp_path / "policy.toml"
    file.write_text('profile = "cis"')

    named = run("audit", "-o", "json", CONTACTS_AUDIT_POLICY=str(file))
    unset = run("audit", "-o", "json", CONTACTS_AUDIT_POLICY="")

    assert json.loads(named.out)["profile"] == "cis"
    assert json.loads(unset.out)["profile"] == "conformity"


def test_a_variable_that_names_no_policy_is_2(azure: AzureDouble, run: Run) -> None:
    """A cron job does not go on without its policy."""
    ran = run("audit", CONTACTS_AUDIT_POLICY="/nonexistent/policy.toml")

    assert "'/nonexistent/policy.toml' cannot be read" in asked_nothing(ran, azure)


def test_the_values_have_variables_too(azure: AzureDouble, run: Run) -> None:
    """Repeatable ones are parted."""
    azure.add("Prod", contact={"emails": "a@b.com;c@d.com"})

    ran = run(
        *("audit", "-o", "json"),
        CONTACTS_AUDIT_PROFILE="strict",
        CONTACTS_AUDIT_REQUIRED_EMAIL="a@b.com;e@f.com",
        CONTACTS_AUDIT_ALLOWED_DOMAIN="b.com\nf.com",
        CONTACTS_AUDIT_MINIMUM_EMAILS="3",
        CONTACTS_AUDIT_ATTACK_PATH_LEVEL="High",
    )

    report = json.loads(ran.out)
    said = {one["check"]: one["message"] for one in report["subscriptions"][0]["findings"]}
    assert report["checks"] == [str(check) for check in Check]
    assert said["required-email"] == "not configured: e@f.com"
    assert said["allowed-domain"] == "of a domain that is not allowed: c@d.com"
    assert said["minimum-emails"] == "2 of at least 3 addresses"
    assert said["attack-paths"] == "no mail goes out for attack paths of risk High"


@pytest.mark.parametrize(
    ("arguments", "content", "profile", "checks"),
    [
        pytest.param([], 'profile = "cis"', "cis", 4, id="the policy's profile"),
        pytest.param(["--profile", "strict"], 'profile = "cis"', "strict", 5, id="the option's"),
        pytest.param(
            [], 'checks = ["reachable"]', None, ["reachable"], id="the policy's check alone"
        ),
        pytest.param(
            [], 'profile = "cis"\nchecks = ["reachable"]', "cis", 5, id="the policy's add up"
        ),
        pytest.param(
            ["--check", "owner-notified"],
            'profile = "cis"\nchecks = ["reachable"]',
            None,
            ["owner-notified"],
            id="an option's check is alone",
        ),
        pytest.param(
            ["--profile", "conformity"],
            'checks = ["reachable"]',
            "conformity",
            ["contact-email"],
            id="an option's profile is alone",
        ),
        pytest.param(
            ["--check", "reachable", "--profile", "conformity"],
            "",
            "conformity",
            ["contact-email", "reachable"],
            id="options add up",
        ),
        pytest.param(
            ["--check", "minimum-emails"],
            "minimum_emails = 2",
            None,
            ["minimum-emails"],
            id="a value of the policy",
        ),
        pytest.param(
            ["--minimum-emails", "2"],
            'checks = ["minimum-emails"]\nminimum_emails = 1',
            None,
            ["minimum-emails"],
            id="a value of the option",
        ),
        pytest.param(
            ["--minimum-emails", "2"],
            'checks = ["minimum-emails"]',
            None,
            ["minimum-emails"],
            id="the option's value makes the policy whole",
        ),
    ],
)
def test_options_go_before_the_policy(
    azure: AzureDouble,
    run: Run,
    tmp_path: Path,
    arguments: list[str],
    content: str,
    profile: str | None,
    checks: list[str] | int,
) -> None:
    """A check or a profile before all of its checks and its profile."""
    azure.add("Prod")
    file = tmp_path / "policy.toml"
    file.write_text(content)

    report = json.loads(run("audit", "-o", "json", "--policy", str(file), *arguments).out)

    assert report["profile"] == profile
    assert (len(report["checks"]) if isinstance(checks, int) else report["checks"]) == checks


class Sheet:
    """A stderr that keeps what is written."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        """Keep *text*."""
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Do nothing."""


def judged(now: datetime, content: str, tmp_path: Path, **options: Any) -> tuple[Policy, str]:
    """Return the policy at *now* with this *content*, and what was warned of."""
    file = tmp_path / "policy.toml"
    file.write_text(content)
    sheet: Any = Sheet()
    host = Host({}, None, Screen(None, sheet), Ending())
    return load_policy(host, PolicyOptions(policy=str(file), **options), now), sheet.text


@pytest.mark.parametrize(
    ("hours", "hour", "day"),
    [
        pytest.param(14, 1, date(2026, 1, 30), id="east of Greenwich"),
        pytest.param(-11, 23, date(2026, 2, 1), id="west of it"),
        pytest.param(0, 0, date(2026, 1, 31), id="in Greenwich"),
    ],
)
def test_the_day_of_a_waiver_is_that_of_utc(
    tmp_path: Path, hours: int, hour: int, day: date
) -> None:
    """Wherever the cron job runs."""
    now = datetime(2026, 1, 31, hour, tzinfo=timezone(timedelta(hours=hours)))

    policy, _ = judged(now, "", tmp_path)

    assert policy.day == day


NOW = datetime(2026, 1, 31, tzinfo=UTC)
OVERRIDE_CIS = f'{OVERRIDE}profile = "cis"\n'


@pytest.mark.parametrize(
    ("options", "check"),
    [
        pytest.param({"required_email": ["a@b.com"]}, "required-email", id="an address"),
        pytest.param({"allowed_domain": ["b.com"]}, "allowed-domain", id="a domain"),
        pytest.param({"minimum_emails": 2}, "minimum-emails", id="a count"),
    ],
)
@pytest.mark.parametrize("content", ["", 'profile = "cis"', 'checks = ["reachable"]', OVERRIDE_CIS])
def test_a_value_is_judged_whatever_the_policy_says(
    tmp_path: Path, content: str, options: dict[str, Any], check: str
) -> None:
    """What is typed is nearer than all of the file: a wish that is not judged never complies."""
    policy, said = judged(NOW, content, tmp_path, **options)

    assert all(check in one.checks for one in policy.all_criteria)
    assert said == ""


def test_a_level_that_nothing_judges_is_warned_of(tmp_path: Path) -> None:
    """It has a default, and asks for no check by itself."""
    level = {"attack_path_level": "Low"}
    _, said = judged(NOW, "", tmp_path, **level)
    _, strict = judged(NOW, 'profile = "strict"', tmp_path, **level)
    _, in_file = judged(NOW, 'attack_path_level = "Low"', tmp_path)

    assert said == "warning: --attack-path-level has no effect -- add --check attack-paths\n"
    assert strict == ""
    assert in_file.endswith("attack_path_level has no effect -- add --check attack-paths\n")


@pytest.mark.parametrize(
    "options", [{"profile": Profile.CIS}, {"check": [Check.REACHABLE]}], ids=["profile", "check"]
)
def test_a_value_of_the_file_that_the_options_leave_out_is_warned_of(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    """An option says anew what is judged; what is not judged any more is told."""
    policy, said = judged(NOW, 'required_emails = ["a@b.com"]', tmp_path, **options)

    assert Check.REQUIRED_EMAIL not in policy.criteria.checks
    assert said.endswith("required_emails has no effect -- add --check required-email\n")


def test_a_value_that_an_override_judges_is_not_warned_of(tmp_path: Path) -> None:
    """It would be wrong."""
    content = f'{OVERRIDE}profile = "strict"\n'

    _, said = judged(NOW, content, tmp_path, minimum_emails=2)

    assert said == ""


# policy check


def test_a_policy_is_checked_offline(tmp_path: Path) -> None:
    """Without a network, credentials or variables; what it says is told."""
    file = tmp_path / "policy.toml"
    file.write_text(WHOLE.replace('"Prod"\nrequired_emails = []', '"Prod"\nchecks = []'))

    ran = run_in({}, "policy", "check", str(file))

    assert ran.code == 0
    assert ran.text.splitlines()[0] == f"{file} is valid"
    assert "  override of management group sandboxes: contact-email, reachable" in ran.text
    assert "  waiver of Prod: owner-notified until 0001-01-01\n" in ran.text
    assert ran.err.startswith(
        "warning: the waiver of Prod (no owner, nobody) expired on 0001-01-01"
    )


def test_all_faults_are_told_by_the_check_and_by_the_audit(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """A line each, 2, and nothing is asked of Azure."""
    file = tmp_path / "policy.toml"
    file.write_text('profil = "cis"\nminimum_emails = 0\n[[waiver]]\nowner = 1\n')

    for command in (("policy", "check"), ("audit", "--policy")):
        ran = run(*command, str(file))

        assert (ran.code, ran.out, azure.asked) == (2, b"", [])
        lines = ran.err.splitlines()
        assert [line.split(":")[0] for line in lines] == ["error"] * 6
        assert [re.findall(r"line (\d+)", line) for line in lines] == [
            ["1"],
            ["2"],
            ["3"],
            ["3"],
            ["3"],
            ["4"],
        ]


def test_faults_without_number_do_not_fill_the_screen(tmp_path: Path) -> None:
    """Fifty, and how many more."""
    file = tmp_path / "policy.toml"
    file.write_text("".join(f"x{number} = 1\n" for number in range(1000)))

    ran = run_in({}, "policy", "check", str(file))

    assert (ran.code, ran.err.count("\n")) == (2, 51)
    assert ran.err.endswith("error: and 950 more\n")


def test_checks_and_profiles_are_listed() -> None:
    """Offline; each check with what it wants."""
    ran = run_in({}, "audit", "--list-checks")

    assert ran.code == 0
    assert [line.split()[0] for line in ran.text.splitlines()] == ["CHECK", *Check]
    assert all(profile in ran.text for profile in Profile)


def test_hostile_text_of_a_policy_is_inert(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Whoever may edit the file may not write to a terminal, nor add a line to a log."""
    azure.add("Prod")
    file = tmp_path / "policy.toml"
    file.write_text(waiver(subscription='"Prod"', reason='"\\u001b[2J\\nx"', owner='"\\u202e\\t"'))

    table = run("audit", "--policy", str(file))
    shown = run("audit", "-o", "json", "--policy", str(file))

    (row,) = json.loads(shown.out)["subscriptions"]
    assert row["waiver"]["reason"] == "\x1b[2J\nx"
    assert not re.search("[\x1b\u202e]", table.text + table.err + shown.text + shown.err)
    assert "\\x1b[2J\\x0ax, \\u202e\\x09" in table.text
