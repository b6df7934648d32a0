#!/usr/bin/env bash
# The schema of Azure Pipelines refuses `always: true` and `continueOnError: true`.
#
# Most would guess: the booleans of Microsoft's own documentation are valid by Microsoft's own schema.
# What happens, check-jsonschema 0.39.0 with the schema that it brings: both are "not of type
# 'string'". Quoted, `always: "true"`, they are valid.
# Why it matters: who validates a nightly pipeline in CI must quote its booleans, or drop the check.
# (The patterns of this schema also need `--regex-variant nonunicode`.)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check check-jsonschema==0.39.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import subprocess
import sys
from pathlib import Path

PIPELINE = """
schedules:
  - cron: "30 4 * * *"
    branches: {include: [main]}
    always: ALWAYS
trigger: none
pool: {vmImage: ubuntu-latest}
steps:
  - script: make audit
"""
check = [
    str(Path(sys.executable).with_name("check-jsonschema")),
    *("--builtin-schema", "vendor.azure-pipelines", "--regex-variant", "nonunicode"),
]
seen = {}
for spelling in ("true", '"true"'):
    Path("azure-pipelines.yml").write_text(PIPELINE.replace("ALWAYS", spelling))
    ran = subprocess.run([*check, "azure-pipelines.yml"], capture_output=True, text=True)
    seen[spelling] = ran.returncode
    why = [line.strip() for line in ran.stdout.splitlines() if "always" in line][-1:]
    print(f"always: {spelling}: exit {ran.returncode}", *why)
assert seen == {"true": 1, '"true"': 0}, "CHANGED"
PYTHON
