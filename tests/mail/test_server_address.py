"""The address of a name server, as --dns-server takes it."""

import pytest

from contacts_audit.mail.server_address import parse_server


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1", ("10.0.0.1", 53)),
        ("10.0.0.1:5353", ("10.0.0.1", 5353)),
        ("::1", ("::1", 53)),
        ("2001:DB8::53", ("2001:db8::53", 53)),
        ("[::1]", ("::1", 53)),
        ("[::1]:5353", ("::1", 5353)),
        ("fe80::1%eth0", ("fe80::1%eth0", 53)),
    ],
)
def test_an_ip_address_may_have_a_port(text: str, address: tuple[str, int]) -> None:
    """The port is 53 unless it is given."""
    assert parse_server(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dns.contoso.com",
        "10.0.0.1:",
        "10.0.0.1:0",
        "10.0.0.1:65536",
        "10.0.0.1:+53",
        "10.0.0.1:\u0665\u0663",
        "10.0.0",
        "10.0.0.1:53:53",
        "[::1",
        "[::1]:",
        "[10.0.0.1",
        "https://10.0.0.1/dns-query",
        " 10.0.0.1",
    ],
)
def test_what_is_not_an_address_is_refused(text: str) -> None:
    """A name would have to be looked up first."""
    with pytest.raises(ValueError, match="not"):
        parse_server(text)
