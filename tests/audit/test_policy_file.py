"""A policy file is TOML that is read as it is written, or refused."""

from datetime import date

import pytest
from audit.policy_texts import OVERRIDE, TODAY, WAIVER, WHOLE, parsed, refusal

from contacts_audit.audit.policy import Override, Policy
from contacts_audit.audit.profiles import Settings
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Check, Profile, Waiver


def test_all_keys_are_read() -> None:
    """Each value is in its place."""
    policy = parsed(WHOLE)

    assert policy.top == Settings(
        Profile.STRICT,
        (Check.CONTACT_EMAIL, Check.REACHABLE),
        ("soc@contoso.com",),
        ("contoso.com", "fabrikam.com"),
        2,
        "High",
        True,
    )
    assert policy.overrides == (
        Override(Settings(Profile.CONFORMITY), management_group="sandboxes"),
        Override(
            Settings(required_emails=(), minimum_emails=1, deliverable=False), subscription="Prod"
        ),
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
def test_a_policy_may_be_empty(text: bytes) -> None:
    """Then the result is the same as without it."""
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
def test_bom_and_crlf_are_read(spelt: bytes) -> None:
    """Editors write the same policy in several ways."""
    assert parsed(spelt) == parsed(WHOLE)


def test_inline_tables_are_tables() -> None:
    """TOML can write an array of tables in two ways."""
    inline = (
        'waiver = [{subscription = "x", reason = "r", owner = "o", expires = 2026-12-31}]\n'
        'override = [{subscription = "x", profile = "cis"}]\n'
    )

    assert parsed(inline) == parsed(f'{OVERRIDE}profile = "cis"\n{WAIVER}')


@pytest.mark.parametrize("level", ["Low", "Medium", "High", "Critical"])
def test_each_level_is_read(level: str) -> None:
    """The option takes the same levels."""
    assert parsed(f'attack_path_level = "{level}"').criteria.attack_path_level == level


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
def test_a_file_that_is_not_toml_is_refused(text: bytes) -> None:
    """The error names the file; there is no traceback."""
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
def test_what_python_cannot_print_is_refused_too(text: str) -> None:
    """The limits of Python end no run."""
    with pytest.raises(UsageError):
        parsed(text)


def test_a_count_has_an_upper_bound() -> None:
    """It is 1024, as for the option."""
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
    """The place of the mistake stays visible."""
    assert len(refusal(text)) < 2_000


def test_a_long_policy_is_read() -> None:
    """Ten thousand waivers take less than seconds."""
    assert len(parsed(WAIVER * 10_000).waivers) == 10_000
