"""What DNS says of a mail domain, asked of a real name server on loopback."""

import itertools
import socket
from pathlib import Path

import dns.flags
import dns.rcode
import dns.resolver
import pytest
from mail.name_server import NameServer, running

from contacts_audit.core.delivery import Delivery, MailAnswer
from contacts_audit.mail.lookups import MailLookups
from contacts_audit.mail.resolver import MailResolver

ZONE = {
    "contoso.com": {"MX": ["10 mail.contoso.com."]},
    "refuses.com": {"MX": ["0 ."]},
    "both.com": {"MX": ["0 .", "10 mail.both.com."]},
    "four.com": {"A": ["192.0.2.1"]},
    "six.com": {"AAAA": ["2001:db8::1"]},
    "inside.com": {"A": ["10.0.0.25"]},
    "nothing.com": {"TXT": ["no mail here"]},
    "alias.com": {"CNAME": ["contoso.com."]},
    "xn--bcher-kva.com": {"MX": ["10 mail.contoso.com."]},
}
TAKES, REFUSES, NONE, UNKNOWN = Delivery
LIFETIME = 5.0


def ask(server: NameServer, domain: str, lifetime: float = LIFETIME) -> MailAnswer:
    """Ask *server* about *domain*."""
    return MailResolver(lifetime, server.address).ask(domain)


@pytest.mark.parametrize(
    ("domain", "delivery", "why"),
    [
        pytest.param("contoso.com", TAKES, "by its MX records", id="MX"),
        pytest.param("xn--bcher-kva.com", TAKES, "by its MX records", id="IDNA"),
        pytest.param("alias.com", TAKES, "by its MX records", id="an alias"),
        pytest.param("both.com", TAKES, "by its MX records", id="a null MX beside another"),
        pytest.param("four.com", TAKES, "by its A record", id="A only"),
        pytest.param("six.com", TAKES, "by its AAAA record", id="AAAA only"),
        pytest.param("inside.com", TAKES, "by its A record", id="a private address"),
        pytest.param("refuses.com", REFUSES, "it has a null MX record", id="null MX"),
        pytest.param("nothing.com", NONE, "it has no MX, A or AAAA record", id="other records"),
        pytest.param("contoso.con", NONE, "it does not exist", id="NXDOMAIN"),
    ],
)
def test_a_domain_takes_mail_by_its_records(domain: str, delivery: Delivery, why: str) -> None:
    """RFC 5321, section 5.1, and RFC 7505."""
    with running(ZONE) as server:
        assert ask(server, domain) == MailAnswer(delivery, why)


def test_an_address_record_decides_whatever_the_other_lookup_did() -> None:
    """Without MX records; what is unknown counts only where no address is found."""
    outcomes = ("record", "none", "nxdomain", "servfail", "silent")
    wanted, zone, rcodes, silent = {}, {}, {}, set()
    for four, six in itertools.product(outcomes, repeat=2):
        domain = f"{four}-{six}.com"
        zone[domain] = {"TXT": ["no MX record"]}
        for kind, outcome in (("A", four), ("AAAA", six)):
            match outcome:
                case "record":
                    zone[domain][kind] = ["192.0.2.1" if kind == "A" else "2001:db8::1"]
                case "nxdomain" | "servfail":
                    rcodes[f"{domain} {kind}"] = dns.rcode.from_text(outcome)
                case "silent":
                    silent.add(f"{domain} {kind}")
        if "record" in (four, six):
            wanted[domain] = (TAKES, f"by its {'A' if four == 'record' else 'AAAA'} record")
        elif {four, six} <= {"none", "nxdomain"}:
            wanted[domain] = (NONE, "it has no MX, A or AAAA record")
        else:
            first = four if four in ("servfail", "silent") else six
            why = {"servfail": "the name server answered SERVFAIL"}
            wanted[domain] = (UNKNOWN, why.get(first, "no name server answered within 2 seconds"))

    with running(zone, rcodes=rcodes, silent=frozenset(silent)) as server:
        lookups = MailLookups(MailResolver(2.0, server.address).ask)
        found = lookups.answers(wanted)

    assert {domain: tuple(answer) for domain, answer in found.items()} == wanted


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "FORMERR", "NOTIMP", "YXDOMAIN"])
def test_an_error_of_the_name_server_is_unknown(code: str) -> None:
    """It says nothing about the domain, and other domains are still asked for."""
    with running(ZONE, rcodes={"contoso.com": dns.rcode.from_text(code)}) as server:
        resolver = MailResolver(LIFETIME, server.address)

        answer = resolver.ask("contoso.com")

        assert answer.delivery is UNKNOWN
        assert code == "YXDOMAIN" or answer.why == f"the name server answered {code}"
        assert resolver.ask("four.com").delivery is TAKES


