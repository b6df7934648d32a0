"""The data types of an audit. All are immutable."""

from contacts_audit.core.model.criteria import Check, Criteria, Profile, Waiver
from contacts_audit.core.model.outcome import (
    Audited,
    Fault,
    Finding,
    Outcome,
    Skipped,
    Unread,
    Verdict,
    exit_code,
)
from contacts_audit.core.model.run import FILE, Identity, Invocation, Report, Run
from contacts_audit.core.model.subscription import Change, Contact, Reading, Subscription

__all__ = [
    "FILE",
    "Audited",
    "Change",
    "Check",
    "Contact",
    "Criteria",
    "Fault",
    "Finding",
    "Identity",
    "Invocation",
    "Outcome",
    "Profile",
    "Reading",
    "Report",
    "Run",
    "Skipped",
    "Subscription",
    "Unread",
    "Verdict",
    "Waiver",
    "exit_code",
]
