"""Plans and backups come back as they went, or not at all: a file is hostile until it is read."""

import copy
import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contacts_audit.azure.clouds import CLOUDS, choose
from contacts_audit.azure.contacts.records import Record, Snapshot
from contacts_audit.azure.kinds import CloudName
from contacts_audit.core.errors import OutputError, Reason, UsageError
from contacts_audit.core.model import Change, Fault, Subscription
from contacts_audit.remediation.journal import Journal
from contacts_audit.remediation.ledger import (
    Backup,
    Origin,
    Plan,
    backup_document,
    plan_document,
    read_backup,
    read_plan,
)
from contacts_audit.remediation.plan import Intent, PlanRow, row_for

V2017 = "2017-08-01-preview"
V2020 = "2020-01-01-preview"
V2023 = "2023-12-01-preview"
ID = "00000000-0000-0000-0000-00000000000a"
OTHER = "00000000-0000-0000-0000-00000000000b"
THIRD, FOURTH, FIFTH = (OTHER[:-1] + digit for digit in "cde")
ORIGIN = Origin("AzureCloud", "https://management.azure.com", ("t-1", "t-2"))
WHO = Subscription(ID, "Prod", "Enabled", "t-1")
ADD = Change(emails=("new@contoso.com",))
OLD = Record("default1", {"email": "a@b.co", "alertNotifications": "On", "alertsToAdmins": "On"})
DEFAULT = Record(
    "default",
    {
        "emails": "a@b.co",
        "isEnabled": True,
        "notificationsByRole": {"state": "Off", "roles": []},
        "notificationsSources": [],
        "x": [1, 1.5, None, "ö"],
    },
)
SEEN = Snapshot({V2017: (OLD,), V2023: (DEFAULT,)})
FAULT = Fault(Reason.FORBIDDEN, "no", "ask", 403, "Denied", "r-1")
PLAN = Plan(
    ORIGIN,
    ADD,
    None,
    (
        row_for(WHO, SEEN, ADD),
        PlanRow(Subscription(OTHER), Intent.UNREADABLE, fault=FAULT),
        PlanRow(
            Subscription(f"{OTHER[:-1]}1", "S", "Disabled"),
            Intent.SKIPPED,
            message="it is Disabled",
        ),
        PlanRow(Subscription(FOURTH, "W"), Intent.WAIVED, message="it is waived"),
        PlanRow(Subscription(FIFTH, "C"), Intent.NOTHING, message="it complies"),
    ),
)
BACKUP = Backup(ORIGIN, ((WHO, SEEN), (Subscription(OTHER), Snapshot({V2020: ()}))))
Edit = Callable[[Any], object]


def spelt(document: Any) -> bytes:
    """Return *document* as a file."""
    return json.dumps(document).encode()


def sealed(document: Any) -> bytes:
    """Return *document* as a file, its digest made anew as somebody hostile would."""
    document.pop("sha256", None)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return spelt({**document, "sha256": hashlib.sha256(text.encode()).hexdigest()})


def refused(read: Callable[[bytes, str], object], text: bytes) -> UsageError:
    """Return the error that *read* raises for *text*."""
    with pytest.raises(UsageError) as caught:
        read(text, "the-file")
    assert caught.value.hint
    return caught.value


# Round trips


