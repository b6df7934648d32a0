"""Two spellings of one mailbox are one, and what is no address says why, wherever it shows."""

import json

import pytest
from azure_double import AzureDouble
from conftest import Run

V2017, V2023 = "2017-08-01-preview", "2023-12-01-preview"
LETTERS, ASCII = "soc@bücher.com", "SOC@xn--bcher-kva.com"
LOCAL = "soc@contoso.local"
REASON = "special-use or reserved name"
REQUIRED = ("--check", "required-email", "--required-email")
ALLOWED = ("--check", "allowed-domain", "--allowed-domain")
MINIMUM = ("--check", "minimum-emails", "--minimum-emails")
ALERT = [{"sourceType": "Alert", "minimalSeverity": "High"}]


def listed(*emails: str, at_2017: bool = False) -> bytes:
    """Return the list of a contact with *emails*."""
    properties: dict[str, object] = (
        {"email": emails[0]} if at_2017 else {"emails": ";".join(emails)}
    )
    if not at_2017:
        properties["notificationsSources"] = ALERT
    return json.dumps({"value": [{"name": "default", "properties": properties}]}).encode()


def furnished(azure: AzureDouble, *emails: str, at_2017: str = "") -> None:
    """Add a subscription whose newest contact has *emails*, and that of 2017 one alone."""
    old = listed(at_2017, at_2017=True) if at_2017 else b'{"value":[]}'
    azure.add("S", answers={V2017: old, V2023: listed(*emails)})


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([*REQUIRED, LETTERS], id="required in letters"),
        pytest.param([*REQUIRED, ASCII], id="required in ASCII"),
        pytest.param([*ALLOWED, "bücher.com"], id="allowed in letters"),
        pytest.param([*ALLOWED, "xn--bcher-kva.COM"], id="allowed in ASCII"),
    ],
)
@pytest.mark.parametrize("there", [LETTERS, ASCII])
def test_a_check_takes_either_spelling(
    azure: AzureDouble, run: Run, there: str, arguments: list[str]
) -> None:
    """The required address and the configured one may differ in spelling."""
    furnished(azure, there)

    assert run("audit", *arguments).code == 0


def test_two_spellings_are_one_address(azure: AzureDouble, run: Run) -> None:
    """They count once, as first spelled."""
    furnished(azure, LETTERS, ASCII)

    ran = run("audit", *MINIMUM, "2", "-o", "json")

    (row,) = json.loads(ran.out)["subscriptions"]
    assert (ran.code, row["emails"]) == (3, [LETTERS])


@pytest.mark.parametrize(
    ("wish", "status", "after"),
    [
        pytest.param(["--email", ASCII], "nothing", None, id="it is there"),
        pytest.param(["--remove-email", ASCII], "change", "a@contoso.com", id="removal"),
        pytest.param(
            ["--email", ASCII, "--replace"], "change", LETTERS, id="replacement keeps the spelling"
        ),
    ],
)
def test_a_plan_takes_either_spelling(
    azure: AzureDouble, run: Run, wish: list[str], status: str, after: str | None
) -> None:
    """The change and the contact may differ in spelling."""
    furnished(azure, LETTERS, "a@contoso.com")

    ran = run("plan", *wish, "-o", "json")

    (row,) = json.loads(ran.out)["subscriptions"]
    assert row["status"] == status
    assert after is None or json.dumps(after) in json.dumps(row["after"])


def test_an_address_cannot_be_added_and_removed_in_two_spellings(run: Run) -> None:
    """The change contradicts itself."""
    assert run("plan", "--email", LETTERS, "--remove-email", ASCII).code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="contact-email"),
        pytest.param(["--check", "reachable"], id="reachable"),
        pytest.param([*REQUIRED, "a@contoso.com"], id="required-email"),
        pytest.param([*MINIMUM, "1"], id="minimum-emails"),
    ],
)
@pytest.mark.parametrize("at_2017", [False, True])
def test_a_finding_names_malformed_addresses_and_why(
    azure: AzureDouble, run: Run, arguments: list[str], at_2017: bool
) -> None:
    """An address in `.local`, as of Active Directory; also if only 2017 shows it."""
    furnished(azure, "" if at_2017 else LOCAL, at_2017=LOCAL if at_2017 else "")
    extra = ["--check", "contact-email"] if at_2017 and arguments else []

    ran = run("audit", *arguments, *extra, "-o", "json")

    (row,) = json.loads(ran.out)["subscriptions"]
    assert ran.code == 3
    for finding in row["findings"]:
        assert f"malformed address {LOCAL!r}" in finding["message"]
        assert REASON in finding["message"]
        assert (f"at {V2017}" in finding["message"]) == at_2017


def test_a_finding_about_domains_names_malformed_addresses(azure: AzureDouble, run: Run) -> None:
    """One of the two has a domain; the other is named as malformed."""
    furnished(azure, LOCAL, "a@other.com")

    ran = run("audit", *ALLOWED, "contoso.com", "-o", "json")

    (row,) = json.loads(ran.out)["subscriptions"]
    message = next(each["message"] for each in row["findings"] if each["check"] == "allowed-domain")
    assert "a@other.com" in message
    assert LOCAL in message
    assert REASON in message


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["plan", "--email", LOCAL], id="plan"),
        pytest.param(["apply", "--yes", "--email", LOCAL], id="apply"),
        pytest.param(["audit", "--required-email", LOCAL], id="audit"),
    ],
)
def test_wrong_usage_names_malformed_addresses_and_why(
    azure: AzureDouble, run: Run, arguments: list[str]
) -> None:
    """This is before the first request."""
    ran = run(*arguments)

    assert (ran.code, azure.asked) == (2, [])
    assert LOCAL in ran.err
    assert REASON in ran.err


def test_a_thousand_malformed_addresses_make_a_short_finding(azure: AzureDouble, run: Run) -> None:
    """Fifty are named."""
    furnished(azure, *(f"a{number}" for number in range(1000)))

    (row,) = json.loads(run("audit", "-o", "json").out)["subscriptions"]

    assert "and 950 more malformed addresses" in row["findings"][0]["message"]
