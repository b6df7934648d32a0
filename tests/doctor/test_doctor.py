"""`doctor` tests each part, and says how to fix what fails."""

import json
import time
from email.utils import formatdate
from typing import Any

import pytest
from azure_double import AzureDouble, Proxy, faults
from conftest import ROOT, Run, run_in
from doctor.checks import ALL, GOOD, checks, failed

from contacts_audit import doctor
from contacts_audit.cli.doctor import lines
from contacts_audit.core.errors import ExitCode
from contacts_audit.doctor import Status


def test_all_is_well(azure: AzureDouble, run: Run) -> None:
    """A line for each: credential and why, who, until when, endpoints, trust, clock, reads."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.add("Old", state="Disabled")

    ran = run("doctor", "-o", "json")

    found = checks(ran)
    assert (ran.code, [*found], failed(found)) == (0, ALL, [])
    assert "AZURE_CLIENT_SECRET" in found["credential"]["detail"]
    assert all(
        fact in found["sign-in"]["detail"]
        for fact in (azure.tenant, f"application {azure.client_id}", "expires 20", "min)")
    )
    assert all(
        fact in found["cloud"]["detail"]
        for fact in (azure.endpoint, azure.authority, azure.audience)
    )
    assert str(azure.ca) in found["network"]["detail"]
    assert "2 visible, 1 of them" in found["subscriptions"]["detail"]
    assert "1 contact" in found["read 2017-08-01-preview"]["detail"]
    for issued in azure.tokens:
        assert issued not in ran.text + ran.err


def test_a_user_is_shown_by_name(azure: AzureDouble, run: Run) -> None:
    """Not by the application that they signed in through."""
    azure.add("Prod", contacts_2017=GOOD)

    found = checks(run("doctor", "-o", "json", "--auth", "device-code"))

    assert f"user {azure.user.upn}" in found["sign-in"]["detail"]
    assert "--auth device-code" in found["credential"]["detail"]


def test_each_test_has_a_line_of_text(azure: AzureDouble, run: Run) -> None:
    """Status, name, what was found, and below it how to fix it."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.offered = {"2017-08-01-preview"}

    ran = run("doctor")

    lines = ran.text.splitlines()
    assert (ran.code, ran.err) == (0, "An audit can run.\n")
    assert [line[:8].rstrip() for line in lines] == ["ok"] * 7 + [
        "warning",
        "",
        "warning",
        "",
        "ok",
    ]
    assert lines[8].strip() == "audit uses the other versions; check --cloud"


