"""Wrong usage is one line, exit code 2, and no request."""

import os
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble
from cli.contacts import ID, at_2017, rows
from conftest import Run, run_in

from contacts_audit.cli import app


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        pytest.param(["audit", "-o", "yaml"], ["--output", "yaml"], id="unknown format"),
        pytest.param(["audit", "--workers", "0"], ["--workers", "'0'"], id="no workers"),
        pytest.param(["audit", "--workers", "1e6"], ["--workers", "1e6"], id="too many workers"),
        pytest.param(["audit", "--timeout", "nan"], ["--timeout", "nan"], id="no number"),
        pytest.param(["audit", "--deadline", "-1"], ["--deadline", "-1"], id="negative"),
        pytest.param(["audit", "--budget", "5s"], ["--budget", "5s"], id="with a unit"),
        pytest.param(["audit", "-s", ""], ["--subscription", "''"], id="empty id"),
        pytest.param(["audit", "-s", f"{{{ID}}}"], ["--subscription", ID], id="braces"),
        pytest.param(["audit", "-s", f"{ID}\n"], ["--subscription", ID], id="newline behind"),
        pytest.param(["audit", "-s", ID.replace("-", "")], ["--subscription"], id="no dashes"),
        pytest.param(["audit", "-s", f"{ID}/../x"], ["--subscription"], id="a path"),
        pytest.param(["audit", "--exclude", "a\x00b"], ["--exclude", "\\x00"], id="NUL"),
        pytest.param(["audit", "--subscriptions-from", "/nope"], ["/nope"], id="no file"),
        pytest.param(["audit", "--subscriptions-from", "/"], ["'/'"], id="a folder"),
        pytest.param(["audit", "--jq", ".["], ["--jq", "syntax error"], id="no filter"),
        pytest.param(["audit", "--jq", ".", "-o", "tsv"], ["--jq", "tsv"], id="filter of tsv"),
        pytest.param(["audit", "-r"], ["-r", "--jq"], id="raw what"),
        pytest.param(["audit", "--report", "r.doc"], ["--report", "r.doc"], id="unknown suffix"),
        pytest.param(["audit", "--report", "r.tsv", "--report", "./r.tsv"], ["twice"], id="twice"),
        pytest.param(["audit", "--mask"], ["--mask", "--record"], id="mask what"),
        pytest.param(["audit", "--record", "r", "--replay", "r"], ["--replay"], id="both"),
        pytest.param(["audit", "--replay", "/"], ["--replay"], id="no recording"),
        pytest.param(["audit", "--tenant", "a b"], ["--tenant"], id="no tenant"),
        pytest.param(["audit", "--management-group", "a/b"], ["--management"], id="no group"),
        pytest.param(["doctor", "-o", "table"], ["table"], id="no format of doctor"),
        pytest.param(["audit", "--arm-endpoint", "http://x"], ["--arm-endpoint"], id="http"),
        pytest.param(
            ["audit", "--arm-endpoint", "https://u:p@x"], ["--arm-endpoint"], id="userinfo"
        ),
        pytest.param(["audit", "--authority-host", "https://x:99999"], ["--auth"], id="port"),
        pytest.param(["audit", "--ca-bundle", "/nope"], ["/nope"], id="no bundle"),
        pytest.param(["audit", "--worker", "1"], ["--workers"], id="near miss"),
        pytest.param(["audits"], ["audits"], id="unknown command"),
        pytest.param(["emails", "--input", "/nope"], ["--input", "/nope"], id="no input"),
        pytest.param(["fetch", "--api-version", "a b"], ["--api-version"], id="no version"),
        pytest.param(["fetch", "--api-version", ""], ["--api-version", "''"], id="empty version"),
        pytest.param(["fetch", "--api-version", " "], ["--api-version"], id="blank version"),
        pytest.param(["fetch", "--api-version", "latest"], ["latest"], id="version in words"),
        pytest.param(["fetch", "--api-version", "2017-13-01"], ["2017-13-01"], id="no month"),
        pytest.param(["fetch", "--api-version", "2017-08-01\n"], ["--api"], id="newline behind it"),
        pytest.param(["fetch", "--api-version", "2017-08-01-"], ["--api"], id="dash behind it"),
        pytest.param(["fetch", "--api-version=2017-08-01&x=1"], ["x=1"], id="more than a version"),
        pytest.param(
            ["fetch", "--api-version", "\u0662\u0660\u0661\u0667-08-01"],
            ["--api"],
            id="other digits",
        ),
        *(
            pytest.param(["audit", "--audience", text], ["--audience", repr(text)], id=f"to {name}")
            for name, text in {
                "nobody": "",
                "two": "a b",
                "a line": "https://x/\n",
                "a tab": "\ta",
                "an umlaut": "https://\u00e4.example/",
                "markup": "<x>",
            }.items()
        ),
        pytest.param(["token", "-s", "Prod"], ["Prod"], id="a name for a token"),
        pytest.param(["token", "--tenant", "a", "--tenant", "b"], ["--tenant"], id="two tenants"),
        pytest.param(["token", "--replay", "x"], ["--replay"], id="replayed token"),
    ],
)
def test_wrong_usage_is_one_line_and_no_request(
    azure: AzureDouble, run: Run, arguments: list[str], names: list[str]
) -> None:
    """Exit 2, the value and the option named, before anything is sent."""
    azure.add("Prod")

    ran = run(*arguments)

    assert (ran.code, ran.out, azure.asked) == (2, b"", [])
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert all(name in ran.err for name in names), ran.err


