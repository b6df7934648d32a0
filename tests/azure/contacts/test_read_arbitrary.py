"""Arbitrary bodies: contacts or an error, and never a pass without an address."""

import json
from typing import Any

from azure.contacts.answers import CRITERIA, TYPE, answer, read
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts_audit.audit.checks import contact_email
from contacts_audit.azure.contacts.read import (
    addresses,
    documented_emails,
    is_address,
)
from contacts_audit.core.errors import AzureError, Reason

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
some_emails = st.sampled_from(
    ["", " ", ";", "a@contoso.com", "a@", "b@contoso.com; a@", "a, c@contoso.com,", "@", "a b"]
)
odd_contact = st.fixed_dictionaries(
    {},
    optional={
        "name": json_values,
        "type": st.sampled_from([TYPE, TYPE.lower(), "x", "", None, 5]),
        "properties": json_values
        | st.fixed_dictionaries(
            {},
            optional={
                "email": some_emails | st.lists(some_emails) | json_values,
                "emails": some_emails | st.lists(some_emails) | json_values,
                "isEnabled": st.sampled_from([True, False, None, "true", 1, 0]),
                "alertNotifications": json_values,
                "notificationsSources": json_values,
                "notificationsByRole": json_values,
                "alertsToAdmins": json_values,
                "phone": json_values,
            },
        ),
    },
)
odd_body = (
    json_values
    | st.lists(odd_contact, max_size=3)
    | odd_contact
    | st.fixed_dictionaries({"value": st.lists(odd_contact, max_size=3) | json_values})
)


def should_pass(body: Any) -> bool:
    """Say by other means than jq whether an enabled contact in *body* has an address."""
    items = body
    if isinstance(body, dict):
        items = body.get("value", [body])
    return any(
        is_address(address)
        for item in items
        if not isinstance(item.get("type"), str)
        or item["type"].lower().endswith(("securitycontact", "securitycontacts"))
        for properties in [item.get("properties") or {}]
        if properties.get("isEnabled") is None or properties["isEnabled"] is True
        for field in (properties.get("email"), properties.get("emails"))
        for text in (field if isinstance(field, list) else [field])
        if isinstance(text, str)
        for address in addresses(text)
    )


@settings(max_examples=300)
@given(odd_body)
def test_never_a_pass_without_an_address(body: object) -> None:
    """Arbitrary JSON is contacts or an error, and passes only by an address that is in it."""
    try:
        found = read(body)
    except AzureError as error:
        assert error.reason is Reason.MALFORMED  # noqa: PT017
        return

    spelt = json.dumps(body, ensure_ascii=False)
    assert all(email in spelt for contact in found for email in contact.addresses)
    assert (contact_email(found, CRITERIA) is None) is should_pass(body)


@given(
    st.binary() | st.text().map(str.encode) | odd_body.map(lambda body: json.dumps(body).encode())
)
def test_arbitrary_bytes_are_read_or_refused(body: bytes) -> None:
    """Any body ends in contacts or an AzureError, in each reader."""
    for reading in (read, lambda bytes_: documented_emails(answer(bytes_))):
        try:
            reading(body)
        except AzureError as error:
            assert error.reason in {Reason.MALFORMED, Reason.HTML}  # noqa: PT017
