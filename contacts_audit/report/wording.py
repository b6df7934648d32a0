"""The words for one outcome, for formats that have a cell for them."""

from contacts_audit.core.model import Audited, Outcome, Skipped, Unread

RULE = "Security Contact Emails"  # as the rule is called where it is published


def reason(outcome: Outcome) -> str:
    """Return the failed checks, or why it could not be read."""
    match outcome:
        case Audited():
            return ",".join(finding.check for finding in outcome.findings)
        case Unread():
            return outcome.fault.reason
        case Skipped():
            return ""


def message(outcome: Outcome) -> str:
    """Return what is wrong, in a sentence."""
    match outcome:
        case Audited(waiver=waiver):
            found = "; ".join(finding.message for finding in outcome.findings)
            if waiver is None:
                return found
            return f"{found} (waived until {waiver.expires}: {waiver.reason}, {waiver.owner})"
        case Unread():
            return outcome.fault.message
        case Skipped():
            return f"its state is {outcome.subscription.state}"


def emails(outcome: Outcome) -> tuple[str, ...]:
    """Return the addresses that decided."""
    return outcome.emails if isinstance(outcome, Audited) else ()


def decided_by(outcome: Outcome) -> str:
    """Return the api-version that decided."""
    return outcome.decided_by if isinstance(outcome, Audited) else ""


def why(outcome: Outcome) -> str:
    """Return what a glance needs; of what Azure said, the code."""
    if isinstance(outcome, Unread):
        fault = outcome.fault
        told = " ".join(str(fact) for fact in (fault.status, fault.code) if fact)
        return f"{fault.reason} ({told})" if told else fault.reason
    return message(outcome)
