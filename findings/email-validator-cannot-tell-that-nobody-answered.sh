#!/usr/bin/env bash
# An address whose domain could not be looked up is "valid" with `check_deliverability=True`.
#
# Most would guess: where the name server fails, email-validator raises, or marks the result unknown.
# What happens, email-validator 2.4.0: SERVFAIL for the MX question returns a valid result. Nothing in
# it says that the question failed: `mx` is not set, nor is any other attribute. And the failure is not
# remembered: each further address of that domain asks again.
# Why it matters: a broken resolver makes every address deliverable. Whoever has to tell "takes mail"
# from "unknown" must ask dnspython.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check email-validator==2.4.0 dnspython==2.9.2
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import socket
import threading

import dns.message
import dns.rcode
import dns.resolver
import email_validator

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
asked = []


def fail():
    while True:
        question, client = server.recvfrom(4096)
        query = dns.message.from_wire(question)
        asked.append(str(query.question[0]))
        answer = dns.message.make_response(query)
        answer.set_rcode(dns.rcode.SERVFAIL)
        server.sendto(answer.to_wire(), client)


threading.Thread(target=fail, daemon=True).start()
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
for address in ("soc@contoso.com", "cert@contoso.com"):
    result = email_validator.validate_email(address, dns_resolver=resolver)
    print(f"{result.normalized}: valid; has mx: {hasattr(result, 'mx')}; {len(asked)} questions asked")
    assert not hasattr(result, "mx") and result.mx_fallback_type is None, "CHANGED"
assert asked == ["contoso.com. IN MX"] * 2, "CHANGED"
PYTHON