@pytest.mark.parametrize(
    ("variables", "check", "says", "hint"),
    [
        pytest.param(
            {"AZURE_CLIENT_ID": "", "PATH": "/nonexistent"},
            "credential",
            "no credential is configured",
            "AZURE_CLIENT_SECRET",
            id="nothing configured",
        ),
        pytest.param(
            {"AZURE_CLIENT_SECRET": ""},
            "credential",
            "no secret, certificate or token is",
            "AZURE_FEDERATED_TOKEN_FILE",
            id="half configured",
        ),
        pytest.param(
            {"AZURE_CLIENT_SECRET": "x"}, "sign-in", "7000215", "value, not", id="wrong secret"
        ),
        pytest.param(
            {"AZURE_TENANT_ID": "nowhere.example"}, "sign-in", "90002", "--tenant", id="tenant"
        ),
        pytest.param(
            {"CONTACTS_AUDIT_CA_BUNDLE": ""},
            "network",
            "certificate verify failed",
            "--ca-bundle",
            id="CA missing",
        ),
        pytest.param(
            {"CONTACTS_AUDIT_ARM_ENDPOINT": "https://localhost:1"},
            "network",
            "refused",
            "firewall",
            id="nobody there",
        ),
        pytest.param(
            {"CONTACTS_AUDIT_AUTHORITY_HOST": "https://localhost:1"},
            "sign-in",
            "no answer from localhost:1",
            "firewall",
            id="no token service",
        ),
        pytest.param(
            {"CONTACTS_AUDIT_AUDIENCE": "https://vault.azure.net"},
            "subscriptions",
            "InvalidAuthenticationTokenAudience",
            "sign in again",
            id="wrong audience",
        ),
    ],
)
def test_what_stops_an_audit_fails(
    azure: AzureDouble, run: Run, variables: dict[str, str], check: str, says: str, hint: str
) -> None:
    """Exactly that test, with its hint. The exit code is 1, as for `audit`."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("doctor", "-o", "json", "--auth-timeout", "2", "--budget", "2", **variables)

    found = checks(ran)
    assert (ran.code, failed(found)) == (1, [check])
    assert says in found[check]["detail"]
    assert hint in found[check]["hint"]
    assert run("audit", "--auth-timeout", "2", "--budget", "2", **variables).code == 1


def test_an_expired_secret_is_found(azure: AzureDouble, run: Run) -> None:
    """Its hint differs from that of a wrong secret."""
    azure.secret_expired = True

    found = checks(run("doctor", "-o", "json"))

    assert "7000222" in found["sign-in"]["detail"]
    assert "add a new one" in found["sign-in"]["hint"]


@pytest.mark.parametrize("status", [407, 403])
def test_a_proxy_that_refuses_is_found(azure: AzureDouble, run: Run, status: int) -> None:
    """Without a retry. Its address and password are not shown."""
    with pytest.MonkeyPatch.context() as patch, Proxy(azure, refuse=status) as proxy:
        address = proxy.url.replace("://", "://somebody:hunter2@")
        patch.setenv("HTTPS_PROXY", address)
        patch.delenv("NO_PROXY", raising=False)
        ran = run("doctor", "-o", "json")

    found = checks(ran)
    assert failed(found) == ["network"]
    assert str(status) in found["network"]["detail"]
    assert "HTTPS_PROXY" in found["network"]["hint"]
    assert "hunter2" not in ran.text + ran.err
    assert len(proxy.connects) == 1


@pytest.mark.parametrize(
    ("skew", "status", "says"),
    [
        (0, "ok", "within"),
        (100, "warning", "behind"),
        (-100, "warning", "ahead"),
        (700, "failed", "behind"),
        (-700, "failed", "ahead"),
    ],
)
def test_a_wrong_clock_is_found(
    azure: AzureDouble, run: Run, skew: int, status: str, says: str
) -> None:
    """More than the five minutes that Entra allows fails; less warns."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.clock = lambda: time.time() + skew

    ran = run("doctor", "-o", "json")

    found = checks(ran)
    assert (found["clock"]["status"], ran.code) == (status, 1 if status == "failed" else 0)
    assert says in found["clock"]["detail"]
    assert [*found] == ALL


@pytest.mark.parametrize(
    ("skew", "status"),
    [(9, Status.OK), (11, Status.WARNING), (299, Status.WARNING), (301, Status.FAILED)],
)
def test_limits_of_the_clock(skew: int, status: Status) -> None:
    """In both directions."""
    now = 1_800_000_000.0

    assert doctor.clock(formatdate(now + skew, usegmt=True), now).status is status
    assert doctor.clock(formatdate(now - skew, usegmt=True), now).status is status


@pytest.mark.parametrize("date", ["", "soon", "Fri, 99 Xxx 2026 99:99:99 GMT"])
def test_a_clock_without_a_date_is_not_known(date: str) -> None:
    """It is no reason to stop."""
    assert doctor.clock(date, 0.0).status is Status.WARNING


