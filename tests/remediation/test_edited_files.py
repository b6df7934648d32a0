"""A file whose digest somebody made anew is refused for what it says."""

import json
from typing import Any

import pytest
from remediation.saved_files import (
    ADD,
    BACKUP,
    DEFAULT,
    ID,
    OLD,
    ORIGIN,
    PLAN,
    V2017,
    V2020,
    V2023,
    WHO,
    Edit,
    first,
    refused,
    sealed,
    spelt,
)

from contacts_audit.azure.contacts.records import Snapshot
from contacts_audit.core.model import Change
from contacts_audit.remediation.backup import backup_document, read_backup
from contacts_audit.remediation.plan import row_for
from contacts_audit.remediation.plan_file import Plan, plan_document, read_plan


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
    """Even with a new digest, the writes must follow from what was read and requested."""
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
def test_a_plan_for_what_cannot_be_requested(change: Change, version: str | None) -> None:
    """A change that no option can request is refused, whatever follows from it."""
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
    """Even with a new digest, a backup that could not have been taken is refused."""
    document = json.loads(spelt(backup_document(BACKUP)))
    edit(document)

    refused(read_backup, sealed(document))
