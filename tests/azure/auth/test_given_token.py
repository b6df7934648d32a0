"""A token of --token-file or AZURE_ACCESS_TOKEN is used as it is."""

import base64
import json
import time
from pathlib import Path

import pytest
from azure.auth.shared import GOOD, Beside, unsigned_token
from azure_double import AzureDouble
from conftest import Run


def test_a_given_token_is_used_as_it_is(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """From the variable, from a file, or from stdin. Nothing signs in."""
    azure.add("Prod", contacts_2017=GOOD)
    token = azure.token()
    path = tmp_path / "token"
    path.write_text(token + "\n")

    variable = run("audit", "--auth", "token", AZURE_ACCESS_TOKEN=token)
    file = run("audit", "--auth", "token", "--token-file", str(path))
    stdin = run("audit", "--auth", "token", "--token-file", "-", stdin=token.encode())

    assert (variable.code, file.code, stdin.code) == (0, 0, 0)
    assert azure.token_asked() == []


def test_a_token_file_comes_before_az(
    azure: AzureDouble, beside_az: Beside, tmp_path: Path
) -> None:
    """The identity of az is not used."""
    (tmp_path / "token").write_text(azure.token())

    file = beside_az("audit", "-v", "--token-file", str(tmp_path / "token"))
    stdin = beside_az("audit", "-v", "--token-file", "-", stdin=azure.token().encode())

    assert (file.code, stdin.code) == (0, 0), file.err
    assert "credential: token of --token-file" in file.err
    assert "Azure CLI" not in file.err + stdin.err


def test_a_token_file_comes_before_a_client_secret(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Nothing signs in with the client secret."""
    azure.add("Prod", contacts_2017=GOOD)
    (tmp_path / "token").write_text(azure.token())

    ran = run("audit", "--token-file", str(tmp_path / "token"), AZURE_ACCESS_TOKEN="a.b.c")

    assert (ran.code, azure.token_asked()) == (0, []), ran.err


GUID = "3d9e7b52-60af-4c18-b7d3-f8215e4a9c06"


@pytest.mark.parametrize(
    "auth", ["env", "workload", "managed-identity", "azure-cli", "device-code"]
)
@pytest.mark.parametrize("where", ["option", "variable"])
def test_a_token_file_with_another_auth_is_wrong_usage(
    azure: AzureDouble, beside_az: Beside, tmp_path: Path, auth: str, where: str
) -> None:
    """Exit 2 before anything is sent."""
    (tmp_path / "token").write_text(azure.token())
    given = ["--auth", auth] if where == "option" else []
    variables = {} if given else {"CONTACTS_AUDIT_AUTH": auth}

    ran = beside_az("audit", *given, "--token-file", str(tmp_path / "token"), **variables)

    assert (ran.code, ran.err.count("\n"), azure.asked) == (2, 1, [])
    assert "--token-file" in ran.err


def test_a_token_file_with_a_managed_identity_is_wrong_usage(
    azure: AzureDouble, beside_az: Beside, tmp_path: Path
) -> None:
    """The options name two identities."""
    (tmp_path / "token").write_text(azure.token())

    ran = beside_az("audit", "--token-file", str(tmp_path / "token"), "--identity-client-id", GUID)

    assert (ran.code, ran.err.count("\n"), azure.asked) == (2, 1, [])


def test_a_token_variable_comes_before_az(azure: AzureDouble, beside_az: Beside) -> None:
    """The user set it. az is only installed."""
    ran = beside_az("audit", "-v", AZURE_ACCESS_TOKEN=azure.token())

    assert ran.code == 0, ran.err
    assert "credential: token of AZURE_ACCESS_TOKEN" in ran.err


def test_an_invalid_token_is_not_sent(azure: AzureDouble, run: Run) -> None:
    """A token with a line break could end the header."""
    ran = run("audit", "--auth", "token", AZURE_ACCESS_TOKEN="abc\r\nX-Evil: 1")

    assert (ran.code, azure.asked) == (1, [])
    assert "X-Evil" not in ran.err


def test_an_empty_token_file_is_no_token(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """AZURE_ACCESS_TOKEN does not take its place: it may be of somebody else."""
    (tmp_path / "empty").touch()

    ran = run(
        *("audit", "--auth", "token", "--token-file", str(tmp_path / "empty")),
        AZURE_ACCESS_TOKEN=azure.token(),
    )

    assert (ran.code, azure.asked) == (1, [])


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
def test_an_expired_token_is_reported_with_its_source(
    azure: AzureDouble,
    beside_az: Beside,
    tmp_path: Path,
    age: int,
    says: str,
    where: str,
    command: str,
) -> None:
    """Before anything is sent."""
    token = unsigned_token(exp=int(time.time()) - age)
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


@pytest.mark.parametrize("exp", ["1e20", "NaN", "Infinity", "-1e20", "9" * 400, '"soon"', "null"])
def test_an_odd_expiry_is_unknown(azure: AzureDouble, run: Run, exp: str) -> None:
    """A calendar cannot hold it."""
    payload = base64.urlsafe_b64encode(f'{{"exp":{exp}}}'.encode()).decode().rstrip("=")

    ran = run("token", "--auth", "token", AZURE_ACCESS_TOKEN=f"e30.{payload}.x")

    assert (ran.code, json.loads(ran.out)["expires_on"]) == (0, None)
