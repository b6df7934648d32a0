"""Whatever anybody draws: no traceback, no pass without an address, and each row in each format."""

import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts_audit.audit.checks import RISKS
from contacts_audit.audit.policy import Policy
from contacts_audit.audit.policy_file import read
from contacts_audit.audit.policy_keys import SETTING_KEYS, WAIVER_KEYS
from contacts_audit.audit.profiles import Settings
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.core.errors import AzureError, ExitCode, Reason, UsageError
from contacts_audit.core.model import (
    Audited,
    Check,
    Contact,
    Fault,
    Finding,
    Outcome,
    Report,
    Run,
    Skipped,
    Subscription,
    Unread,
    Verdict,
    Waiver,
)
from contacts_audit.report import RENDERERS, Format

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TODAY = date(2026, 1, 31)
SOMEBODY = Subscription("20ff7fc3-e762-44dd-bd96-b71116dcdc23", "Prod", "Enabled")
HEADERS = ("retry-after", "retry-after-ms", "x-ms-retry-after-ms", "www-authenticate", "location")

hostile = st.text(
    st.characters() | st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), max_size=12
) | st.sampled_from(["[/]", "=1+1", "</script>", "|", "]]>", "\x1b]0;x\x07", "{{ 7*7 }}", "%s"])
some_header = (
    hostile
    | st.integers().map(str)
    | st.floats().map(str)
    | st.datetimes().map(lambda when: when.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    | st.binary().map(lambda raw: f'Bearer error="insufficient_claims", claims="{raw.hex()}"')
)


@settings(max_examples=100)
@given(
    st.integers(0, 999),
    st.dictionaries(st.sampled_from([*HEADERS, "content-type", "x-ms-request-id"]), some_header),
    st.binary(max_size=40),
)
def test_any_header_is_read(status: int, headers: dict[str, str], body: bytes) -> None:
    """The result is a wait in seconds, claims as JSON, or nothing."""
    answer = Answer("https://arm.example/x?api-version=1", status, headers, body)

    claims = protocol.claims_challenge(answer)
    try:
        protocol.complete(answer)
    except AzureError as error:
        assert str(error)  # noqa: PT017
        assert error.retry_after is None or 0 <= error.retry_after < float("inf")  # noqa: PT017
    else:
        assert (status, bool(body)) == (200, True)
    assert claims is None or claims.lstrip().startswith("{")


some_subscription = st.builds(
    Subscription,
    st.uuids().map(str),
    *(st.none() | hostile for _ in ("name", "state", "tenant_id")),
    st.just(True),
)
some_contact = st.builds(
    Contact,
    hostile,
    st.sampled_from([protocol.V2017, protocol.V2023]),
    st.lists(hostile, max_size=2).map(tuple),
    st.lists(hostile, max_size=1).map(tuple),
    st.booleans(),
    st.none() | hostile,
    st.none() | hostile,
    st.none() | hostile,
    st.lists(hostile, max_size=2).map(tuple),
)
some_contacts = st.lists(some_contact, max_size=2).map(tuple)
some_finding = st.builds(  # each begins as those of policy do: the page reads its numbers
    Finding,
    st.sampled_from(Check),
    hostile.map("0 of at least 2 addresses ({})".format),
    st.just(protocol.V2023),
)
some_waiver = st.builds(
    Waiver, hostile, hostile, hostile, st.dates(), st.none() | st.sampled_from(Check)
)
some_fault = st.builds(
    Fault,
    st.sampled_from(Reason),
    hostile,
    hostile,
    st.none() | st.integers(0, 999),
    st.none() | hostile,
    st.none() | hostile,
)
some_audited = st.builds(
    Audited,
    some_subscription,
    some_contacts,
    st.lists(hostile, max_size=2).map(tuple),
    st.lists(some_finding, max_size=2).map(tuple),
    st.just(protocol.V2023),
)
some_waived = st.builds(
    Audited,
    some_subscription,
    some_contacts,
    st.just(()),
    st.tuples(some_finding),
    st.just(protocol.V2023),
    some_waiver,
)
some_outcome: st.SearchStrategy[Outcome] = (
    some_audited
    | some_waived
    | st.builds(Unread, some_subscription, some_fault, some_contacts)
    | st.builds(Skipped, some_subscription, st.just(Verdict.SKIPPED))
)


@pytest.mark.parametrize("format_", Format)
@settings(max_examples=15)
@given(outcomes=st.lists(some_outcome, max_size=3))
def test_any_outcome_in_any_format(format_: Format, outcomes: list[Outcome]) -> None:
    """The text is sanitized, and a program finds each subscription in it."""
    run = Run("1", NOON, "AzureCloud", (), None, (Check.CONTACT_EMAIL,), None)

    shown = "".join(RENDERERS[format_](Report(run, NOON, tuple(outcomes))))

    shown.encode()
    plain = shown.replace("\n", "").replace("\t", "")
    assert not [one for one in plain if unicodedata.category(one) in {"Cc", "Cf", "Cs"}]
    if format_ not in {Format.PROMETHEUS, Format.TABLE}:
        assert all(one.subscription.id in shown for one in outcomes)


toml_key = st.sampled_from([*SETTING_KEYS, *WAIVER_KEYS, "management_group", "chekcs", "Checks"])
toml_value = st.sampled_from(
    [
        "true",
        "-1",
        "0",
        "1",
        "1e309",
        "nan",
        "2026-12-31",
        "2026-12-31T00:00:00Z",
        "{}",
        "[[]]",
        '""',
    ]
    + [f'"{one}"' for one in (*RISKS, *Check, "cis", "strict", "x", "a@b.co", "contoso.com")]
    + ['["a@b.co"]', '["contoso.com"]', '["reachable"]', "[1]", '["required-email"]']
)
toml_line = st.builds("{} = {}".format, toml_key, toml_value) | st.sampled_from(
    ["[[override]]", "[[waiver]]", "[override]", "[waiver]", "# x", 'subscription = "Prod"']
)


@settings(max_examples=120)
@given(st.lists(toml_line, max_size=7).map("\n".join).map(str.encode) | st.binary(max_size=30))
def test_any_policy_judges_something_or_is_wrong_usage(text: bytes) -> None:
    """No policy judges nothing, which would make everything compliant."""
    try:
        policy: Policy = read(text, "policy.toml", Settings(), TODAY)
    except UsageError as error:
        assert str(error).startswith("policy.toml")  # noqa: PT017
        assert error.exit_code is ExitCode.USAGE  # noqa: PT017
        return

    assert all(one.checks for one in policy.all_criteria)


def test_the_strategies_reach_every_verdict() -> None:
    """Otherwise the properties above would be weak."""
    kinds: set[Any] = set()

    @settings(max_examples=300)
    @given(some_outcome)
    def collect(outcome: Outcome) -> None:
        kinds.add(outcome.verdict)

    collect()
    assert len(kinds) == 5
