"""
Renders the report as one self-contained HTML page that makes no request.

Its Content Security Policy allows only its own style and script, by their hashes.  Without the
script it still shows everything.  https://www.w3.org/TR/CSP3/#framework-directive-source-list
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from contacts_audit.core.model import Outcome, Report, Verdict
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import fix_command, json_, wording
from contacts_audit.report.table import STYLES

MARKS: Mapping[Verdict, str] = {
    Verdict.SKIPPED: "\N{EN DASH}",
    Verdict.UNREADABLE: "?",
    Verdict.NON_COMPLIANT: "\N{BALLOT X}",
    Verdict.WAIVED: "~",
    Verdict.COMPLIANT: "\N{CHECK MARK}",
}
THINNEST = 0.01  # share of the picture: one among thousands is still visible
PIECES = 20  # of the page that are yielded together
MANY = 200  # rows; of more, the browser lays out only those in sight


class _Templates(Environment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look up keys of a dict directly: there are thousands of rows."""
        return obj[attribute] if isinstance(obj, dict) else super().getattr(obj, attribute)


def environment() -> Environment:
    """Return the templates of pages, which escape and sanitize what they insert."""
    templates = _Templates(
        loader=PackageLoader("contacts_audit.report", "page"),
        autoescape=True,
        finalize=_sanitized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters.update(joined=_joined, several=_several)
    templates.globals.update(colors=STYLES, marks=MARKS, marked=_marked())
    return templates


def render(report: Report) -> Iterator[str]:
    """Yield the page in pieces."""
    style, script = asset("page.css"), asset("page.js")
    template = environment().get_template("page.html.j2")
    page = template.stream(
        style=style,
        script=script,
        csp=content_security_policy(style, script),
        head=json_.summary(report),
        picture=_picture(report.verdicts),
        report=report,
        source=[*fix_command.source(report.run)],
        rows=(_row(outcome, report) for outcome in report.outcomes),
        rule=wording.RULE,
        many=MANY,
        not_today=wording.NOT_TODAY,
    )
    page.enable_buffering(PIECES)
    yield from page


class Part(NamedTuple):
    """A verdict in the picture; *start* and *width* are percentages, *number* counts its rows."""

    verdict: Verdict
    number: int
    start: float
    width: float


def _picture(verdicts: Counter[Verdict]) -> list[Part]:
    """Return all verdicts, strongest first, each as wide as its share of the rows."""
    total = verdicts.total()
    shares = {
        verdict: max(verdicts[verdict] / total, THINNEST) if verdicts[verdict] else 0.0
        for verdict in Verdict
    }
    parts, start, whole = [], 0.0, sum(shares.values()) or 1.0
    for verdict, share in shares.items():
        width = 100 * share / whole
        parts.append(Part(verdict, verdicts[verdict], round(start, 2), round(width, 2)))
        start += width
    return parts


def _row(outcome: Outcome, report: Report) -> dict[str, Any]:
    row = json_.row(outcome, report.run)
    portal, command = row["portal_url"] or "", fix_command.command(outcome, report.run)
    return {
        **row,
        "why": wording.why(outcome),
        "portal": portal if portal.startswith("https://") else None,
        "fix": command,
        "blanks": "; ".join(fix_command.blanks(command or "")),
        "was": None if report.was is None else wording.was_in_words(report, outcome),
    }


def asset(name: str) -> str:
    """Return the text of a file in the folder `page`."""
    return files("contacts_audit.report").joinpath("page", name).read_text("utf-8")


def content_security_policy(style: str, script: str | None = None) -> str:
    """Return a policy that allows exactly *style* and *script*, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash(style)}",
            *([] if script is None else [f"script-src {_hash(script)}"]),
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _joined(lines: Markup) -> Markup:
    """Remove newlines between tags: each is a node, in thousands of rows."""
    return Markup(str(lines).replace(">\n<", "><"))  # noqa: S704 - it is markup already


def _several(texts: Iterable[str], otherwise: str) -> Markup:
    """Return *texts*, isolated from each other whatever their direction, or *otherwise* if none."""
    isolated = [f"<bdi>{escape(sanitized(text))}</bdi>" for text in texts]
    return Markup(", ".join(isolated) or escape(otherwise))  # noqa: S704 - all in it is escaped


def _marked() -> Mapping[Verdict, Markup]:
    """Return each verdict with its mark and color."""
    spelt = '<span class="verdict {}"><span class="mark" aria-hidden="true">{}</span>{}</span>'
    return {
        one: Markup(spelt).format(STYLES[one], MARKS[one], one)  # noqa: S704 - a text of ours
        for one in Verdict
    }


def _sanitized(value: object) -> object:
    """Sanitize each text that the template inserts, except markup of ours."""
    return sanitized(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
