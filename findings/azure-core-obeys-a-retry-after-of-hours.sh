#!/usr/bin/env bash
# The default retry policy of Azure's Python clients can sleep three hours for one request.
#
# Most would guess: `retry_backoff_max` (120 s) or `timeout` bounds what Retry-After asks for.
# What happens, azure-core 1.41.0: a 429 with `Retry-After: 3600` is obeyed to the second, three
# times, with `retry_backoff_max=10` and `timeout=60` too. They bound its own backoff alone.
# Why it matters: a nightly run over many subscriptions stops for hours at the first that is
# throttled, without a word. Our client keeps Retry-After within the budget of a subscription.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check azure-core==1.41.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import RetryPolicy
from azure.core.pipeline.transport import HttpRequest, HttpTransport


class Throttled:
    status_code, reason, content_type = 429, "Too Many Requests", None

    def __init__(self, request):
        self.request = self.http_request = request
        self.headers = {"Retry-After": "3600"}


class Clock(HttpTransport):
    """Refuse each request, and note the sleeps instead of sleeping."""

    def __init__(self):
        self.sleeps = []

    def open(self): ...
    def close(self): ...
    def __exit__(self, *error): ...

    def sleep(self, duration):
        self.sleeps.append(duration)

    def send(self, request, **options):
        return Throttled(request)


for options in ({}, {"retry_backoff_max": 10, "timeout": 60}):
    transport = Clock()
    Pipeline(transport, [RetryPolicy(**options)]).run(HttpRequest("GET", "https://azure.invalid/"))
    print(f"RetryPolicy({options}) sleeps {transport.sleeps} seconds")
    assert transport.sleeps == [3600, 3600, 3600], "CHANGED"
PYTHON
