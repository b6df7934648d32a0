"""The commands repeat the options of the run, and take no host from a file."""

import json
import shlex
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, Run, run_in
from report.fix_commands import SOC, contact, done, ending, filled, fixes, organised, shown_in


@pytest.fixture
def scoped(azure: AzureDouble, tmp_path: Path) -> dict[str, list[str]]:
    """Return each way to choose Here and There, and not Out, which fails as well."""
    here, there = azure.add("Here"), azure.add("There -- it's")
    azure.add("Out")
    there.contact = contact("a@a.example", isEnabled=False)
    azure.group("team", subscriptions=[here, there])
    file = tmp_path / "list of mine.txt"
    file.write_text(f"Here\n{there.id}\n")
    return {
        "names": ["-s", "Here", "-s", "There -- it's"],
        "file": ["--subscriptions-from", str(file)],
        "group": ["--management-group", "team"],
        "exclude": ["--exclude", "Out"],
        "tenant": ["--tenant", azure.tenant, "--exclude", "Out"],
    }


@pytest.mark.parametrize("way", ["names", "file", "group", "exclude", "tenant"])
def test_the_scope_is_repeated_as_it_was_given(
    run: Run, azure: AzureDouble, scoped: dict[str, list[str]], way: str, tmp_path: Path
) -> None:
    """Every command has it, and writes nothing outside of it."""
    asked = ["audit", "--check", "alert-notifications", *scoped[way]]
    ran = run(*asked)

    lines = ending(ran.err)
    for line in lines:
        assert shlex.join(scoped[way]) in line or way == "tenant"
        assert {*scoped[way]} <= {*shlex.split(line)}
        done(run, line, tmp_path)

    assert len(lines) == 2
    assert run(*asked).code == 0
    assert {asked.path.split("/")[2] for asked in azure.writes()} == {
        one.id for one in azure.subscriptions[:2]
    }


def test_a_shard_is_repeated_by_its_number(run: Run, azure: AzureDouble) -> None:
    """The number may come from a variable that the next shell lacks."""
    for number in range(20):
        azure.add(f"S{number}")

    ran = run("audit", "--shard", "auto/3", JOB_COMPLETION_INDEX="1")

    (line,) = ending(ran.err)
    assert "--shard 1/3" in line
    assert run(*filled(line)[1:]).err.split()[0] == ran.err.split()[0]


def test_options_from_variables_are_repeated(run: Run, azure: AzureDouble) -> None:
    """The command works in a shell without these variables."""
    azure.add("Prod").contact = contact(SOC, owner=False)
    azure.add("Other")

    ran = run("audit", CONTACTS_AUDIT_PROFILE="cis", CONTACTS_AUDIT_SUBSCRIPTION="Prod")

    (line,) = ending(ran.err)
    words = shlex.split(line)
    assert words[:7] == [
        "contacts-audit",
        "plan",
        "--failing-only",
        "-s",
        "Prod",
        "--profile",
        "cis",
    ]
    assert words[words.index("--arm-endpoint") + 1] == azure.endpoint
    assert words[words.index("--ca-bundle") + 1] == str(azure.ca)
    assert words[-1] == "--notify-owners"


def test_stdin_cannot_be_read_twice(run: Run, azure: AzureDouble, tmp_path: Path) -> None:
    """Subscriptions from stdin are named by id; a policy from stdin is a blank."""
    azure.add("Prod")
    azure.add("Other")
    policy_file = b'profile = "cis"\n'

    scope = ending(run("audit", "--subscriptions-from", "-", stdin=b"Prod\n").err)
    judged = ending(run("audit", "-s", "Prod", "--policy", "-", stdin=policy_file).err)

    assert f"--failing-only -s {azure.subscriptions[0].id} --arm-endpoint" in scope[0]
    assert "--policy FILE" in judged[0]
    done(run, scope[0], tmp_path)
    assert run("audit", "-s", "Prod").code == 0


def test_the_policy_decides_what_is_needed(run: Run, azure: AzureDouble, tmp_path: Path) -> None:
    """The command names the policy file by its absolute path, so overrides and waivers apply."""
    organised(azure)
    policy_file = tmp_path / "my policy.toml"
    policy_file.write_text(
        'profile = "strict"\nallowed_domains = ["a.example"]\n'
        '[[override]]\nsubscription = "Elsewhere"\nallowed_domains = ["b.example"]\n'
        '[[waiver]]\nsubscription = "Nothing"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n'
    )
    asked = ["audit", "--policy", str(policy_file)]

    for line in ending(run(*asked).err):
        assert shlex.join(asked[1:]) in line
        done(run, line, tmp_path)

    assert run(*asked).code == 0
    assert azure.subscriptions[1].contact is None


CONTOSO = ROOT / "fixtures/contoso"


def test_a_recording_chooses_no_host_and_no_address(tmp_path: Path) -> None:
    """They may be made up: the run says where its commands send requests."""
    asked = ["--check", "allowed-domain", "--allowed-domain", "a.example"]

    ran = run_in({}, "audit", "--replay", str(CONTOSO), *asked)
    page = run_in({}, "audit", "--replay", str(CONTOSO), *asked, "-o", "html").text

    for line in ending(ran.err):
        words = shlex.split(line)
        assert "--replay" not in words
        assert {word for word in words if "@" in word or "://" in word} == set()
        assert words[-1].startswith("WRONG-ADDRESS-")
    said = "From a recording: the commands send requests to https://management.azure.com."
    assert said in ran.err
    assert said in page


def test_the_options_choose_the_cloud_not_the_recording() -> None:
    """They are the run's own."""
    ran = run_in({}, "audit", "--replay", str(CONTOSO), "--cloud", "AzureUSGovernment")

    assert "send requests to https://management.usgovcloudapi.net" in ran.err
    assert all("--cloud AzureUSGovernment" in line for line in ending(ran.err))


@pytest.mark.parametrize("form", ["table", "html", "csv", "junit", "markdown", "ocsf"])
def test_a_merged_report_chooses_no_host(tmp_path: Path, form: str) -> None:
    """No cloud, tenant or address of the file gets into a command unchecked."""
    evil, name = "evil.example", str(tmp_path / "evil.json")
    run_in({}, "audit", "--replay", str(CONTOSO), "-q", "--report", name)
    document = json.loads(Path(name).read_text())
    document |= {"cloud": evil, "tenants": [evil, "other"]}
    for row in document["subscriptions"]:
        row["tenant_id"] = evil
        for finding in row["findings"]:
            finding["check"] = "allowed-domain"
    Path(name).write_text(json.dumps(document))

    ran = run_in({}, "merge", name, "-o", form)

    commands = [
        *ending(ran.err),
        *(fixes(ran.text) if form == "csv" else shown_in_any(form, ran.text)),
    ]
    assert commands
    assert not any(evil in command for command in commands)
    assert all("--arm-endpoint ENDPOINT" in command for command in commands if command[:2] != "az")


def shown_in_any(form: str, out: str) -> list[str]:
    """Return the commands of a report of this *form*, none of a table."""
    return [] if form == "table" else shown_in(form, out)
