"""Commands say who is signed in, and reports record it."""

import json
from pathlib import Path

import pytest
from az_stub import Az, az_output
from azure.auth.shared import GOOD, NO_CREDENTIAL, unsigned_token
from azure_double import AzureDouble
from conftest import Run, run_in, surroundings
from pseudo_terminal import at_a_terminal

READING = [["audit"], ["emails"], ["fetch"], ["token"], ["explain", "Prod"], ["plan", "--enable"]]


@pytest.mark.parametrize("arguments", READING, ids=lambda each: each[0])
def test_reading_says_who_is_signed_in_only_at_a_terminal(
    azure: AzureDouble, run: Run, arguments: list[str]
) -> None:
    """One line with the credential, the application and the tenant. Mail of cron has none."""
    azure.add("Prod", contacts_2017=GOOD)
    name = f"environment: client secret of application {azure.client_id}"
    line = f"signed in as application {azure.client_id}, tenant {azure.tenant} ({name})"

    seen = at_a_terminal(arguments, surroundings(azure))
    verbose = run(*arguments, "-v")
    mailed = run(*arguments)

    assert seen.err.splitlines().count(line) == 1, seen.err
    assert verbose.err.splitlines().count(line) == 1
    assert "signed in" not in mailed.err


def test_writing_says_who_is_signed_in_only_at_a_terminal(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """`apply` and `restore`, once, also without a question. Mail of cron has no such line."""
    one, two = azure.add("One"), azure.add("Two")
    line = f"signed in as application {azure.client_id}"

    def apply(name: str) -> list[str]:
        folder = str(tmp_path / name)
        return ["apply", "--yes", "-s", name, "--email", "a@contoso.com", "--state-dir", folder]

    def restore(name: str) -> list[str]:
        (backup,) = (tmp_path / name).glob("backup-*.json")
        return ["restore", str(backup), "--yes", "--state-dir", str(tmp_path / "undone")]

    for command in (apply, restore):
        seen = at_a_terminal(command("One"), surroundings(azure))
        mailed = run(*command("Two"))

        assert (seen.code, mailed.code) == (0, 0), seen.err + mailed.err
        assert seen.err.count(line) == 1, seen.err
        assert "signed in" not in mailed.err
    assert (one.contact, two.contact) == (None, None)


def test_quiet_is_quiet_at_a_terminal(azure: AzureDouble) -> None:
    """It shows only errors."""
    azure.add("Prod", contacts_2017=GOOD)

    assert at_a_terminal(["audit", "-q"], surroundings(azure)).err == ""


@pytest.mark.parametrize("terminal", [True, False])
def test_no_change_prints_nothing(
    azure: AzureDouble, run: Run, tmp_path: Path, terminal: bool
) -> None:
    """Not even who is signed in."""
    azure.add("Prod", contacts_2017=GOOD)
    baseline = str(tmp_path / "old.json")
    arguments = ["audit", "--only-changes", "--baseline", baseline, "--report", baseline]
    run(*arguments)

    ran = at_a_terminal(arguments, surroundings(azure)) if terminal else run(*arguments)

    assert (ran.code, ran.out, ran.err) == (0, b"", "")


@pytest.mark.parametrize("answer", [b"n\n", b"y\n"])
def test_the_question_says_who_is_signed_in(
    azure: AzureDouble, tmp_path: Path, answer: bytes
) -> None:
    """That of `apply` and of `restore`."""
    azure.add("Prod")
    variables = surroundings(azure)
    state = ["--state-dir", str(tmp_path / "state")]
    line = f"signed in as application {azure.client_id}, tenant {azure.tenant}"

    applied = at_a_terminal(["apply", "--email", "b@contoso.com", *state], variables, answer)

    before, question, _ = applied.err.partition("[y/N]")
    assert question
    assert line in before.splitlines()[-2]
    if answer == b"y\n":
        (backup,) = (tmp_path / "state").glob("backup-*.json")
        restored = at_a_terminal(["restore", str(backup), *state], variables, b"n\n")
        assert line in restored.err.partition("[y/N]")[0].splitlines()[-2]


def test_reports_record_who_is_signed_in(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """JSON, JSON lines, HTML and Markdown. In a replay, nobody is."""
    azure.add("Prod", contacts_2017=GOOD)
    files = {name: tmp_path / f"r.{name}" for name in ("json", "jsonl", "html", "md")}
    folder = str(tmp_path / "recording")
    wanted = [argument for path in files.values() for argument in ("--report", str(path))]

    ran = run("audit", *wanted, "--record", folder)
    replayed = run_in({}, "audit", "--replay", folder, "-o", "json")

    assert ran.code == 0, ran.err
    (identity,) = json.loads(files["json"].read_text())["identities"]
    last = json.loads(files["jsonl"].read_text().splitlines()[-1])
    assert identity == {
        "auth": "env",
        "credential": f"environment: client secret of application {azure.client_id}",
        "user": None,
        "application_id": azure.client_id,
        "object_id": identity["object_id"],
        "tenant_id": azure.tenant,
    }
    assert identity["object_id"]
    assert last["identities"] == [identity]
    assert f"application {azure.client_id}, tenant {azure.tenant}" in files["html"].read_text()
    assert f"- signed in as: application {azure.client_id}" in files["md"].read_text()
    assert json.loads(replayed.out)["identities"] == []


def test_reports_record_an_identity_for_each_tenant(azure: AzureDouble, run: Run) -> None:
    """In the order of the tenants."""
    other = azure.add_tenant("fabrikam.example")
    azure.add("Ours", contacts_2017=GOOD)
    azure.add("Theirs", tenant_id=other.id, contacts_2017=GOOD)

    ran = run("audit", "-v", "-o", "json", "--tenant", other.id, "--tenant", azure.tenant)

    found = [each["tenant_id"] for each in json.loads(ran.out)["identities"]]
    assert ran.code == 0, ran.err
    assert found == [other.id, azure.tenant]
    assert ran.err.count("signed in as application") == 2


def test_a_merged_report_keeps_who_signed_in(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Once, if all shards have the same identity. Old reports have none."""
    azure.add("One", contacts_2017=GOOD)
    azure.add("Two", contacts_2017=GOOD)
    names = [str(tmp_path / f"{part}.json") for part in (0, 1)]
    for part, name in enumerate(names):
        run("audit", "--shard", f"{part}/2", "--report", name, "-q")
    (identity,) = json.loads(Path(names[0]).read_text())["identities"]

    merged = json.loads(run("merge", "-o", "json", *names).out)
    for name in names:
        old = json.loads(Path(name).read_text())
        del old["identities"]
        Path(name).write_text(json.dumps(old))
    older = json.loads(run("merge", "-o", "json", *names).out)

    assert (merged["identities"], older["identities"]) == ([identity], [])


def test_a_hostile_user_name_is_sanitized(azure: AzureDouble, run: Run, az: Az) -> None:
    """The claims of the token are not verified."""
    azure.add("Prod", contacts_2017=GOOD)
    hostile = unsigned_token(
        upn="ada\x1b[2J\n@contoso.com", oid="o", tid=azure.tenant, exp=4070908800
    )

    ran = run("audit", "-v", **{**NO_CREDENTIAL, "PATH": az(az_output(azure, accessToken=hostile))})

    (line,) = [each for each in ran.err.splitlines() if each.startswith("signed in as")]
    assert line == (
        f"signed in as user ada\\x1b[2J\\x0a@contoso.com, tenant {azure.tenant} (Azure CLI)"
    )


@pytest.mark.parametrize("claim", [None, 5, ["x"], {"a": 1}, True])
def test_odd_claims_do_not_crash(run: Run, azure: AzureDouble, claim: object) -> None:
    """A token may contain anything."""
    token = unsigned_token(upn=claim, appid=claim, azp=claim, oid=claim, tid=claim)

    ran = run("token", "-v", "--auth", "token", AZURE_ACCESS_TOKEN=token)

    assert ran.code == 0, ran.err
    assert "signed in as an opaque token, tenant unknown (token of AZURE_ACCESS_TOKEN)" in ran.err


def test_a_result_records_who_is_signed_in(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """`apply -o json`, with and without a write."""
    azure.add("Prod")
    arguments = ["apply", "--email", "b@contoso.com", "--yes", "-o", "json"]

    for _ in range(2):
        ran = run(*arguments, "--state-dir", str(tmp_path / "state"))

        (identity,) = json.loads(ran.out)["identities"]
        assert identity["application_id"] == azure.client_id
        assert identity["tenant_id"] == azure.tenant
