"""
Prints requests as curl commands. The token comes from the variable TOKEN, never from an argument.

https://curl.se/docs/manpage.html#-K
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.clouds import CLOUDS
from contacts_audit.azure.contacts import steps
from contacts_audit.remediation.plan_file import Plan

AUTHORIZED = """printf 'header = "Authorization: Bearer %s"\\n' "$TOKEN" | curl -K -"""
PREFACE = "# TOKEN holds the token: TOKEN=$(contacts-audit token -o raw)\n"
OWN = "# ENDPOINT is your Resource Manager: ENDPOINT=https://host, as --arm-endpoint\n"
STOP = "set -e # stop at the first failure: later commands may depend on it\n"


@dataclass(frozen=True, slots=True)
class Target:
    """
    The Resource Manager at *endpoint* that commands send requests to.

    *recorded* is the time of the recording that named it, if any.  A recording is untrusted: its
    host is printed only if it is one of a known cloud, else as the variable ENDPOINT.
    """

    endpoint: str
    recorded: datetime | None = None

    @property
    def trusted(self) -> bool:
        """Whether the endpoint may be printed."""
        known = {cloud.arm for cloud in CLOUDS.values()}
        return self.recorded is None or self.endpoint in known

    def preface(self) -> str:
        """Return the comment lines above the commands."""
        host = self.endpoint if self.trusted else "$ENDPOINT"
        lines = f"# These commands talk to {host}\n"
        if self.recorded is not None:
            moment = self.recorded.strftime("%Y-%m-%dT%H:%M:%SZ")
            lines += f"# They are from a recording of {moment}, not from today\n"
        return lines + ("" if self.trusted else OWN) + PREFACE

    def command(self, method: str, url: str, body: str | None = None) -> str:
        """Return the command that sends a request to *url*, with the file *body* if it has one."""
        address = shlex.quote(url)
        if not self.trusted:
            address = f'"$ENDPOINT"{shlex.quote(re.sub("^https://[^/?#]*", "", url))}'
        words = ["-sS", "--fail-with-body", "-X", method, "-H", "Content-Type: application/json"]
        if body is not None:
            words += ["--data-binary", f"@{body}"]
        return f"{AUTHORIZED} {shlex.join(words)} {address}\n"


def plan_curl(plan: Plan, recorded: datetime | None = None) -> Iterator[str]:
    """Yield the writes of *plan* as curl commands, each after the JSON document that it sends."""
    target = Target(plan.origin.endpoint, recorded)
    yield target.preface() + STOP
    for row in plan.rows:
        for number, step in enumerate(row.steps, start=1):
            version, found = row.api_version or "", row.subscription.id
            url = protocol.contact_url(plan.origin.endpoint, found, step.contact, version)
            if step.after is None:
                yield target.command("DELETE", url)
                continue
            name = f"{found}-{number}.json"
            body = json.dumps(steps.body(found, version, step), ensure_ascii=True)
            yield f"cat > {name} <<'END'\n{body}\nEND\n"
            yield target.command("PUT", url, name)
