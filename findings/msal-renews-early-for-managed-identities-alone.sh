#!/usr/bin/env bash
# MSAL renews the token of a managed identity at half of its life, and that of an application at its end.
#
# Most would guess: one library has one rule for when a cached token is too old.
# What happens, msal 1.39.0, tokens of 24 hours: ManagedIdentityClient asks again after 12 hours.
# ConfidentialClientApplication serves the same token for 23 hours and 55 minutes, unless the answer
# names `refresh_in`. So the token may have 12 hours left, or 5 minutes and one second.
# Why it matters: a run that takes longer than five minutes cannot rely on the token that it begins
# with, and only with one of the two kinds would a test of an hour show it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check msal==1.39.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import json
import time

import msal

TENANT = "https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111"
true_time, hours_later = time.time, 0
time.time = lambda: true_time() + 3600 * hours_later


class Answer:
    status_code, headers = 200, {}

    def __init__(self, body):
        self.text = json.dumps(body)


class Service:
    """Answer as Entra ID and the metadata service do; nothing leaves the machine."""

    tokens = 0

    def get(self, url, **options):
        if "openid-configuration" in url:
            paths = {"token_endpoint": "token", "authorization_endpoint": "authorize"}
            found = {key: f"{TENANT}/oauth2/v2.0/{path}" for key, path in paths.items()}
            return Answer({**found, "issuer": f"{TENANT}/v2.0"})
        return self.post(url)

    def post(self, url, **options):
        self.tokens += 1
        body = {"access_token": f"token {self.tokens}", "expires_in": 86400}
        return Answer({**body, "token_type": "Bearer", "resource": "https://management.azure.com"})

    def close(self): ...


def life(acquire):
    """Return the hours at which a token is asked for."""
    global hours_later
    asked, last = [], None
    for hours_later in (0, 11.9, 12.1, 23.9, 23.95):
        token = acquire()["access_token"]
        if token != last:
            asked.append(hours_later)
        last = token
    hours_later = 0
    return asked


application = msal.ConfidentialClientApplication(
    "client", client_credential="none", authority=TENANT, http_client=Service()
)
machine = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=Service())
scope = "https://management.azure.com"
seen = {
    "application": life(lambda: application.acquire_token_for_client([f"{scope}/.default"])),
    "managed identity": life(lambda: machine.acquire_token_for_client(resource=scope)),
}
for who, hours in seen.items():
    print(f"{who}: a token of 24 hours is asked for after {hours} hours")
assert seen == {"application": [0, 23.95], "managed identity": [0, 12.1]}, "CHANGED"
PYTHON
