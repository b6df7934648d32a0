"""One slip costs one row: whatever Azure sends, all other rows are read, and the code is 4."""

import gzip
import json
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Fault
from conftest import Run

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
DIGITS = "9" * 5000
STATE = ("--state-dir", "STATE")
LEFT = "x-ms-ratelimit-remaining"


def headed(name: str, value: str) -> Fault:
    """Answer rightly, with one header more."""
    return faults.answer(b'{"value":[]}', {name: value})


@pytest.mark.parametrize("value", [DIGITS, "-1", "1e9", "\u0669".encode().decode("latin-1"), ""])
@pytest.mark.parametrize(
    "name",
    [
        f"{LEFT}-tenant-reads",
        f"{LEFT}-subscription-reads",
        f"{LEFT}-subscription-resource-requests",
        "Retry-After",
        "x-ms-retry-after-ms",
        "Date",
        "Age",
    ],
)
def test_a_malformed_number_in_a_header_ends_no_run(
    azure: AzureDouble, run: Run, name: str, value: str
) -> None:
    """Python refuses to read a number with more than 4,300 digits."""
    azure.add("Odd")
    azure.add("Good", contacts_2017=GOOD)
    odd = azure.subscriptions[0].id
    azure.fail(f"/subscriptions/{odd}/providers", headed(name, value))
    azure.fail("GET /subscriptions?", faults.sequence(None))

    ran = run("audit", "-o", "json")

    rows = json.loads(ran.out)["subscriptions"]
    assert [row["verdict"] for row in rows] == ["non-compliant", "compliant"]
    assert ran.code == 3


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"Content-Length: 99999999999999999999", id="length beyond memory"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 30, id="chunk beyond memory"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n" + DIGITS.encode(), id="chunk of 5,000"),
    ],
)
def test_a_malformed_length_costs_one_row(azure: AzureDouble, run: Run, head: bytes) -> None:
    """Only the answer of that row is cut off."""
    odd = azure.add("Odd")
    azure.add("Good", contacts_2017=GOOD)
    azure.fail(
        f"/subscriptions/{odd.id}/providers",
        faults.raw(b"HTTP/1.1 200 OK\r\n" + head + b'\r\n\r\n{"value":[]}'),
    )

    ran = run("audit", "-o", "json", "--budget", "2", "--timeout", "1")

    rows = json.loads(ran.out)["subscriptions"]
    assert [row["verdict"] for row in rows] == ["unreadable", "compliant"]
    assert rows[0]["error"]["reason"] in {"truncated", "unreachable", "timeout"}
    assert ran.code == 4


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["audit"], 4, id="audit"),
        pytest.param(["fetch"], 4, id="fetch"),
        pytest.param(["emails"], 4, id="emails"),
        pytest.param(["plan", "--email", "b@contoso.com"], 4, id="plan"),
        pytest.param(["apply", "--email", "b@contoso.com", "--yes", *STATE], 4, id="apply"),
        pytest.param(["explain", "Odd"], 4, id="explain"),
    ],
)
def test_an_unexpected_error_costs_one_row(
    azure: AzureDouble,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    code: int,
) -> None:
    """The row says where it happened and how to report it, without secrets; others are read."""
    odd = azure.add("Odd", contacts_2017=GOOD)
    azure.add("Good", contacts_2017=GOOD)
    azure.fail(f"/subscriptions/{odd.id}/providers", faults.gzip_body())

    def stumble(fileobj: object) -> None:
        raise LookupError(f"the token is {[*azure.tokens]}")

    monkeypatch.setattr(gzip, "GzipFile", stumble)

    ran = run(*(str(tmp_path) if word == "STATE" else word for word in arguments))

    told = ran.err + ran.text
    assert ran.code == code, told
    assert "unexpected LookupError at contacts_audit/azure/arm/content_encoding.py:" in told
    assert "please report it" in told or arguments[0] == "apply"
    assert "Traceback" not in told
    assert not any(token in told for token in azure.tokens)
    if arguments[0] in {"audit", "plan"}:
        assert "Good" in ran.text
    if arguments[0] in {"fetch", "emails"}:
        assert "a@contoso.com" in ran.text


def test_an_unexpected_error_after_a_write_costs_one_row(
    azure: AzureDouble, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whether the change was made is unknown: the row says so, and the others are changed."""
    odd = azure.add("Odd")
    azure.add("Good")
    azure.fail(f"PUT /subscriptions/{odd.id}/", faults.gzip_body())

    def stumble(fileobj: object) -> None:
        raise LookupError("hunter" + "2")

    monkeypatch.setattr(gzip, "GzipFile", stumble)

    change = ("--email", "b@contoso.com", "--yes", "--state-dir", str(tmp_path))
    ran = run("apply", "-o", "json", *change)

    rows = json.loads(ran.out)["subscriptions"]
    assert (ran.code, [row["status"] for row in rows]) == (5, ["unknown", "done"])
    assert "unexpected LookupError at contacts_audit/azure/arm/content_encoding.py:" in ran.err
    assert "hunter2" not in ran.err + ran.text
    (journal,) = tmp_path.glob("journal-*.jsonl")
    assert '"unknown"' in journal.read_text()


def test_debug_shows_the_frames_of_an_unexpected_error(
    azure: AzureDouble, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text of the error is not shown: it may hold a secret."""
    azure.add("Odd", contacts_2017=GOOD)
    azure.fail("securityContacts", faults.gzip_body())

    def stumble(fileobj: object) -> None:
        raise LookupError("".join(("hunt", "er2")))

    monkeypatch.setattr(gzip, "GzipFile", stumble)

    ran = run("audit", "-o", "json", "--debug")

    (row,) = json.loads(ran.out)["subscriptions"]
    assert row["error"]["reason"] == "internal"
    assert "in _without" in ran.err
    assert "hunter2" not in ran.err + ran.text


@pytest.mark.parametrize("left", ["249", "11999", "499", "0"])
def test_the_remaining_quota_decides_nothing(azure: AzureDouble, run: Run, left: str) -> None:
    """Recorded tenants started at 11999 and at 249: everything is read all the same."""
    for number in range(20):
        azure.add(f"S{number}", contacts_2017=GOOD)
    body = json.dumps({"value": [{"name": "default1", **GOOD[0]}]}).encode()
    azure.fail("securityContacts", faults.answer(body, {f"{LEFT}-tenant-reads": left}))

    assert run("audit").code == 0
