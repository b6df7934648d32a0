"""
The report as one page for a browser: whole in itself, and silent towards the network.

Its policy lets it run its own style and script, known by their hashes, and nothing else; without
the script it still shows everything.  https://www.w3.org/TR/CSP3/#framework-directive-source-list
"""

import base64
import hashlib
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from contacts_audit import policy
from contacts_audit.azure.drafts import DEFAULT
from contacts_audit.errors import Reason
from contacts_audit.inert import inert
from contacts_audit.model import (
    Audited,
    Check,
    Contact,
    Finding,
    Outcome,
    Report,
    Run,
    Unread,
    Verdict,
)
from contacts_audit.report import json_, wording
from contacts_audit.report.table import STYLES

if TYPE_CHECKING:
    from markupsafe import Markup

MARKS: Mapping[Verdict, str] = {
    Verdict.SKIPPED: "\N{EN DASH}",
    Verdict.UNREADABLE: "?",
    Verdict.NON_COMPLIANT: "\N{BALLOT X}",
    Verdict.WAIVED: "~",
    Verdict.COMPLIANT: "\N{CHECK MARK}",
}
THINNEST = 0.01  # of the picture: one among thousands is still seen
PIECES = 20  # of the page, that go out together
PLACEHOLDER = "ADDRESS"
MANY = 200  # rows, from which on the browser lays out those in sight alone
MOST = 10  # addresses that a command asks for


def render(report: Report) -> Iterator[str]:
    """Yield the page, rows and all, a piece at a time."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("contacts_audit.report", "page"),
        autoescape=True,
        finalize=_inert,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["joined"] = _joined
    style, script = _asset("page.css"), _asset("page.js")
    page = environment.get_template("page.html.j2").stream(
        style=style,
        script=script,
        csp=_content_security_policy(style, script),
        head=json_.summary(report.run, report.finished, report.verdicts),
        picture=_picture(report.verdicts),
        rows=(_row(outcome, report.run) for outcome in report.outcomes),
        gone=report.gone,
        marks=MARKS,
        colours=STYLES,
        many=MANY,
        placeholder=PLACEHOLDER,
    )
    page.enable_buffering(PIECES)
    yield from page


def mending(outcome: Outcome, run: Run) -> str | None:
    """
    Return the command that mends what was found, None where no command does.

    It holds ids, words of ours and what was asked for; of what Azure calls things, nothing.
    """
    subscription = outcome.subscription
    match outcome:
        case Audited(verdict=Verdict.NON_COMPLIANT):
            words = ["contacts-audit", "apply", "-s", subscription.id]
            if len(run.tenants) > 1 and subscription.tenant_id in run.tenants:
                words += ["--tenant", subscription.tenant_id]
            return shlex.join([*words, *_cloud(run.cloud), *_wish(outcome)])
        case Unread(fault=fault) if fault.reason is Reason.NOT_REGISTERED:
            words = ["az", "provider", "register", "--namespace", "Microsoft.Security"]
            return shlex.join([*words, "--subscription", subscription.id])
    return None


class Part(NamedTuple):
    """One verdict in the picture; *start* and *width* are in percent, 0 wide where it has none."""

    verdict: Verdict
    number: int
    start: float
    width: float


def _picture(verdicts: Counter[Verdict]) -> list[Part]:
    """Return all verdicts, strongest first, each as wide as it is frequent."""
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


def _row(outcome: Outcome, run: Run) -> dict[str, Any]:
    row = json_.row(outcome, run)
    portal = row["portal_url"] or ""
    return {
        **row,
        "why": wording.why(outcome),
        "portal": portal if portal.startswith("https://") else None,
        "mending": mending(outcome, run),
    }


def _cloud(name: str) -> list[str]:
    """Return the options for a cloud; one's own is named by the host of its Resource Manager."""
    if name == "AzureCloud":
        return []
    return ["--cloud", name] if name.isalpha() else ["--arm-endpoint", f"https://{name}"]


def _wish(audited: Audited) -> list[str]:
    """Return the options that mend all findings of *audited*, given the contact that is written."""
    findings, version = audited.findings, audited.findings[0].api_version
    written = next(
        (one for one in audited.contacts if (one.name, one.api_version) == (DEFAULT, version)),
        Contact(DEFAULT, version, (), (), True, None, None, None, ()),
    )
    required = [
        address if address.isascii() else PLACEHOLDER
        for finding in findings
        if finding.check is Check.REQUIRED_EMAIL
        for address in _listed(finding)
    ]
    lacking = _most_lacking(findings, written)
    added = [*required, *[PLACEHOLDER] * min(lacking - len(required), MOST)]
    options = [] if written.enabled else ["--enable"]
    options += [word for address in added for word in ("--email", address)]
    flags = dict.fromkeys(flag for finding in findings for flag in _flags(finding, written))
    return [*options, *(word for flag in flags for word in flag)]


def _most_lacking(findings: Sequence[Finding], written: Contact) -> int:
    """Say how many addresses mend all *findings*: what goes must not count for the minimum."""
    lacking = Counter({one.check: _lacking(one, written) for one in findings})
    lacking[Check.MINIMUM_EMAILS] += lacking[Check.ALLOWED_DOMAIN]
    return max(lacking.values())


def _lacking(finding: Finding, written: Contact) -> int:
    """Say how many addresses are to be added for *finding*; one merely disabled lacks none."""
    match finding.check:
        case Check.CONTACT_EMAIL:
            return 0 if written.addresses else 1
        case Check.REACHABLE:
            return 0 if written.addresses or _owner(written) else 1
        case Check.ALLOWED_DOMAIN:
            return len(_listed(finding))  # one goes, one comes
        case Check.MINIMUM_EMAILS:
            found, wanted = map(int, re.findall(r"\d+", finding.message)[:2])
            return wanted - found - (0 if written.enabled else len(written.addresses))
    return 0


def _flags(finding: Finding, written: Contact) -> Iterator[tuple[str, ...]]:
    """Yield what else mends *finding*; one merely disabled lacks nothing."""
    match finding.check:
        case Check.ALERT_NOTIFICATIONS | Check.REACHABLE:
            if written.alert_severity not in policy.SEVERITIES:
                yield "--minimum-severity", "High"
        case Check.OWNER_NOTIFIED:
            if not _owner(written):
                yield ("--notify-owners",)
        case Check.ATTACK_PATHS:
            level = re.search(rf"of risk ({'|'.join(policy.RISKS)})\b", finding.message)
            yield "--attack-paths", level[1] if level else policy.RISKS[-1]
        case Check.ALLOWED_DOMAIN:
            for number, _ in enumerate(_listed(finding), start=1):
                yield "--remove-email", f"WRONG-{PLACEHOLDER}-{number}"


def _owner(contact: Contact) -> bool:
    return any(role.casefold() == "owner" for role in contact.roles)


def _listed(finding: Finding) -> list[str]:
    """Return the addresses that *finding* names."""
    return finding.message.partition(": ")[2].partition(";")[0].split(", ")


def _asset(name: str) -> str:
    return files("contacts_audit.report").joinpath("page", name).read_text("utf-8")


def _content_security_policy(style: str, script: str) -> str:
    """Allow the two, to the letter, and forbid all else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {_hash(script)}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _joined(lines: "Markup") -> "Markup":
    """Drop the ends of lines between tags: thousands of rows have fewer nodes without."""
    from markupsafe import Markup

    return Markup("><").join(lines.split(">\n<"))


def _inert(value: object) -> object:
    """Make all that the template fills in harmless, but for what it calls safe: our own."""
    return inert(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