def test_a_plan_is_as_the_contract_says() -> None:
    """Its keys, and those of each row, are there for scripts."""
    document = plan_document(PLAN)

    assert {key: document[key] for key in ("schema", "kind", "cloud", "arm_endpoint")} == {
        "schema": 1,
        "kind": "plan",
        "cloud": "AzureCloud",
        "arm_endpoint": "https://management.azure.com",
    }
    assert document["tenants"] == ["t-1", "t-2"]
    assert document["tool"]["name"] == "contacts-audit"
    assert document["wish"]["emails"] == ("new@contoso.com",)
    assert list(document)[-1] == "sha256"
    row, *others = document["subscriptions"]
    assert {key: row[key] for key in ("id", "name", "tenant_id", "status", "error")} == {
        "id": ID,
        "name": "Prod",
        "tenant_id": "t-1",
        "status": "change",
        "error": None,
    }
    assert (row["api_version"], row["contact"]) == (V2023, "default")
    assert row["before"] == DEFAULT.properties
    assert row["after"] == {**DEFAULT.properties, "emails": "a@b.co;new@contoso.com"}
    assert [one["status"] for one in others] == ["unreadable", "skipped", "waived", "nothing"]
    assert others[0]["error"]["reason"] == "forbidden"
    assert all({"api_version", "contact", "before", "after"} <= one.keys() for one in others)


def test_a_row_without_a_change_shows_what_stands() -> None:
    """Before and after are the same."""
    change = Change(emails=("a@b.co",))

    (row,) = plan_document(Plan(ORIGIN, change, None, (row_for(WHO, SEEN, change),)))[
        "subscriptions"
    ]

    assert (row["status"], row["contact"], row["steps"]) == ("nothing", "default", [])
    assert row["before"] == row["after"] == DEFAULT.properties


def test_a_plan_comes_back() -> None:
    """With its rows of each kind."""
    assert read_plan(spelt(plan_document(PLAN)), "plan.json") == PLAN


def test_a_plan_at_2017_comes_back() -> None:
    """With each of its steps."""
    change = Change(emails=("b@b.co", "c@b.co"), remove_emails=("a@b.co",))
    row = row_for(WHO, SEEN, change, V2017)
    made = Plan(ORIGIN, change, V2017, (row,))

    document = plan_document(made)

    assert len(document["subscriptions"][0]["steps"]) == len(row.steps) == 2
    assert read_plan(spelt(document), "plan.json") == made


def test_a_backup_comes_back() -> None:
    """With every api-version that was read, an empty one too."""
    document = backup_document(BACKUP)

    assert (document["schema"], document["kind"]) == (1, "backup")
    assert read_backup(spelt(document), "backup.json") == BACKUP


