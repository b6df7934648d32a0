"""Whose identity is used: what is given is used or refused by name, and every run says as whom."""

import base64
import json
import os
import pty
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.auth.test_sign_in import az, az_says
from azure_double import AzureDouble
from conftest import Ran, Run, coverage_variables, program, run_in, surroundings

__all__ = ["az"]
GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
SET = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
NOBODY = dict.fromkeys(SET, "")
GUID = "3d9e7b52-60af-4c18-b7d3-f8215e4a9c06"
Az = Callable[..., str]
Beside = Callable[..., Ran]


@pytest.fixture
def beside_az(azure: AzureDouble, run: Run, az: Az) -> Beside:
    """Return the program of somebody whose az is signed in, and who gives something else, too."""
    azure.add("Prod", contacts_2017=GOOD)

    def runner(*arguments: str, stdin: bytes = b"", **variables: str) -> Ran:
        path = az(az_says(azure))
        return run(*arguments, stdin=stdin, **{**NOBODY, "PATH": path, **variables})

    return runner


def jwt(**claims: object) -> str:
    """Return an unsigned token that shows *claims*."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.x"


def test_a_token_file_means_the_token(
    azure: AzureDouble, beside_az: Beside, tmp_path: Path
) -> None:
    """Not az's identity, which is at hand, too."""
    (tmp_path / "token").write_text(azure.token())

    file = beside_az("audit", "-v", "--token-file", str(tmp_path / "token"))
    stdin = beside_az("audit", "-v", "--token-file", "-", stdin=azure.token().encode())

    assert (file.code, stdin.code) == (0, 0), file.err
    assert "credential: token of --token-file" in file.err
    assert "Azure CLI" not in file.err + stdin.err