def test_an_error_for_every_domain_is_unknown() -> None:
    """A server that refuses to answer this machine is not a domain without mail."""
    with running(ZONE, rcodes={"*": dns.rcode.REFUSED}) as server:
        resolver = MailResolver(LIFETIME, server.address)

        answers = {resolver.ask(domain).why for domain in ("contoso.com", "contoso.con")}

    assert answers == {"the name server answered REFUSED"}


@pytest.mark.parametrize("domain", ["nothing.com", "contoso.con"])
def test_an_empty_answer_of_a_server_that_does_not_recurse_is_unknown(domain: str) -> None:
    """A referral to other servers looks like a domain without records."""
    with running(ZONE, flags=0) as server:
        answer = ask(server, domain)

    assert answer.delivery is UNKNOWN
    assert answer.why == "the name server does not resolve names for this machine"


def test_an_empty_answer_of_an_authoritative_server_counts() -> None:
    """It need not recurse for its own domain."""
    with running(ZONE, flags=dns.flags.AA) as server:
        assert ask(server, "nothing.com").delivery is NONE


def test_a_truncated_answer_is_asked_for_again_over_tcp() -> None:
    """Many MX records do not fit into a datagram."""
    with running(ZONE, cut=frozenset({"contoso.com"})) as server:
        assert ask(server, "contoso.com").delivery is TAKES
        assert server.over_tcp["contoso.com"] == 1


def test_a_domain_without_an_answer_is_unknown_and_others_are_asked() -> None:
    """The servers of that domain may be down; the name server itself answers for the root."""
    with running(ZONE, silent=frozenset({"contoso.com"})) as server:
        resolver = MailResolver(2.0, server.address)

        silent, other = resolver.ask("contoso.com"), resolver.ask("four.com")

    assert silent == MailAnswer(UNKNOWN, "no name server answered within 2 seconds")
    assert other.delivery is TAKES


def test_a_dead_name_server_is_waited_for_once() -> None:
    """All later lookups end without a question."""
    with running(ZONE, silent=frozenset({"*"})) as server:
        resolver = MailResolver(1.0, server.address)
        first = resolver.ask("contoso.com")
        questions = server.asked.total()

        later = {resolver.ask(f"{number}.com") for number in range(100)}

        assert first.delivery is UNKNOWN
        assert later == {MailAnswer(UNKNOWN, "no name server answers")}
        assert server.asked.total() == questions


def test_a_machine_without_a_name_server_is_unknown(tmp_path: Path) -> None:
    """The configuration is missing, or names none."""
    missing = MailResolver(LIFETIME, configuration=str(tmp_path / "missing"))
    empty = tmp_path / "resolv.conf"
    empty.write_text("search contoso.com\n")

    answers = {one.ask("contoso.com") for one in (missing, MailResolver(5, None, str(empty)))}

    assert answers == {MailAnswer(UNKNOWN, "no name server is configured")}


@pytest.mark.parametrize("text", [b"nameserver nonsense\n", b"\xff\n", b"search a..b\n"])
def test_a_configuration_that_cannot_be_used_is_unknown(tmp_path: Path, text: bytes) -> None:
    """It is no crash, and no verdict."""
    path = tmp_path / "resolv.conf"
    path.write_bytes(text)

    assert MailResolver(LIFETIME, configuration=str(path)).ask("contoso.com").delivery is UNKNOWN


@pytest.mark.parametrize("name", ["a..b", "x" * 64])
def test_a_host_name_that_is_no_domain_is_unknown(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """dnspython takes the search list from it, whichever name server is asked."""
    monkeypatch.setattr(socket, "gethostname", lambda: name)

    assert MailResolver(LIFETIME, ("127.0.0.1", 53)).ask("contoso.com").delivery is UNKNOWN


def test_the_resolver_of_the_process_stays_as_it_is() -> None:
    """Other code in the process may use it."""
    with running(ZONE) as server:
        ask(server, "contoso.com")

    assert dns.resolver.default_resolver is None


@pytest.mark.parametrize("domain", ["a" * 64 + ".com", ".".join(["a" * 60] * 5), "a..com"])
def test_a_name_that_dns_does_not_take_is_unknown(domain: str) -> None:
    """It is no crash, and no verdict."""
    with running(ZONE) as server:
        assert ask(server, domain).delivery is UNKNOWN
