"""What an answer to a write means."""

import pytest
from remediation.scripted import WHO

from contacts_audit.core.errors import AzureError, Reason
from contacts_audit.remediation.results import Status
from contacts_audit.remediation.send import is_lost, refusal


@pytest.mark.parametrize(
    ("status", "lost"),
    [
        (None, True),
        (400, False),
        (404, False),
        (408, True),
        (429, False),
        (499, False),
        (500, True),
        (502, True),
        (503, True),
        (504, True),
        (302, False),
    ],
)
def test_whether_a_write_may_have_been_carried_out(status: int | None, lost: bool) -> None:
    """After no answer or a server error, the write may have been done."""
    assert is_lost(AzureError(Reason.SERVER_ERROR, "x", status=status)) is lost


@pytest.mark.parametrize(
    ("status", "reason", "code", "said"),
    [
        (409, Reason.REFUSED, None, Status.CONFLICT),
        (412, Reason.REFUSED, "PreconditionFailed", Status.CONFLICT),
        (409, Reason.REFUSED, "Read Only DisabledSubscription", Status.REFUSED),
        (409, Reason.REFUSED, "Scope Locked", Status.REFUSED),
        (409, Reason.NOT_REGISTERED, "MissingSubscriptionRegistration", Status.REFUSED),
        (411, Reason.REFUSED, None, Status.REFUSED),
        (400, Reason.REFUSED, "ReadOnly", Status.REFUSED),
        (403, Reason.FORBIDDEN, None, Status.REFUSED),
        (499, Reason.REFUSED, None, Status.REFUSED),
        (401, Reason.UNAUTHORIZED, None, Status.REFUSED),
        (408, Reason.TIMEOUT, None, None),
        (429, Reason.THROTTLED, None, None),
        (399, Reason.REDIRECTED, None, None),
        (500, Reason.SERVER_ERROR, None, None),
        (503, Reason.SERVER_ERROR, None, None),
        (None, Reason.TIMEOUT, None, None),
    ],
)
def test_what_an_answer_to_a_write_means(
    status: int | None, reason: Reason, code: str | None, said: Status | None
) -> None:
    """An answer is a conflict, a refusal, or undecided until the contact is read."""
    found = refusal(WHO, AzureError(reason, "x", status=status, code=code), "PUT")

    assert (found and found.status) is said