@pytest.mark.parametrize(
    ("lifetime", "status"), [(3600, "ok"), (650, "ok"), (550, "warning"), (100, "warning")]
)
def test_a_near_expiry_is_a_warning(
    azure: AzureDouble, run: Run, lifetime: int, status: str
) -> None:
    """A long run may outlive the token."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.token_lifetime = lifetime
    token = azure.token()

    ran = run("doctor", "-o", "json", "--auth", "token", AZURE_ACCESS_TOKEN=token)

    assert (ran.code, checks(ran)["sign-in"]["status"]) == (0, status)


@pytest.mark.parametrize("token", ["opaque", "e30.e30.x", "e30.W10.x"])
def test_an_opaque_token_is_a_warning(azure: AzureDouble, run: Run, token: str) -> None:
    """Neither tenant, user nor expiry is known."""
    ran = run("doctor", "-o", "json", "--auth", "token", AZURE_ACCESS_TOKEN=token)

    found = checks(ran)
    assert "tenant unknown" in found["sign-in"]["detail"]
    assert found["sign-in"]["status"] == "warning"
    assert failed(found) == ["subscriptions"]


def test_nothing_visible_fails(azure: AzureDouble, run: Run) -> None:
    """It is never "all compliant"."""
    ran = run("doctor", "-o", "json")

    found = checks(ran)
    assert (ran.code, failed(found)) == (1, ["subscriptions"])
    assert "Security Reader" in found["subscriptions"]["hint"]


def test_nothing_to_audit_is_a_warning(azure: AzureDouble, run: Run) -> None:
    """As `audit` ends with 0 and a warning where all are skipped."""
    azure.add("Old", state="Disabled")

    ran = run("doctor", "-o", "json")

    assert (ran.code, checks(ran)["subscriptions"]["status"]) == (0, "warning")


def test_no_permission_to_read_fails(azure: AzureDouble, run: Run) -> None:
    """Where no subscription can be read; the role is named."""
    for _ in range(3):
        azure.add("Locked", readable=False)

    ran = run("doctor", "-o", "json")

    found = checks(ran)
    assert ran.code == 1
    assert "none of 3 subscriptions" in found["read"]["detail"]
    assert "AuthorizationFailed" in found["read 2017-08-01-preview"]["detail"]
    assert "Security Reader" in found["read 2017-08-01-preview"]["hint"]


def test_a_run_that_times_out_is_complete_json(azure: AzureDouble, run: Run) -> None:
    """Earlier results are kept."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.fail("POST", faults.hang())

    found = checks(run("doctor", "-o", "json", "--deadline", "3"))

    assert failed(found) == ["deadline"]
    assert found["network"]["status"] == "ok"


def test_one_readable_subscription_is_enough(azure: AzureDouble, run: Run) -> None:
    """Wherever it is in the list: an audit would be incomplete, but it can run."""
    for _ in range(40):
        azure.add("Locked", readable=False)
    azure.add("Open", contacts_2017=GOOD)

    ran = run("doctor", "-o", "json")

    found = checks(ran)
    assert (ran.code, failed(found)) == (0, [])
    assert "Open" in found["read 2017-08-01-preview"]["detail"]


@pytest.mark.parametrize(
    ("offered", "code"),
    [
        ({"2017-08-01-preview"}, 0),
        ({"2023-12-01-preview"}, 0),
        ({"2020-01-01-preview"}, 0),
        ({"2099-01-01"}, 1),
    ],
)
def test_a_refused_version_is_a_warning(
    azure: AzureDouble, run: Run, offered: set[str], code: int
) -> None:
    """Unless all are refused: then nothing can be read."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.offered = offered

    ran = run("doctor", "-o", "json")

    found = checks(ran)
    statuses = [found[name]["status"] for name in ALL[-4:-1]]
    assert ran.code == code
    assert statuses.count("ok") == (1 if code == 0 else 0)
    assert statuses.count("warning" if code == 0 else "failed") == (2 if code == 0 else 3)


def test_an_error_at_one_version_is_a_warning(azure: AzureDouble, run: Run) -> None:
    """The other versions show that an audit can run."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.fail("2023-12-01-preview", faults.status(500))

    ran = run("doctor", "-o", "json", "--budget", "2")

    found = checks(ran)
    assert (ran.code, found["read 2023-12-01-preview"]["status"]) == (0, "warning")


