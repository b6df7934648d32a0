"""The check deliverable: the domain of each address takes mail."""

from collections.abc import Iterable, Mapping

import pytest
from audit.samples import VERSION, contact

from contacts_audit.audit.auditor import with_mail
from contacts_audit.audit.checks import judge
from contacts_audit.core.delivery import Delivery, MailAnswer
from contacts_audit.core.errors import AzureError, Reason
from contacts_audit.core.model import Check, Contact, Criteria, Reading

DNS = {
    "contoso.com": MailAnswer(Delivery.TAKES_MAIL, "by its MX records"),
    "xn--bcher-kva.com": MailAnswer(Delivery.TAKES_MAIL, "by its A record"),
    "contoso.con": MailAnswer(Delivery.NO_MAIL_HOST, "it does not exist"),
    "refuses.com": MailAnswer(Delivery.REFUSES_MAIL, "it has a null MX record"),
    "slow.com": MailAnswer(Delivery.UNKNOWN, "no name server answered within 4 seconds"),
    "lame.com": MailAnswer(Delivery.UNKNOWN, "the name server answered SERVFAIL"),
}
CRITERIA = Criteria(None, (Check.DELIVERABLE,))


def look_up(domains: Iterable[str]) -> Mapping[str, MailAnswer]:
    """Answer from DNS above."""
    return {domain: DNS[domain] for domain in domains}


def judged(*contacts: Contact) -> str | None:
    """Return the message of the finding, None where the check passes."""
    reading = Reading(VERSION, contacts)
    finding = judge(Check.DELIVERABLE, reading, with_mail(CRITERIA, reading, look_up))
    return None if finding is None else finding.message


@pytest.mark.parametrize(
    ("emails", "message"),
    [
        pytest.param([], None, id="no address"),
        pytest.param(["soc@contoso.com"], None, id="takes mail"),
        pytest.param(["SOC@CONTOSO.COM"], None, id="in capitals"),
        pytest.param(["soc@b\u00fccher.com", "a@xn--bcher-kva.com"], None, id="IDNA"),
        pytest.param(['"a@b"@contoso.com'], None, id="an @ in quotes"),
        pytest.param(
            ["soc@contoso.con"],
            "no email can reach soc@contoso.con (contoso.con: it does not exist)",
            id="a typing error",
        ),
        pytest.param(
            ["soc@refuses.com"],
            "no email can reach soc@refuses.com (refuses.com: it has a null MX record)",
            id="refuses mail",
        ),
        pytest.param(
            ["a@contoso.con", "soc@contoso.com", "b@Contoso.Con", "c@refuses.com"],
            "no email can reach a@contoso.con, b@Contoso.Con, c@refuses.com "
            "(contoso.con: it does not exist; refuses.com: it has a null MX record)",
            id="several",
        ),
    ],
)
def test_each_address_needs_a_domain_that_takes_mail(
    emails: list[str], message: str | None
) -> None:
    """The message names each address and each domain once."""
    assert judged(contact(*emails)) == message


def test_a_disabled_contact_is_not_looked_up() -> None:
    """Nothing is sent to it."""
    assert judged(contact("soc@contoso.com"), contact("a@slow.com", enabled=False)) is None


@pytest.mark.parametrize(
    ("emails", "message"),
    [
        pytest.param(
            ["soc@slow.com"],
            "cannot tell whether slow.com takes mail: no name server answered within 4 seconds",
            id="unknown",
        ),
        pytest.param(
            ["a@contoso.con", "soc@lame.com", "b@slow.com"],
            "cannot tell whether lame.com takes mail: the name server answered SERVFAIL "
            "(and 1 more)",
            id="beside one that fails",
        ),
    ],
)
def test_an_unknown_answer_is_not_a_verdict(emails: list[str], message: str) -> None:
    """The check neither passes nor fails, so the subscription is unreadable."""
    with pytest.raises(AzureError, match="cannot tell whether") as caught:
        judged(contact(*emails))

    assert (str(caught.value), caught.value.reason) == (message, Reason.UNREACHABLE)
    assert "--dns-timeout" in caught.value.hint
