"""
Renders the report as JUnit XML, for CI servers: a test case for each subscription.

Each test case is an element tree of its own, so that memory does not grow with the report.

https://github.com/testmoapp/junitxml
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from contacts_audit.core.model import (
    Audited,
    Outcome,
    Report,
    Run,
    Skipped,
    Subscription,
    Unread,
    Verdict,
)
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import fix_command, wording
from contacts_audit.report.disappeared import Gone, gone

SUITE = "contacts-audit"


def render(report: Report) -> Iterator[str]:
    """Yield the head with the counts, then a test case for each subscription."""
    verdicts = Counter(outcome.verdict for outcome in report.outcomes)  # of the listed rows
    lost = [*gone(report)]
    counts = {
        "name": SUITE,
        "tests": str(verdicts.total() + len(lost)),
        "failures": str(verdicts[Verdict.NON_COMPLIANT]),
        "errors": str(verdicts[Verdict.UNREADABLE]),
        "skipped": str(verdicts[Verdict.WAIVED] + verdicts[Verdict.SKIPPED] + len(lost)),
        "time": _seconds((report.finished - report.run.started).total_seconds()),
    }
    started = (
        (report.run.recorded or report.run.started).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    )
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield _opening("testsuites", counts)
    yield _opening("testsuite", {**counts, "timestamp": started})
    yield _spelt(_properties(report))
    for outcome in report.outcomes:
        yield _spelt(_testcase(outcome, report.run))
    for one in lost:
        yield _spelt(_lost(one))
    yield "</testsuite>\n</testsuites>\n"


def _properties(report: Report) -> Element:
    properties, run = Element("properties"), report.run
    facts = {
        "version": run.version,
        "cloud": run.cloud,
        "profile": run.profile or "",
        "checks": ",".join(run.checks),
        **({"only": ",".join(report.only)} if report.only else {}),
        **({"source": "recording"} if run.invocation and run.invocation.recording else {}),
    }
    for name, value in facts.items():
        SubElement(properties, "property", name=name, value=_legal(value))
    return properties


def _testcase(outcome: Outcome, run: Run) -> Element:
    seconds = None if isinstance(outcome, Skipped) else outcome.seconds
    case = _case(outcome.subscription, seconds)
    message = {"message": _legal(wording.message(outcome))}
    typed = {"type": wording.reason(outcome), **message}
    match outcome:
        case Audited(verdict=Verdict.COMPLIANT):
            pass
        case Audited(verdict=Verdict.NON_COMPLIANT):
            found = [f"{one.check} at {one.api_version}: {one.message}" for one in outcome.findings]
            SubElement(case, "failure", typed).text = _lines(*found, *_fix(outcome, run))
        case Unread(fault=fault):
            text = _lines(fault.detail, fault.hint, *_fix(outcome, run))
            SubElement(case, "error", typed).text = text
        case Audited() | Skipped():
            SubElement(case, "skipped", message)
    return case


def _case(subscription: Subscription, seconds: float | None) -> Element:
    """Return a test case without a result; *seconds* is how long it was read, where known."""
    name, time = _legal(subscription.label), _seconds(seconds or 0.0)
    return Element("testcase", classname=SUITE, name=name, time=time)


def _seconds(seconds: float) -> str:
    """Return a time as readers take it; a clock that was set back makes it no less than zero."""
    return f"{max(seconds, 0.0):.3f}"


def _fix(outcome: Outcome, run: Run) -> Iterator[str]:
    command = fix_command.command(outcome, run)
    if command is not None:
        yield f"fix: {command}"
        yield from fix_command.remarks([command], run)


def _lines(*lines: str) -> str:
    return "\n".join(map(_legal, lines))


def _lost(one: Gone) -> Element:
    """Return a skipped test case: it neither passed nor failed."""
    case = _case(one.subscription, None)
    SubElement(case, "skipped", message=_legal(one.message))
    return case


def _opening(name: str, attributes: Mapping[str, str]) -> str:
    """Return the start tag of an element; *attributes* are not escaped, and hold our words only."""
    spelt = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{spelt}>\n"


def _spelt(element: Element) -> str:
    indent(element)
    return tostring(element, encoding="unicode") + "\n"


def _legal(text: str) -> str:
    """
    Return *text* sanitized, and without the two more characters that XML forbids.

    https://www.w3.org/TR/xml/#charsets
    """
    return re.sub("[\ufffe\uffff]", lambda match: f"\\u{ord(match[0]):04x}", sanitized(text))
