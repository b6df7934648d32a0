"""
Requests as commands for a shell; the token comes from TOKEN, and never stands in an argument.

https://curl.se/docs/manpage.html#-K
"""

import json
import shlex
from collections.abc import Iterator

from contacts_audit.azure import arm, steps
from contacts_audit.ledger import Plan

AUTHORIZED = """printf 'header = "Authorization: Bearer %s"\\n' "$TOKEN" | curl -K -"""
PREFACE = "# TOKEN holds the token: TOKEN=$(contacts-audit token -o raw)\n"
STOP = "set -e # a script: what follows a failure may rest upon it\n"


def plan_curl(plan: Plan) -> Iterator[str]:
    """Yield the writes of *plan* as curl commands and the documents that they send."""
    yield PREFACE + STOP
    for row in plan.rows:
        for number, step in enumerate(row.steps, start=1):
            version, found = row.api_version or "", row.subscription.id
            url = arm.contact_url(plan.origin.endpoint, found, step.contact, version)
            if step.after is None:
                yield command("DELETE", url)
                continue
            name = f"{found}-{number}.json"
            body = json.dumps(steps.body(found, version, step), ensure_ascii=True)
            yield f"cat > {name} <<'END'\n{body}\nEND\n"
            yield command("PUT", url, name)


def command(method: str, url: str, body: str | None = None) -> str:
    """Return the command that sends a request, with the file *body* if there is one."""
    words = ["-sS", "--fail-with-body", "-X", method, "-H", "Content-Type: application/json"]
    if body is not None:
        words += ["--data-binary", f"@{body}"]
    return f"{AUTHORIZED} {shlex.join([*words, url])}\n"