@pytest.mark.parametrize(
    "respell",
    [
        pytest.param(lambda text: b"\xef\xbb\xbf" + text, id="byte order mark"),
        pytest.param(lambda text: text + b"\r\n", id="line end"),
        pytest.param(lambda text: json.dumps(json.loads(text), indent=4).encode(), id="indented"),
        pytest.param(
            lambda text: json.dumps(json.loads(text), ensure_ascii=False).encode(), id="UTF-8"
        ),
        pytest.param(
            lambda text: json.dumps(dict(reversed(json.loads(text).items()))).encode(), id="order"
        ),
    ],
)
def test_how_a_file_is_spelt_does_not_matter(respell: Callable[[bytes], bytes]) -> None:
    """An editor that changes nothing changes nothing."""
    assert read_plan(respell(spelt(plan_document(PLAN))), "plan.json") == PLAN
    assert read_backup(respell(spelt(backup_document(BACKUP))), "backup.json") == BACKUP


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
emails = st.sampled_from(["a@b.co", "A@b.co", "c@b.co;d@b.co", "", "bad", "jörg@b.co"])
some_records = st.lists(
    st.builds(
        Record,
        st.sampled_from(["default", "default1", "default2", "me", "ö'$(x)"]),
        st.dictionaries(
            st.sampled_from(["email", "emails", "phone", "isEnabled", "new"])
            | st.sampled_from(["notificationsByRole", "notificationsSources", "alertsToAdmins"]),
            json_values | emails,
        ),
    ),
    max_size=3,
    unique_by=lambda one: one.name,
).map(tuple)
some_seen = st.dictionaries(st.sampled_from([V2017, V2020, V2023]), some_records, min_size=1).map(
    Snapshot
)
some_text = st.none() | st.text(max_size=8)
some_who = st.builds(
    Subscription,
    st.uuids().map(str),
    some_text,
    some_text,
    some_text,
)
some_fault = st.builds(
    Fault,
    st.sampled_from(list(Reason)),
    st.text(max_size=8),
    st.text(max_size=8),
    st.none() | st.integers(100, 599),
    some_text,
    some_text,
)
some_change = st.sampled_from(
    [
        ADD,
        Change(emails=("a@b.co", "jörg@b.co"), replace=True, notify_owners=True),
        Change(remove_emails=("a@b.co", "bad")),
        Change(remove_emails=("a@b.co",), allow_empty=True, phone="110"),
        Change(minimum_severity="High", phone="+1 555"),
    ]
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a plan that could have been made."""
    change, version = draw(some_change), draw(st.sampled_from([None, V2017]))
    rows = [
        row_for(who, seen, change, version)
        for who, seen in draw(st.lists(st.tuples(some_who, some_seen), max_size=3))
    ]
    rows += [
        PlanRow(who, Intent.UNREADABLE, fault=fault)
        for who, fault in draw(st.lists(st.tuples(some_who, some_fault), max_size=1))
    ]
    assume(len({row.subscription.id for row in rows}) == len(rows))
    return Plan(ORIGIN, change, version, tuple(rows))


@settings(max_examples=60)
@given(plans())
def test_any_plan_comes_back(made: Plan) -> None:
    """Made anew from what it saw, it is the same to the letter."""
    document = plan_document(made)

    found = read_plan(spelt(document), "plan.json")

    again = plan_document(found)
    assert found == made
    assert spelt({**document, "created": 0, "sha256": 0}) == spelt(
        {**again, "created": 0, "sha256": 0}
    )


@settings(max_examples=60)
@given(
    st.lists(st.tuples(some_who, some_seen), max_size=3, unique_by=lambda one: one[0].id).map(tuple)
)
def test_any_backup_comes_back(rows: tuple[tuple[Subscription, Snapshot], ...]) -> None:
    """To the last unknown field."""
    document = backup_document(Backup(ORIGIN, rows))

    found = read_backup(spelt(document), "backup.json")

    assert found == Backup(ORIGIN, rows)
    assert spelt(backup_document(found)["subscriptions"]) == spelt(document["subscriptions"])


def test_the_digest_is_of_all_that_is_said() -> None:
    """SHA-256 of the rest, keys in order, nothing between: the same on each machine."""
    for document in (plan_document(PLAN), backup_document(BACKUP)):
        rest = {key: value for key, value in document.items() if key != "sha256"}
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
        assert document["sha256"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_file_is_read_by_another_process(tmp_path: Path, seed: str) -> None:
    """Whatever the order of its hashes, its digest and its rows are the same."""
    path = tmp_path / "plan.json"
    path.write_bytes(spelt(plan_document(PLAN)))
    program = (
        "import sys; from pathlib import Path; from contacts_audit.remediation.ledger import *\n"
        "plan = read_plan(Path(sys.argv[1]).read_bytes(), 'x'); print(len(plan.rows))"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=False,
    )

    assert (ran.stdout, ran.stderr) == (b"5\n", b"")


# Damage


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
    """It is wrong usage, and the file is named."""
    assert "the-file" in str(refused(read, text))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_plan_is_utf_8(encoding: str) -> None:
    """PowerShell's redirection is refused, not guessed at."""
    text = json.dumps(plan_document(PLAN)).encode(encoding)

    refused(read_plan, text)


def test_one_kind_is_not_another() -> None:
    """A backup cannot be applied, nor a plan restored."""
    refused(read_plan, spelt(backup_document(BACKUP)))
    refused(read_backup, spelt(plan_document(PLAN)))


def test_a_cut_file_is_refused() -> None:
    """Wherever it was cut."""
    text = spelt(plan_document(PLAN))

    for end in range(0, len(text), 7):
        refused(read_plan, text[:end])


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80])
def test_a_flipped_bit_is_seen(mask: int) -> None:
    """No byte of a file can change, but for how a character is escaped."""
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
    """Everything but the digest is under it."""
    plan, backup = (json.loads(spelt(it)) for it in (plan_document(PLAN), backup_document(BACKUP)))
    edit(plan)
    edit(backup)

    refused(read_plan, spelt(plan))
    refused(read_backup, spelt(backup))


