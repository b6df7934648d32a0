#!/usr/bin/env bash
# A misspelled jq format name is found at run time, and only on the branch that uses it.
#
# Most would guess: `@cvs` (for `@csv`) is a compile error, like a misspelled function name.
# What happens, jq.py 1.13.0 (libjq 1.8.2): it compiles. The filter fails on the first input that
# reaches it, and never on input that does not.
# Why it matters: compiling a user's filter up front does not prove that it can run. A report filter
# has to be tried on a small report first, or a finished audit ends without output.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check jq==1.13.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import jq

try:
    jq.compile(".a | csvv")
    raise SystemExit("CHANGED: an unknown function compiles")
except ValueError:
    print("unknown function csvv: compile error")

filter = jq.compile("if .a then [.a] | @cvs else 0 end")
print("unknown format @cvs: compiles")
assert filter.input_value({"a": None}).all() == [0]
print("  and runs on an input that does not reach it")
try:
    filter.input_value({"a": "x"}).all()
    raise SystemExit("CHANGED: an unknown format runs")
except ValueError as error:
    print(f"  and fails on one that does: {error}")
    assert "not a valid format" in str(error), "CHANGED: another error"
PYTHON
