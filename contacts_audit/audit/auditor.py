"""Audits one subscription: reads the API versions that its checks need, and runs the checks."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from contacts_audit.audit import checks
from contacts_audit.audit.deciding_version import Readings
from contacts_audit.audit.policy import Policy
from contacts_audit.audit.unread import fault
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.client import Client
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.arm.retry import Budget
from contacts_audit.azure.contacts import read
from contacts_audit.azure.contacts.api_versions import Versions
from contacts_audit.core.delivery import Delivery, MailAnswer
from contacts_audit.core.errors import AuthError, AzureError, Reason, VersionRefusedError
from contacts_audit.core.model import (
    Audited,
    Check,
    Contact,
    Criteria,
    Outcome,
    Reading,
    Subscription,
    Unread,
)

OF_ADDRESSES = {*Check} - {Check.ALERT_NOTIFICATIONS, Check.OWNER_NOTIFIED, Check.ATTACK_PATHS}
DNS_HINT = "check DNS from here (--dns-timeout, --dns-server), or leave the check deliverable out"
log = logging.getLogger(__name__)
Lookup = Callable[[Iterable[str]], Mapping[str, MailAnswer]]
"""Returns the answer of DNS for each mail domain (ASCII)."""


@dataclass(frozen=True, slots=True)
class Auditor:
    """
    Audits subscriptions by a *policy*, each through the client that *client* says.

    *look_up* asks DNS about mail domains, and only for the check `deliverable`.
    """

    client: Callable[[Subscription], Client]
    policy: Policy
    look_up: Lookup
    _versions: Versions = field(default_factory=Versions)

    def within(self, budget: Budget) -> "Auditor":
        """Return an auditor like this one that spends *budget*, which somebody else spends, too."""
        return replace(self, client=lambda subscription: self.client(subscription).within(budget))

    def audit(self, subscription: Subscription) -> Outcome:
        """Return the outcome for *subscription*: a failure of Azure's is one, too."""
        started = time.monotonic()
        client = self.client(subscription)
        budget = client.limits.until()
        outcome = self._outcome(
            subscription, lambda version: tuple(_contacts(client, subscription, version, budget))
        )
        return replace(outcome, seconds=time.monotonic() - started)

    def audit_again(
        self, subscription: Subscription, answers: Mapping[str, Answer]
    ) -> Audited | Unread:
        """Return the outcome for *subscription* by *answers* that were read, by api-version."""

        def fetched(version: str) -> tuple[Contact, ...]:
            if version not in answers:
                raise VersionRefusedError(Reason.VERSION_UNAVAILABLE, f"{version} was not read")
            return tuple(read.contacts(answers[version], version))

        return self._outcome(subscription, fetched)

    def _outcome(
        self, subscription: Subscription, fetched: Callable[[str], tuple[Contact, ...]]
    ) -> Audited | Unread:
        criteria = self.policy.criteria_of(subscription)
        readings = Readings(subscription, fetched, self._versions)
        try:
            deciding = {check: readings.deciding(check) for check in criteria.checks}
            if (reading := deciding.get(Check.DELIVERABLE)) is not None:
                criteria = with_mail(criteria, reading, self.look_up)
        except (AzureError, AuthError) as error:
            return Unread(subscription, fault(error, subscription), readings.contacts)
        contacts = readings.contacts
        judged = (
            checks.judge(check, reading, criteria, _remark(check, reading, contacts))
            for check, reading in deciding.items()
        )
        findings = tuple(filter(None, judged))
        failing = (finding.check for finding in findings)
        shown = next(one for one in (*failing, Check.CONTACT_EMAIL, *deciding) if one in deciding)
        return Audited(
            subscription,
            contacts=contacts,
            emails=checks.distinct_emails(deciding[shown].contacts),
            findings=findings,
            decided_by=deciding[shown].api_version,
            waiver=self.policy.waiver_of(subscription, findings),
            checks=criteria.checks,
            criteria=criteria,
        )


def _remark(check: Check, reading: Reading, contacts: Iterable[Contact]) -> str:
    """No fail on one version's word: 2017 decides alone only where no newer one is offered."""
    if reading.api_version == protocol.V2017:
        return f"; {protocol.V2017} alone decided, no newer api-version is offered"
    at_2017 = [one for one in contacts if one.api_version == protocol.V2017]
    wrong = checks.describe_malformed(at_2017) if check in OF_ADDRESSES else []
    return f"; at {protocol.V2017}: {'; '.join(wrong)}" if wrong else ""


def _contacts(
    client: Client, subscription: Subscription, version: str, budget: Budget
) -> Iterator[Contact]:
    url = protocol.contacts_url(client.endpoint, subscription.id, version)
    for answer in client.pages(url, most=read.MOST_PAGES, until=budget):
        yield from read.contacts(
            answer,
            version,
            lambda kind: log.info("%s: left out an item of type %s", subscription.label, kind),
        )


def with_mail(criteria: Criteria, reading: Reading, look_up: Lookup) -> Criteria:
    """
    Return *criteria* with the answers of DNS for the addresses of enabled contacts in *reading*.

    Raises:
        AzureError: whether a domain takes mail is unknown: that is no verdict.
    """
    answers = look_up(map(checks.mail_domain, checks.enabled_emails(reading.contacts)))
    unknown = [domain for domain in answers if answers[domain].delivery is Delivery.UNKNOWN]
    if unknown:
        more = f" (and {len(unknown) - 1} more)" if unknown[1:] else ""
        why = answers[unknown[0]].why
        message = f"cannot tell whether {unknown[0]} takes mail: {why}{more}"
        raise AzureError(Reason.UNREACHABLE, message, hint=DNS_HINT)
    return replace(criteria, mail=answers)