@pytest.mark.parametrize(
    "fault", [faults.html(200), faults.html(403), faults.redirect(302, "https://login.hotel/")]
)
def test_a_login_page_of_the_network_is_found(azure: AzureDouble, run: Run, fault: Any) -> None:
    """It answers in place of Azure."""
    azure.fail("/metadata/endpoints", fault)

    found = checks(run("doctor", "-o", "json"))

    assert failed(found) == ["network"]


def test_hostile_names_are_escaped(azure: AzureDouble, run: Run) -> None:
    """In the text and in JSON."""
    azure.add("\x1b[2J\u202egnp\nok", contacts_2017=GOOD)

    text, document = run("doctor"), run("doctor", "-o", "json")

    assert "\x1b" not in text.text + document.text
    assert "\u202e" not in text.text + document.text
    assert len(text.text.splitlines()) == len(ALL)


def test_several_tenants_are_signed_in_to(azure: AzureDouble, run: Run) -> None:
    """Each has a line."""
    other = azure.add_tenant("fabrikam.example")
    azure.add("Prod", tenant_id=other.id, contacts_2017=GOOD)

    ran = run("doctor", "--tenant", azure.tenant, "--tenant", other.id)

    assert ran.code == 0
    assert ran.text.count("ok       sign-in") == 2


def test_wrong_usage_of_doctor_is_exit_code_2(azure: AzureDouble, run: Run) -> None:
    """As for every command, and nothing is sent."""
    ran = run("doctor", "--ca-bundle", "/nope")

    assert (ran.code, ran.out, azure.asked) == (2, b"", [])


def test_a_broken_bundle_of_the_environment_is_found(
    azure: AzureDouble, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUESTS_CA_BUNDLE is not an option, so a mistake in it is a failed test, not wrong usage."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nope")

    ran = run("doctor", "-o", "json", CONTACTS_AUDIT_CA_BUNDLE="")

    found = checks(ran)
    assert (ran.code, failed(found)) == (1, ["network"])
    assert "/nope" in found["network"]["detail"]
    assert found["credential"]["status"] == "ok"


def test_a_recording_is_examined_without_a_credential() -> None:
    """What it shows of subscriptions and api-versions, and nothing else."""
    ran = run_in({}, "doctor", "-o", "json", "--replay", str(ROOT / "fixtures/old-cloud"))

    found = checks(ran)
    assert ran.code == 0
    assert [*found] == ["recorded", *ALL[-5:]]
    assert found["write permission"]["status"] == "ok"
    moment = found["recorded"]["detail"]
    assert json.loads(ran.text)["recorded"] == moment
    assert f" was recorded {moment};" in ran.err


def test_codes() -> None:
    """Only a failure makes the exit code 1."""
    warning = doctor.Diagnosis("x", Status.WARNING, "", "")

    assert doctor.exit_code([warning]) is ExitCode.CLEAN
    assert doctor.exit_code([warning, doctor.Diagnosis("y", Status.FAILED, "")]) is ExitCode.FAILED


def test_a_recording_that_cannot_be_written_is_exit_code_74(run: Run) -> None:
    """As for every command: it is no fault of Azure's."""
    ran = run("doctor", "--record", "/dev/null/recording")

    assert ran.code == 74
    assert ran.err.splitlines()[-1].startswith("error: --record: /dev/null/recording: ")


@pytest.mark.parametrize("width", [40, 80, 100, 140])
def test_lines_are_folded_between_words_at_a_terminal(width: int) -> None:
    """Beneath what they belong to; an address stays whole, to be copied."""
    url = "https://management.azure.com/subscriptions/e6bd53fe-b19a-4834-a49e-f34c4fd55ca1"
    each = doctor.Diagnosis("network", Status.FAILED, f"no answer from {url} within 15 s", "wait")

    piped, seen = lines(each, None), lines(each, width).splitlines()

    assert " ".join(line.strip() for line in seen).split() == piped.split()
    assert url in piped.splitlines()[0]
    assert seen[-1] == " " * 34 + "wait"
    assert all(line.startswith(" " * 34) for line in seen[1:])
    assert all(len(line) <= max(width, 34 + len(url)) for line in seen)
