"""The command explain: why one subscription has its verdict."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from contacts_audit.cli.host import Host
from contacts_audit.cli.invocation import invocation, run_of
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.declare import OUTPUT, argument, grouped, printed_as
from contacts_audit.cli.options.output import TextFormat
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.policy_source import audited, load_policy, mail_lookups, resolve_policy
from contacts_audit.cli.wiring import connect_and_select
from contacts_audit.core.errors import AzureError, ExitCode
from contacts_audit.core.model import Audited, Outcome, Run, Subscription, Unread, exit_code
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import json_, wording

if TYPE_CHECKING:
    from contacts_audit.audit.policy import Policy
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.arm.protocol import Answer
    from contacts_audit.mail.lookups import MailLookups

SCHEMA = 1


class Exchanges:
    """Keeps each request and its answer, in order, as the JSON document shows them."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []

    def keep(self, method: str, url: str, outcome: "Answer | AzureError") -> None:
        """Keep one exchange."""
        told: dict[str, Any] = dict.fromkeys(("status", "request_id", "body", "error"))
        if isinstance(outcome, AzureError):
            told["error"] = str(outcome)
        else:
            told |= {"status": outcome.status, "request_id": outcome.request_id}
            told["body"] = outcome.body.decode("utf-8-sig", "replace")
        self.all.append({"method": method, "url": url, **told})  # whole: it may be printed now


@grouped
def explain(
    host: Host,
    *,
    subscription: str = argument("SUBSCRIPTION", "The id or name of the subscription."),
    checks: PolicyOptions,
    azure: AzureOptions,
    output: TextFormat = printed_as(TextFormat),
    curl: bool = OUTPUT("--curl", "Print only the requests, as curl commands."),
) -> ExitCode:
    """
    Explain the verdict of one subscription: each request, its answer, and each check.

    Exit codes: those of audit for this subscription.
    """
    now = datetime.now(UTC)
    policy = load_policy(host, checks, now)
    scope = ScopeOptions(subscription=[subscription])
    connection, found = connect_and_select(host, scope, azure, option="SUBSCRIPTION")
    policy = resolve_policy(host, policy, connection, found)
    (one,) = found.subscriptions
    exchanges, mail = Exchanges(), mail_lookups(checks.dns, connection)

    def client(subscription: Subscription) -> "Client":
        return connection.client(subscription).recording_to(exchanges)

    (outcome,) = audited(connection, client, policy, mail, [one])
    run = run_of(connection, policy.criteria_of(one), now, invocation(scope, azure, checks))
    if curl:
        from contacts_audit.report.curl import Target

        target = Target(connection.cloud.arm, connection.recorded)
        urls = dict.fromkeys(one["url"] for one in exchanges.all)
        commands = (target.command("GET", url) for url in urls)
        host.screen.stream([target.preface(), *commands])
    else:
        document = _document(exchanges, mail, policy, outcome, run)
        if output is TextFormat.JSON:
            host.screen.data(json_.dump(document, indent=2) + "\n")
        else:
            lines = map(sanitized, _lines(document, outcome, run))
            host.screen.stream(f"{line.rstrip()}\n" for line in lines)
    if isinstance(outcome, Unread):
        host.screen.fault(one, outcome.fault)
    return exit_code(Counter([outcome.verdict]))


def _document(
    exchanges: Exchanges, mail: "MailLookups", policy: "Policy", outcome: Outcome, run: Run
) -> dict[str, Any]:
    overrides = policy.overrides_of(outcome.subscription)
    names = [one.subscription or f"management group {one.management_group}" for one in overrides]
    return {
        "schema": SCHEMA,
        "kind": "explanation",
        "recorded": json_.time_of(run.recorded),
        "identities": [json_.identity(one) for one in run.identities],
        "exchanges": exchanges.all,
        "dns": [
            {"domain": domain, "delivery": answer.delivery, "why": answer.why}
            for domain, answer in mail.known.items()
        ],
        "checks": _checks(policy, outcome),
        "override": ", ".join(names) or None,
        "subscription": json_.row(outcome, run),
        "exit_code": int(exit_code(Counter([outcome.verdict]))),
    }


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


def _lines(document: Mapping[str, Any], outcome: Outcome, run: Run) -> Iterator[str]:
    from contacts_audit.report import fix_command

    subscription = outcome.subscription
    yield f"{subscription.label}, tenant {subscription.tenant_id}, {subscription.state}"
    for one in document["exchanges"]:
        yield ""
        yield f"{one['method']} {one['url']}"
        if one["error"] is not None:
            yield f"  no answer: {one['error']}"
        else:
            yield f"  {one['status']}, request id {one['request_id']}"
            yield from (f"  {line}" for line in _indented(one["body"]))
    yield ""
    for dns in document["dns"]:
        yield f"{'DNS':<14} {dns['domain']}: {dns['delivery']} ({dns['why']})"
    if (override := document["override"]) is not None:
        yield f"{'override':<14} {override}"
    for check in document["checks"]:
        holds = {True: "holds", False: "fails", None: "not judged"}[check["holds"]]
        where = f" at {check['api_version']}: {check['message']}" if check["message"] else ""
        yield f"{holds:<14} {check['check']}{where}"
    if isinstance(outcome, Audited):
        shown = ", ".join(outcome.emails) or "no address"
        yield f"{'decided by':<14} {outcome.decided_by}: {shown}"
    yield f"{outcome.verdict:<14} {wording.message(outcome)}"
    if (command := fix_command.command(outcome, run)) is not None:
        yield f"{'fix':<14} {command}"
        yield from (f"{'':<14} {remark}" for remark in fix_command.remarks([command], run))


def _indented(text: str) -> Sequence[str]:
    """Return the lines of *text*, indented if it is JSON."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2).splitlines()
    except (ValueError, RecursionError):
        return text.splitlines()
