"""Whoever uses the program for the first time is told what went wrong, and what to do."""

import json
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, Ran, Run, run_in

CONTOSO = str(ROOT / "fixtures/contoso")
PLAN = {"kind": "plan", "tool": {"name": "contacts-audit", "version": "1"}, "schema": 1}


@pytest.mark.parametrize("command", ["audit", "fetch", "emails", "plan"])
@pytest.mark.parametrize("home", [True, False])
def test_a_missing_az_is_not_reported_as_signed_out(
    tmp_path: Path, command: str, home: bool
) -> None:
    """The error names another way to sign in."""
    environment = {"PATH": str(tmp_path), **({"HOME": str(tmp_path)} if home else {})}

    ran = run_in(
        {"AZURE_CONFIG_DIR": str(tmp_path / "azure"), **environment},
        *(command, "--current", "--replay", CONTOSO),
        *(["--enable"] if command == "plan" else []),
    )

    assert (ran.code, ran.out) == (1, b"")
    assert f"the Azure CLI was not found (no az in PATH={tmp_path})" in ran.err
    assert "install it" in ran.err
    assert "-s ID" in ran.err
    assert "not signed in" not in ran.err


def from_file(run: Run, path: Path, text: str) -> Ran:
    """Audit with what *text* holds, in a token file."""
    path.write_text(text)
    return run("audit", "-o", "json", "--token-file", str(path))


FORMS = [
    pytest.param("{}\n", id="alone"),
    pytest.param("Bearer {}", id="a header's value"),
    pytest.param("bearer  {}", id="in small letters"),
    pytest.param("Authorization: Bearer {}\n", id="a header"),
    pytest.param('"{}"\n', id="jq without -r"),
    pytest.param('{{"accessToken": "{}", "tokenType": "Bearer"}}\n', id="az"),
]


@pytest.mark.parametrize("form", FORMS)
def test_a_token_may_have_any_form(azure: AzureDouble, run: Run, tmp_path: Path, form: str) -> None:
    """In a file and in the variable. In each form it is kept out of the output."""
    azure.add("Prod")
    token = azure.token()
    given = form.format(token)

    file = from_file(run, tmp_path / "token", given)
    variable = run("audit", "-o", "json", "--auth", "token", "-v", AZURE_ACCESS_TOKEN=given)

    for ran in (file, variable):
        assert ran.code == 3
        assert token not in ran.text + ran.err


def test_the_output_of_token_is_a_token_file(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """In each of its formats that holds nothing else."""
    azure.add("Prod")
    for form in ("json", "raw"):
        printed = run("token", "-o", form)

        assert from_file(run, tmp_path / form, printed.text).code == 3


@pytest.mark.parametrize(
    "text",
    [
        *("", "Bearer", "Bearer ", "{", '{"accessToken": 1}', '{"token": "abc"}', "[]", '"', "a b"),
        pytest.param('{"accessToken": ' + "[" * 100_000, id="deep"),
    ],
)
def test_an_invalid_token_is_refused(
    azure: AzureDouble, run: Run, tmp_path: Path, text: str
) -> None:
    """Nothing is sent. The error names the file and both accepted forms, and quotes nothing."""
    ran = from_file(run, tmp_path / "secret.txt", text)

    assert (ran.code, ran.out, azure.asked) == (1, b"", [])
    assert "secret.txt (--token-file) holds no bearer token" in ran.err
    assert "az account get-access-token" in ran.err


@pytest.mark.parametrize("given", ["--token-file", "AZURE_ACCESS_TOKEN"])
def test_an_expired_token_says_since_when(
    azure: AzureDouble, run: Run, tmp_path: Path, given: str
) -> None:
    """And where it came from."""
    azure.token_lifetime = -7200
    token = azure.token()
    (tmp_path / "exp.txt").write_text(token)

    if given == "--token-file":
        ran = run("audit", given, str(tmp_path / "exp.txt"))
    else:
        ran = run("audit", "--auth", "token", AZURE_ACCESS_TOKEN=token)

    assert (ran.code, azure.arm_asked()) == (1, [])
    assert "expired 2 h ago (" in ran.err
    assert " UTC)" in ran.err
    assert ("exp.txt (--token-file)" if given == "--token-file" else given) in ran.err


@pytest.mark.parametrize(
    ("arguments", "offered"),
    [
        (["audit", "--format", "json"], "--output"),
        (["doctor", "--format=json"], "--output"),
        (["audit", "--query", "[]"], "--jq"),
        (["audit", "--filter", "."], "--jq"),
    ],
)
def test_an_option_of_another_tool_suggests_ours(arguments: list[str], offered: str) -> None:
    """By its meaning, not by its spelling."""
    ran = run_in({}, *arguments)

    assert (ran.code, ran.out) == (2, b"")
    assert f"(Possible options: {offered})" in ran.err


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("help", "--help"),
        ("version", "--version"),
        ("--install-completion", "completion"),
        ("adit", "'audit'"),
    ],
)
def test_a_first_word_of_another_tool_is_known(word: str, meant: str) -> None:
    """The error names the command that does the same here."""
    ran = run_in({}, word)

    assert (ran.code, ran.out) == (2, b"")
    assert f"Did you mean {meant}?" in ran.err