def first(document: Any) -> Any:
    """Return the row that changes something."""
    return document["subscriptions"][0]


def default(document: Any) -> Any:
    """Return the properties of `default` that were read."""
    return first(document)["read"][V2023][0]["properties"]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda it: it.update(schema=2), id="another schema"),
        pytest.param(lambda it: it.update(schema="1"), id="a text as the schema"),
        pytest.param(lambda it: it.update(schema=1.0), id="1.0 as the schema"),
        pytest.param(lambda it: it.update(schema=True), id="true as the schema"),
        pytest.param(lambda it: it.update(kind="backup"), id="another kind"),
        pytest.param(lambda it: it.pop("wish"), id="no wish"),
        pytest.param(lambda it: it.pop("tenants"), id="no tenants"),
        pytest.param(lambda it: it.update(tenants=None), id="null tenants"),
        pytest.param(lambda it: it.update(tenants=""), id="a text as the tenants"),
        pytest.param(lambda it: it.update(subscriptions=None), id="no rows"),
        pytest.param(lambda it: it.update(subscriptions={}), id="an object of rows"),
        pytest.param(lambda it: it["subscriptions"].append(None), id="a null row"),
        pytest.param(lambda it: first(it)["after"].update(emails="x@evil.co"), id="after"),
        pytest.param(lambda it: first(it)["after"].update(new=1), id="after has more"),
        pytest.param(
            lambda it: first(it)["steps"][0]["after"].update(emails="x@evil.co"), id="step"
        ),
        pytest.param(lambda it: first(it)["steps"].pop(), id="no step"),
        pytest.param(lambda it: first(it)["steps"].append(first(it)["steps"][0]), id="two steps"),
        pytest.param(lambda it: first(it)["steps"][0].update(contact="x"), id="another contact"),
        pytest.param(lambda it: first(it).update(contact="../x"), id="the contact that is shown"),
        pytest.param(lambda it: first(it)["before"].update(emails="c@b.co"), id="before"),
        pytest.param(lambda it: default(it).update(emails="c@b.co"), id="what was read"),
        pytest.param(lambda it: default(it).update(isEnabled=1), id="1 for true"),
        pytest.param(lambda it: default(it).update(x=[1.0, 1.5, None, "ö"]), id="1.0 for 1"),
        pytest.param(lambda it: default(it).update(x=[True, 1.5, None, "ö"]), id="true for 1"),
        pytest.param(lambda it: first(it)["read"].pop(V2023), id="the version that was read"),
        pytest.param(lambda it: first(it).update(read={}), id="nothing was read"),
        pytest.param(lambda it: first(it).update(read=None), id="null was read"),
        pytest.param(lambda it: first(it).update(read=[V2023]), id="an array of versions"),
        pytest.param(lambda it: first(it)["read"].update({"2099-01-01": []}), id="new version"),
        pytest.param(lambda it: first(it)["read"].update({V2017: {}}), id="an object of records"),
        pytest.param(lambda it: first(it)["read"].update({V2017: ""}), id="a text of records"),
        pytest.param(lambda it: first(it)["read"].update({V2017: [5]}), id="a number is a record"),
        pytest.param(lambda it: first(it).update(api_version=V2020), id="the version to write"),
        pytest.param(lambda it: first(it).update(status="nothing"), id="status"),
        pytest.param(lambda it: first(it).update(status="done"), id="no status"),
        pytest.param(lambda it: first(it).update(message="x"), id="message"),
        pytest.param(lambda it: first(it).update(id="x"), id="no id"),
        pytest.param(lambda it: first(it).update(id=ID.upper()), id="an id in capitals"),
        pytest.param(lambda it: first(it).update(id=ID + "/../x"), id="an id that is a path"),
        pytest.param(lambda it: first(it).update(id=None), id="a null id"),
        pytest.param(lambda it: first(it).update(name=["x"]), id="an array as a name"),
        pytest.param(lambda it: first(it).update(tenant_id=5), id="a number as a tenant"),
        pytest.param(lambda it: first(it).pop("state"), id="no state"),
        pytest.param(lambda it: first(it).update(extra=1), id="another key in a row"),
        pytest.param(lambda it: it["subscriptions"][1].update(error={}), id="an empty error"),
        pytest.param(lambda it: it["subscriptions"][1].update(error=5), id="an odd error"),
        pytest.param(
            lambda it: it["subscriptions"][1]["error"].update(extra=1), id="another key in an error"
        ),
        pytest.param(lambda it: it["wish"].update(emails=["x@evil.co"]), id="another address"),
        pytest.param(lambda it: it["wish"].update(emails=[]), id="nothing wished"),
        pytest.param(lambda it: it["wish"].update(emails=["x"]), id="no address"),
        pytest.param(lambda it: it["wish"].update(emails=[5]), id="a number as an address"),
        pytest.param(lambda it: it["wish"].update(emails=None), id="null addresses"),
        pytest.param(
            lambda it: it["wish"].update(emails={"new@contoso.com": 1}),
            id="an object of addresses",
        ),
        pytest.param(lambda it: it["wish"].update(replace=True), id="replace"),
        pytest.param(lambda it: it["wish"].update(replace=0), id="0 as a flag"),
        pytest.param(lambda it: it["wish"].update(allow_empty="no"), id="a text as a flag"),
        pytest.param(lambda it: it["wish"].update(allow_empty=[]), id="an array as a flag"),
        pytest.param(lambda it: it["wish"].update(remove_emails=""), id="a text of removals"),
        pytest.param(lambda it: it["wish"].update(phone="+1 555"), id="a telephone number"),
        pytest.param(lambda it: it["wish"].update(phone=5), id="a number as a telephone number"),
        pytest.param(lambda it: it["wish"].update(minimum_severity=["Low"]), id="an array: level"),
        pytest.param(lambda it: it["wish"].update(minimum_severity={}), id="an object: level"),
        pytest.param(lambda it: it["wish"].update(api_version=V2017), id="2017"),
        pytest.param(lambda it: it["wish"].update(api_version=V2020), id="2020"),
        pytest.param(lambda it: it["wish"].update(api_version=[V2017]), id="an array: version"),
        pytest.param(lambda it: it["wish"].pop("api_version"), id="no version"),
        pytest.param(lambda it: it["wish"].update(new=1), id="another wish"),
        pytest.param(lambda it: it.update(wish=[]), id="an array of wishes"),
        pytest.param(lambda it: it["subscriptions"].append(first(it)), id="a subscription twice"),
    ],
)
def test_a_plan_that_does_not_follow(edit: Edit) -> None:
    """Even with a digest made anew: what is written follows from what was read and wished."""
    document = json.loads(spelt(plan_document(PLAN)))
    edit(document)

    refused(read_plan, sealed(document))