def test_a_token_file_goes_before_every_variable(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Nobody signs in with the client secret that is set, too."""
    azure.add("Prod", contacts_2017=GOOD)
    (tmp_path / "token").write_text(azure.token())

    ran = run("audit", "--token-file", str(tmp_path / "token"), AZURE_ACCESS_TOKEN="a.b.c")

    assert (ran.code, azure.token_asked()) == (0, []), ran.err


@pytest.mark.parametrize(
    "auth", ["env", "workload", "managed-identity", "azure-cli", "device-code"]
)
@pytest.mark.parametrize("where", ["option", "variable"])
def test_a_token_file_beside_another_way_is_wrong_usage(
    azure: AzureDouble, beside_az: Beside, tmp_path: Path, auth: str, where: str
) -> None:
    """Exit 2 before anything is sent."""
    (tmp_path / "token").write_text(azure.token())
    given = ["--auth", auth] if where == "option" else []
    variables = {} if given else {"CONTACTS_AUDIT_AUTH": auth}

    ran = beside_az("audit", *given, "--token-file", str(tmp_path / "token"), **variables)

    assert (ran.code, ran.err.count("\n"), azure.asked) == (2, 1, [])
    assert "--token-file" in ran.err


def test_a_token_file_beside_a_managed_identity_is_wrong_usage(
    azure: AzureDouble, beside_az: Beside, tmp_path: Path
) -> None:
    """Two identities are named."""
    (tmp_path / "token").write_text(azure.token())

    ran = beside_az("audit", "--token-file", str(tmp_path / "token"), "--identity-client-id", GUID)

    assert (ran.code, ran.err.count("\n"), azure.asked) == (2, 1, [])


def test_a_token_variable_goes_before_az(azure: AzureDouble, beside_az: Beside) -> None:
    """Somebody set it; az is only there."""
    ran = beside_az("audit", "-v", AZURE_ACCESS_TOKEN=azure.token())

    assert ran.code == 0, ran.err
    assert "credential: token of AZURE_ACCESS_TOKEN" in ran.err


@pytest.mark.parametrize("names", ["AZURE", "ARM"])
@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ({"CLIENT_ID", "CLIENT_SECRET"}, {"TENANT_ID"}),
        ({"TENANT_ID", "CLIENT_SECRET"}, {"CLIENT_ID"}),
        ({"CLIENT_SECRET"}, {"TENANT_ID", "CLIENT_ID"}),
        ({"CLIENT_ID", "CLIENT_CERTIFICATE_PATH"}, {"TENANT_ID"}),
        ({"CLIENT_CERTIFICATE_PATH"}, {"TENANT_ID", "CLIENT_ID"}),
        ({"CLIENT_ID", "FEDERATED"}, {"TENANT_ID"}),
        ({"TENANT_ID", "FEDERATED"}, {"CLIENT_ID"}),
        ({"CLIENT_CERTIFICATE_PASSWORD"}, {"TENANT_ID", "CLIENT_ID"}),
    ],
)
@pytest.mark.parametrize("command", ["audit", "token", "fetch", "doctor"])
def test_half_a_set_names_what_it_lacks(
    azure: AzureDouble,
    beside_az: Beside,
    names: str,
    given: set[str],
    lacks: set[str],
    command: str,
) -> None:
    """Exit 1 before anything is sent: az's identity does not take its place."""
    federated = {"AZURE": "FEDERATED_TOKEN_FILE", "ARM": "OIDC_TOKEN_FILE_PATH"}[names]
    variables = {f"{names}_{federated if each == 'FEDERATED' else each}": GUID for each in given}

    ran = beside_az(command, **variables)

    said = ran.err + ran.text
    assert ran.code == 1
    assert azure.token_asked() == []
    assert not any(asked.bearer for asked in azure.asked)
    assert all(f"{names}_{each}" in said for each in lacks)


@pytest.mark.parametrize("variable", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "ARM_TENANT_ID"])
def test_a_name_alone_is_nobody(beside_az: Beside, variable: str) -> None:
    """It proves nothing; other tools set it for reasons of their own."""
    ran = beside_az("audit", **{variable: GUID})

    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        pytest.param({"AZURE_ACCESS_TOKEN": "a.b.c"}, "AZURE_ACCESS_TOKEN is", id="token"),
        pytest.param(
            {"AZURE_FEDERATED_TOKEN_FILE": "/x"}, "AZURE_FEDERATED_TOKEN_FILE is", id="federation"
        ),
        pytest.param(
            {"ARM_TENANT_ID": "x", "ARM_CLIENT_ID": "y", "ARM_CLIENT_SECRET": "hunter2"},
            "ARM_CLIENT_SECRET is",
            id="Terraform's",
        ),
        pytest.param(
            {"AZURE_CLIENT_CERTIFICATE_PATH": "/x", "AZURE_ACCESS_TOKEN": "a.b.c"},
            "AZURE_CLIENT_CERTIFICATE_PATH and AZURE_ACCESS_TOKEN are",
            id="two",
        ),
    ],
)
def test_a_set_that_is_not_used_is_told_in_one_line(
    azure: AzureDouble, run: Run, more: dict[str, str], says: str
) -> None:
    """It is complete, and another goes before it."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("audit", **more)

    first, summary = ran.err.splitlines()
    assert ran.code == 0
    assert first == (
        f"warning: {says} set, too, and not used: AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are set"
    )
    assert summary.startswith("1 subscription: ")
    assert "hunter2" not in ran.err


# Tokens that have expired


@pytest.mark.parametrize(
    ("age", "says"),
    [
        (5, r" s ago ("),
        (7 * 60 + 5, "7 min ago ("),
        (2 * 3600 + 60, "2 h ago ("),
        (3 * 86400, "3 days ago ("),
    ],
)
@pytest.mark.parametrize("where", ["file", "stdin", "variable"])
@pytest.mark.parametrize("command", ["audit", "token"])
def test_an_expired_token_says_when_and_which(
    azure: AzureDouble,
    beside_az: Beside,
    tmp_path: Path,
    age: int,
    says: str,
    where: str,
    command: str,
) -> None:
    """Before anything is sent."""
    token = jwt(exp=int(time.time()) - age)
    (tmp_path / "exp.txt").write_text(token)
    file = str(tmp_path / "exp.txt")
    arguments, source = {
        "file": (["--token-file", file], f"the token in {file} (--token-file) expired "),
        "stdin": (["--token-file", "-"], "the token in stdin (--token-file) expired "),
        "variable": ([], "the token in AZURE_ACCESS_TOKEN expired "),
    }[where]
    variables = {"AZURE_ACCESS_TOKEN": token} if where == "variable" else {}

    ran = beside_az(command, *arguments, stdin=token.encode(), **variables)

    assert (ran.code, ran.out, ran.err.count("\n"), azure.asked) == (1, b"", 1, [])
    assert ran.err.startswith(f"error: {source}")
    assert says in ran.err
    assert "UTC) -- get a new one, or check this machine's clock" in ran.err


def test_an_expired_federated_token_is_no_wrong_clock(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """AADSTS700024 has two causes; the token itself tells which."""
    from azure_double import faults

    said = {"error": "invalid_client", "error_description": "AADSTS700024: not within its time"}
    azure.fail("POST", faults.status(401, said))
    path = tmp_path / "assertion"
    path.write_text(jwt(exp=int(time.time()) - 7200))

    old = run("audit", AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=str(path))
    path.write_text(jwt(sub="x"))
    untold = run("audit", AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=str(path))

    assert (old.code, untold.code) == (1, 1)
    assert f"the token in {path} (AZURE_FEDERATED_TOKEN_FILE) expired 2 h ago" in old.err
    assert "clock" not in old.err
    assert f"the token in {path} (AZURE_FEDERATED_TOKEN_FILE) has expired, or" in untold.err


def test_errors_speak_of_the_set_that_is_used(azure: AzureDouble, run: Run) -> None:
    """Terraform's names, where those are set."""
    ran = run(
        "audit",
        **NOBODY,
        ARM_TENANT_ID=azure.tenant,
        ARM_CLIENT_ID=azure.client_id,
        ARM_CLIENT_SECRET="wrong",
    )

    assert ran.code == 1
    assert "set ARM_CLIENT_SECRET to the secret's value" in ran.err


# As whom


