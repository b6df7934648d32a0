"""What is an address, and which two of them are one mailbox."""

import pytest

from contacts_audit.core import mailbox


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("soc@contoso.com", "SOC@Contoso.COM", id="case"),
        pytest.param("soc@bücher.com", "soc@xn--bcher-kva.com", id="IDNA"),
        pytest.param("soc@BÜCHER.com", "SOC@XN--BCHER-KVA.COM", id="IDNA in capitals"),
        pytest.param("soc@bu\u0308cher.com", "soc@bücher.com", id="a combined letter"),
        pytest.param("soc@bücher。com", "soc@bücher.com", id="an ideographic full stop"),
        pytest.param("nobody", "Nobody", id="no address, in another case"),
        pytest.param("soc@contoso.local", "SOC@contoso.LOCAL", id="refused, in another case"),
    ],
)
def test_one_mailbox(one: str, other: str) -> None:
    """Two spellings of one mailbox have one key, and count once."""
    assert mailbox.key(one) == mailbox.key(other)
    assert mailbox.distinct([one, other, one]) == [one]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("a@contoso.com", "b@contoso.com", id="local part"),
        pytest.param(
            "a@straße.de", "a@strasse.de", id="two domains that case-folding takes for one"
        ),
        pytest.param("a@contoso.com", "a@sub.contoso.com", id="subdomain"),
        pytest.param("a", "a@contoso.com", id="no address"),
    ],
)
def test_two_mailboxes(one: str, other: str) -> None:
    """Two mailboxes have two keys."""
    assert mailbox.distinct([one, other]) == [one, other]


def test_domains_are_compared_as_dns_sees_them() -> None:
    """A domain may be written in Unicode or in ASCII."""
    assert mailbox.domain_key("bücher.com") == mailbox.domain_key("XN--bcher-kva.com")
    assert mailbox.domain_key("contoso.com") != mailbox.domain_key("sub.contoso.com")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("soc@contoso.local", "special-use", id="Active Directory's"),
        pytest.param("soc", "@-sign", id="no sign"),
        pytest.param("soc@contoso", "period", id="no top-level domain"),
        pytest.param("a@" + "b" * 5000, "longer than", id="longer than any"),
        pytest.param("\ud800@contoso.com", "unsafe", id="half a surrogate pair"),
    ],
)
def test_a_refusal_says_why(text: str, said: str) -> None:
    """The reason is that of email-validator, shortened."""
    reason = mailbox.refusal(text)

    assert reason is not None
    assert said in reason
    assert len(reason) <= mailbox.LONGEST_REASON
    assert not mailbox.is_address(text)


def test_an_address_has_no_refusal() -> None:
    """A valid address has no reason."""
    assert mailbox.refusal("soc@contoso.com") is None
