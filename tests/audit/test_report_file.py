"""A report of an earlier run is a file of strangers: it is read whole and right, or refused."""

import copy
import json
import os
import resource
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Ran, program, run_in
from hypothesis import given, settings
from hypothesis import strategies as st
from report.test_report import REPORT

from contacts_audit.audit import merge, report_file, report_outcomes
from contacts_audit.core.errors import ContactsAuditError, ExitCode
from contacts_audit.report import RENDERERS, Format, json_

CONTOSO = str(ROOT / "fixtures/contoso")
Document = dict[str, Any]
WHOLE: Document = json.loads("".join(json_.render(REPORT)))
READERS = {
    "merge": lambda name: ("merge", name),
    "diff, old": lambda name: ("diff", name, "WHOLE"),
    "diff, new": lambda name: ("diff", "WHOLE", name),
    "baseline": lambda name: (
        *("audit", "--replay", CONTOSO, "--only-changes", "--baseline", name),
    ),
    "baseline of merge": lambda name: ("merge", "WHOLE", "--only-changes", "--baseline", name),
}
OTHERS = {
    "apply": lambda name: ("apply", name, "--yes"),
    "restore": lambda name: ("restore", name, "--yes"),
    "policy": lambda name: ("audit", "--replay", CONTOSO, "--policy", name),
    "subscriptions": lambda name: ("audit", "--replay", CONTOSO, "--subscriptions-from", name),
    "policy check": lambda name: ("policy", "check", name),
}
Reader = Callable[[str], tuple[str, ...]]


def told(reader: Reader, name: str, tmp_path: Path) -> Ran:
    """Run the command that reads the file *name* beside a good report."""
    whole = tmp_path / "whole.json"
    whole.write_text(json.dumps(WHOLE))
    return run_in({}, *(str(whole) if word == "WHOLE" else word for word in reader(name)))


def refused(ran: Ran) -> str:
    """Return the one line of wrong usage; nothing else was said."""
    assert (ran.code, ran.out) == (ExitCode.USAGE, b""), ran.err
    (line,) = ran.err.splitlines()
    assert line.startswith("error: ")
    assert len(line) < 1000
    return line


def altered(change: Callable[[Document], Any]) -> bytes:
    """Return a report that *change* made another."""
    document = copy.deepcopy(WHOLE)
    change(document)
    return json.dumps(document).encode()


def first(**facts: Any) -> Callable[[Document], Any]:
    """Return what changes *facts* of the first row."""
    return lambda one: one["subscriptions"][0].update(facts)


def raw(old: str, new: str) -> bytes:
    """Return the text of a report with *new* in the place of *old*."""
    text = json.dumps(WHOLE)
    assert old in text
    return text.replace(old, new, 1).encode()


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
def test_what_is_no_report_is_one_line(tmp_path: Path, content: bytes, reader: Reader) -> None:
    """Exit 2, whichever command reads it, and nothing is compared or merged."""
    path = tmp_path / "x.json"
    path.write_bytes(content)

    assert str(path) in refused(told(reader, str(path), tmp_path))


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_good_report_is_read(tmp_path: Path, reader: Reader) -> None:
    """With a byte order mark, and keys that a later version added."""
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf" + altered(lambda one: one.update(later={"x": [1.5, None]})))

    assert told(reader, str(path), tmp_path).code in (0, 3, 4)


def test_a_part_of_a_report_is_no_baseline(tmp_path: Path) -> None:
    """All that it leaves out would have appeared; to a merge it is incomplete."""
    path = tmp_path / "x.json"
    path.write_bytes(altered(lambda one: one["subscriptions"].pop()))

    for name, reader in READERS.items():
        ran = told(reader, str(path), tmp_path)

        assert ran.code == (4 if name == "merge" else 2)
        assert "counts 6 subscriptions and holds 5" in ran.err


# Files that are none


