"""What is unknown of the answer to a write and of the reads after it, one switch at a time."""

from __future__ import annotations

from typing import Literal

import pytest
from asking import (
    CONTACT,
    CONTACT_2017,
    V2017,
    V2020,
    V2023,
    WRITTEN,
    WRITTEN_2023,
    Client,
    code,
    contacts,
    record,
)
from azure_double import AzureDouble


@pytest.mark.parametrize(
    ("status", "seen"), [("by existence", [201, 200]), (200, [200, 200]), (201, [201, 201])]
)
@pytest.mark.parametrize("version", [V2017, V2023])
def test_the_status_of_a_put(
    azure: AzureDouble,
    ask: Client,
    version: str,
    status: Literal["by existence", 200, 201],
    seen: list[int],
) -> None:
    """It tells what is new from what is replaced, or it does not."""
    azure.put_status = status
    subscription = azure.add()

    answers = [ask.put(subscription, WRITTEN[version], version) for _ in range(2)]

    assert [each.status_code for each in answers] == seen


@pytest.mark.parametrize("version", [V2017, V2020, V2023])
@pytest.mark.parametrize("body", ["whole", "empty", "request"])
def test_the_answer_to_a_put(
    azure: AzureDouble, ask: Client, version: str, body: Literal["whole", "empty", "request"]
) -> None:
    """It is the contact, or nothing, or what was sent; the contact is written all the same."""
    azure.put_body = body
    subscription = azure.add()

    answer = ask.put(subscription, WRITTEN[version], version)

    (contact,) = ask.listed(subscription, version)
    (asked,) = azure.writes()
    wanted = {"whole": contact, "empty": None, "request": asked.json()}[body]
    assert answer.content == b"" if wanted is None else answer.json() == wanted
    assert contact["properties"]["email" if version == V2017 else "emails"]
    assert answer.status_code == 201


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_if_match_is_ignored(azure: AzureDouble, ask: Client, method: str) -> None:
    """By default the last writer wins."""
    path = contacts(azure.add(contact=CONTACT), V2023, "default")

    for headers in ({"If-Match": '"other"'}, {"If-None-Match": "*"}):
        answer = ask(path, method=method, json={"properties": WRITTEN_2023}, headers=headers)

        assert answer.ok


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("exists", "header", "value", "passes"),
    [
        pytest.param(True, "If-Match", None, True, id="its etag"),
        pytest.param(True, "If-Match", "*", True, id="any etag"),
        pytest.param(True, "If-Match", '"other"', False, id="another etag"),
        pytest.param(True, "If-None-Match", "*", False, id="must be new, is not"),
        pytest.param(True, "If-None-Match", '"other"', True, id="must be another, is"),
        pytest.param(False, "If-Match", '"other"', False, id="must be there, is not"),
        pytest.param(False, "If-Match", "*", False, id="must be anything, is nothing"),
        pytest.param(False, "If-None-Match", "*", True, id="must be new, is new"),
    ],
)
def test_if_match_may_be_honoured(
    azure: AzureDouble,
    ask: Client,
    method: str,
    exists: bool,
    header: str,
    value: str | None,
    passes: bool,
) -> None:
    """A write whose condition does not hold is refused, and changes nothing."""
    azure.honours_if_match = True
    subscription = azure.add(contact=CONTACT if exists else None)
    path = contacts(subscription, V2023, "default")
    headers = {header: value or ask(path).json()["etag"]}

    answer = ask(path, method=method, json={"properties": WRITTEN_2023}, headers=headers)

    assert answer.ok == passes
    if not passes:
        assert (answer.status_code, answer.json()["code"]) == (412, "PreconditionFailed")
        assert subscription.contact == (CONTACT if exists else None)


def test_if_match_at_2017(azure: AzureDouble, ask: Client) -> None:
    """All contacts share the etag, so each write changes it. A hidden contact counts, too."""
    azure.honours_if_match = True
    subscription = azure.add(contacts_2017=[record(), record(2, email="b@contoso.com")])
    etag = ask.listed(subscription, V2017)[0]["etag"]
    hidden = azure.add(contact=CONTACT, contacts_2017=[record(email="c@d.e")], hides_2017=True)

    def match(value: str, name: str = "default1") -> int:
        return ask.put(subscription, CONTACT_2017, V2017, name, if_match=value).status_code

    assert [match('"other"'), match(etag), match(etag), match("*")] == [412, 200, 412, 200]
    assert ask.put(hidden, CONTACT_2017, V2017, if_none_match="*").status_code == 412


