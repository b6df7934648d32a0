"""The recipes for GitHub, Azure Pipelines and GitLab: their schemas, and their steps, run."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from az_stub import az_output, make_az
from azure_double import AzureDouble
from conftest import surroundings
from deploy.manifests import DEPLOY, documents
from junitparser import JUnitXml

GOOD = [{"name": "default1", "properties": {"email": "soc@contoso.com"}}]
SCHEMAS = {
    "github-actions.yml": "vendor.github-workflows",
    "azure-pipelines.yml": "vendor.azure-pipelines",
    "gitlab-ci.yml": "vendor.gitlab-ci",
}
GITHUB: dict[Any, Any] = documents("github-actions.yml")[0]
PIPELINE = documents("azure-pipelines.yml")[0]
GITLAB = documents("gitlab-ci.yml")[0]["security-contacts"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_takes_it(name: str) -> None:
    """The published ones, as check-jsonschema brings them."""
    check = [str(Path(sys.executable).with_name("check-jsonschema"))]
    check += ["--builtin-schema", SCHEMAS[name], "--regex-variant", "nonunicode"]

    ran = subprocess.run([*check, DEPLOY / name], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout


def test_schedules_are_outside_the_hours_in_which_clocks_change() -> None:
    """Five fields of which the hour is 4 to 23; both count in UTC."""
    lines = [GITHUB[True]["schedule"][0]["cron"], PIPELINE["schedules"][0]["cron"]]  # on: is true
    for line in lines:
        minute, hour, *days = line.split()
        assert (int(minute) in range(60), int(hour) in range(4, 24)) == (True, True)
        assert days == ["*", "*", "*"]


def test_actions_are_pinned_and_rights_are_few() -> None:
    """A tag can be moved; the token of the job reads the repository and signs in, no more."""
    steps = GITHUB["jobs"]["audit"]["steps"]
    for step in steps:
        assert "uses" not in step or re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"])
    assert GITHUB["permissions"] == {"contents": "read", "id-token": "write"}


def checkout(folder: Path) -> Path:
    """Make a folder with the program where the recipes look: in tools/, and in PATH."""
    start = f"import sys\nsys.path.insert(0, {str(DEPLOY.parents[1])!r})\n"
    start += "from contacts_audit.__main__ import main\nmain()\n"
    (folder / "tools").mkdir()
    (folder / "tools/contacts-audit.pyz").write_text(start)
    for name, arguments in (("contacts-audit", "-m contacts_audit"), ("python3", "")):
        script = folder / "tools" / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
        script.chmod(0o755)
    return folder


def run_step(script: str, folder: Path, variables: dict[str, str]) -> int:
    """Run a step in the *folder*, as runners do: bash, which ends at the first failure."""
    path = f"{folder}/tools:{variables['PATH'].removeprefix('relative:')}"
    ran = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=variables | {"PATH": path},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return ran.returncode


def signed_in_to_az(azure: AzureDouble, folder: Path) -> dict[str, str]:
    """Return the variables of a job that has run `az login`."""
    variables = surroundings(azure, PATH=make_az(folder / "bin", az_output(azure)))
    return {name: value for name, value in variables.items() if "CLIENT" not in name}


@pytest.mark.parametrize(("contacts", "code"), [(GOOD, 0), ([], 3)])
@pytest.mark.usefixtures("tools")
def test_github_shows_the_report_and_keeps_the_code(
    azure: AzureDouble, tmp_path: Path, contacts: list[Any], code: int
) -> None:
    """The Markdown report is the step's summary, whatever the verdict."""
    azure.add("Prod", contacts_2017=contacts)
    (script,) = (step["run"] for step in GITHUB["jobs"]["audit"]["steps"] if "run" in step)
    summary = tmp_path / "summary.md"
    variables = signed_in_to_az(azure, tmp_path) | {"GITHUB_STEP_SUMMARY": str(summary)}

    assert run_step(script, checkout(tmp_path), variables) == code
    assert "| Prod |" in summary.read_text()


@pytest.mark.usefixtures("tools")
def test_github_without_a_report_fails_with_the_code(azure: AzureDouble, tmp_path: Path) -> None:
    """Where the run failed there is no summary, and the step says why."""
    (script,) = (step["run"] for step in GITHUB["jobs"]["audit"]["steps"] if "run" in step)
    variables = signed_in_to_az(azure, tmp_path) | {
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")
    }

    assert run_step(script, checkout(tmp_path), variables) == 1
    assert not (tmp_path / "summary.md").exists()


@pytest.mark.usefixtures("tools")
def test_azure_pipelines_publishes_what_the_audit_wrote(azure: AzureDouble, tmp_path: Path) -> None:
    """The file that PublishTestResults takes is JUnit, with a failure for the bare one."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.add("Bare")
    audit, publish = (step["inputs"] for step in PIPELINE["steps"])

    code = run_step(audit["inlineScript"], checkout(tmp_path), signed_in_to_az(azure, tmp_path))

    assert code == 3
    suites = JUnitXml.fromfile(str(tmp_path / publish["testResultsFiles"]))
    assert (suites.tests, suites.failures, suites.errors) == (2, 1, 0)


@pytest.mark.usefixtures("tools")
def test_gitlab_signs_in_with_its_token(azure: AzureDouble, tmp_path: Path) -> None:
    """The ID token goes through a file of the job's user alone; findings are a warning."""
    azure.add("Bare")
    file = tmp_path / "azure-id-token"
    variables = surroundings(azure, AZURE_ID_TOKEN=azure.federated_token)
    del variables["AZURE_CLIENT_SECRET"]
    variables |= GITLAB["variables"] | {"AZURE_FEDERATED_TOKEN_FILE": str(file)}

    code = run_step("\n".join(GITLAB["script"]), checkout(tmp_path), variables)

    assert [code] == GITLAB["allow_failure"]["exit_codes"]
    assert file.stat().st_mode & 0o777 == 0o600
    report = tmp_path / GITLAB["artifacts"]["reports"]["junit"]
    assert JUnitXml.fromfile(str(report)).failures == 1
    run_step("\n".join(GITLAB["after_script"]), tmp_path, variables)
    assert not file.exists()
