"""A file that is damaged is refused with one line, and never a crash."""

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from remediation.saved_files import (
    BACKUP,
    PLAN,
    V2023,
    Edit,
    first,
    json_values,
    refused,
    sealed,
    spelt,
)

from contacts_audit.core.errors import UsageError
from contacts_audit.remediation.backup import backup_document, read_backup
from contacts_audit.remediation.file_format import LARGE
from contacts_audit.remediation.plan_file import plan_document, read_plan

NO_FILES = [
    pytest.param(b"", id="empty"),
    pytest.param(b"   \n", id="blank"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="array"),
    pytest.param(b"5", id="number"),
    pytest.param(b'"plan"', id="text"),
    pytest.param(b"{}", id="empty object"),
    pytest.param(b"{} {}", id="two texts"),
    pytest.param(bytes(range(256)), id="binary"),
    pytest.param(b"\x1f\x8b\x08\x00", id="gzip"),
    pytest.param(b"\xff\xfe" + "{}".encode("utf-16-le"), id="UTF-16"),
    pytest.param(b"[" * 100_000, id="deep"),
    pytest.param(b'{"kind":"plan","schema":' + b"9" * 10_000 + b"}", id="many digits"),
    pytest.param(b'{"kind":["plan"],"schema":1}', id="odd kind"),
    pytest.param(b'{"kind":"plan","schema":1,"sha256":null}', id="no digest"),
]


@pytest.mark.parametrize("text", NO_FILES)
@pytest.mark.parametrize("read", [read_plan, read_backup], ids=["plan", "backup"])
def test_what_is_no_file_of_ours(read: Callable[[bytes, str], object], text: bytes) -> None:
    """It is a usage error that names the file."""
    assert "the-file" in str(refused(read, text))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_plan_is_utf_8(encoding: str) -> None:
    """UTF-16, as PowerShell redirects, is refused."""
    text = json.dumps(plan_document(PLAN)).encode(encoding)

    refused(read_plan, text)


def test_one_kind_is_not_another() -> None:
    """A backup cannot be applied, nor a plan restored."""
    refused(read_plan, spelt(backup_document(BACKUP)))
    refused(read_backup, spelt(plan_document(PLAN)))


def test_a_cut_file_is_refused() -> None:
    """A file cut at any position is refused."""
    text = spelt(plan_document(PLAN))

    for end in range(0, len(text), 7):
        refused(read_plan, text[:end])


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80])
def test_a_flipped_bit_is_seen(mask: int) -> None:
    """Any changed bit is noticed, unless it only escapes a character differently."""
    for document, read, whole in (
        (plan_document(PLAN), read_plan, PLAN),
        (backup_document(BACKUP), read_backup, BACKUP),
    ):
        text = json.dumps(document, separators=(",", ":")).encode()
        for at in range(len(text)):
            flipped = text[:at] + bytes([text[at] ^ mask]) + text[at + 1 :]
            try:
                found: object = read(flipped, "x")
            except UsageError:
                continue
            assert found == whole
            assert json.loads(flipped) == json.loads(text)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda it: it.update(schema=2), id="schema"),
        pytest.param(lambda it: it.update(created="x"), id="when"),
        pytest.param(lambda it: it.update(tenants=["t-1"]), id="tenants"),
        pytest.param(lambda it: it.update(cloud="AzureChinaCloud"), id="cloud"),
        pytest.param(lambda it: it.update(new=1), id="another key"),
        pytest.param(lambda it: it.pop("tool"), id="a key is missing"),
        pytest.param(lambda it: it["subscriptions"].reverse(), id="order of rows"),
        pytest.param(lambda it: it["subscriptions"].pop(), id="a row is missing"),
        pytest.param(lambda it: it["subscriptions"][0].update(name="x"), id="name"),
    ],
)
def test_an_edit_that_left_the_digest(edit: Edit) -> None:
    """The digest covers everything else."""
    plan, backup = (json.loads(spelt(it)) for it in (plan_document(PLAN), backup_document(BACKUP)))
    edit(plan)
    edit(backup)

    refused(read_plan, spelt(plan))
    refused(read_backup, spelt(backup))


