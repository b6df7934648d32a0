"""The request of the documented rule, and the commands of `plan --curl`."""

import json
import subprocess
from typing import Any

from azure_double import AzureDouble
from conftest import surroundings
from remediation.workspace import (
    CHANGE,
    V2017,
    Workspace,
    kept,
    numbered_contacts,
    portal_contact,
    result_statuses,
)

DOCUMENTED = """\
cat enable-additional-email-addresses.json > /dev/null && \
printf '%s\\t%s\\n' "$ID" "$TOKEN" | xargs -L1 bash -c 'curl -X PUT \
-H "Authorization: Bearer $1" -H "Content-Type: application/json" \
https://management.azure.com/subscriptions/$0/providers/Microsoft.Security/securityContacts/\
default1?api-version=2017-08-01-preview -d@"enable-additional-email-addresses.json"'
"""


def test_at_2017_the_documents_own_request_is_sent(
    azure: AzureDouble, workspace: Workspace, tools: None
) -> None:
    """Method, path, query, Content-Type and parsed JSON are those of the document's curl."""
    subscription = azure.add("Prod")
    documented = {
        "id": f"/subscriptions/{subscription.id}"
        "/providers/Microsoft.Security/securityContacts/default",
        "name": "default",
        "type": "Microsoft.Security/securityContacts",
        "properties": {
            "email": "soc@contoso.com",
            "alertNotifications": "On",
            "alertsToAdmins": "On",
        },
    }
    name = "enable-additional-email-addresses.json"
    (workspace.folder / name).write_text(json.dumps(documented, indent=2))
    (workspace.folder / ".curlrc").write_text(f'cacert = "{azure.ca}"\nno-progress-meter\n')

    subprocess.run(
        ["bash", "-c", DOCUMENTED.replace("https://management.azure.com", azure.endpoint)],
        cwd=workspace.folder,
        env=surroundings(azure, CURL_HOME=str(workspace.folder))
        | {"ID": subscription.id, "TOKEN": azure.token()},
        check=True,
        capture_output=True,
        timeout=60,
    )
    by_curl = kept(subscription)
    subscription.contacts_2017 = []
    ran = workspace.apply(*CHANGE, "--api-version", V2017)

    theirs, ours = azure.writes()
    assert result_statuses(ran) == ["done"]
    assert (ours.method, ours.target) == (theirs.method, theirs.target)
    assert ours.headers["content-type"] == theirs.headers["content-type"]
    assert ours.json() == theirs.json() == documented
    assert kept(subscription) == by_curl


def test_the_printed_curl_sends_what_apply_sends(
    azure: AzureDouble, workspace: Workspace, tools: None
) -> None:
    """Run by a shell, the commands of `plan --curl` arrive as the PUTs and DELETEs of `apply`."""
    states: list[dict[str, Any]] = [
        {
            "contact": portal_contact(
                "x@contoso.com;y'$(id)`@contoso.com", someday="\u202e\n'\"END\nEND"
            )
        },
        {"contacts_2017": numbered_contacts("x@contoso.com", "y@contoso.com")},
    ]
    first, second = (azure.add("$(touch /x)", **state) for state in states)
    before = kept(first), kept(second)
    (workspace.folder / ".curlrc").write_text(f'cacert = "{azure.ca}"\nno-progress-meter\n')
    change = ("--remove-email", "x@contoso.com")
    runs = [("-s", first.id, *change), ("-s", second.id, *change, "--api-version", V2017)]

    for arguments in runs:
        printed = workspace.run("plan", "--curl", *arguments)
        assert not [token for token in azure.tokens if token in printed.text]
        subprocess.run(
            ["bash", "-euc", printed.text],
            cwd=workspace.folder,
            env=surroundings(azure, CURL_HOME=str(workspace.folder)) | {"TOKEN": azure.token()},
            check=True,
            capture_output=True,
            timeout=60,
        )
    by_curl = azure.writes()
    for subscription, (contacts_2017, contact) in zip((first, second), before, strict=True):
        subscription.contacts_2017, subscription.contact = contacts_2017, contact
    for arguments in runs:
        workspace.apply(*arguments)

    by_us = azure.writes()[len(by_curl) :]
    assert [asked.line for asked in by_us] == [asked.line for asked in by_curl]
    for ours, theirs in zip(by_us, by_curl, strict=True):
        assert ours.headers["content-type"] == theirs.headers["content-type"]
        assert (ours.body and ours.json()) == (theirs.body and theirs.json())
