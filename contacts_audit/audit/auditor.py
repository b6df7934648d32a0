"""Audits one subscription: reads the API versions that its checks need, and runs the checks."""

import copy
import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType

from contacts_audit.audit.checks import describe_malformed, distinct_emails, judge
from contacts_audit.audit.deciding_version import Readings
from contacts_audit.audit.deliverability import Lookup, with_mail
from contacts_audit.audit.policy import Policy
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.client import Client
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.arm.retry import Budget
from contacts_audit.azure.contacts import read
from contacts_audit.azure.contacts.api_versions import Versions
from contacts_audit.core.errors import HINTS, AuthError, AzureError, Reason, VersionRefusedError
from contacts_audit.core.model import (
    Audited,
    Check,
    Contact,
    Criteria,
    Fault,
    Outcome,
    Reading,
    Skipped,
    Subscription,
    Unread,
)

OF_ADDRESSES = frozenset(
    {
        Check.CONTACT_EMAIL,
        Check.REACHABLE,
        Check.REQUIRED_EMAIL,
        Check.ALLOWED_DOMAIN,
        Check.MINIMUM_EMAILS,
        Check.DELIVERABLE,
    }
)
SKIPPED_STATES = frozenset({"disabled", "deleted"})
log = logging.getLogger(__name__)


class Auditor:
    """
    Audits subscriptions by a *policy*, each through the client that *client* says.

    *look_up* asks DNS about mail domains, and only for the check `deliverable`.
    """

    def __init__(
        self, client: Callable[[Subscription], Client], policy: Policy, look_up: Lookup
    ) -> None:
        self._client = client
        self._policy = policy
        self._look_up = look_up
        self._versions = Versions()

    def within(self, budget: Budget) -> "Auditor":
        """Return an auditor like this one that spends *budget*, which somebody else spends, too."""
        other, client = copy.copy(self), self._client
        other._client = lambda subscription: client(subscription).within(budget)
        return other

    def audit(self, subscription: Subscription) -> Outcome:
        """Return the outcome for *subscription*: a failure of Azure's is one, too."""
        started = time.monotonic()
        client = self._client(subscription)
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
        criteria = self._policy.criteria_of(subscription)
        readings = Readings(subscription, fetched, self._versions)
        try:
            deciding = {check: readings.deciding(check) for check in criteria.checks}
            if (reading := deciding.get(Check.DELIVERABLE)) is not None:
                criteria = with_mail(criteria, reading, self._look_up)
        except (AzureError, AuthError) as error:
            return Unread(subscription, fault(error, subscription), readings.contacts)
        return self._judgment(subscription, criteria, deciding, readings.contacts)

    def _judgment(
        self,
        subscription: Subscription,
        criteria: Criteria,
        deciding: Mapping[Check, Reading],
        contacts: tuple[Contact, ...],
    ) -> Audited:
        """No fail on one version's word: 2017 decides alone only where no newer one is offered."""
        wrong = describe_malformed([one for one in contacts if one.api_version == protocol.V2017])

        def remark(check: Check, reading: Reading) -> str:
            if reading.api_version == protocol.V2017:
                return f"; {protocol.V2017} alone decided, no newer api-version is offered"
            told = check in OF_ADDRESSES and wrong
            return f"; at {protocol.V2017}: {'; '.join(wrong)}" if told else ""

        findings = tuple(
            finding
            for check, reading in deciding.items()
            if (finding := judge(check, reading, criteria, remark(check, reading))) is not None
        )
        first = next((finding.check for finding in findings), None)
        if first is None:
            email = Check.CONTACT_EMAIL
            first = email if email in deciding else next(iter(deciding))
        return Audited(
            subscription,
            contacts=contacts,
            emails=distinct_emails(deciding[first].contacts),
            findings=findings,
            decided_by=deciding[first].api_version,
            waiver=self._policy.waiver_of(subscription, findings),
            checks=criteria.checks,
            criteria=criteria,
        )


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


def fault(error: AzureError | AuthError, subscription: Subscription) -> Fault:
    """Return the facts of *error*, and a hint that may be copied."""
    found = Fault.of(error)
    return replace(found, hint=found.hint.replace("SUBSCRIPTION_ID", subscription.id))


def unasked(subscription: Subscription) -> Skipped | Unread | None:
    """Return the outcome of a *subscription* that nothing is asked of, None for all others."""
    if not subscription.visible:
        reason = Reason.NOT_VISIBLE
        return Unread(
            subscription, Fault(reason, "it is not visible to this identity", HINTS[reason])
        )
    if (subscription.state or "").casefold() in SKIPPED_STATES:
        return Skipped(subscription)
    return None


def broken(subscription: Subscription, error: Exception) -> Unread:
    """Return the outcome of a *subscription* at which we stumbled: this one alone is lost."""
    reason, trace = Reason.INTERNAL, error.__traceback__
    for line in "".join(traceback.format_tb(trace)).splitlines():
        log.debug("%s: %s", subscription.label, line)
    message = f"unexpected {type(error).__name__} at {_place(trace)}"  # its text may hold a secret
    return Unread(subscription, Fault(reason, message, HINTS[reason]))


def _place(trace: TracebackType | None) -> str:
    """Return the file and line, the last of ours, where an error came from."""
    package = __name__.partition(".")[0]
    place = "an unknown place"
    for frame, line in traceback.walk_tb(trace):
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] == package:
            place = f"{name.replace('.', '/')}.py:{line}"
    return place


def out_of_time(subscription: Subscription) -> Unread:
    """Return the outcome of a *subscription* that the run's deadline left unread."""
    reason = Reason.DEADLINE
    return Unread(subscription, Fault(reason, "the run's deadline passed", HINTS[reason]))
