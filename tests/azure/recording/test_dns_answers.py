"""A recording holds what DNS answered about mail domains, masked as the addresses are."""

import json
from pathlib import Path
from typing import Any

import pytest

from contacts_audit.audit.checks import mail_domain
from contacts_audit.azure.clouds import CLOUDS
from contacts_audit.azure.kinds import CloudName
from contacts_audit.azure.recording.folder import Recording
from contacts_audit.azure.recording.mask import Mask
from contacts_audit.azure.recording.recorder import Recorder
from contacts_audit.core.delivery import Delivery, MailAnswer
from contacts_audit.core.errors import UsageError

ANSWERS = {
    "contoso.com": MailAnswer(Delivery.TAKES_MAIL, "by its MX records"),
    "contoso.con": MailAnswer(Delivery.NO_MAIL_HOST, "it does not exist"),
    "slow.com": MailAnswer(Delivery.UNKNOWN, "no name server answered within 4 seconds"),
    "xn--bcher-kva.com": MailAnswer(Delivery.REFUSES_MAIL, "it has a null MX record"),
}


def recorded(folder: Path, *, mask: bool = False) -> Recording:
    """Record the answers in *folder*, and read them back."""
    recorder = Recorder(folder, CLOUDS[CloudName.AZURE], mask=mask, several=False)
    recorder.signed_in(["t"])
    for domain, answer in ANSWERS.items():
        recorder.keep_mail(domain, answer)
    return Recording.read(folder)


def test_answers_are_read_back_as_they_were(tmp_path: Path) -> None:
    """Those that failed, too: a replay is judged as the run was."""
    assert recorded(tmp_path).mail == ANSWERS


def test_domains_are_masked_as_in_addresses(tmp_path: Path) -> None:
    """No domain is left in a file, and every answer is still found."""
    found = recorded(tmp_path, mask=True).mail

    texts = "".join(path.read_text() for path in tmp_path.iterdir())
    assert not any(domain.partition(".")[0] in texts for domain in ANSWERS)
    assert sorted(found.values(), key=str) == sorted(ANSWERS.values(), key=str)


@pytest.mark.parametrize(
    "email", ["soc@contoso.com", "SOC@Contoso.COM", "soc@b\u00fccher.com", "soc@xn--bcher-kva.com"]
)
def test_the_domain_of_a_masked_address_is_the_masked_domain(email: str) -> None:
    """In whatever case and script the address is written."""
    mask = Mask()
    masked = json.loads(mask.body(json.dumps({"properties": {"emails": email}})))

    assert mail_domain(masked["properties"]["emails"]) == mask.mail_domain(mail_domain(email))


def test_two_spellings_of_an_address_are_masked_alike() -> None:
    """They are one mailbox before and after, so that no count changes."""
    mask = Mask()
    body = json.dumps({"emails": "soc@b\u00fccher.com;soc@xn--bcher-kva.com"})

    one, two = json.loads(mask.body(body))["emails"].split(";")

    assert one == two


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([], id="a list"),
        pytest.param({"domain": "a.com", "delivery": "yes", "why": ""}, id="an unknown answer"),
        pytest.param({"domain": 7, "delivery": "unknown", "why": ""}, id="a number"),
        pytest.param({"domain": "a.com", "delivery": "unknown"}, id="no reason"),
        pytest.param({"domain": "\ud800", "delivery": "unknown", "why": ""}, id="half a letter"),
    ],
)
def test_a_damaged_answer_is_refused(tmp_path: Path, content: Any) -> None:
    """Anybody may have written a recording."""
    recorded(tmp_path)
    (tmp_path / "dns-00001.json").write_text(json.dumps(content))

    with pytest.raises(UsageError, match="is not a recording"):
        Recording.read(tmp_path)


def test_a_long_reason_is_cut(tmp_path: Path) -> None:
    """It is printed in a line."""
    recorded(tmp_path)
    answer = {"domain": "a.com", "delivery": "unknown", "why": "x" * 100_000}
    (tmp_path / "dns-00001.json").write_text(json.dumps(answer))

    assert len(Recording.read(tmp_path).mail["a.com"].why) == 200
