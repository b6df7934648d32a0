"""What is an address, and which two of them are one mailbox."""

import email_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


WORD = st.text("abyzABYZ0189", min_size=1, max_size=12)
LABEL = st.lists(WORD, min_size=1, max_size=3).map("-".join)


def joined(parts: tuple[list[str], list[str]]) -> str:
    """Return words with as many characters between them, in turn."""
    words, between = parts
    return "".join(map("".join, zip(words, [*between[: len(words) - 1], ""], strict=False)))


@given(
    local=st.tuples(
        st.lists(WORD, min_size=1, max_size=4),
        st.lists(st.sampled_from("._+-"), min_size=3, max_size=3),
    ).map(joined),
    domain=st.lists(LABEL, min_size=1, max_size=3).map(".".join),
    top=st.sampled_from(["com", "net", "Org", "de", "UK", "zz"]),
)
def test_a_plain_address_is_one_to_email_validator(local: str, domain: str, top: str) -> None:
    """Which is not loaded for it, and would say the same."""
    text = f"{local}@{domain}.{top}"
    if len(text) > mailbox.LONGEST_LABEL:
        return
    found = email_validator.validate_email(text, check_deliverability=False)

    assert mailbox.PLAIN.fullmatch(text)
    assert mailbox.refusal(text) is None
    assert mailbox.key(text) == f"{found.local_part}@{found.ascii_domain}".casefold()


def test_no_plain_address_has_a_reserved_domain() -> None:
    """No top-level domain of two letters, nor com, net and org, is for special use."""
    for domain in email_validator.SPECIAL_USE_DOMAIN_NAMES:
        assert mailbox.PLAIN.fullmatch(f"a@{domain}") is None
        assert mailbox.PLAIN.fullmatch(f"a@b.{domain}") is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a@conto\u017fo.com", id="a long s, which is an s in another case"),
        pytest.param("a@contoso.com\n", id="a line end"),
        pytest.param("a..b@contoso.com", id="two dots"),
        pytest.param("a@xn--contoso.com", id="two hyphens"),
        pytest.param("a@-contoso.com", id="a hyphen in front"),
        pytest.param("a@contoso.c0m", id="a digit at the end"),
        pytest.param("a@contoso.com;b@contoso.com", id="two"),
    ],
)
def test_what_is_not_plain_is_left_to_email_validator(text: str) -> None:
    """Which knows the rest of the rules."""
    assert mailbox.PLAIN.fullmatch(text) is None