@pytest.mark.parametrize("reader", [*READERS.values(), *OTHERS.values()], ids=[*READERS, *OTHERS])
@pytest.mark.parametrize(
    "kind",
    ["directory", "pipe", "device", "too long", "under a file", "a loop", "sparse", "unreadable"],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, kind: str, reader: Reader) -> None:
    """No traceback, no waiting, no memory: a named pipe has nobody at its other end."""
    path = tmp_path / "x"
    match kind:
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path = Path("/dev/zero")
        case "too long":
            path = tmp_path / ("x" * 300)
        case "under a file":
            path.write_text("{}")
            path /= "x.json"
        case "a loop":
            path.symlink_to(path)
        case "sparse":
            with path.open("wb") as file:
                file.truncate(200 * 1024 * 1024)
        case "unreadable":
            if os.geteuid() == 0:
                path = Path("/proc/self/mem")

    if kind == "unreadable" and not path.exists():
        path.write_text("{}")
        path.chmod(0)

    refused(told(reader, str(path), tmp_path))


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_huge_file_is_refused_by_its_size(tmp_path: Path, reader: Reader) -> None:
    """Before any of it is read."""
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.write(b"{")
        file.truncate(1 << 40)

    assert "is larger than" in refused(told(reader, str(path), tmp_path))


def test_a_file_of_many_values_costs_no_memory(tmp_path: Path) -> None:
    """33 MB of brackets would be a gigabyte of lists."""
    path = tmp_path / "x"
    path.write_bytes(b"[" + b"[]," * 11_000_000 + b"[]]")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    ran = subprocess.run(
        program("diff", str(path), str(path)),
        capture_output=True,
        check=False,
        cwd=ROOT,
        preexec_fn=limited,
    )

    assert (ran.returncode, ran.stdout, ran.stderr.count(b"\n")) == (2, b"", 1)
    assert b"it holds more than 10000000 values" in ran.stderr


def test_what_the_shell_opened_is_read(tmp_path: Path) -> None:
    """`merge <(ssh host cat report.json)` hands over a pipe that has somebody at its other end."""
    out, into = os.pipe()
    content = json.dumps(WHOLE).encode()

    def write() -> None:
        with os.fdopen(into, "wb") as file:
            file.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    ran = run_in({}, "merge", f"/dev/fd/{out}")
    writer.join()
    os.close(out)

    assert ran.code == 4
    assert ran.text.count("\n") == 7


def test_a_baseline_that_may_not_be_looked_for_is_not_an_empty_one(tmp_path: Path) -> None:
    """A folder that is not ours would make all subscriptions new, every night."""
    (tmp_path / "link").symlink_to(tmp_path / "link")

    ran = told(READERS["baseline"], str(tmp_path / "link" / "x.json"), tmp_path)

    assert "cannot be read" in refused(ran)


# Whatever is in it

some_value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["9999-12-31T23:59:59-14:00", "0001-01-01", "compliant", "1/2", "AzureCloud"])
    | st.integers(10**30, 10**40),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each value in a document."""
    found = [at] if at else []
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        found += [each for key, one in inner for each in paths(one, (*at, key))]
    return found


@settings(max_examples=400)
@given(st.lists(st.tuples(st.sampled_from(paths(WHOLE)), some_value), min_size=1, max_size=3))
def test_no_value_is_too_strange(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    """A report is refused in a line, or rendered in every format."""
    document = copy.deepcopy(WHOLE)
    for path, value in changes:
        place: Any = document
        try:
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
        except (LookupError, TypeError):
            continue  # an earlier change took it away
    try:
        read = report_file.read(json.dumps(document).encode(), "x")
        report = merge.joined([("x", report_outcomes.report_of(read, "x"))])
        report_file.check_counts(read, "x")
    except ContactsAuditError as error:
        assert 0 < len(str(error)) < 1000  # noqa: PT017
        return

    for form in Format:
        assert "".join(RENDERERS[form](report)) or form is Format.TSV


@settings(max_examples=200)
@given(st.binary(max_size=50) | st.text(max_size=50).map(str.encode), st.integers(0, 10_000))
def test_no_text_is_too_strange(noise: bytes, at: int) -> None:
    """Bytes that were damaged anywhere."""
    text = json.dumps(WHOLE).encode()
    at %= len(text)
    try:
        report_file.read(text[:at] + noise + text[at + len(noise) :], "x")
    except ContactsAuditError as error:
        assert 0 < len(str(error)) < 1000  # noqa: PT017
