"""
Says which layers the processor's time of a request goes into: `python -m bench.layers` in tests/.

One thread, no latency, under cProfile, which makes calls of Python dearer than they are: shares,
not times.  What is built in counts for who called it.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import time
from collections import Counter

from azure_double.identity import Ids

from bench.processes import server
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.client import Client, Limits
from contacts_audit.azure.arm.transport import Transport
from contacts_audit.azure.auth.token_provider import TokenProvider
from contacts_audit.azure.contacts.read import documented_emails
from contacts_audit.azure.kinds import AccessToken

COUNT = 600
BUILT_IN = "built in"
LAYERS = {
    "ours": ("contacts_audit/",),
    "requests": ("/requests/",),
    "urllib3": ("/urllib3/",),
    "TLS and sockets": ("/ssl.py", "/socket.py", "_ssl", "_socket"),
    "JSON": ("/json/",),
}


def layer(file: str, function: str) -> str:
    """Return the layer of a *function*."""
    if file.endswith("contacts/read.py") and function == "documented_stage":
        return "jq"
    if file.endswith("arm/http_response.py"):
        return "llhttp, and what it calls"  # it is compiled, and counts for who called it
    where = function if file == "~" else file
    found = (name for name, parts in LAYERS.items() if any(part in where for part in parts))
    return next(found, "other" if file != "~" else BUILT_IN)


def main() -> None:
    """Print the share of each layer, the largest first."""
    with server(subscriptions=COUNT) as served:
        value = served.facts["token"]
        tokens = TokenProvider(lambda claims, fresh: AccessToken(value, None))
        limits = Limits(15.0, 90.0, time.monotonic() + 300)
        client = Client(
            served.facts["endpoint"], Transport(ca_bundle=served.facts["ca"]), tokens, limits
        )

        def read(number: int) -> None:
            id_ = Ids("subscriptions").guid(number)
            url = protocol.contacts_url(client.endpoint, id_, protocol.V2017)
            for answer in client.pages(url, most=1):
                documented_emails(answer)

        read(1)
        began = time.process_time()
        for number in range(1, COUNT + 1):
            read(number)
        each = (time.process_time() - began) / COUNT
        with cProfile.Profile(time.process_time) as profile:
            for number in range(1, COUNT + 1):
                read(number)
    shares: Counter[str] = Counter()
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (file, _, function), (_, _, seconds, _, callers) in stats.items():
        if (own := layer(file, function)) != BUILT_IN:
            shares[own] += seconds
        else:
            for (caller, _, name), (_, _, part, _) in callers.items():
                shares[layer(caller, name)] += part
    sys.stdout.write(f"a request takes {1000 * each:.2f} ms of the processor\n")
    for name, seconds in shares.most_common():
        sys.stdout.write(f"{name:<20} {100 * seconds / shares.total():4.0f} %\n")


if __name__ == "__main__":
    main()