@pytest.mark.parametrize(
    ("change", "version"),
    [
        pytest.param(Change(emails=("no address",)), None, id="no address"),
        pytest.param(Change(emails=("a@b.co;x@evil.co",)), None, id="two addresses as one"),
        pytest.param(Change(phone="+1\nx"), None, id="no telephone number"),
        pytest.param(Change(minimum_severity="None"), None, id="no severity"),
        pytest.param(Change(), None, id="nothing"),
        pytest.param(ADD, V2020, id="a version that cannot be chosen"),
        pytest.param(Change(enable=True), V2017, id="what 2017 cannot say"),
    ],
)
def test_a_plan_for_what_cannot_be_wished(change: Change, version: str | None) -> None:
    """What follows from it does not matter: nobody could have wished for it by our options."""
    row = row_for(WHO, Snapshot({V2017: (OLD,), V2020: (), V2023: (DEFAULT,)}), change, version)

    refused(read_plan, spelt(plan_document(Plan(ORIGIN, change, version, (row,)))))


def test_a_plan_that_was_made_anew_by_hand_is_one() -> None:
    """The edits above are refused for what they say: the same digest, without them, is fine."""
    assert read_plan(sealed(json.loads(spelt(plan_document(PLAN)))), "x") == PLAN


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda it: it.update(schema=True), id="true as the schema"),
        pytest.param(lambda it: it.update(kind="plan"), id="another kind"),
        pytest.param(lambda it: it.update(subscriptions={}), id="an object of rows"),
        pytest.param(lambda it: it.update(subscriptions=[None]), id="a null row"),
        pytest.param(lambda it: first(it).update(versions={}), id="no version"),
        pytest.param(lambda it: first(it).update(versions=None), id="null versions"),
        pytest.param(lambda it: first(it).update(versions=[V2023]), id="an array of versions"),
        pytest.param(lambda it: first(it)["versions"].update({"2099": []}), id="a new version"),
        pytest.param(lambda it: first(it)["versions"].update({V2017: None}), id="null records"),
        pytest.param(
            lambda it: first(it)["versions"].update({V2017: {}}),
            id="an object of them",
        ),
        pytest.param(lambda it: first(it)["versions"].update({V2017: ""}), id="a text of them"),
        pytest.param(lambda it: first(it)["versions"][V2017].append({}), id="an empty record"),
        pytest.param(
            lambda it: first(it)["versions"][V2017][0].update(properties=[]), id="odd properties"
        ),
        pytest.param(lambda it: first(it)["versions"][V2017][0].update(name=5), id="odd name"),
        pytest.param(lambda it: first(it)["versions"][V2017][0].update(name=""), id="empty name"),
        pytest.param(lambda it: first(it)["versions"][V2017][0].update(name=".."), id="dots"),
        pytest.param(
            lambda it: first(it)["versions"][V2017][0].update(name="\ud800"),
            id="half a character",
        ),
        pytest.param(
            lambda it: first(it)["versions"][V2017].append(first(it)["versions"][V2017][0]),
            id="a contact twice",
        ),
        pytest.param(lambda it: it["subscriptions"].append(first(it)), id="a subscription twice"),
        pytest.param(lambda it: first(it).update(id="../x"), id="no id"),
        pytest.param(lambda it: first(it).update(name=5), id="a number as a name"),
    ],
)
def test_a_backup_that_cannot_be_one(edit: Edit) -> None:
    """Even with a digest made anew: what it says is put back, and what it does not is deleted."""
    document = json.loads(spelt(backup_document(BACKUP)))
    edit(document)

    refused(read_backup, sealed(document))


