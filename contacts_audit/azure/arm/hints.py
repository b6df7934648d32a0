"""What to do where a list cannot be read that is not one of contacts, for which `HINTS` are."""

import contextlib
from collections.abc import Iterator, Mapping

from contacts_audit.core.errors import HINTS, RECORD, AzureError, Reason

LIST: Mapping[Reason, str] = {
    Reason.UNAUTHORIZED: "sign in again, and check --tenant, --cloud and --audience",
    Reason.NOT_REGISTERED: HINTS[Reason.REFUSED],
    Reason.THROTTLED: "run again later, or with a larger --budget",
    Reason.DEADLINE: "raise --deadline",
    Reason.MALFORMED: RECORD,
    Reason.PAGING: RECORD,
}
SUBSCRIPTIONS: Mapping[Reason, str] = {
    **LIST,
    Reason.FORBIDDEN: "grant the identity the role Reader on a subscription (action "
    "Microsoft.Resources/subscriptions/read); any other role there is enough, too",
    Reason.NOT_FOUND: "check --cloud and --arm-endpoint: every Resource Manager has this list",
}
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/management-and-governance
_GROUP = (
    "check its id, and grant the identity the role Reader on it (action "
    "Microsoft.Management/managementGroups/descendants/read, which Management Group Reader lacks)"
)
GROUP: Mapping[Reason, str] = {**LIST, Reason.FORBIDDEN: _GROUP, Reason.NOT_FOUND: _GROUP}
PERMISSIONS: Mapping[Reason, str] = {
    **LIST,
    Reason.FORBIDDEN: "grant the identity the role Reader on the subscription (action "
    "Microsoft.Authorization/permissions/read)",
}
FETCHED: Mapping[Reason, str] = {Reason.MALFORMED: RECORD, Reason.PAGING: RECORD}
"""For `fetch`, which cannot say that `fetch` shows more."""


@contextlib.contextmanager
def hinting(hints: Mapping[Reason, str]) -> Iterator[None]:
    """Give an error its hint of *hints*, unless it arose with one of its own."""
    try:
        yield
    except AzureError as error:
        if error.reason in hints and not error.hinted:
            error.hint = hints[error.reason]
        raise
