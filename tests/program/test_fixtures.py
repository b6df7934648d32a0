"""The recordings in fixtures/ answer every command, profile and check, offline."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, run_in

from contacts_audit.core.model import Check

FIXTURES = ROOT / "fixtures"
V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
VALUES = {
    "required-email": ("--required-email", "secops@contoso.com"),
    "allowed-domain": ("--allowed-domain", "contoso.com"),
    "minimum-emails": ("--minimum-emails", "2"),
}
PROFILES = ("conformity", "cis", "strict")
WISHES = {
    "one address": ("--email", "soc@contoso.com"),
    "these alone": ("--email", "soc@contoso.com", "--replace"),
    "flags": ("--notify-owners", "--minimum-severity", "Medium", "--enable"),
    "at 2017": ("--email", "soc@contoso.com", "--api-version", V2017),
    "one less": ("--remove-email", "secops@contoso.com", "--allow-empty"),
    "attack paths": ("--attack-paths", "High", "--phone", "+1-425-555-0100"),
}


def commands() -> Iterator[tuple[str, ...]]:
    """Yield every reading command, with all that decides what it asks for."""
    for profile in PROFILES:
        yield "audit", "--profile", profile
        yield from (
            ("plan", *WISHES[wish], "--profile", profile, "--failing-only") for wish in WISHES
        )
    yield from (("audit", "--check", check, *VALUES.get(check, ())) for check in Check)
    yield from (("plan", *wish) for wish in WISHES.values())
    yield from (("plan", *wish, "--curl") for wish in WISHES.values())
    yield from (("fetch", "--api-version", version) for version in (V2017, V2020, V2023))
    yield from (("fetch",), ("emails",), ("doctor",), ("audit", "--shard", "0/2"))


def exchanges(fixture: str) -> Iterator[dict[str, Any]]:
    """Yield what was recorded, in its order."""
    for path in sorted((FIXTURES / fixture).glob("0*.json")):
        yield json.loads(path.read_text())


def subscriptions(fixture: str) -> list[str]:
    """Return the names of the subscriptions of a recording."""
    return [
        item["displayName"]
        for one in exchanges(fixture)
        if "/subscriptions?" in one["request"]["url"]
        for item in one["response"]["json"]["value"]
    ]


EXPLAINED = [
    (fixture, name) for fixture in ("contoso", "old-cloud") for name in subscriptions(fixture)
]


def complete(fixture: str, *arguments: str) -> None:
    """Check that a command finds an answer to all that it asks for."""
    ran = run_in({}, *arguments, "--replay", str(FIXTURES / fixture))

    said = ran.text + ran.err
    assert ran.code in {0, 3, 4, 5}, said
    assert "the recording holds no answer" not in said


@pytest.mark.parametrize("fixture", ["contoso", "old-cloud"])
@pytest.mark.parametrize("arguments", list(commands()), ids=" ".join)
def test_a_recording_answers_every_command(fixture: str, arguments: tuple[str, ...]) -> None:
    """No row says that the recording has no answer."""
    complete(fixture, *arguments)


@pytest.mark.parametrize(("fixture", "name"), EXPLAINED)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_recording_explains_every_subscription(fixture: str, name: str, profile: str) -> None:
    """This holds for all checks."""
    complete(fixture, "explain", name, "--profile", profile)


def test_a_recording_knows_its_management_groups() -> None:
    """One request returns all descendants."""
    ran = run_in(
        {},
        *("audit", "-o", "json", "--replay", str(FIXTURES / "contoso")),
        *("--management-group", "contoso"),
    )

    rows = json.loads(ran.out)["subscriptions"]
    assert [row["name"] for row in rows] == ["Production", "Shared Services"]


@pytest.mark.parametrize("fixture", ["contoso", "old-cloud"])
def test_a_contact_of_2017_may_be_named_after_its_address(fixture: str) -> None:
    """Azure names contacts so that no client of 2017 has named."""
    named = [
        (item["name"], item["properties"]["email"])
        for one in exchanges(fixture)
        if V2017 in one["request"]["url"] and one["response"]["status"] == 200
        for item in one["response"]["json"]["value"]
    ]

    assert named
    assert any(name == email.replace("@", "-") for name, email in named)


def test_2020_lists_an_array_where_there_is_a_contact() -> None:
    """Without a contact it is an object, in the same recording."""
    shapes = {
        type(one["response"]["json"])
        for one in exchanges("contoso")
        if V2020 in one["request"]["url"] and one["response"]["status"] == 200
    }

    assert shapes == {list, dict}


@pytest.mark.parametrize("fixture", ["contoso", "old-cloud"])
def test_every_exchange_is_recorded_once(fixture: str) -> None:
    """The folder is small, and has no cookie in it."""
    urls = [one["request"]["url"] for one in exchanges(fixture)]
    text = "".join(Path(path).read_text() for path in (FIXTURES / fixture).glob("0*.json"))

    assert len(urls) == len(set(urls))
    assert "set-cookie" not in text.lower()
    assert "ARRAffinity" not in text
