"""`doctor` says whether the identity may write, by what Azure lists, without writing."""

import tracemalloc
from typing import Any

import pytest
from azure_double import AzureDouble, faults
from conftest import Run
from doctor.checks import ALL, GOOD, checks, failed

from contacts_audit.azure.arm.permissions import Permission

WRITE = "Microsoft.Security/securityContacts/write"
PERMISSIONS = "Microsoft.Authorization/permissions"
OWNER = {"actions": ["*"], "notActions": []}


@pytest.mark.parametrize(
    ("actions", "not_actions", "allowed"),
    [
        pytest.param(["*"], [], True, id="Owner"),
        pytest.param(["*/read"], [], False, id="Reader"),
        pytest.param(["Microsoft.Security/*"], [], True, id="Security Admin"),
        pytest.param(["Microsoft.Security/*/read"], [], False, id="Security Reader"),
        pytest.param([WRITE.upper()], [], True, id="in capitals"),
        pytest.param(["microsoft.security/securitycontacts/*"], [], True, id="in small letters"),
        pytest.param(["*"], ["Microsoft.Authorization/*/Write"], True, id="Contributor"),
        pytest.param(["*"], ["Microsoft.Security/*/WRITE"], False, id="taken out"),
        pytest.param(["*"], ["*/write"], False, id="all writes taken out"),
        pytest.param([f"{WRITE}s", f"a{WRITE}", f"{WRITE}/*"], [], False, id="near misses"),
        pytest.param(["*/*"], [], True, id="two"),
        pytest.param(["*write*write*"], [], False, id="parts do not overlap"),
        pytest.param(["*Contacts/write*write"], [], False, id="nor does the end"),
        pytest.param(["Microsoft.Security/securityContacts/writ?"], [], False, id="no other sign"),
        pytest.param(["*a" * 5000 + "*"], [], False, id="hostile"),
        pytest.param([], [], False, id="nothing"),
        pytest.param([""], [], False, id="empty"),
    ],
)
def test_patterns(actions: list[str], not_actions: list[str], allowed: bool) -> None:
    """`*` matches anything, case is ignored, and `notActions` are not allowed."""
    assert Permission((*actions,), (*not_actions,)).allows(WRITE) is allowed


def test_a_long_pattern_takes_little_memory() -> None:
    """An answer may have megabytes of it, and a regular expression would need ten times as much."""
    pattern = "*a" * 100_000
    tracemalloc.start()
    try:
        assert not Permission((pattern,), ()).allows(WRITE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 100 * len(pattern)


def test_one_role_is_enough(azure: AzureDouble, run: Run) -> None:
    """Another role may allow what one excludes; the list may have pages."""
    taken_out = {"actions": ["*"], "notActions": ["Microsoft.Security/*"]}
    azure.add("Prod", contacts_2017=GOOD, permissions=[taken_out, taken_out, OWNER])
    azure.page_size = 1

    ran = run("doctor", "-o", "json")

    found = checks(ran)["write permission"]
    assert (ran.code, found["status"]) == (0, "ok")
    assert "Prod" in found["detail"]
    assert azure.writes() == []


@pytest.mark.parametrize("permissions", [None, [], [{"actions": ["*"], "notActions": ["*"]}]])
def test_no_right_to_write_is_a_warning(azure: AzureDouble, run: Run, permissions: Any) -> None:
    """An audit can run; the least role that can apply is named."""
    azure.add("Prod", contacts_2017=GOOD, writable=False, permissions=permissions)

    ran = run("doctor", "-o", "json")

    found = checks(ran)
    assert (ran.code, failed(found)) == (0, [])
    assert found["write permission"]["status"] == "warning"
    assert "Security Admin" in found["write permission"]["hint"]
    assert WRITE in found["write permission"]["hint"]


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(403),
        faults.status(500),
        faults.html(200),
        *(
            faults.answer(body)
            for body in (
                b"{}",
                b"[]",
                b'{"value": [1]}',
                b'{"value": [{"actions": "*"}]}',
                b'{"value": [{"actions": ["*"], "notActions": [null]}]}',
            )
        ),
    ],
)
def test_unreadable_permissions_are_unknown(azure: AzureDouble, run: Run, fault: Any) -> None:
    """They are neither granted nor denied, and no reason to fail."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.fail(PERMISSIONS, fault)

    ran = run("doctor", "-o", "json", "--budget", "1")

    found = checks(ran)
    assert (ran.code, failed(found)) == (0, [])
    assert found["write permission"]["status"] == "unknown"


@pytest.mark.parametrize("masked", [[], ["--mask"]])
@pytest.mark.parametrize("writable", [True, False])
def test_a_replay_says_the_same(
    azure: AzureDouble, run: Run, tmp_path: Any, masked: list[str], writable: bool
) -> None:
    """Also of a masked recording."""
    azure.add("Prod", contacts_2017=GOOD, writable=writable)
    folder = str(tmp_path / "recording")
    recorded = run("doctor", "-o", "json", "--record", folder, *masked)

    replayed = run("doctor", "-o", "json", "--replay", folder)

    before, after = (checks(ran)["write permission"] for ran in (recorded, replayed))
    assert after["status"] == before["status"] == ("ok" if writable else "warning")


def test_tests_after_a_failure_are_skipped(azure: AzureDouble, run: Run) -> None:
    """Each test has its line. A line that is skipped says why."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("doctor", "-o", "json", AZURE_CLIENT_SECRET="wrong")

    found = checks(ran)
    assert ([*found], failed(found)) == (ALL, ["sign-in"])
    assert [name for name in ALL if found[name]["status"] == "skipped"] == ALL[5:]
    assert {found[name]["detail"] for name in ALL[5:]} == {"not tested: sign-in failed"}


def test_a_disabled_subscription_skips_the_write_test(azure: AzureDouble, run: Run) -> None:
    """It can be neither read nor written."""
    azure.add("Old", state="Disabled")

    found = checks(run("doctor", "-o", "json"))

    assert [name for name in ALL if found[name]["status"] == "skipped"] == ALL[6:]


def test_untrusted_metadata_is_reported_in_plain_english(azure: AzureDouble, run: Run) -> None:
    """The message contains no Python list."""
    azure.metadata_audiences = ["https://one.example", "https://two.example"]

    ran = run("doctor", CONTACTS_AUDIT_AUDIENCE="", CONTACTS_AUDIT_AUTHORITY_HOST="")

    assert "https://one.example, https://two.example" in ran.text
    assert "['" not in ran.text
    assert "sign-in at (from the cloud's metadata)" in ran.text
