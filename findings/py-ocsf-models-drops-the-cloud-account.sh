#!/usr/bin/env bash
# Prowler's OCSF models drop the account that a compliance finding is about.
#
# Most would guess: a finding that is valid by OCSF 1.5 with the profile `cloud`, which requires the
# object `cloud`, comes out of the models as it went in, or is refused.
# What happens, py-ocsf-models 0.10.0: ComplianceFinding has neither `cloud` nor `compliance.status`.
# Both are dropped without a word, and what comes out is not valid by the schema any more.
# Why it matters: a pipeline that passes findings through these models no longer knows the
# subscription. Ours is in the resource and in the text as well, so that it survives.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check py-ocsf-models==0.10.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

finding = {
    "activity_id": 1, "activity_name": "Create",
    "category_uid": 2, "category_name": "Findings",
    "class_uid": 2003, "class_name": "Compliance Finding",
    "type_uid": 200301, "type_name": "Compliance Finding: Create",
    "time": 1767225600000, "severity_id": 3, "severity": "Medium", "status_id": 1, "status": "New",
    "metadata": {
        "version": "1.5.0",
        "profiles": ["cloud"],
        "product": {"name": "example", "vendor_name": "example"},
    },
    "finding_info": {"uid": "1", "title": "No security contact"},
    "compliance": {"standards": ["CIS"], "control": "2.1.19", "status_id": 3, "status": "Fail"},
    "cloud": {"provider": "Azure", "account": {"uid": "1111", "type_id": 13}},
    "resources": [{"uid": "/subscriptions/1111"}],
}
kept = ComplianceFinding.model_validate(finding).model_dump(mode="json", exclude_none=True)
lost = sorted(finding.keys() - kept.keys())
print("lost:", lost)
print("compliance:", kept["compliance"])
assert lost == ["cloud"] and "status" not in kept["compliance"], "CHANGED"
PYTHON
