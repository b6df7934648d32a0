"""`fetch --jsonl`: whose body is whose, and what it says exactly."""

import base64
import json
import subprocess

import pytest
from azure_double import AzureDouble, faults
from conftest import Run

V2017 = "2017-08-01-preview"


def test_each_body_has_its_line(azure: AzureDouble, run: Run) -> None:
    """In the order of the scope; the values are those of what `fetch` alone prints."""
    for name in ("One", "Two"):
        azure.add(name, contacts_2017=[{"name": name, "properties": {"email": f"{name}@x.com"}}])

    lines = [json.loads(line) for line in run("fetch", "--jsonl").text.splitlines()]

    assert [line["subscription"] for line in lines] == [one.id for one in azure.subscriptions]
    assert {line["api_version"] for line in lines} == {V2017}
    for line in lines:
        alone = json.loads(run("fetch", "-s", line["subscription"]).out)
        assert line == {"subscription": line["subscription"], "api_version": V2017, "body": alone}


def test_each_page_has_its_line_and_a_fault_has_none(azure: AzureDouble, run: Run) -> None:
    """A fault is reported on stderr, as without --jsonl. The line names the requested version."""
    found, hidden = azure.add("Prod"), azure.add("Hidden", readable=False)
    link = (
        f"{azure.endpoint}/subscriptions/{found.id}/providers/Microsoft.Security/securityContacts?x"
    )
    page = json.dumps({"value": [], "nextLink": link}).encode()
    azure.fail(f"{found.id}/providers", faults.answer(page), times=1)

    ran = run("fetch", "--jsonl", "--api-version", "2023-12-01-preview")

    assert ran.code == 4
    assert hidden.id in ran.err
    lines = [json.loads(line) for line in ran.text.splitlines()]
    assert [line["subscription"] for line in lines] == [found.id] * len(lines)
    assert lines[0]["body"] == {"value": [], "nextLink": link}
    assert lines[0]["api_version"] == "2023-12-01-preview"


@pytest.mark.parametrize(
    ("body", "key", "value"),
    [
        pytest.param(b'{\n  "a": 1.0,\r\n "b": [ ] }', "body", '{"a":1.0,"b":[]}', id="blanks"),
        pytest.param(b'{"a":1e400,"a":12345678901234567890}', "body", None, id="numbers"),
        pytest.param(b'\xef\xbb\xbf{"a b" : "c \\n, d"}', "body", '{"a b":"c \\n, d"}', id="mark"),
        pytest.param(b"<html>no\njson</html>", "text", '"<html>no\\njson</html>"', id="HTML"),
        pytest.param(b'{"a": NaN}', "text", '"{\\"a\\": NaN}"', id="NaN"),
        pytest.param(b'{"a": "\\ud800"}', "text", '"{\\"a\\": \\"\\\\ud800\\"}"', id="half a pair"),
        pytest.param(b"\xff\xfe", "base64", '"//4="', id="no text"),
    ],
)
@pytest.mark.usefixtures("tools")
def test_a_body_is_printed_unchanged(
    azure: AzureDouble, run: Run, body: bytes, key: str, value: str | None
) -> None:
    """In a line that jq reads, whatever it is. Numbers, keys and texts keep their spelling."""
    azure.add("Prod")
    azure.fail("securityContacts", faults.answer(body), times=1)

    line = run("fetch", "--jsonl").text

    expected = body.decode() if value is None else value
    assert line.endswith(f'"{key}": {expected}}}\n')
    assert line.count("\n") == 1
    subprocess.run(["jq", "."], input=line.encode(), check=True, capture_output=True)
    if key == "base64":
        assert base64.b64decode(json.loads(line)[key]) == body


def test_a_line_escapes_control_characters(azure: AzureDouble, run: Run) -> None:
    """The value is the same."""
    azure.add("Prod")
    body = json.dumps({"value": ["a\u202eb\x9b"]}, ensure_ascii=False).encode()
    azure.fail("securityContacts", faults.answer(body), times=1)

    line = run("fetch", "--jsonl").text

    assert line.isascii()
    assert json.loads(line)["body"] == json.loads(body)