def test_lists_may_be_stale(azure: AzureDouble, ask: Client) -> None:
    """The next lists of the subscription show the state before its last write."""
    azure.stale_reads = 2
    subscription, other = azure.add(), azure.add()

    def emails(version: str = V2023) -> list[str]:
        return [each["properties"]["emails"] for each in ask.listed(subscription, version)]

    written = ask.put(subscription, {**WRITTEN_2023, "emails": "a@b.c"})
    ask.put(other, {**WRITTEN_2023, "emails": "x@y.z"})
    by_name = ask(contacts(subscription, V2023, "default")).json()
    first = [emails(), emails(V2020), emails(), emails()]
    ask.put(subscription, {**WRITTEN_2023, "emails": "d@e.f"})
    second = [emails()]
    ask(contacts(subscription, V2023, "default"), method="DELETE")
    third = [emails(), emails(V2020), emails(V2020)]

    assert written.json() == by_name
    assert by_name["properties"]["emails"] == "a@b.c"
    assert first == [[], [], ["a@b.c"], ["a@b.c"]]
    assert second == [["a@b.c"]]
    assert third == [["d@e.f"], ["d@e.f"], []]


def test_lists_of_2017_may_be_stale(azure: AzureDouble, ask: Client) -> None:
    """A written or deleted record shows its old state once. A refused write changes nothing."""
    azure.stale_reads = 1
    subscription = azure.add(contacts_2017=[record()])

    def emails() -> list[str]:
        return [each["properties"]["email"] for each in ask.listed(subscription, V2017)]

    ask.put(subscription, record(email="new@contoso.com")["properties"], V2017)
    replaced = [emails(), emails()]
    ask.put(subscription, record(email="b@contoso.com")["properties"], V2017, "default2")
    added = [emails(), emails()]
    ask(contacts(subscription, V2017, "default2"), method="DELETE")
    refused = ask.put(subscription, {}, V2017)
    deleted = [emails(), emails()]

    one, two = ["new@contoso.com"], ["new@contoso.com", "b@contoso.com"]
    assert replaced == [["a@contoso.com"], one]
    assert added == [one, two]
    assert refused.status_code == 400
    assert deleted == [two, one]


@pytest.mark.parametrize("status", [403, 409])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_disabled_subscription_is_read_only(
    azure: AzureDouble, ask: Client, method: str, status: Literal[403, 409]
) -> None:
    """The refusal was seen with two statuses, always with the same code."""
    azure.readonly_status = status
    subscription = azure.add(state="Disabled", contact=CONTACT)
    path = contacts(subscription, V2023, "default")

    answer = ask(path, method=method, json={"properties": {}})

    assert code(answer) == (status, "ReadOnlyDisabledSubscription")
    assert subscription.contact == CONTACT


@pytest.mark.parametrize("status", [200, 204, 404])
@pytest.mark.parametrize("version", [V2017, V2020, V2023])
def test_a_delete_of_a_missing_contact(
    azure: AzureDouble, ask: Client, version: str, status: Literal[200, 204, 404]
) -> None:
    """The documented 204 was not recorded."""
    azure.delete_absent = status

    answer = ask.delete(azure.add(), version)

    assert answer.status_code == status
    assert status != 404 or code(answer) == (404, "404")


@pytest.mark.parametrize("version", [V2020, V2023])
def test_azure_may_recreate_a_contact(azure: AzureDouble, ask: Client, version: str) -> None:
    """It has no address and notifies the owners. The answer to the delete does not change."""
    azure.remakes_default = True
    subscription = azure.add(contact=CONTACT)

    answer = ask.delete(subscription, version)

    (item,) = ask.listed(subscription)
    assert (answer.status_code, answer.content) == (200, b"{}")
    assert item["properties"] == {
        "notificationsSources": [{"minimalSeverity": "High", "sourceType": "Alert"}],
        "isEnabled": True,
        "notificationsByRole": {"state": "On", "roles": ["Owner"]},
        "emails": "",
        "phone": "",
    }
