#!/usr/bin/env bash
# A strict validation of a CronJob accepts a schedule, a policy and a restart policy that no cluster takes.
#
# Most would guess: `--strict` validation against the schema of a Kubernetes version refuses
# `schedule: every night`, `concurrencyPolicy: Sometimes` and a Job with `restartPolicy: Always`.
# What happens, kubernetes-validate 1.37.0: all three are valid, for the published schema has no
# format or enumeration for them; the API server checks them in code. And a good Job whose
# podFailurePolicy has onExitCodes alone is refused for 1.25 to 1.28, and accepted from 1.29.
# Why it matters: a manifest that passes this check can still be refused, or never run. Schedules and
# policies need tests of their own, and the Job in our docs asks for 1.29.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check kubernetes-validate==1.37.0 PyYAML==6.0.3
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import copy

import kubernetes_validate

pod = {
    "restartPolicy": "Never",
    "containers": [{"name": "audit", "image": "example.invalid/audit:1"}],
}
cron_job = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "nightly"},
    "spec": {
        "schedule": "30 4 * * *",
        "concurrencyPolicy": "Forbid",
        "jobTemplate": {"spec": {"template": {"spec": pod}}},
    },
}
job = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "once"},
    "spec": {
        "podFailurePolicy": {
            "rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [2]}}]
        },
        "template": {"spec": pod},
    },
}


def verdict(manifest, version="1.30"):
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError:
        return "refused"
    return "valid"


bad = {}
for key, value in (("schedule", "every night"), ("concurrencyPolicy", "Sometimes")):
    bad[f"{key}: {value}"] = copy.deepcopy(cron_job)
    bad[f"{key}: {value}"]["spec"][key] = value
bad["restartPolicy: Always"] = copy.deepcopy(cron_job)
template = bad["restartPolicy: Always"]["spec"]["jobTemplate"]["spec"]["template"]
template["spec"]["restartPolicy"] = "Always"
for what, manifest in bad.items():
    print(f"{what}: {verdict(manifest)}")
    assert verdict(manifest) == "valid", "CHANGED: refused now"
for version, expected in (("1.25", "refused"), ("1.28", "refused"), ("1.29", "valid")):
    print(f"podFailurePolicy with onExitCodes alone, {version}: {verdict(job, version)}")
    assert verdict(job, version) == expected, "CHANGED"
PYTHON
