"""
What is fuzzed: each target takes any bytes, and fails only where the program would mislead.

Only our own errors may come of them.
"""

import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contacts_audit.audit import checks, policy, profiles
from contacts_audit.audit.policy_file import read as read_policy
from contacts_audit.azure.arm import paging, protocol
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.arm.transport import Transport, prepared
from contacts_audit.azure.clouds import CLOUDS
from contacts_audit.azure.contacts import read, records
from contacts_audit.azure.contacts.records import Record, Snapshot
from contacts_audit.azure.recording.folder import Recording
from contacts_audit.azure.recording.mask import Mask
from contacts_audit.azure.recording.replay import ReplayAdapter
from contacts_audit.cli.app import run
from contacts_audit.cli.host import Host
from contacts_audit.cli.terminal import Screen
from contacts_audit.core.errors import AzureError, ContactsAuditError, UsageError
from contacts_audit.core.model import Check, Contact, Criteria, Reading, Subscription, Waiver
from contacts_audit.core.shutdown import Shutdown
from contacts_audit.remediation.backup import backup_document, read_backup
from contacts_audit.remediation.plan import Intent, check, row_for
from contacts_audit.remediation.plan_file import Plan, plan_document, read_plan

ENDPOINT = "https://arm.example"
VERSIONS = (protocol.V2017, protocol.V2020, protocol.V2023)
CRITERIA = Criteria(None, tuple(Check), "High", ("a@contoso.com",), ("contoso.com",), 1)
SOMEBODY = Subscription("20ff7fc3-e762-44dd-bd96-b71116dcdc23", "Prod", "Enabled")


def answers(data: bytes) -> None:
    """Take a status, headers and a body apart: judged, or an error of ours; no pass for nothing."""
    for version in VERSIONS:
        _answer(_answer_in(data, version), version)


def _answer_in(data: bytes, version: str) -> Answer:
    head, _, body = data.partition(b"\n\n")
    status, *lines = head.decode("latin-1").split("\n")
    headers = {
        name.strip().lower(): text for name, _, text in (one.partition(":") for one in lines)
    }
    number = int(status) % 1000 if status.isascii() and status.isdigit() else 200
    return Answer(protocol.contacts_url(ENDPOINT, SOMEBODY.id, version), number, headers, body)


def masks(data: bytes) -> None:
    """Mask an answer that may name anything: what an audit makes of it stays the same."""
    text = data.partition(b"\n\n")[2].decode("utf-8", "replace")
    for version in VERSIONS:
        plain = _answer_in(data, version)
        mask = Mask(["arm.example"])
        hidden = Answer(
            mask.url(plain.url),
            plain.status,
            {name: mask.header(name, each) for name, each in plain.headers.items()},
            mask.body(text).encode("utf-8", "surrogatepass"),
        )
        whole = Answer(plain.url, plain.status, plain.headers, text.encode())
        assert _outcome(hidden, version) == _outcome(whole, version), "a verdict turned"


def _outcome(answer: Answer, version: str) -> object:
    """Return why *answer* is refused, or which checks hold whatever the addresses are."""
    try:
        found = tuple(read.contacts(protocol.complete(answer), version))
    except AzureError as error:
        return error.reason, error.status, error.retryable  # a name may hide how long to wait
    named = {Check.REQUIRED_EMAIL, Check.ALLOWED_DOMAIN}
    return [
        checks.judge(check, Reading(version, found), CRITERIA) is None
        for check in CRITERIA.checks
        if check not in named
    ]


def _answer(answer: Answer, version: str) -> None:
    protocol.claims_challenge(answer)
    try:
        whole = protocol.complete(answer)
    except AzureError as error:
        assert str(error).strip(), "an error that says nothing"  # noqa: PT017
        assert error.retry_after is None or error.retry_after >= 0, "a wait before now"  # noqa: PT017
        return
    try:
        link = paging.next_link(whole, ENDPOINT)
    except AzureError:
        link = None
    if link is not None:
        assert urlsplit(link).hostname == urlsplit(ENDPOINT).hostname, "our token goes elsewhere"
    for reader in (records.records, lambda one: iter(read.documented_emails(one))):
        with suppress(AzureError):
            list(reader(whole))
    try:
        found = tuple(read.contacts(whole, version))
    except AzureError:
        return
    _judge(found, version)


def _judge(found: tuple[Contact, ...], version: str) -> None:
    findings = {
        check: checks.judge(check, Reading(version, found), CRITERIA) for check in CRITERIA.checks
    }
    good = any(one.enabled and any(read.is_address(email) for email in one.emails) for one in found)
    assert (findings[Check.CONTACT_EMAIL] is None) is good, "a verdict that no address explains"
    if findings[Check.REACHABLE] is None:
        assert findings[Check.ALERT_NOTIFICATIONS] is None, "reached by no alert"
        assert good or findings[Check.OWNER_NOTIFIED] is None, "reached without a receiver"


def policies(data: bytes) -> None:
    """Read a policy: criteria for anybody, or wrong usage that fits a line."""
    try:
        found = read_policy(data, "policy.toml", profiles.Settings(), date(2026, 1, 31))
    except UsageError as error:
        assert str(error).strip(), "an error that says nothing"  # noqa: PT017
        assert len(str(error)) < 2000, "a line that nobody reads"  # noqa: PT017
        return
    exceptions: list[policy.Override | Waiver] = [*found.overrides, *found.waivers]
    groups = {
        one.management_group.casefold(): policy.GroupMembers(frozenset({SOMEBODY.id}), frozenset())
        for one in exceptions
        if one.management_group is not None
    }
    whole = policy.Policy(
        found.options, found.top, found.overrides, found.waivers, groups, found.day
    )
    assert whole.criteria_of(SOMEBODY).checks, "nothing is judged"
    assert all(one.checks for one in whole.all_criteria), "nothing is judged"
    whole.warnings([SOMEBODY])