def test_an_option_of_another_command_is_not_suggested() -> None:
    """`doctor` has no --jq, so it does not suggest it for --query."""
    assert "--jq" not in run_in({}, "doctor", "--query", "x").err


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["audit", "--check", "contact-mail"], "contact-email"),
        (["audit", "--profile", "CIS"], "cis"),
        (["audit", "--cloud", "azurecloud"], "AzureCloud"),
        (["audit", "--only", "noncompliant"], "non-compliant"),
        (["audit", "--attack-path-level", "critical"], "Critical"),
        (["audit", "--sort", "Azure"], "azure"),
        (["audit", "--auth", "azurecli"], "azure-cli"),
        (["doctor", "-o", "jason"], "json"),
        (["plan", "--minimum-severity", "high"], "High"),
        (["plan", "--attack-paths", "medum"], "Medium"),
    ],
)
def test_a_misspelled_value_suggests_the_right_one(arguments: list[str], meant: str) -> None:
    """Whatever the option, and by case alone, too."""
    ran = run_in({}, *arguments)

    assert (ran.code, ran.out) == (2, b"")
    assert f"Did you mean {meant}?" in ran.err


@pytest.mark.parametrize("command", [["audit"], ["doctor"], ["plan", "--enable"], ["emails"]])
def test_a_mask_without_a_recording_is_refused(command: list[str]) -> None:
    """A replay masks nothing: what is printed would be the real names."""
    ran = run_in({}, *command, "--replay", CONTOSO, "--mask")

    assert (ran.code, ran.out) == (2, b"")
    assert "--mask needs --record" in ran.err


def test_a_replay_of_more_than_was_recorded_says_so(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """The error says which options to use."""
    for name in ("One", "Two"):
        azure.add(name)
    folder = str(tmp_path / "recording")
    run("audit", "-s", "One", "--record", folder)

    wide = run("audit", "--replay", folder)
    narrow = run("audit", "--replay", folder, "-s", "One")

    assert (wide.code, narrow.code) == (4, 3)
    assert "replay with the options that it was recorded with" in wide.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "it is empty", id="empty"),
        pytest.param("hello\n", "it is not JSON (line 1, column 1)", id="text"),
        pytest.param('{\n"schema": 1,\n', "it is not JSON (line 3, column 1)", id="cut"),
        pytest.param('{\n"schema": 1,\n}', "it is not JSON (line ", id="a comma too many"),
        pytest.param("\u00e9".encode("latin-1"), "it is not UTF-8 text", id="Latin-1"),
        pytest.param("{}\n{}\n", "it is not one JSON value alone", id="JSON lines"),
        pytest.param('{"tool": "terraform"}', "another program wrote it", id="other"),
        pytest.param("[1]", "another program wrote it", id="list"),
        pytest.param(json.dumps(PLAN), "it is a plan", id="plan"),
        pytest.param(json.dumps({**PLAN, "kind": []}), "it is something else", id="odd kind"),
    ],
)
@pytest.mark.parametrize("command", ["diff", "merge", "baseline"])
def test_a_file_that_is_no_report_is_named(
    tmp_path: Path, command: str, text: str | bytes, says: str
) -> None:
    """In plain English, without the words of Python's parser."""
    path = tmp_path / "wrong.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    audit = ["audit", "--replay", CONTOSO, "--only-changes", "--baseline", str(path)]

    ran = run_in({}, *(audit if command == "baseline" else [command, str(path), str(path)]))

    assert (ran.code, ran.out) == (2, b"")
    assert f"wrong.json is not a contacts-audit report: {says}" in ran.err


@pytest.mark.parametrize("text", ['{"profile": "cis"}', "profile: cis\n", "<html>"])
def test_a_file_that_is_no_policy_is_named(tmp_path: Path, text: str) -> None:
    """The format that it should have is named."""
    path = tmp_path / "wrong.txt"
    path.write_text(text)

    for command in (["policy", "check"], ["audit", "--replay", CONTOSO, "--policy"]):
        ran = run_in({}, *command, str(path))

        assert (ran.code, ran.out) == (2, b"")
        assert "wrong.txt: it is not TOML: " in ran.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["diff", "{}", "{}"], "OLD: '{}' cannot be read: Is a directory"),
        (["diff", CONTOSO + "/none", "x"], "cannot be read: No such file or directory"),
        (["audit", "--replay", "{}"], "{} is not a recording: it holds no recording.json"),
        (["audit", "--replay", "{}/none"], "{}/none is not a recording: No such file or directory"),
    ],
)
def test_a_path_to_something_else_is_named(tmp_path: Path, arguments: list[str], says: str) -> None:
    """The error names the argument and what is missing in the file."""
    ran = run_in({}, *(word.format(tmp_path) for word in arguments))

    assert (ran.code, ran.out) == (2, b"")
    assert says.format(tmp_path) in ran.err
