"""Each mail domain is looked up once in a run."""

import threading
from collections import Counter

import pytest
from mail.name_server import running

from contacts_audit.core.delivery import Delivery, MailAnswer
from contacts_audit.core.errors import OutputError
from contacts_audit.core.workers import in_order
from contacts_audit.mail.lookups import MailLookups, recorded
from contacts_audit.mail.resolver import MailResolver

TAKES = MailAnswer(Delivery.TAKES_MAIL, "by its MX records")
BROKEN = MailAnswer(Delivery.UNKNOWN, "the name server answered SERVFAIL")


def test_many_threads_ask_once_for_each_domain() -> None:
    """One question to the name server, however many subscriptions have the domain."""
    zone = {f"d{number}.com": {"MX": ["10 mail.contoso.com."]} for number in range(20)}
    with running(zone) as server:
        lookups = MailLookups(MailResolver(5, server.address).ask)

        def work(number: int) -> bool:
            found = lookups.answers(list(zone)[number % 7 :])
            return set(found.values()) == {TAKES}

        done = in_order(
            work, range(60), workers=8, deadline=float("inf"), timed_out=lambda one: False
        )

        assert all(done)
        assert {server.asked[domain, "MX"] for domain in zone} == {1}


def test_a_failure_is_remembered() -> None:
    """A second question would cost as much, and could give the rows two answers."""
    asked: Counter[str] = Counter()

    def ask(domain: str) -> MailAnswer:
        asked[domain] += 1
        return BROKEN

    lookups = MailLookups(ask)

    assert [lookups.answers(["a.com"])["a.com"] for _ in range(3)] == [BROKEN] * 3
    assert asked == {"a.com": 1}


def test_domains_are_asked_for_at_the_same_time() -> None:
    """Each waits until all are under way."""
    together = threading.Barrier(8, timeout=30)

    def ask(domain: str) -> MailAnswer:
        together.wait()
        return TAKES

    found = MailLookups(ask).answers(f"{number}.com" for number in range(8))

    assert len(found) == 8


def test_an_answer_that_cannot_be_kept_fails_for_everybody() -> None:
    """A full disk ends the run; nobody waits for ever."""

    def keep(domain: str, answer: MailAnswer) -> None:
        raise OutputError("--record: no space left")

    lookups = MailLookups(lambda domain: TAKES, keep)

    for _ in range(2):
        with pytest.raises(OutputError):
            lookups.answers(["a.com"])


def test_a_recording_answers_only_what_it_has() -> None:
    """It never asks DNS."""
    answers = MailLookups(recorded({"a.com": TAKES})).answers(["a.com", "b.com"])

    assert answers["a.com"] == TAKES
    assert answers["b.com"].delivery is Delivery.UNKNOWN
    assert "record it again" in answers["b.com"].why
