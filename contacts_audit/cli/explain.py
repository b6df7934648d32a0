"""The command explain: why one subscription has its verdict."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contacts_audit.cli.host import Host
from contacts_audit.cli.invocation import invocation, run_of
from contacts_audit.cli.mail import mail_lookups
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.declare import OUTPUT
from contacts_audit.cli.options.groups import grouped
from contacts_audit.cli.options.output import LogOptions, TextFormat, TextOutput
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.policy_source import load_policy, resolve_policy
from contacts_audit.cli.terminal import log_to
from contacts_audit.cli.wiring import connect_and_select
from contacts_audit.core.delivery import MailAnswer
from contacts_audit.core.errors import AzureError
from contacts_audit.core.model import Audited, Outcome, Run, Subscription, Unread, exit_code
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import json_, wording

if TYPE_CHECKING:
    from contacts_audit.audit.policy import Policy
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.arm.protocol import Answer
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.mail.lookups import MailLookups

SCHEMA = 1
MailAnswers = Mapping[str, MailAnswer]


@dataclass(slots=True)
class Exchanges:
    """Keeps each request and its answer, in order."""

    all: "list[tuple[str, str, Answer | AzureError]]" = field(default_factory=list)

    def keep(self, method: str, url: str, outcome: "Answer | AzureError") -> None:
        """Keep one exchange."""
        self.all.append((method, url, outcome))


@grouped
def explain(
    context: typer.Context,
    subscription: Annotated[
        str, typer.Argument(metavar="SUBSCRIPTION", help="The id or name of the subscription.")
    ],
    checks: PolicyOptions,
    log: LogOptions,
    azure: AzureOptions,
    output: TextOutput = TextFormat.TEXT,
    curl: Annotated[bool, OUTPUT("--curl", "Print only the requests, as curl commands.")] = False,
) -> None:
    """
    Explain the verdict of one subscription: each request, its answer, and each check.

    Exit codes: those of audit for this subscription.
    """
    host: Host = context.obj
    log_to(host.screen, log)
    now = datetime.now(UTC)
    policy = load_policy(host, checks, now)
    scope = ScopeOptions(subscription=[subscription])
    connection, found = connect_and_select(host, scope, azure, option="SUBSCRIPTION")
    policy = resolve_policy(host, policy, connection, found)
    (one,) = found.subscriptions
    exchanges, mail = Exchanges(), mail_lookups(checks.dns, connection)
    outcome = _audited(connection, one, policy, exchanges, mail)
    run = run_of(connection, policy.criteria_of(one), now, invocation(scope, azure, checks))
    if curl:
        host.screen.stream(_commands(exchanges, connection))
    elif output is TextFormat.JSON:
        host.screen.data(_document(exchanges, mail.known, policy, outcome, run))
    else:
        host.screen.stream(_lines(exchanges, mail.known, policy, outcome, run))
    if isinstance(outcome, Unread):
        host.screen.fault(one, outcome.fault)
    raise typer.Exit(exit_code(Counter([outcome.verdict])))


def _audited(
    connection: "Connection",
    subscription: Subscription,
    policy: "Policy",
    exchanges: Exchanges,
    mail: "MailLookups",
) -> Outcome:
    """Audit *subscription*, and keep its *exchanges* and the answers of DNS."""
    from contacts_audit.audit.auditor import Auditor, broken, out_of_time, unasked
    from contacts_audit.core.workers import in_order

    def client(each: Subscription) -> "Client":
        return connection.client(each).recording_to(exchanges)

    auditor = Auditor(client, policy, mail.answers)
    (outcome,) = in_order(
        lambda each: unasked(each) or auditor.audit(each),
        [subscription],
        workers=1,
        deadline=connection.limits.deadline,
        timed_out=out_of_time,
        broken=broken,
    )
    return outcome


def _commands(exchanges: Exchanges, connection: "Connection") -> Iterator[str]:
    from contacts_audit.report.curl import Target

    target = Target(connection.cloud.arm, connection.recorded)
    yield target.preface()
    for url in dict.fromkeys(url for _, url, _ in exchanges.all):
        yield target.command("GET", url)


def _document(
    exchanges: Exchanges, mail: MailAnswers, policy: "Policy", outcome: Outcome, run: Run
) -> str:
    document = {
        "schema": SCHEMA,
        "kind": "explanation",
        "recorded": json_.time_of(run.recorded),
        "identities": [json_.identity(one) for one in run.identities],
        "exchanges": [_exchange(*each) for each in exchanges.all],
        "dns": [
            {"domain": domain, "delivery": answer.delivery, "why": answer.why}
            for domain, answer in mail.items()
        ],
        "checks": _checks(policy, outcome),
        "override": _override(policy, outcome.subscription),
        "subscription": json_.row(outcome, run),
        "exit_code": int(exit_code(Counter([outcome.verdict]))),
    }
    return json_.dump(document, indent=2) + "\n"


def _exchange(method: str, url: str, outcome: "Answer | AzureError") -> dict[str, Any]:
    said: dict[str, Any] = {"method": method, "url": url, "status": None, "request_id": None}
    if isinstance(outcome, AzureError):
        return {**said, "body": None, "error": str(outcome)}
    body = outcome.body.decode("utf-8-sig", "replace")
    told = {"status": outcome.status, "request_id": outcome.request_id}
    return {**said, **told, "body": body, "error": None}


def _checks(policy: "Policy", outcome: Outcome) -> list[dict[str, Any]]:
    """Tell of each check whether it holds, and why not; null where it could not be judged."""
    findings = outcome.findings if isinstance(outcome, Audited) else ()
    wrong = {finding.check: finding for finding in findings}
    return [
        {
            "check": check,
            "holds": check not in wrong if isinstance(outcome, Audited) else None,
            "message": wrong[check].message if check in wrong else None,
            "api_version": wrong[check].api_version if check in wrong else None,
        }
        for check in policy.criteria_of(outcome.subscription).checks
    ]


def _override(policy: "Policy", subscription: Subscription) -> str | None:
    found = policy.overrides_of(subscription)
    names = [one.subscription or f"management group {one.management_group}" for one in found]
    return ", ".join(names) or None


def _lines(
    exchanges: Exchanges, mail: MailAnswers, policy: "Policy", outcome: Outcome, run: Run
) -> Iterator[str]:
    from contacts_audit.report import fix_command

    subscription = outcome.subscription
    yield _line(f"{subscription.label}, tenant {subscription.tenant_id}, {subscription.state}")
    for method, url, answer in exchanges.all:
        yield "\n" + _line(f"{method} {url}")
        if isinstance(answer, AzureError):
            yield _line(f"  no answer: {answer}")
        else:
            yield _line(f"  {answer.status}, request id {answer.request_id}")
            yield from (_line(f"  {line}") for line in _body(answer.body))
    yield "\n"
    for domain, dns in mail.items():
        yield _line(f"{'DNS':<14} {domain}: {dns.delivery} ({dns.why})")
    if (override := _override(policy, subscription)) is not None:
        yield _line(f"{'override':<14} {override}")
    for check in _checks(policy, outcome):
        holds = {True: "holds", False: "fails", None: "not judged"}[check["holds"]]
        where = f" at {check['api_version']}: {check['message']}" if check["message"] else ""
        yield _line(f"{holds:<14} {check['check']}{where}")
    if isinstance(outcome, Audited):
        shown = ", ".join(outcome.emails) or "no address"
        yield _line(f"{'decided by':<14} {outcome.decided_by}: {shown}")
    yield _line(f"{outcome.verdict:<14} {wording.message(outcome)}")
    if (command := fix_command.command(outcome, run)) is not None:
        yield _line(f"{'fix':<14} {command}")
        yield from (_line(f"{'':<14} {remark}") for remark in fix_command.remarks([command], run))


def _body(body: bytes) -> Sequence[str]:
    text = body.decode("utf-8-sig", "replace")
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2).splitlines()
    except (ValueError, RecursionError):
        return text.splitlines()


def _line(text: str) -> str:
    return sanitized(text).rstrip() + "\n"
