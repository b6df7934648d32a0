"""The check deliverable in runs against the double, with a real name server on loopback."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.rcode
import pytest
from audit.judged_runs import GOOD, failed, only, report, rows
from azure_double import AzureDouble
from conftest import ROOT, Ran, Run, program, run_in
from mail.name_server import NameServer, running

ZONE = {
    "contoso.com": {"MX": ["10 mail.contoso.com."]},
    "inside.com": {"A": ["10.0.0.25"]},
    "refuses.com": {"MX": ["0 ."]},
    "xn--bcher-kva.com": {"MX": ["10 mail.contoso.com."]},
}
TYPO = {**GOOD, "emails": "soc@contoso.con"}
Audit = Callable[..., Ran]


@pytest.fixture
def dns_server() -> Iterator[NameServer]:
    """Run a name server for ZONE."""
    with running(ZONE) as server:
        yield server


@pytest.fixture
def audit(run: Run, dns_server: NameServer) -> Audit:
    """Return a command that judges deliverable, and asks the name server."""

    def command(*arguments: str, name: str = "audit", **variables: str) -> Ran:
        host, port = dns_server.address
        asks = ("--check", "deliverable", "--dns-server", f"{host}:{port}")
        return run(name, *arguments, *asks, **variables)

    return command


@pytest.mark.parametrize(
    ("emails", "code", "message"),
    [
        pytest.param("soc@contoso.com", 0, "", id="takes mail"),
        pytest.param("soc@inside.com", 0, "", id="inside a company"),
        pytest.param("soc@b\u00fccher.com", 0, "", id="IDNA"),
        pytest.param("", 0, "", id="no address"),
        pytest.param(
            "a@contoso.com;soc@contoso.con",
            3,
            "no email can reach soc@contoso.con (contoso.con: it does not exist)",
            id="a typing error",
        ),
        pytest.param(
            "soc@refuses.com",
            3,
            "no email can reach soc@refuses.com (refuses.com: it has a null MX record)",
            id="null MX",
        ),
    ],
)
def test_a_domain_without_mail_is_a_finding(
    azure: AzureDouble, audit: Audit, emails: str, code: int, message: str
) -> None:
    """By the newest API version."""
    azure.add("Prod", contact={**GOOD, "emails": emails})

    ran = audit("-o", "json")

    row = only(ran)
    assert ran.code == code
    assert [one["message"] for one in row["findings"]] == [message] * bool(message)
    assert failed(row) == ["deliverable"] * bool(message)


def test_nothing_is_asked_unless_the_check_is(
    azure: AzureDouble, run: Run, dns_server: NameServer
) -> None:
    """Even the strictest profile tells no name server about the organization."""
    azure.add("Prod", contact=TYPO)
    server = f"{dns_server.address[0]}:{dns_server.port}"

    ran = run("audit", "-o", "json", "--profile", "strict", "--dns-server", server)

    assert (ran.code, report(ran)["checks"]) == (0, report(ran)["checks"])
    assert "deliverable" not in report(ran)["checks"]
    assert not dns_server.asked


def test_each_domain_is_asked_for_once(
    azure: AzureDouble, audit: Audit, dns_server: NameServer
) -> None:
    """Whatever its case, and however many subscriptions have it."""
    for number in range(40):
        azure.add(f"Prod {number}", contact={**GOOD, "emails": f"a{number}@Contoso.COM;b@x.con"})

    ran = audit("-o", "json", "--workers", "16")

    assert ran.code == 3
    assert dns_server.asked["contoso.com", "MX"] == dns_server.asked["x.con", "MX"] == 1


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED"])
def test_an_unknown_answer_makes_the_row_unreadable(
    azure: AzureDouble, audit: Audit, dns_server: NameServer, code: str
) -> None:
    """Never a pass, never a finding; other rows have their verdicts."""
    dns_server.rcodes["lame.com"] = dns.rcode.from_text(code)
    azure.add("Lame", contact={**GOOD, "emails": "soc@lame.com;soc@contoso.con"})
    azure.add("Good", contact=GOOD)

    ran = audit("-o", "json")

    lame, good = rows(ran)
    assert (ran.code, lame["verdict"], good["verdict"]) == (4, "unreadable", "compliant")
    assert lame["error"]["reason"] == "unreachable"
    assert lame["error"]["message"] == (
        f"cannot tell whether lame.com takes mail: the name server answered {code}"
    )
    assert lame["contacts"]
    assert "leave the check deliverable out" in ran.err


def test_a_dead_name_server_costs_one_wait(
    azure: AzureDouble, audit: Audit, dns_server: NameServer
) -> None:
    """Later domains are not asked for."""
    dns_server.silent = frozenset({"*"})
    for number in range(20):
        azure.add(f"Prod {number}", contact={**GOOD, "emails": f"soc@d{number}.com"})

    ran = audit("-o", "json", "--workers", "1", "--dns-timeout", "1")

    assert {row["error"]["message"].partition(": ")[2] for row in rows(ran)} == {
        "no name server answers"
    }
    assert {domain for domain, _ in dns_server.asked} == {".", "d0.com"}


def test_a_policy_switches_it_on(
    azure: AzureDouble, run: Run, dns_server: NameServer, policy: Callable[[str], str]
) -> None:
    """The key deliverable, which an override may set, too."""
    azure.add("Prod", contact=TYPO)
    sandbox = azure.add("Sandbox", contact=TYPO)
    file = policy(
        f'deliverable = true\n[[override]]\nsubscription = "{sandbox.id}"\ndeliverable = false\n'
    )

    ran = run(
        *("audit", "-o", "json", "--policy", file),
        CONTACTS_AUDIT_DNS_SERVER=f"{dns_server.address[0]}:{dns_server.port}",
        CONTACTS_AUDIT_DNS_TIMEOUT="5",
    )

    assert [failed(row) for row in rows(ran)] == [["deliverable"], []]


@pytest.mark.parametrize("mask", [[], ["--mask"]], ids=["plain", "masked"])
def test_a_replay_has_the_same_verdicts_and_never_asks(
    azure: AzureDouble, audit: Audit, dns_server: NameServer, tmp_path: Path, mask: list[str]
) -> None:
    """Findings, passes and unknown answers."""
    dns_server.rcodes["lame.com"] = dns.rcode.SERVFAIL
    for emails in ("soc@contoso.com", "soc@contoso.con", "a@lame.com", "soc@b\u00fccher.com"):
        azure.add(emails, contact={**GOOD, "emails": emails})
    folder = str(tmp_path / "recording")
    live = audit("-o", "json", "--record", folder, *mask)

    with running(ZONE) as other:  # the first one may still be asked about the root by the live run
        asks = ("--check", "deliverable", "--dns-server", f"127.0.0.1:{other.port}")
        replayed = run_in({}, "audit", "-o", "json", *asks, "--replay", folder)

    verdicts = ["compliant", "non-compliant", "unreadable", "compliant"]
    assert [row["verdict"] for row in rows(replayed)] == verdicts
    assert [row["verdict"] for row in rows(live)] == verdicts
    assert not other.asked
    if mask:
        texts = "".join(path.read_text() for path in Path(folder).iterdir())
        assert not any(name in texts for name in ("contoso.co", "lame.com", "cher"))


def test_a_recording_without_answers_says_so(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """It was made without the check."""
    azure.add("Prod", contact=GOOD)
    folder = str(tmp_path / "recording")
    run("audit", "--profile", "strict", "--record", folder)

    ran = run_in({}, "audit", "-o", "json", "--check", "deliverable", "--replay", folder)

    assert ran.code == 4
    assert only(ran)["error"]["message"] == (
        "cannot tell whether contoso.com takes mail: the recording has no DNS answer: "
        "record it again with this check"
    )


def test_explain_shows_the_answers_of_dns(azure: AzureDouble, audit: Audit) -> None:
    """Each domain, what it does, and by which record."""
    azure.add("Prod", contact={**GOOD, "emails": "soc@contoso.con;soc@inside.com"})

    text, document = audit("Prod", name="explain"), audit("Prod", "-o", "json", name="explain")

    assert "DNS            contoso.con: no-mail-host (it does not exist)\n" in text.text
    assert "DNS            inside.com: takes-mail (by its A record)\n" in text.text
    assert json.loads(document.out)["dns"] == [
        {"domain": "contoso.con", "delivery": "no-mail-host", "why": "it does not exist"},
        {"domain": "inside.com", "delivery": "takes-mail", "why": "by its A record"},
    ]


def test_the_fix_removes_the_address(azure: AzureDouble, audit: Audit) -> None:
    """The command asks the same name server."""
    azure.add("Prod", contact={**GOOD, "emails": "soc@contoso.com;soc@contoso.con"})

    ran = audit()
    plan = audit("--failing-only", "-o", "json", name="plan")

    assert "--check deliverable --dns-server 127.0.0.1:" in ran.err
    assert "--remove-email soc@contoso.con" in ran.err
    (row,) = json.loads(plan.out)["subscriptions"]
    assert row["after"]["emails"] == "soc@contoso.com"


@pytest.mark.parametrize(
    "server", ["", "dns.contoso.com", "127.0.0.1:0", "127.0.0.1:70000", "[::1", "::1:x", "a:53"]
)
def test_a_malformed_name_server_is_wrong_usage(azure: AzureDouble, run: Run, server: str) -> None:
    """Before any request."""
    ran = run("audit", "--check", "deliverable", "--dns-server", server)

    assert (ran.code, azure.asked) == (2, [])


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "x"])
def test_a_malformed_timeout_is_wrong_usage(azure: AzureDouble, run: Run, timeout: str) -> None:
    """Before any request."""
    ran = run("audit", "--check", "deliverable", "--dns-timeout", timeout)

    assert (ran.code, azure.asked) == (2, [])


def test_a_saved_plan_is_judged_again_after_it_was_applied(
    azure: AzureDouble, audit: Audit, dns_server: NameServer, run: Run, tmp_path: Path
) -> None:
    """The plan has no answers of DNS; what still fails is looked up by `apply`."""
    azure.add("Prod", contact={**GOOD, "emails": "soc@contoso.com;soc@contoso.con"})
    plan, state = str(tmp_path / "plan.json"), str(tmp_path / "state")
    audit("--email", "noc@contoso.com", "--save", plan, name="plan")

    server = f"{dns_server.address[0]}:{dns_server.port}"
    ran = run("apply", plan, "--yes", "--state-dir", state, "--dns-server", server)

    assert (
        "mail" not in json.loads(Path(plan).read_text())["subscriptions"][0]["judged"]["criteria"]
    )
    assert "still fails deliverable: no email can reach soc@contoso.con" in ran.err
    assert f"--dns-server {server}" in ran.err
    assert "--remove-email soc@contoso.con" in ran.err


def test_dns_is_loaded_only_for_the_check() -> None:
    """Loading it takes a tenth of a second."""
    command = (sys.executable, "-X", "importtime", *program("audit", "--profile", "strict")[1:])
    ran = subprocess.run(
        [*command, "--replay", "fixtures/contoso"], cwd=ROOT, capture_output=True, check=False
    )

    assert b"contacts_audit.mail.lookups" in ran.stderr
    assert b"dns.resolver" not in ran.stderr