def at_a_terminal(arguments: list[str], variables: dict[str, str], answer: bytes = b"") -> Ran:
    """Run the program with stdin and stderr at a terminal, and stdout in a pipe."""
    main, other = pty.openpty()
    process = subprocess.Popen(
        program(*arguments),
        stdin=other,
        stdout=subprocess.PIPE,
        stderr=other,
        env=variables | coverage_variables() | {"TERM": "dumb"},
    )
    os.close(other)
    if answer:
        os.write(main, answer)
    out, _ = process.communicate(timeout=60)
    said = b""
    try:
        while piece := os.read(main, 65536):
            said += piece
    except OSError:
        pass
    os.close(main)
    return Ran(process.returncode, out, said.decode().replace("\r\n", "\n"))


READING = [["audit"], ["emails"], ["fetch"], ["token"], ["explain", "Prod"], ["plan", "--enable"]]


@pytest.mark.parametrize("arguments", READING, ids=lambda each: each[0])
def test_every_command_says_as_whom_at_a_terminal_and_nowhere_else(
    azure: AzureDouble, run: Run, arguments: list[str]
) -> None:
    """The credential, the application, the tenant: in one line; a mail of cron has none."""
    azure.add("Prod", contacts_2017=GOOD)
    name = f"environment: client secret of application {azure.client_id}"
    line = f"signed in as application {azure.client_id}, tenant {azure.tenant} ({name})"

    seen = at_a_terminal(arguments, surroundings(azure))
    verbose = run(*arguments, "-v")
    mailed = run(*arguments)

    assert seen.err.splitlines().count(line) == 1, seen.err
    assert verbose.err.splitlines().count(line) == 1
    assert "signed in" not in mailed.err


def test_writing_says_as_whom_at_a_terminal_and_nowhere_else(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """`apply` and `restore`, also where nobody is asked: once, and not in a mail of cron."""
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
    """Nothing but errors."""
    azure.add("Prod", contacts_2017=GOOD)

    assert at_a_terminal(["audit", "-q"], surroundings(azure)).err == ""


@pytest.mark.parametrize("terminal", [True, False])
def test_no_change_is_no_byte(azure: AzureDouble, run: Run, tmp_path: Path, terminal: bool) -> None:
    """Not even the line about the identity."""
    azure.add("Prod", contacts_2017=GOOD)
    baseline = str(tmp_path / "old.json")
    arguments = ["audit", "--only-changes", "--baseline", baseline, "--report", baseline]
    run(*arguments)

    ran = at_a_terminal(arguments, surroundings(azure)) if terminal else run(*arguments)

    assert (ran.code, ran.out, ran.err) == (0, b"", "")


def test_reports_record_as_whom(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """JSON, JSON lines, the page and Markdown; a recording is read by nobody."""
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


def test_each_tenant_is_signed_in_to_by_somebody(azure: AzureDouble, run: Run) -> None:
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
    """Once, where all shards were audited by one; a report of an older version names nobody."""
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


def test_a_person_is_named_and_what_they_are_called_is_inert(
    azure: AzureDouble, run: Run, az: Az
) -> None:
    """By az's token; nobody verified it, so it is not believed to be harmless."""
    azure.add("Prod", contacts_2017=GOOD)
    hostile = jwt(upn="ada\x1b[2J\n@contoso.com", oid="o", tid=azure.tenant, exp=4070908800)

    ran = run("audit", "-v", **{**NOBODY, "PATH": az(az_says(azure, accessToken=hostile))})

    (line,) = [each for each in ran.err.splitlines() if each.startswith("signed in as")]
    assert line == (
        f"signed in as user ada\\x1b[2J\\x0a@contoso.com, tenant {azure.tenant} (Azure CLI)"
    )


@pytest.mark.parametrize("claim", [None, 5, ["x"], {"a": 1}, True])
def test_odd_claims_are_no_crash(run: Run, azure: AzureDouble, claim: object) -> None:
    """A token may show anything."""
    token = jwt(upn=claim, appid=claim, azp=claim, oid=claim, tid=claim)

    ran = run("token", "-v", "--auth", "token", AZURE_ACCESS_TOKEN=token)

    assert ran.code == 0, ran.err
    assert "signed in as an opaque token, tenant unknown (token of AZURE_ACCESS_TOKEN)" in ran.err


def test_a_result_records_as_whom_it_was_written(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """`apply -o json`, where something was written and where nothing had to be."""
    azure.add("Prod")
    arguments = ["apply", "--email", "b@contoso.com", "--yes", "-o", "json"]

    for _ in range(2):
        ran = run(*arguments, "--state-dir", str(tmp_path / "state"))

        (identity,) = json.loads(ran.out)["identities"]
        assert identity["application_id"] == azure.client_id
        assert identity["tenant_id"] == azure.tenant


@pytest.mark.parametrize("answer", [b"n\n", b"y\n"])
def test_whoever_is_asked_sees_as_whom_it_would_be_written(
    azure: AzureDouble, tmp_path: Path, answer: bytes
) -> None:
    """`apply` and `restore` say it in their question."""
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
