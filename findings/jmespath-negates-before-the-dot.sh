#!/usr/bin/env bash
# `[?!properties.emails]` never matches anything in JMESPath (`az ... --query`).
#
# Most would guess: it lists the contacts without an address, as `!` does in jq, Python or JavaScript.
# What happens, jmespath 1.1.0 (the library of az): `!` binds tighter than `.`, so the expression is
# `(!properties).emails`, the field `emails` of a boolean. That is null, and the list is empty.
# Why it matters: a check that is always empty reads as "every subscription has a contact".
# `[?!(properties.emails)]` is the one that works.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check jmespath==1.1.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import jmespath

contacts = [
    {"name": "with", "properties": {"emails": "soc@contoso.com"}},
    {"name": "blank", "properties": {"emails": ""}},
    {"name": "without", "properties": {}},
]
seen = {
    query: jmespath.search(query, contacts)
    for query in ("[?!properties.emails].name", "[?!(properties.emails)].name")
}
for query, names in seen.items():
    print(query, names)
assert list(seen.values()) == [[], ["blank", "without"]], "CHANGED"
PYTHON
