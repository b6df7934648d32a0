#!/usr/bin/env bash
# Microsoft's client for Python drops `isEnabled: false` from a security contact.
#
# Most would guess: asked for api-version 2023-12-01-preview per call, as the client allows, `get`
# returns what Azure sent, or keeps what it does not know in `additional_properties`.
# What happens, azure-mgmt-security 7.0.0: the request is made at that version, and `isEnabled` and
# `notificationsSources` of the answer are gone, from the model and from additional_properties.
# Why it matters: a contact that sends no mail looks like one that does. An audit that is built on
# this client cannot tell them apart.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check azure-mgmt-security==7.0.0 requests==2.34.2
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import json

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpTransport, RequestsTransportResponse
from azure.mgmt.security import SecurityCenter

CONTACT = {
    "id": "/subscriptions/1/providers/Microsoft.Security/securityContacts/default",
    "name": "default",
    "type": "Microsoft.Security/securityContacts",
    "properties": {
        "isEnabled": False,
        "emails": "soc@contoso.com",
        "notificationsByRole": {"state": "Off", "roles": []},
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
    },
}


class Credential:
    def get_token(self, *scopes, **options):
        return AccessToken("not-a-token", 9999999999)


class OneAnswer(HttpTransport):
    """Answer each request with the contact; nothing leaves the machine."""

    def open(self): ...
    def close(self): ...
    def __exit__(self, *error): ...

    def send(self, request, **options):
        self.url = request.url
        answer = requests.Response()
        answer.status_code = 200
        answer.headers["Content-Type"] = "application/json"
        answer._content = json.dumps(CONTACT).encode()
        answer._content_consumed = True
        return RequestsTransportResponse(request, answer)


transport = OneAnswer()
client = SecurityCenter(
    Credential(), "1", base_url="https://management.azure.com", transport=transport
)
contact = client.security_contacts.get("default", api_version="2023-12-01-preview")
print("asked:", transport.url)
print("model:", contact.as_dict())
print("additional_properties:", contact.additional_properties)
assert "api-version=2023-12-01-preview" in transport.url
assert contact.emails == "soc@contoso.com"
kept = json.dumps([contact.as_dict(), contact.additional_properties]).lower()
assert "enabled" not in kept and "sources" not in kept, "CHANGED"
PYTHON
