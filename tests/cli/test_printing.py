"""What an audit prints and writes: reports, filters, `--quiet`, no secrets, no hostile text."""

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble, faults
from cli.contacts import V2023, at_2017, newer, rows
from conftest import Run
from jsonschema import Draft202012Validator


def test_reports_are_written_in_addition_to_stdout(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Each `--report` is a file of its suffix's format, private, and whole."""
    azure.add("Prod")
    paths = [tmp_path / name for name in ("r.json", "r.jsonl", "r.tsv")]

    ran = run("audit", "--quiet", *(word for path in paths for word in ("--report", str(path))))

    assert (ran.code, ran.out, ran.err) == (3, b"", "")
    as_json, as_lines, as_tsv = (path.read_text() for path in paths)
    last = json.loads(as_lines.splitlines()[-1])
    assert json.loads(as_json)["summary"] == last["summary"]
    assert last["record"] == "summary"
    assert as_tsv.count("\t") == 8
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}


def test_json_lines_are_the_report_in_lines(azure: AzureDouble, run: Run) -> None:
    """The lines hold what the JSON report holds, row by row, and the rest in the last one."""
    azure.add("One", contacts_2017=at_2017("a@contoso.com"))
    azure.add("Two", readable=False)

    *lines, last = map(json.loads, run("audit", "-o", "jsonl").text.splitlines())

    report = json.loads(run("audit", "-o", "json").out)
    assert [{**line, "record": None} for line in lines] == [
        {**row, "record": None, "error": row["error"] and {**row["error"], **changed(line)}}
        for row, line in zip(report["subscriptions"], lines, strict=True)
    ]
    assert {*last} == {*report} - {"subscriptions"} | {"record"}


def changed(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request id of a line's error: each request has its own."""
    return {"request_id": line["error"]["request_id"]} if line["error"] else {}


@pytest.mark.parametrize(
    ("filter_", "raw", "printed"),
    [
        pytest.param(".summary.in_scope", False, "1\n", id="number"),
        pytest.param(".subscriptions[].name", False, '"Prod é"\n', id="string"),
        pytest.param(".subscriptions[].name", True, "Prod é\n", id="raw"),
        pytest.param("empty", False, "", id="nothing"),
        pytest.param("1, [2]  # a comment", False, "1\n[\n  2\n]\n", id="several"),
        pytest.param('$ENV | has("AZURE_CLIENT_SECRET")', False, "false\n", id="no secrets"),
    ],
)
def test_a_filter_shapes_the_report(
    azure: AzureDouble, run: Run, filter_: str, raw: bool, printed: str
) -> None:
    """`--jq` prints what jq prints for the JSON report; the exit code is the audit's."""
    azure.add("Prod é")

    ran = run("audit", "--jq", filter_, *(["-r"] if raw else []))

    assert (ran.code, ran.text) == (3, printed)


def test_a_filter_that_fails_on_the_data_fails_the_run(azure: AzureDouble, run: Run) -> None:
    """One line, exit 1, and nothing on stdout."""
    azure.add("Prod")

    ran = run("audit", "--quiet", "--jq", ".summary | .[0]")

    assert (ran.code, ran.out, ran.err.count("\n")) == (1, b"", 1)


def test_quiet_prints_what_was_asked_for(azure: AzureDouble, run: Run) -> None:
    """`--quiet` silences the table and stderr; an explicit format still prints."""
    azure.add("Prod")

    silent, asked_for = run("audit", "-q"), run("audit", "-q", "-o", "tsv")

    assert (silent.code, silent.out, silent.err) == (3, b"", "")
    assert asked_for.out.startswith(azure.subscriptions[0].id.encode())
    assert asked_for.err == ""


def test_hostile_names_are_escaped(azure: AzureDouble, run: Run) -> None:
    """A name from Azure moves no cursor, reorders no text, and ends no line."""
    azure.add("\x1b[31mred\x1b[0m \u202egnp.exe\r\n[/]\t=1+1", readable=False)

    for arguments in (["-o", "table"], ["-o", "tsv"], ["-o", "jsonl"], ["-o", "json"]):
        ran = run("audit", *arguments)
        for text in (ran.text, ran.err):
            assert not {"\x1b", "\u202e", "\r"} & {*text}
    assert json.loads(run("audit", "-o", "json").out)["subscriptions"][0]["name"].startswith("\x1b")


def test_the_schema_is_printed_without_a_network(run: Run, azure: AzureDouble) -> None:
    """`--json-schema` prints the JSON Schema of the report."""
    ran = run("audit", "--json-schema")

    Draft202012Validator.check_schema(json.loads(ran.out))
    assert (ran.code, azure.asked) == (0, [])


def test_no_secret_is_ever_shown(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Token and secret appear nowhere, at `--debug` either, and whatever fails."""
    azure.add("Prod", contact=newer("a@contoso.com"))
    azure.add("Closed", readable=False)
    azure.fail(V2023, faults.status(500), times=1)

    ran = run("audit", "--debug", "-o", "json", "--record", str(tmp_path / "r"))

    bearer = azure.arm_asked()[0].bearer
    assert bearer
    recorded = "".join(path.read_text() for path in (tmp_path / "r").iterdir())
    for place in (ran.text, ran.err, recorded):
        assert bearer not in place
        assert azure.secret not in place
    assert "GET https://" in ran.err


def test_quiet_does_not_silence_a_fault(azure: AzureDouble, run: Run) -> None:
    """So mail from cron says why the exit code is 4."""
    azure.add("Closed", readable=False)

    ran = run("audit", "--quiet")

    assert (ran.code, ran.out) == (4, b"")
    assert ran.err.startswith("Closed (")
    assert ran.err.count("\n") == 1


def test_an_echoed_token_is_removed(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """If an answer repeats the token, no report, log or recording contains it."""
    azure.add("Prod")

    async def echo(exchange: Any) -> None:
        token = exchange.asked.bearer
        body = json.dumps({"error": {"code": "Odd", "message": f"what is {token}?"}}).encode()
        await exchange.send(exchange.reply(403, body, {"x-echo": token}).encode())

    azure.fail("securityContacts", echo)

    ran = run("audit", "-o", "json", "--debug", "--record", str(tmp_path / "r"))

    token = str(azure.arm_asked()[0].bearer)
    kept = "".join(path.read_text() for path in (tmp_path / "r").iterdir())
    assert rows(ran)[0]["error"]["message"] == "what is ***?"
    assert not [place for place in (ran.text, ran.err, kept) if token in place]


def test_a_filter_that_halts_fails(azure: AzureDouble, run: Run) -> None:
    """libjq would end without an error."""
    azure.add("Prod")

    for filter_ in ('"x" | halt_error', "halt", '"x" | halt_error(3)'):
        assert run("audit", "-q", "--jq", filter_).code == 1


def test_a_filtered_name_is_escaped_except_with_raw(azure: AzureDouble, run: Run) -> None:
    """`-r` prints exact text, as jq does; without it the JSON value is the same."""
    azure.add("e\u202eil\x9b")

    spelt = run("audit", "--jq", ".subscriptions[].name")
    raw = run("audit", "--jq", ".subscriptions[].name", "-r")

    assert spelt.text == '"e\\u202eil\\u009b"\n'
    assert raw.text == "e\u202eil\x9b\n"
