"""A plan and a backup come back from their files as they were saved."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from remediation.saved_files import (
    ADD,
    BACKUP,
    DEFAULT,
    ID,
    ORIGIN,
    PLAN,
    SEEN,
    V2017,
    V2023,
    WHO,
    plans,
    some_seen,
    some_who,
    spelt,
)

from contacts_audit.azure.clouds import CLOUDS, choose
from contacts_audit.azure.contacts.records import Record, Snapshot
from contacts_audit.azure.kinds import CloudName
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Change, Subscription
from contacts_audit.remediation.backup import Backup, backup_document, read_backup
from contacts_audit.remediation.file_format import Origin
from contacts_audit.remediation.plan import row_for
from contacts_audit.remediation.plan_file import Plan, plan_document, read_plan


def test_a_plan_is_as_the_contract_says() -> None:
    """A plan and its rows have all documented keys."""
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
    """Rows of each kind come back."""
    assert read_plan(spelt(plan_document(PLAN)), "plan.json") == PLAN


def test_a_plan_at_2017_comes_back() -> None:
    """All steps come back."""
    change = Change(emails=("b@b.co", "c@b.co"), remove_emails=("a@b.co",))
    row = row_for(WHO, SEEN, change, V2017)
    made = Plan(ORIGIN, change, V2017, (row,))

    document = plan_document(made)

    assert len(document["subscriptions"][0]["steps"]) == len(row.steps) == 2
    assert read_plan(spelt(document), "plan.json") == made


def test_a_backup_comes_back() -> None:
    """Every API version that was read comes back, an empty one too."""
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
    """Blanks, order of keys and escapes do not matter."""
    assert read_plan(respell(spelt(plan_document(PLAN))), "plan.json") == PLAN
    assert read_backup(respell(spelt(backup_document(BACKUP))), "backup.json") == BACKUP


@settings(max_examples=60)
@given(plans())
def test_any_plan_comes_back(made: Plan) -> None:
    """Computed again from what it read, a plan is the same to the byte."""
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
    """Unknown fields come back, too."""
    document = backup_document(Backup(ORIGIN, rows))

    found = read_backup(spelt(document), "backup.json")

    assert found == Backup(ORIGIN, rows)
    assert spelt(backup_document(found)["subscriptions"]) == spelt(document["subscriptions"])


def test_the_digest_is_of_all_that_is_said() -> None:
    """The digest is the SHA-256 of the rest, keys sorted, without blanks."""
    for document in (plan_document(PLAN), backup_document(BACKUP)):
        rest = {key: value for key, value in document.items() if key != "sha256"}
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
        assert document["sha256"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_file_is_read_by_another_process(tmp_path: Path, seed: str) -> None:
    """Digest and rows do not depend on the hash seed of Python."""
    path = tmp_path / "plan.json"
    path.write_bytes(spelt(plan_document(PLAN)))
    program = (
        "import sys; from pathlib import Path; from contacts_audit.remediation.plan_file import *\n"
        "plan = read_plan(Path(sys.argv[1]).read_bytes(), 'x'); print(len(plan.rows))"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=False,
    )

    assert (ran.stdout, ran.stderr) == (b"5\n", b"")


def test_a_deep_plan_is_made() -> None:
    """What could be read can be planned, backed up, and read back."""
    for depth in (10, 50, 90):
        deep: Any = 1
        for _ in range(depth):
            deep = {"a": deep}
        seen = Snapshot({V2023: (Record("default", {"emails": "", "deep": deep}),)})
        made = Plan(ORIGIN, ADD, None, (row_for(WHO, seen, ADD),))

        assert read_plan(spelt(plan_document(made)), "x") == made


def test_a_file_is_of_its_cloud() -> None:
    """Name and endpoint of the cloud must match."""
    azure, china = CLOUDS[CloudName.AZURE], CLOUDS[CloudName.CHINA]
    own = choose(CloudName.AZURE, arm_endpoint="https://arm.example")
    origin = Origin(azure.name, azure.arm, ("t-1",))

    origin.check(azure, "plan.json")

    assert origin == Origin("AzureCloud", "https://management.azure.com", ("t-1",))
    forged = Origin("AzureCloud", "https://evil.example", ("t-1",))
    for of, other in ((origin, china), (origin, own), (forged, azure)):
        with pytest.raises(UsageError) as caught:
            of.check(other, "plan.json")
        assert "plan.json" in str(caught.value)
