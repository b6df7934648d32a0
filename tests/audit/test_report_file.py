"""A report of an earlier run is read whole and right, or refused."""

import json
from pathlib import Path

import pytest
from audit.report_readers import (
    READERS,
    WHOLE,
    Reader,
    altered,
    first,
    raw,
    read_by,
    refused,
)

CONTACT = WHOLE["subscriptions"][0]["contacts"][0]
FINDING = {"check": "contact-email", "message": "x", "api_version": "x"}
ERROR = {
    "reason": "html",
    "status": 1,
    "code": None,
    "message": "",
    "request_id": None,
    "hint": "",
}
BAD = {
    "empty": b"",
    "a byte order mark alone": b"\xef\xbb\xbf",
    "blank": b" \n",
    "null": b"null",
    "a number": b"7",
    "binary": b"\x7fELF\x02\x01\x00\xff",
    "zeros": b"\x00" * 5000,
    "NUL": raw('"schema"', '"sche\x00ma"'),
    "UTF-16": json.dumps(WHOLE).encode("utf-16"),
    "Latin-1": raw('"AzureCloud"', '"Az\xfcre"').decode().encode("latin-1"),
    "JSON lines": b"{}\n{}\n",
    "cut short": json.dumps(WHOLE).encode()[:-1],
    "more behind it": json.dumps(WHOLE).encode() + b"{}",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a deep value": raw('"exit_code": 4', '"exit_code": ' + "[" * 50_000 + "]" * 50_000),
    "a key twice": raw('"schema": 1', '"schema": 1, "schema": 1'),
    "a key of a row twice": raw('"verdict"', '"id": "x", "verdict"'),
    "NaN": raw('"exit_code": 4', '"exit_code": NaN'),
    "infinity": raw('"exit_code": 4', '"exit_code": -Infinity'),
    "1e999": raw('"exit_code": 4', '"exit_code": 4, "more": 1e999'),
    "a huge number": raw('"exit_code": 4', f'"exit_code": {"9" * 4000}'),
    "a number of too many digits": raw('"exit_code": 4', f'"exit_code": {"9" * 100_000}'),
    "a float": raw('"exit_code": 4', '"exit_code": 4.0'),
    "a bool for the schema": raw('"schema": 1', '"schema": true'),
    "a text for the schema": raw('"schema": 1', '"schema": "1"'),
    "a list for the tool": altered(lambda one: one.update(tool=[])),
    "rows that are an object": altered(lambda one: one.update(subscriptions={})),
    "a row that is a list": altered(lambda one: one.update(subscriptions=[[]])),
    "a bool for a count": altered(lambda one: one["summary"].update(waived=False)),
    "counts that do not add up": altered(lambda one: one["summary"].update(compliant=5)),
    "a count below zero": altered(lambda one: one["summary"].update(waived=-1)),
    "a code that does not follow": altered(lambda one: one.update(exit_code=0)),
    "the year 1": altered(lambda one: one.update(started="0001-01-01T00:00:00Z")),
    "before the year 1": altered(lambda one: one.update(started="0001-01-01T00:00:00+14:00")),
    "the year 9999": altered(lambda one: one.update(finished="9999-12-31T23:59:59Z")),
    "after the year 9999": altered(lambda one: one.update(finished="9999-12-31T23:59:59-14:00")),
    "ended before it began": altered(lambda one: one.update(finished="2026-01-01T00:00:00Z")),
    "a time of no zone": altered(lambda one: one.update(started="2026-01-01T00:00:00")),
    "a number for a time": altered(lambda one: one.update(started=1767225600)),
    "no id": altered(first(id="x")),
    "an id in capitals": altered(first(id="ABCDEF00-0000-4000-8000-000000000000")),
    "a number for an id": altered(first(id=7)),
    "null for an id": altered(first(id=None)),
    "a name that is no text": altered(first(name=["Prod"])),
    "a state that is no text": altered(first(state=1)),
    "an unknown verdict": altered(first(verdict="fine")),
    "a list for a verdict": altered(first(verdict=["compliant"])),
    "a text for addresses": altered(first(emails="a@b.com")),
    "addresses that are none": altered(first(emails=[None])),
    "a message that is no text": altered(first(findings=[{**FINDING, "message": {}}])),
    "findings that are null": altered(first(findings=None)),
    "an error beside a verdict": altered(first(error=ERROR)),
    "a text for an error": altered(first(error="html")),
    "a link that is none": altered(first(portal_url=7)),
    "a run that is no text": altered(lambda one: one.update(run_id=7)),
    "an enabled that is a text": altered(first(contacts=[{**CONTACT, "enabled": "true"}])),
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_file_that_is_not_a_report_is_refused_in_one_line(
    tmp_path: Path, content: bytes, reader: Reader
) -> None:
    """Exit code 2 from every command that reads one, and nothing is compared or merged."""
    path = tmp_path / "x.json"
    path.write_bytes(content)

    assert str(path) in refused(read_by(reader, str(path), tmp_path))


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_good_report_is_read(tmp_path: Path, reader: Reader) -> None:
    """Even with a byte order mark, and with keys of a later version."""
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf" + altered(lambda one: one.update(later={"x": [1.5, None]})))

    assert read_by(reader, str(path), tmp_path).code in (0, 3, 4)


def test_a_part_of_a_report_is_no_baseline(tmp_path: Path) -> None:
    """All rows that it lacks would appear as new; for a merge it is incomplete."""
    path = tmp_path / "x.json"
    path.write_bytes(altered(lambda one: one["subscriptions"].pop()))

    for name, reader in READERS.items():
        ran = read_by(reader, str(path), tmp_path)

        assert ran.code == (4 if name == "merge" else 2)
        assert "counts 6 subscriptions but has 5" in ran.err
