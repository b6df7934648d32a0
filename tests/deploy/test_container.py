"""The Dockerfile: no image can be built where these tests run, so its rules are held here."""

import re
import shlex

from deploy.manifests import DEPLOY, MANIFESTS

TEXT = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
STEPS = [(m[1], m[2]) for m in re.finditer(r"^([A-Z]+) +(.*)$", TEXT, re.MULTILINE)]
SECOND = [word for word, _ in STEPS].index("FROM", 1)
BUILD, LAST = STEPS[:SECOND], STEPS[SECOND:]


def test_each_base_is_pinned_by_digest() -> None:
    """The same one twice: what was built runs on what it was built for."""
    bases = {rest.split()[0] for word, rest in STEPS if word == "FROM"}

    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.1[1-4]-slim@sha256:[0-9a-f]{64}", bases.pop())


def test_the_result_holds_the_program_alone() -> None:
    """Its last stage copies what the first has built, and keeps no installer."""
    steps = dict(LAST)

    assert [word for word, _ in LAST] == ["FROM", "RUN", "COPY", "ENV", "USER", "ENTRYPOINT", "CMD"]
    assert steps["RUN"] == "pip uninstall -y pip"
    assert steps["COPY"].startswith("--from=build ")
    assert int(steps["USER"].split(":")[0]) > 0
    assert steps["ENTRYPOINT"] == '["contacts-audit"]'


def test_what_is_installed_is_pinned_by_hash() -> None:
    """Wheels alone, each with its hash; the program itself from the wheel beside them."""
    (run,) = (rest for word, rest in BUILD if word == "RUN")
    installs = [shlex.split(part) for part in run.split("&&") if " install " in part]

    assert [{"--require-hashes", "--no-index"} & {*install} for install in installs] == [
        {"--require-hashes"},
        {"--no-index"},
    ]
    assert all("--only-binary" in each or "--no-deps" in each for each in installs)


def test_only_what_has_a_home_runs_the_one_file_program() -> None:
    """It unpacks itself. Images hold the package, and the disk of a pod is read-only."""
    recipes = {path.name: path.read_text() for path in DEPLOY.iterdir() if path.suffix != ".md"}

    assert {name for name, text in recipes.items() if "contacts-audit.pyz" in text} == {
        "azure-pipelines.yml",
        "github-actions.yml",
    }
    assert all("registry.example" in recipes[name] for name in (*MANIFESTS, "gitlab-ci.yml"))
