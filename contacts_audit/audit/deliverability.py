"""The answers of DNS that the check deliverable needs. An unknown answer is no verdict."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from contacts_audit.audit.checks import distinct_emails, enabled_contacts, mail_domain
from contacts_audit.core.delivery import Delivery, MailAnswer
from contacts_audit.core.errors import AzureError, Reason
from contacts_audit.core.model import Criteria, Reading

Lookup = Callable[[Iterable[str]], Mapping[str, MailAnswer]]
"""Returns the answer of DNS for each mail domain (ASCII)."""

HINT = "check DNS from here (--dns-timeout, --dns-server), or leave the check deliverable out"


def with_mail(criteria: Criteria, reading: Reading, look_up: Lookup) -> Criteria:
    """
    Return *criteria* with the answers of DNS for the addresses of enabled contacts in *reading*.

    Raises:
        AzureError: whether a domain takes mail is unknown.
    """
    emails = distinct_emails(enabled_contacts(reading.contacts))
    answers = look_up(map(mail_domain, emails))
    unknown = {
        domain: answer for domain, answer in answers.items() if answer.delivery is Delivery.UNKNOWN
    }
    if unknown:
        (domain, answer), *others = unknown.items()
        more = f" (and {len(others)} more)" if others else ""
        message = f"cannot tell whether {domain} takes mail: {answer.why}{more}"
        raise AzureError(Reason.UNREACHABLE, message, hint=HINT)
    return replace(criteria, mail=answers)