def test_numbers_that_json_does_not_have() -> None:
    """Nobody could send them: neither as a word, nor as a number too large for one."""
    for number in ("NaN", "Infinity", "-Infinity"):
        document = json.loads(spelt(backup_document(BACKUP)))
        first(document)["versions"][V2023][0]["properties"]["x"] = float(number)
        refused(read_backup, sealed(document))


def test_a_number_too_large_for_json() -> None:
    """It is read as infinite, which nobody could send."""
    document = json.loads(spelt(backup_document(BACKUP)))
    first(document)["versions"][V2023][0]["properties"]["x"] = float("inf")

    refused(read_backup, sealed(document).replace(b"Infinity", b"1e999"))


def test_a_key_that_is_there_twice() -> None:
    """One reader sees one of them, another one the other: it is refused."""
    text = spelt(plan_document(PLAN))
    decoy = b'{"wish": {"emails": ["harmless@contoso.com"]}, ' + text[1:]

    refused(read_plan, decoy)


def test_deep_nesting_is_read_or_refused() -> None:
    """At each depth, with a good digest."""
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


def test_a_deep_plan_is_made() -> None:
    """What could be read can be planned, backed up, and read back."""
    for depth in (10, 50, 90):
        deep: Any = 1
        for _ in range(depth):
            deep = {"a": deep}
        seen = Snapshot({V2023: (Record("default", {"emails": "", "deep": deep}),)})
        made = Plan(ORIGIN, ADD, None, (row_for(WHO, seen, ADD),))

        assert read_plan(spelt(plan_document(made)), "x") == made


