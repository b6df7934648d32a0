"""Looks up each mail domain once in a run, several at the same time."""

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future

from contacts_audit.core.delivery import Delivery, MailAnswer
from contacts_audit.core.workers import in_order

AT_ONCE = 16  # lookups for one subscription
Ask = Callable[[str], MailAnswer]
Keep = Callable[[str, MailAnswer], None]


class MailLookups:
    """
    The answers of DNS in one run, by domain in ASCII. A failure is remembered as well.

    *ask* looks up one domain; *keep* is called once with each answer.
    """

    def __init__(self, ask: Ask, keep: Keep | None = None) -> None:
        self._ask = ask
        self._keep = keep
        self._lock = threading.Lock()
        self._found: dict[str, Future[MailAnswer]] = {}

    def answers(self, domains: Iterable[str]) -> Mapping[str, MailAnswer]:
        """Return the answer for each of *domains*, looking up those that are still unknown."""
        wanted = list(dict.fromkeys(domains))
        with self._lock:
            new = [domain for domain in wanted if domain not in self._found]
            self._found.update((domain, Future()) for domain in new)
        look_up = self._look_up
        for _ in in_order(look_up, new, workers=AT_ONCE, deadline=math.inf, timed_out=look_up):
            pass
        return {domain: self._found[domain].result() for domain in wanted}

    @property
    def known(self) -> Mapping[str, MailAnswer]:
        """The answers so far."""
        found = dict(self._found)
        return {domain: one.result() for domain, one in found.items() if one.done()}

    def _look_up(self, domain: str) -> None:
        try:
            answer = self._ask(domain)
            if self._keep is not None:
                self._keep(domain, answer)
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
            self._found[domain].set_exception(error)
        else:
            self._found[domain].set_result(answer)


def from_dns(lifetime: float, server: tuple[str, int] | None) -> Ask:
    """Return what asks DNS as a `MailResolver` does, which is made for the first question."""
    made: list[Ask] = []
    making = threading.Lock()

    def ask(domain: str) -> MailAnswer:
        with making:
            if not made:
                from contacts_audit.mail.resolver import MailResolver

                made.append(MailResolver(lifetime, server).ask)
        return made[0](domain)

    return ask


def recorded(answers: Mapping[str, MailAnswer]) -> Ask:
    """Return what answers from a recording; it never asks DNS."""
    missing = MailAnswer(
        Delivery.UNKNOWN, "the recording has no DNS answer: record it again with this check"
    )
    return lambda domain: answers.get(domain, missing)