def test_numbers_that_json_does_not_have() -> None:
    """NaN and Infinity cannot be sent, and are refused."""
    for number in ("NaN", "Infinity", "-Infinity"):
        document = json.loads(spelt(backup_document(BACKUP)))
        first(document)["versions"][V2023][0]["properties"]["x"] = float(number)
        refused(read_backup, sealed(document))


def test_a_number_too_large_for_json() -> None:
    """Such a number reads as infinity, and is refused."""
    document = json.loads(spelt(backup_document(BACKUP)))
    first(document)["versions"][V2023][0]["properties"]["x"] = float("inf")

    refused(read_backup, sealed(document).replace(b"Infinity", b"1e999"))


def test_a_key_that_is_there_twice() -> None:
    """JSON readers differ on which one counts, so the file is refused."""
    text = spelt(plan_document(PLAN))
    decoy = b'{"wish": {"emails": ["harmless@contoso.com"]}, ' + text[1:]

    refused(read_plan, decoy)


def test_deep_nesting_is_read_or_refused() -> None:
    """Each depth is read or refused, with a correct digest."""
    for depth in (100, *range(280, 1000, 40), 5_000):
        nest = b"[" * depth + b"]" * depth
        document = json.loads(spelt(backup_document(BACKUP)))
        first(document)["versions"][V2023][0]["properties"]["x"] = "NEST"
        document.pop("sha256")
        text = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        text = text.replace(b'"NEST"', nest)
        digest = hashlib.sha256(text).hexdigest().encode()
        try:
            found = read_backup(text[:-1] + b',"sha256":"' + digest + b'"}', "x")
        except UsageError:
            continue
        assert len(found.rows) == 2


edits = st.lists(
    st.tuples(st.integers(0, 10_000), st.binary(max_size=3), st.integers(0, 3)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150)
@given(edits | st.binary())
def test_any_damage_is_wrong_usage(changes: Any) -> None:
    """Any file ends in a plan or a usage error, never in a crash."""
    for read, document in (
        (read_plan, plan_document(PLAN)),
        (read_backup, backup_document(BACKUP)),
    ):
        text = spelt(document)
        if isinstance(changes, bytes):
            text = changes
        else:
            for at, new, length in changes:
                at %= len(text)
                text = text[:at] + new + text[at + length :]
        try:
            found: object = read(text, "x")
        except UsageError:
            continue
        assert found in (PLAN, BACKUP)


@settings(max_examples=200)
@given(st.data())
def test_any_value_in_any_place_is_wrong_usage(data: st.DataObject) -> None:
    """With a new digest, too, no shape of a file ends in a crash."""
    read, made = data.draw(
        st.sampled_from([(read_plan, plan_document(PLAN)), (read_backup, backup_document(BACKUP))])
    )
    document = json.loads(spelt(made))
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not place[key] or not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(json_values)

    try:
        read(sealed(copy.deepcopy(document)), "x")
    except UsageError as error:
        assert str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(b"{}", "it lacks the key 'kind'", id="no keys"),
        pytest.param(b"[]", "it is not a JSON object", id="array"),
        pytest.param(
            sealed({"kind": "plan", "schema": 1}), "it lacks the key 'wish'", id="no wish"
        ),
        pytest.param(
            sealed({**plan_document(PLAN), "subscriptions": [7]}),
            "a value has the wrong type",
            id="no row",
        ),
    ],
)
def test_the_error_says_what_is_wrong(text: bytes, why: str) -> None:
    """The error is in plain words, not a message of Python."""
    assert str(refused(read_plan, text)).endswith(f": {why}")


def test_a_large_file_that_is_no_plan_is_not_parsed() -> None:
    """A large file that lacks the keys of a plan is refused without parsing."""
    text = b"[" * (LARGE + 1)  # would be nested too deeply

    assert str(refused(read_plan, text)).endswith('it lacks the keys "kind" and "sha256"')


@pytest.mark.parametrize("escaped", [False, True])
def test_a_large_plan_is_read_however_it_is_spelled(escaped: bool) -> None:
    """A large plan is read, also with escaped keys."""
    text = spelt(plan_document(PLAN))
    if escaped:
        text = text.replace(b'"kind"', b'"\\u006bind"').replace(b'"sha256"', b'"sh\\u0061256"')

    assert read_plan(text + b" " * LARGE, "plan.json") == PLAN
