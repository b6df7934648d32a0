"""The manifests of docs/deploy/ are what Kubernetes takes, and their containers run."""

import json
import os
import re
import shutil
import subprocess
import sys
import zoneinfo
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from azure_double import AzureDouble
from conftest import program, run_in, surroundings
from deploy.manifests import MANIFESTS, documents, of_kind

GOOD = [{"name": "default1", "properties": {"email": "soc@contoso.com"}}]
CRON_JOB = of_kind("cronjob.yaml", "CronJob")["spec"]
JOBS = {
    "cronjob.yaml": CRON_JOB["jobTemplate"]["spec"],
    "indexed-job.yaml": of_kind("indexed-job.yaml", "Job")["spec"],
}
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?")  # a CronJob's name: at most 52


@pytest.mark.parametrize("version", ["1.29", "1.30", "1.33", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("name", MANIFESTS)
def test_the_schemas_take_each_document(name: str, version: str) -> None:
    """Strictly: a misspelled key is refused."""
    for document in documents(name):
        kubernetes_validate.validate(document, version, strict=True)


def test_the_schedule_exists_every_day() -> None:
    """Five fields, an hour outside 01:00 to 03:59, a zone without gaps: no schema looks."""
    minute, hour, *days = CRON_JOB["schedule"].split()

    assert (int(minute) in range(60), int(hour) in range(4, 24)) == (True, True)
    assert days == ["*", "*", "*"]
    assert CRON_JOB["timeZone"] == "Etc/UTC"
    assert CRON_JOB["timeZone"] in zoneinfo.available_timezones()
    assert CRON_JOB["concurrencyPolicy"] in {"Allow", "Forbid", "Replace"}


@pytest.mark.parametrize("name", MANIFESTS)
def test_what_the_schema_does_not_check(name: str) -> None:
    """Policies, names, and that account, claims and mounts are there."""
    pod = JOBS[name]["template"]["spec"]
    (container,) = pod["containers"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    accounts = [of_kind("cronjob.yaml", "ServiceAccount")["metadata"]["name"]]

    assert pod["restartPolicy"] == "Never"  # the one that podFailurePolicy takes
    assert [rule["action"] for rule in JOBS[name]["podFailurePolicy"]["rules"]] in (
        ["FailJob"],
        ["FailIndex"],
    )
    assert pod["serviceAccountName"] in accounts
    for mount in container["volumeMounts"]:
        claim = volumes[mount["name"]]["persistentVolumeClaim"]["claimName"]
        assert claim == of_kind(name, "PersistentVolumeClaim")["metadata"]["name"]
    for document in documents(name):
        assert DNS_LABEL.fullmatch(document["metadata"]["name"])


@pytest.mark.parametrize("name", MANIFESTS)
def test_pods_are_restricted(name: str) -> None:
    """As the Pod Security Standard "restricted" wants, on a root that is read-only."""
    pod = JOBS[name]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert JOBS[name]["template"]["metadata"]["labels"] == {"azure.workload.identity/use": "true"}


def pod_variables(azure: AzureDouble, folder: Path) -> dict[str, str]:
    """Return the variables of a pod: what the workload identity webhook injects, and no home."""
    (folder / "token").write_text(azure.federated_token)
    variables = surroundings(azure, AZURE_FEDERATED_TOKEN_FILE=str(folder / "token"))
    return {
        name: value
        for name, value in variables.items()
        if name not in {"HOME", "AZURE_CLIENT_SECRET"}
    }


def within(folder: Path, argument: str) -> str:
    """Return an argument with /reports in *folder*."""
    return argument.replace("/reports/", f"{folder}/")


def test_the_cron_job_writes_its_reports(azure: AzureDouble, tmp_path: Path) -> None:
    """With its own arguments, and the exit code on which its policy is built."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.add("Bare")
    (container,) = CRON_JOB["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    arguments = [within(tmp_path, argument) for argument in container["args"]]

    ran = run_in(pod_variables(azure, tmp_path), *arguments)

    assert (ran.code, ran.err) == (3, "")
    assert json.loads((tmp_path / "contacts.json").read_text())["summary"]["compliant"] == 1
    assert (tmp_path / "contacts.html").exists()
    (rule,) = CRON_JOB["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert ran.code in rule["onExitCodes"]["values"]


def test_the_indexed_job_is_one_report_again(azure: AzureDouble, tmp_path: Path) -> None:
    """Each pod takes its shard; findings are no failure of the pod; merge joins them."""
    for number in range(9):
        azure.add(f"Prod {number}", contacts_2017=GOOD if number else [])
    job = JOBS["indexed-job.yaml"]
    (container,) = job["template"]["spec"]["containers"]
    (tmp_path / "contacts-audit").write_text(
        f'#!/bin/sh\nexec {sys.executable} -m contacts_audit "$@"\n'
    )
    (tmp_path / "contacts-audit").chmod(0o755)
    reports = tmp_path / "reports"
    reports.mkdir()
    variables = pod_variables(azure, tmp_path)
    variables["PATH"] = f"{tmp_path}:{variables['PATH']}"
    variables["CONTACTS_AUDIT_RUN_ID"] = "5f0c6a3e-98b2-4d57-8e64-1b7c5d2f9a03"

    for index in range(job["completions"]):
        script = [within(reports, argument) for argument in container["args"]]
        subprocess.run(
            [*container["command"], *script],
            env=variables | {"JOB_COMPLETION_INDEX": str(index)},
            stdin=subprocess.DEVNULL,
            check=True,
        )
    merged = run_in({}, "merge", *map(str, sorted(reports.iterdir())), "-o", "json")

    assert merged.code == 3
    assert len(json.loads(merged.out)["subscriptions"]) == 9


def test_it_runs_on_a_read_only_root(azure: AzureDouble, tmp_path: Path) -> None:
    """With one folder that can be written, as the manifests mount it, and no home."""
    unshare = ["unshare", "--mount", "--propagation=private"]
    if os.geteuid() or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("no mount namespaces")
    azure.add("Prod", contacts_2017=GOOD)
    reports = tmp_path / "reports"
    reports.mkdir()
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro / && shift && exec "$@"'
    command = program("audit", "--auth=workload", f"--report={reports}/contacts.json")

    ran = subprocess.run(
        [*unshare, shutil.which("sh") or "sh", "-c", script, "sh", str(reports), *command],
        env=pod_variables(azure, tmp_path) | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, "error" in ran.stderr) == (0, False), ran.stderr
    report: dict[str, Any] = json.loads((reports / "contacts.json").read_text())
    assert report["summary"]["compliant"] == 1
