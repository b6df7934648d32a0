"""
Asks DNS whether a domain takes mail.

A domain takes mail at its MX hosts, without MX records at its A or AAAA record (RFC 5321, section
5.1). A null MX record refuses all mail (RFC 7505). The MX hosts themselves are not looked up.
"""

import math
import threading
import time
from typing import Any

from dns.exception import DNSException, Timeout
from dns.flags import AA, RA
from dns.message import Message
from dns.nameserver import Do53Nameserver
from dns.rcode import to_text
from dns.resolver import NXDOMAIN, YXDOMAIN, NoResolverConfiguration, Resolver

from contacts_audit.core.delivery import Delivery, MailAnswer
from contacts_audit.core.workers import in_order, started

ADDRESS_RECORDS = ("A", "AAAA")
FAILURES = (DNSException, ValueError, OSError)
NOBODY = MailAnswer(Delivery.UNKNOWN, "no name server answers")


class MailResolver:
    """
    Asks the name servers of this machine, or the one *server* (IP address and port).

    A lookup of one domain takes at most *lifetime* seconds. If no name server has ever answered
    when a lookup ends without an answer, and none answers for the root either, all later lookups
    end at once.
    """

    def __init__(
        self,
        lifetime: float,
        server: tuple[str, int] | None = None,
        configuration: str = "/etc/resolv.conf",
    ) -> None:
        self._lifetime = lifetime
        self._asked_for_root = threading.Event()
        self._answered = False
        self._dead: MailAnswer | None = None
        try:
            self._resolver = _configured(server, configuration)
        except FAILURES as error:
            self._dead = MailAnswer(Delivery.UNKNOWN, _why(error, lifetime))
            return
        self._resolver.timeout = lifetime / 2  # of one server, so that a second one is asked
        if not started(self._ask_for_root):
            self._asked_for_root.set()

    def ask(self, domain: str) -> MailAnswer:
        """Return what DNS says of *domain*, which is ASCII (IDNA); no error is raised."""
        if self._dead is not None:
            return self._dead
        try:
            return self._asked(domain)
        except FAILURES as error:
            return self._unknown(error)

    def _asked(self, domain: str) -> MailAnswer:
        end = time.monotonic() + self._lifetime
        try:
            hosts = self._records(domain, "MX", end)
        except NXDOMAIN:
            return MailAnswer(Delivery.NO_MAIL_HOST, "it does not exist")
        if hosts is None:
            return self._by_address(domain, end)
        if all(host.exchange.to_text() == "." for host in hosts):
            return MailAnswer(Delivery.REFUSES_MAIL, "it has a null MX record")
        return MailAnswer(Delivery.TAKES_MAIL, "by its MX records")

    def _by_address(self, domain: str, end: float) -> MailAnswer:
        """
        Return what A and AAAA say, asked for at the same time: a silent one takes no time of
        the other. A record that is found decides, whatever became of the other lookup.
        """

        def look_up(kind: str) -> bool | Exception:
            try:
                return self._records(domain, kind, end) is not None
            except NXDOMAIN:
                return False
            except FAILURES as error:
                return error

        kinds = ADDRESS_RECORDS
        found = [*in_order(look_up, kinds, workers=2, deadline=math.inf, timed_out=look_up)]
        for kind, one in zip(kinds, found, strict=True):
            if one is True:
                return MailAnswer(Delivery.TAKES_MAIL, f"by its {kind} record")
        for one in found:
            if isinstance(one, Exception):
                return self._unknown(one)
        return MailAnswer(Delivery.NO_MAIL_HOST, "it has no MX, A or AAAA record")

    def _records(self, domain: str, kind: str, end: float) -> Any:
        """
        Return the records of a *kind*, None if the domain exists and has none.

        Raises:
            NXDOMAIN: the domain does not exist.
            DNSException, ValueError, OSError: nobody knows (FAILURES).
        """
        try:
            answer = self._resolver.resolve(
                f"{domain}.",  # no search list
                kind,
                lifetime=max(end - time.monotonic(), 0.001),
                raise_on_no_answer=False,
            )
        except NXDOMAIN as error:
            self._answered = True
            for response in error.kwargs["responses"].values():
                _check_authority(response)
            raise
        self._answered = True
        if answer.rrset is None:
            _check_authority(answer.response)
        return answer.rrset

    def _ask_for_root(self) -> None:
        """Find out whether a name server answers at all: every one knows the root, or says no."""
        try:
            self._resolver.resolve(".", "NS", lifetime=self._lifetime, raise_on_no_answer=False)
            self._answered = True
        except FAILURES as error:
            self._answered = self._answered or _any_response(error)
        finally:
            self._asked_for_root.set()

    def _unknown(self, error: Exception) -> MailAnswer:
        """Return what *error* means; remember it for all if no name server answers anybody."""
        if _any_response(error):
            self._answered = True
        else:
            self._asked_for_root.wait()
            if not self._answered:
                self._dead = NOBODY
                return NOBODY
        return MailAnswer(Delivery.UNKNOWN, _why(error, self._lifetime))


def _configured(server: tuple[str, int] | None, configuration: str) -> Resolver:
    if server is None:
        return Resolver(configuration)
    resolver = Resolver(configure=False)
    resolver.nameservers = [Do53Nameserver(*server)]
    return resolver


def _check_authority(response: Message) -> None:
    """Refuse the empty answer of a server that refers elsewhere: it has not looked."""
    if not response.flags & (AA | RA):
        raise ValueError("the name server does not resolve names for this machine")


def _responses(error: Exception) -> list[Message]:
    errors: list[Any] = getattr(error, "kwargs", {}).get("errors") or []
    return [each[4] for each in errors if each[4] is not None]


def _any_response(error: Exception) -> bool:
    return isinstance(error, NXDOMAIN | YXDOMAIN) or bool(_responses(error))


def _why(error: Exception, lifetime: float) -> str:
    if codes := {to_text(response.rcode()): None for response in _responses(error)}:
        return f"the name server answered {', '.join(codes)}"
    if isinstance(error, NoResolverConfiguration):
        return "no name server is configured"
    if isinstance(error, Timeout):
        return f"no name server answered within {lifetime:g} seconds"
    return str(error) if type(error) is ValueError else f"the lookup failed: {type(error).__name__}"
