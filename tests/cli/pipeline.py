"""
The document's own pipeline, to be run beside ours.

The real bash, xargs, curl and jq run the published command against the double of Azure. Only az is
a script, since nobody is signed in here. JQ names another jq than the one in PATH.
"""

import dataclasses
import functools
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from azure_double import AzureDouble, Subscription
from conftest import surroundings

# The document's command (SecurityCenter-016, Audit, step 01) in its three stages, to the letter,
# but for the backslashes before its line breaks: the page lost them, and no shell runs it without.
AZ = r"""az account get-access-token \
  --query "{subscription:subscription,accessToken:accessToken}" \
  --out tsv"""


CURL = r"""xargs -L1 bash -c 'curl -X GET -H "Authorization: Bearer $1" -H "Content-Type: application/json" https://management.azure.com/subscriptions/$0/providers/Microsoft.Security/securityContacts?api-version=2017-08-01-preview'"""  # noqa: E501


JQ = r"""jq '.|.value[] | select(.type=="Microsoft.Security/securityContacts")'|jq '.properties.email'"""  # noqa: E501


DOCUMENTED = f"{AZ} | {CURL} | {JQ}"


HERE = "IST-5:30"  # the time zone in which 2000000000 is the time above


V2017 = "2017-08-01-preview"


KIND = "Microsoft.Security/securityContacts"


MARK = b"\xef\xbb\xbf"


EMPTY = b'{"value":[]}'


QUICK = ("--budget", "2", "--timeout", "2")


Start = Callable[..., "subprocess.Popen[bytes]"]


def jq_at_hand() -> str:
    """Return the jq to compare with."""
    return os.environ.get("JQ") or shutil.which("jq") or "jq"


@functools.cache
def keeps_spelling() -> bool:
    """Say whether that jq is 1.7.1 or newer: older ones round numbers and spell them anew."""
    said = subprocess.run([jq_at_hand(), "--version"], capture_output=True, text=True, check=True)
    found = re.match(r"jq-(\d+)\.(\d+)(?:\.(\d+))?", said.stdout)
    return found is None or tuple(int(part or 0) for part in found.groups()) >= (1, 7, 1)


@dataclasses.dataclass(frozen=True)
class Shell:
    """The shell of somebody who works in *azure*, and in no other cloud."""

    azure: AzureDouble
    folder: Path

    @property
    def path(self) -> str:
        """The PATH on which the az is ours, and the jq the one to compare with."""
        return f"{self.folder}:{os.environ['PATH']}"

    def signed_in(self, subscription: Subscription) -> dict[str, str]:
        """Return the variables that tell the az who is signed in, with which default."""
        return {
            "AZ_SUBSCRIPTION": subscription.id,
            "AZ_TENANT": self.azure.tenant,
            "AZ_TOKEN": self.azure.token(),
            "PATH": self.path,
        }

    def __call__(
        self, command: str, variables: Mapping[str, str] | None = None, *, stdin: bytes = b""
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run *command* as it is written, but for the host."""
        return subprocess.run(
            ["bash", "-c", command.replace("https://management.azure.com", self.azure.endpoint)],
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
            env=surroundings(self.azure, CURL_HOME=str(self.folder))
            | {"PATH": self.path}
            | dict(variables or {}),
        )

    def documented(self, subscription: Subscription) -> "subprocess.CompletedProcess[bytes]":
        """Run the whole documented pipeline for *subscription*."""
        return self(DOCUMENTED, self.signed_in(subscription))

    def curl(self, subscription: Subscription) -> bytes:
        """Return what the documented curl prints for *subscription*."""
        line = f"{subscription.id}\t{self.azure.token()}\n"
        return self(CURL, stdin=line.encode()).stdout


def contact(email: str, kind: str = f'"{KIND}"') -> str:
    """Return an item of a list; *email* and *kind* are JSON."""
    return f'{{"type":{kind},"name":"default1","properties":{{"email":{email},"phone":"1"}}}}'


def holding(properties: str) -> str:
    """Return an item of a list with these *properties*, which are JSON."""
    return f'{{"type":"{KIND}","properties":{properties}}}'


def listing(*items: str, more: str = "") -> bytes:
    """Return the body of a list of *items*, which are JSON."""
    return f'{{"value":[{",".join(items)}]{more}}}'.encode()


def documented_contact(name: str, email: str) -> dict[str, Any]:
    """Return a contact as the double remembers it."""
    return {
        "name": name,
        "properties": {
            "email": email,
            "phone": "",
            "alertNotifications": "On",
            "alertsToAdmins": "On",
        },
    }


def organisation(azure: AzureDouble) -> list[Subscription]:
    """Add three subscriptions that Azure shows, of which one has no contact."""
    several = [
        documented_contact("default1", "soc@contoso.com"),
        documented_contact("default2", "zoë@contoso.com"),
    ]
    return [
        azure.add("Prod", contacts_2017=several),
        azure.add("Empty"),
        azure.add("Test", contacts_2017=[documented_contact("default1", "")]),
    ]
