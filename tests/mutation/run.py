"""
Break the code in small ways, one at a time, and say which breaks no test sees: `make mutate`.

It works on a copy, module by module, each with the tests that concern it.  MUTATE names modules
(`policy protocol`), MUTATE_SECONDS bounds each; what could not be tried in that time is counted.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHECKS = tuple(
    f"audit/test_{name}"
    for name in (
        "check_addresses",
        "check_alerts",
        "check_attack_paths",
        "check_contact_email",
        "check_reachable",
        "findings",
    )
)
SUITES = {
    "policy": ("audit/policy.py", ("audit/test_overrides", "audit/test_waivers")),
    "profiles": ("audit/profiles.py", ("audit/test_profiles", "audit/test_overrides")),
    "checks": ("audit/checks.py", CHECKS),
    "protocol": (
        "azure/arm/protocol.py",
        ("azure/arm/test_protocol", "azure/contacts/test_read", "azure/contacts/test_records"),
    ),
    "read": (
        "azure/contacts/read.py",
        ("azure/contacts/test_read", "azure/contacts/test_read_addresses", *CHECKS),
    ),
    "equality": (
        "azure/contacts/equality.py",
        (
            "azure/contacts/test_equality",
            "remediation/test_tasks",
            "remediation/test_write_outcomes",
        ),
    ),
    "steps": (
        "azure/contacts/steps.py",
        (
            "azure/contacts/test_equality",
            "azure/contacts/test_write",
            "azure/contacts/test_write_new",
        ),
    ),
    "tasks": (
        "remediation/tasks.py",
        ("remediation/test_tasks", "remediation/test_write_outcomes"),
    ),
    "send": (
        "remediation/send.py",
        ("remediation/test_answers", "remediation/test_resend", "remediation/test_write_outcomes"),
    ),
    "apply": (
        "remediation/apply.py",
        ("remediation/test_several_writes", "remediation/test_write_outcomes"),
    ),
}
SECONDS = float(os.environ.get("MUTATE_SECONDS", "1800"))
CONFIG = """
[tool.mutmut]
source_paths = ["contacts_audit"]
only_mutate = ["contacts_audit/{module}"]
also_copy = ["fixtures", "docs", "README.md", "Makefile", "CHANGELOG.md"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = [{tests}]
"""


def mutate(name: str, folder: Path) -> list[str]:
    """Try the mutants of the module *name* in *folder*; return a line for each."""
    module, suites = SUITES[name]
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "mutants", "__pycache__"))
    tests = ", ".join(
        f'"tests/{suite}.py"' for suite in suites if (folder / f"tests/{suite}.py").exists()
    )
    with (folder / "pyproject.toml").open("a") as config:
        config.write(CONFIG.format(module=module, tests=tests))
    command = [sys.executable, "-m", "mutmut"]
    with (folder / "mutmut.log").open("wb") as log:
        run = subprocess.Popen(
            [*command, "run", "--max-children", os.environ.get("MUTATE_CHILDREN", "1")],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            run.wait(SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, 15)
            run.wait()
    told = subprocess.run(
        [*command, "results", "--all", "true"], cwd=folder, capture_output=True, text=True
    )
    return [line.strip() for line in told.stdout.splitlines() if ": " in line]


def show(mutant: str, folder: Path) -> str:
    """Return what *mutant* changes."""
    command = [sys.executable, "-m", "mutmut", "show", mutant]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return told.stdout


def main(names: Sequence[str]) -> int:
    """Say for each module how many mutants there are of each kind, and show those that live."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in names or list(SUITES):
            folder = Path(scratch, name)
            lines = [line.rsplit(": ", 1) for line in mutate(name, folder)]
            counts = Counter(status for _, status in lines)
            sys.stdout.write(f"{name}: {dict(counts)}\n")
            for mutant, status in lines:
                if status not in {"killed", "timeout", "not checked", "no tests"}:
                    sys.stdout.write(f"\n# {status}: {mutant}\n{show(mutant, folder)}\n")
            if set(counts) <= {"not checked"}:  # the tests fail where nothing is broken
                sys.stdout.write((folder / "mutmut.log").read_text()[-3000:])
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ.get("MUTATE", "").split()))
