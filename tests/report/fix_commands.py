"""Subscriptions that fail, and the commands that a run prints for them."""

import csv
import io
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

from azure_double import AzureDouble
from conftest import Run
from junitparser import JUnitXml
from report.basic_report import subscription

from contacts_audit.audit.checks import judge
from contacts_audit.azure.contacts.records import Json
from contacts_audit.core.model import (
    Audited,
    Check,
    Criteria,
    Reading,
)

CRITERIA = Criteria(None, tuple(Check), "High", ("soc@a.example",), ("a.example",), 3)


def judged(reading: Reading, checks: Sequence[Check]) -> Audited:
    """Return what *checks* say of *reading*."""
    judgements = (judge(check, reading, CRITERIA) for check in checks)
    findings = tuple(finding for finding in judgements if finding is not None)
    return Audited(
        subscription(1, "x"),
        reading.contacts,
        (),
        findings,
        reading.api_version,
        criteria=replace(CRITERIA, checks=tuple(checks)),
    )


def contact(*emails: str, owner: bool = True, paths: str | None = "Critical", **more: Any) -> Json:
    """Return a contact as the portal writes it, and what *more* says."""
    sources: list[Json] = [{"sourceType": "Alert", "minimalSeverity": "High"}]
    if paths is not None:
        sources.append({"sourceType": "AttackPath", "minimalRiskLevel": paths})
    return {
        "isEnabled": True,
        "emails": ";".join(emails),
        "phone": "",
        "notificationsByRole": {"state": "On" if owner else "Off", "roles": ["Owner"]},
        "notificationsSources": sources,
        **more,
    }


SOC, OTHERS = "soc@a.example", "it@b.example"
STATES: dict[str, Json | None] = {
    "Good": contact(SOC, "a@a.example", "b@a.example"),
    "Nothing": None,
    "No Address": contact(),
    "Disabled": contact("a@a.example", isEnabled=False),
    "Disabled Elsewhere": contact(OTHERS, isEnabled=False, owner=False),
    "No Owner": contact(SOC, owner=False),
    "No Alerts": contact("a@a.example", notificationsSources=[]),
    "Strange": contact(
        "a@a.example", notificationsSources=[{"sourceType": "Alert", "minimalSeverity": "Odd"}]
    ),
    "No Paths": contact("a@a.example", paths=None),
    "Elsewhere": contact(OTHERS, "Odd.One@c.example"),
    "Both": contact(SOC, OTHERS),
    "Malformed": contact("nobody", owner=False),
}


def organised(azure: AzureDouble) -> None:
    """Let *azure* have a subscription in each of the states."""
    for name, properties in STATES.items():
        azure.add(name).contact = properties


def filled(command: str) -> list[str]:
    """Return the words of *command*, each blank of an address filled in with a new one."""
    words = shlex.split(command)
    return [f"new{at}@a.example" if word == "ADDRESS" else word for at, word in enumerate(words)]


def ending(err: str, program: str = "contacts-audit") -> list[str]:
    """Return the commands at the end of a run."""
    return re.findall(rf"^[^:]+: ({program} .*)$", err, re.MULTILINE)


def fixes(out: str) -> list[str]:
    """Return the commands of the rows of a CSV report."""
    return [row["command"] for row in csv.DictReader(io.StringIO(out)) if row["command"]]


def done(run: Run, command: str, folder: Path) -> None:
    """Paste *command*, its blanks filled in; a plan is looked at, and then applied."""
    state = ["--yes", "--state-dir", str(folder)]
    _, first, *words = filled(command)
    if first == "plan":
        planned = run("plan", *words)
        assert planned.code == 3, planned.text + planned.err
    applied = run("apply", *words, *state)
    assert applied.code == 0, applied.text + applied.err


def shown_in(form: str, out: str) -> list[str]:
    """Return the commands of the rows of a report of this *form*."""
    match form:
        case "markdown":
            return re.findall(r"`((?:contacts-audit|az) [^`]*)` \|", out)
        case "html":
            return [unescape(one) for one in re.findall(r'class="command"[^>]*>(.*?)</code>', out)]
        case "junit":
            (suite,) = JUnitXml.fromstring(out.encode())
            texts = (str(result.text) for case in suite for result in case.result)
            return re.findall(r"^fix: (.*)$", "\n".join(texts), re.MULTILINE)
    found = [one["remediation"]["desc"] for one in json.loads(out) if "remediation" in one]
    return [re.sub("^.*: (?=az )", "", one) for one in found]