@pytest.mark.parametrize(
    ("content", "names"),
    [
        pytest.param(f"{ID}\nurn:uuid:{ID}\n".encode(), "line 2", id="nearly an id"),
        pytest.param("Prod\n".encode("utf-16"), "UTF-8", id="UTF-16"),
        pytest.param(b"\xff\xfe\x00", "UTF-8", id="binary"),
    ],
)
def test_a_bad_file_of_subscriptions_is_named(
    azure: AzureDouble, run: Run, tmp_path: Path, content: bytes, names: str
) -> None:
    """Exit 2 with the file and the line, before anything is sent."""
    path = tmp_path / "ids"
    path.write_bytes(content)

    ran = run("audit", "--subscriptions-from", str(path))

    assert (ran.code, azure.asked) == (2, [])
    assert str(path) in ran.err
    assert names in ran.err


def test_stdin_can_be_read_once(azure: AzureDouble, run: Run) -> None:
    """Two options cannot both read stdin."""
    ran = run("audit", "--subscriptions-from", "-", "--token-file", "-", "--auth", "token")

    assert (ran.code, azure.asked) == (2, [])


def test_a_file_without_end_is_refused(azure: AzureDouble, run: Run) -> None:
    """`/dev/zero` is not read to the end of memory."""
    ran = run("audit", "--subscriptions-from", "/dev/zero")

    assert (ran.code, azure.asked) == (2, [])
    assert "larger than" in ran.err


def test_variables_stand_for_options(azure: AzureDouble, run: Run) -> None:
    """A variable is a default: split where the option repeats, replaced by the command line."""
    for name in ("One", "Two Three", "Four"):
        azure.add(name, contacts_2017=at_2017("a@contoso.com"))

    chosen = run("audit", "-o", "json", CONTACTS_AUDIT_SUBSCRIPTION="Two Three;One\n")
    replaced = run("audit", "-o", "json", "-s", "Four", CONTACTS_AUDIT_SUBSCRIPTION="One")
    flagged = run(
        "audit", CONTACTS_AUDIT_QUIET="Yes", CONTACTS_AUDIT_JQ="", CONTACTS_AUDIT_INPUT="x"
    )

    assert [row["name"] for row in rows(chosen)] == ["One", "Two Three"]
    assert [row["name"] for row in rows(replaced)] == ["Four"]
    assert (flagged.code, flagged.out, flagged.err) == (0, b"", "")


@pytest.mark.parametrize(
    ("variable", "value"), [("WORKERS", "many"), ("QUIET", "perhaps"), ("OUTPUT", "yaml")]
)
def test_a_wrong_variable_is_named(azure: AzureDouble, run: Run, variable: str, value: str) -> None:
    """It may have been set long ago."""
    ran = run("audit", **{f"CONTACTS_AUDIT_{variable}": value})

    assert (ran.code, azure.asked) == (2, [])
    assert f"CONTACTS_AUDIT_{variable}" in ran.err
    assert value in ran.err