edits = st.lists(
    st.tuples(st.integers(0, 10_000), st.binary(max_size=3), st.integers(0, 3)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150)
@given(edits | st.binary())
def test_any_damage_is_wrong_usage(changes: Any) -> None:
    """Nothing but our own error comes of a file."""
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
    """With a digest made anew, too: no shape of a file ends in a crash."""
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


# Origin


def test_a_file_is_of_its_cloud() -> None:
    """By name and by endpoint."""
    azure, china = CLOUDS[CloudName.AZURE], CLOUDS[CloudName.CHINA]
    own = choose(CloudName.AZURE, arm_endpoint="https://arm.example")
    origin = Origin.of(azure, ["t-1"])

    origin.check(azure, "plan.json")

    assert origin == Origin("AzureCloud", "https://management.azure.com", ("t-1",))
    forged = Origin("AzureCloud", "https://evil.example", ("t-1",))
    for of, other in ((origin, china), (origin, own), (forged, azure)):
        with pytest.raises(UsageError) as caught:
            of.check(other, "plan.json")
        assert "plan.json" in str(caught.value)


# Journal


def test_a_line_for_each_thing_that_happens(tmp_path: Path) -> None:
    """For its owner alone, in ASCII, as it happens."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)

    journal.note(WHO, "sent", contact="ö\n\u2028", after={"x": [1]})
    after_one = path.read_bytes()
    journal.note(Subscription(OTHER), "answered", status=200)

    lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    assert after_one.endswith(b"}\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [{key: line[key] for key in line if key != "at"} for line in lines] == [
        {"subscription": ID, "event": "sent", "contact": "ö\n\u2028", "after": {"x": [1]}},
        {"subscription": OTHER, "event": "answered", "status": 200},
    ]
    assert all(line["at"].endswith("Z") for line in lines)


@pytest.mark.parametrize(
    "name", [pytest.param("there", id="exists"), pytest.param("no/such/folder", id="no folder")]
)
def test_a_journal_that_cannot_be_kept(tmp_path: Path, name: str) -> None:
    """An old one is never added to, and nothing is sent without one."""
    (tmp_path / "there").write_text("old\n")

    with pytest.raises(OutputError) as caught:
        Journal(tmp_path / name)

    assert name in str(caught.value)
    assert (tmp_path / "there").read_text() == "old\n"


def test_a_journal_is_not_written_through_a_link(tmp_path: Path) -> None:
    """Wherever it leads."""
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OutputError):
        Journal(tmp_path / "link")

    assert not (tmp_path / "elsewhere").exists()


def test_a_journal_on_a_full_disk(tmp_path: Path) -> None:
    """What could not be written is an error: nothing may be sent then."""
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from contacts_audit.remediation.journal import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "who = Subscription('x')\n"
        "try:\n    journal.note(who, 'sent')\n    print('went on')\n"
        "except OutputError as error: print('stopped')\n"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / limit), limit],
            env={"PATH": os.environ["PATH"]},  # what measures coverage could not write, either
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        for limit in ("0", "10", "1000")
    ]

    assert [ran.stderr for ran in found] == [b"", b"", b""]
    assert [ran.stdout for ran in found] == [b"stopped\n", b"stopped\n", b"went on\n"]