def plans(data: bytes) -> None:
    """Read a plan and a backup, the digest made anew: what is taken is written as it was read."""
    document = _object(data)
    for text in {data, _sealed(document)}:
        with suppress(UsageError):
            plan = read_plan(text, "plan.json")
            _comes_back(plan)
        with suppress(UsageError):
            backup = read_backup(text, "backup.json")
            spelt = json.dumps(backup_document(backup)).encode()
            assert read_backup(spelt, "backup.json") == backup, "another backup came back"
    with suppress(UsageError):
        _plan_anew(document)


def _comes_back(plan: Plan) -> None:
    try:
        again = read_plan(json.dumps(plan_document(plan)).encode(), "plan.json")
    except UsageError as error:
        raise AssertionError("our own plan is refused") from error
    assert again == plan, "another plan came back"


def _plan_anew(document: Mapping[str, Any]) -> None:
    """Plan what *document* wishes for what it read: it comes back, and done it plans nothing."""
    rows = document.get("subscriptions")
    told = [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
    read = [{**one, "versions": one["read"]} for one in told if one.get("read") is not None]
    change = read_plan(_sealed({**document, "kind": "plan", "subscriptions": []}), "plan.json")
    check(change.change, change.version)
    seen = read_backup(
        _sealed({**document, "kind": "backup", "subscriptions": read}), "backup.json"
    )
    made = tuple(row_for(who, each, change.change, change.version) for who, each in seen.rows)
    _comes_back(Plan(change.origin, change.change, change.version, made))
    for row in made:
        if row.seen is None or not row.steps or row.api_version == protocol.V2017:
            continue
        (step,) = row.steps
        now = () if step.after is None else (Record(step.contact, step.after),)
        done = Snapshot({**row.seen.versions, row.api_version or "": now})
        again = row_for(row.subscription, done, change.change, change.version)
        assert again.intent is Intent.NOTHING, "what is done is to be done again"


def _object(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _sealed(document: Mapping[str, Any]) -> bytes:
    """Return *document* with the digest that it should have, where it can be spelt."""
    rest = {key: value for key, value in document.items() if key != "sha256"}
    try:
        digest = hashlib.sha256(records.canonical(rest).encode()).hexdigest()
        return json.dumps({**rest, "sha256": digest}).encode()
    except (ValueError, RecursionError):
        return b""


def recordings(data: bytes) -> None:
    """Replay a manifest and exchanges, parted by empty lines: a report, or wrong usage."""
    manifest, *exchanges = data.split(b"\n\n")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "recording.json").write_bytes(manifest)
        for number, exchange in enumerate(exchanges[:20], start=1):
            (Path(folder) / f"{number:05d}-x.json").write_bytes(exchange)
        try:
            recording = Recording.read(Path(folder))
        except ContactsAuditError as error:
            assert len(str(error)) < 500, "a line that nobody reads"  # noqa: PT017
            return
        _plays(recording)


def _plays(recording: Recording) -> None:
    """Play each exchange, and once more: an answer, or an error of ours; no host of a stranger."""
    known = {cloud.arm: cloud for cloud in CLOUDS.values()}
    cloud = recording.cloud
    assert known.get(cloud.arm, cloud) == cloud, "another cloud at a known host"
    assert cloud.arm in known or cloud.portal_url is None, "a link of a stranger"
    transport = Transport(adapter=ReplayAdapter(recording))
    for key, paths in recording.exchanges.items():
        method, _, url = key.rpartition(" ")
        assert urlsplit(url).hostname == urlsplit(cloud.arm).hostname, "another host"
        for _ in (*paths, None):
            with suppress(AzureError):
                answer = transport.send(prepared(url, {}, method=method), timeout=5)
                list(read.contacts(protocol.complete(answer), protocol.V2023))


def reports(data: bytes) -> None:
    """Merge and compare a report: one that merges again, or wrong usage in a line."""
    with tempfile.TemporaryDirectory() as folder:
        path, again = str(Path(folder) / "one.json"), Path(folder) / "two.json"
        Path(path).write_bytes(data)
        code, out, err = _ran("merge", path, "-o", "json")
        compared, _, said = _ran("diff", path, path)
        assert code in range(5), err
        assert compared in range(5), said
        if out:
            _told(json.loads(out))
            again.write_bytes(out)
            assert _ran("merge", str(again), "-o", "json")[0] == code, "it does not merge again"


def _ran(*arguments: str) -> tuple[int, bytes, str]:
    out, err = io.BytesIO(), io.StringIO()
    code = run(arguments, Host({}, io.BytesIO(), Screen(out, err), Shutdown()))
    assert "this is a bug" not in err.getvalue(), err.getvalue()
    return code, out.getvalue(), err.getvalue()


def _told(report: Mapping[str, Any]) -> None:
    """Check what holds of each report: its counts, and that its links are none of strangers'."""
    summary, rows = report["summary"], report["subscriptions"]
    assert summary["in_scope"] == len(rows), "rows are missing"
    links = {cloud.portal_url for cloud in CLOUDS.values()} | {None}
    assert {row["portal_url"] for row in rows} <= links, "a link of a stranger"


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "answers": answers,
    "masks": masks,
    "policies": policies,
    "plans": plans,
    "recordings": recordings,
    "reports": reports,
}
