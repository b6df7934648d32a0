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

from contacts_audit.core.model import Audited, Report, Run, Unread, Verdict
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import fix_command, wording

SUITE = "contacts-audit"


def render(report: Report) -> Iterator[str]:
    """Yield the head with the counts, then a test case for each subscription."""
    verdicts = Counter[str](row.verdict for row in wording.all_rows(report))  # of the listed rows
    skipped = (Verdict.WAIVED, Verdict.SKIPPED, wording.DISAPPEARED)
    counts = {
        "name": SUITE,
        "tests": str(verdicts.total()),
        "failures": str(verdicts[Verdict.NON_COMPLIANT]),
        "errors": str(verdicts[Verdict.UNREADABLE]),
        "skipped": str(sum(verdicts[each] for each in skipped)),
        "time": _seconds((report.finished - report.run.started).total_seconds()),
    }
    moment = (report.run.recorded or report.run.started).astimezone(UTC)
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield _opening("testsuites", counts)
    yield _opening("testsuite", {**counts, "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S")})
    yield _spelt(_properties(report))
    for row in wording.all_rows(report):
        yield _spelt(_testcase(row, report.run))
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


def _testcase(row: wording.Row, run: Run) -> Element:
    took = row.seconds if isinstance(row, Audited | Unread) else None
    names = {"classname": SUITE, "name": _legal(row.subscription.label)}
    case = Element("testcase", names, time=_seconds(took))
    message = _legal(wording.message(row))
    match row:
        case Audited(verdict=Verdict.COMPLIANT):
            return case
        case Audited(verdict=Verdict.NON_COMPLIANT):
            kind = "failure"
            lines = [f"{one.check} at {one.api_version}: {one.message}" for one in row.findings]
        case Unread(fault=fault):
            kind, lines = "error", [fault.detail, fault.hint]
        case _:  # what disappeared neither passed nor failed
            SubElement(case, "skipped", message=message)
            return case
    if (command := fix_command.command(row, run)) is not None:
        lines += [f"fix: {command}", *fix_command.remarks([command], run)]
    told = SubElement(case, kind, type=wording.reason(row), message=message)
    told.text = "\n".join(map(_legal, lines))
    return case


def _seconds(seconds: float | None) -> str:
    """Return a time: 0 where it is not known, or where the clock was set back."""
    return f"{max(seconds or 0.0, 0.0):.3f}"


def _opening(name: str, attributes: Mapping[str, str]) -> str:
    """Return the start tag of an element; *attributes* are not escaped, and hold our words only."""
    spelt = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{spelt}>\n"


def _spelt(element: Element) -> str:
    indent(element)
    return tostring(element, encoding="unicode") + "\n"


def _legal(text: str) -> str:
    """Return *text* without what XML forbids, too: https://www.w3.org/TR/xml/#charsets"""
    return re.sub("[\ufffe\uffff]", lambda match: f"\\u{ord(match[0]):04x}", sanitized(text))