def test_a_report_that_cannot_be_written_costs_no_request(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """74 before the first request, where the folder is missing or the path is one."""
    azure.add("Prod")
    (tmp_path / "folder.json").mkdir()

    missing = run("audit", "--report", str(tmp_path / "no" / "r.json"))
    folder = run("audit", "--report", str(tmp_path / "folder.json"))

    assert (missing.code, folder.code, azure.asked) == (74, 74, [])
    assert os.listdir(tmp_path) == ["folder.json"]  # noqa: PTH208 - names are enough


def test_a_crash_is_a_failed_run() -> None:
    """A bug is exit 1 with a traceback to report, never 3 or 4."""
    nowhere: Any = None

    ran = run_in(nowhere, "audit")

    assert (ran.code, ran.out) == (1, b"")
    assert ran.err.startswith("Traceback")
    assert "this is a bug in contacts-audit" in ran.err


def test_without_arguments_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 2, and there is no error."""
    ran = run_in({})

    assert (ran.code, ran.err) == (2, "")
    assert "audit" in capsys.readouterr().out


def takes_text() -> list[Any]:
    """Return each command with each of its options that has a value."""
    return [
        pytest.param(command, option, id=f"{command} {option}")
        for command in app.COMMANDS
        for parameter in app._program(command).commands[command].params
        if (option := max(parameter.opts, key=len)).startswith("--") and parameter.metavar != " "
    ]


@pytest.mark.parametrize(("command", "option"), takes_text())
@pytest.mark.parametrize("blank", ["", " ", "\n"], ids=["empty", "blank", "line end"])
def test_no_option_takes_a_blank_value(
    command: str, option: str, blank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a path it would be the current folder, as a filter or a file nothing at all."""
    monkeypatch.chdir(tmp_path)
    needed = {"explain": ["x"], "diff": ["x", "y"], "policy": ["check", "x"]}
    words = needed.get(command, ["x"] if command in ("merge", "history") else [])

    ran = run_in({}, command, *words, option, blank)

    assert (ran.code, ran.out, list(tmp_path.iterdir())) == (2, b"", [])
    assert ran.err.startswith(f"error: Invalid value for '{option}'")
    assert ran.err.endswith(f": {blank!r} is empty -- see --help\n")


@pytest.mark.parametrize(
    "words",
    [
        *(["history"], ["explain"], ["apply"], ["restore"], ["completion"], ["policy", "check"]),
        *(["diff"], ["diff", "x"], ["merge"], ["merge", "x"]),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("blank", ["", " "], ids=["empty", "blank"])
def test_no_argument_is_blank(
    words: list[str], blank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of a script that is not set would name the current folder."""
    monkeypatch.chdir(tmp_path)

    ran = run_in({}, *words, blank, *([blank] if words == ["diff"] else []))

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert ran.err.endswith(f": {blank!r} is empty -- see --help\n")


@pytest.mark.parametrize(
    "audience", ["https://a.example/", "api://b/c", "797f4846-ba00", "urn:a:b"]
)
def test_an_audience_is_a_uri_or_an_id(azure: AzureDouble, run: Run, audience: str) -> None:
    """It reaches the token service as it was given."""
    azure.audience = audience

    ran = run("token", "--audience", audience)

    assert (ran.code, ran.err) == (0, "")


def test_an_empty_variable_is_unset_and_a_blank_one_is_named(azure: AzureDouble, run: Run) -> None:
    """What a unit file sets may be empty."""
    azure.audience = "https://management.core.windows.net/"  # the usual one

    empty = run("token", CONTACTS_AUDIT_ARM_ENDPOINT="", CONTACTS_AUDIT_AUDIENCE="")
    blank = run("token", CONTACTS_AUDIT_AUDIENCE=" ")

    assert (empty.code, empty.err) == (0, "")
    assert (blank.code, blank.out) == (2, b"")
    assert "' ' is empty (from CONTACTS_AUDIT_AUDIENCE)" in blank.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["policy"], "Missing argument 'check'. Choose from: check"),
        (["completion"], "Missing argument 'SHELL'. Choose from: bash, zsh, fish, powershell"),
    ],
    ids=["one", "several"],
)
def test_values_to_choose_from_are_on_one_line(arguments: list[str], told: str) -> None:
    """typer puts each on a line of its own, and a line of ours would show its end as \\x0a."""
    assert run_in({}, *arguments).err == f"error: {told} -- see --help\n"
