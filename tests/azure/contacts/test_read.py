"""All dialects of a contact are read; what is none is an error, never a contact, never a pass."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts_audit.audit.checks import contact_email
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts.read import (
    MOST_VALUES,
    LeftOut,
    addresses,
    contacts,
    documented_emails,
    documented_stage,
    is_address,
    shows_address,
)
from contacts_audit.core.errors import AzureError, Reason
from contacts_audit.core.model import Check, Contact, Criteria

TYPE = "Microsoft.Security/securityContacts"
VERSION = "2023-12-01-preview"

CRITERIA = Criteria(None, (Check.CONTACT_EMAIL,))


def answer(body: Any) -> Answer:
    """Return a 200 with *body*, spelt as JSON unless it is bytes."""
    spelt = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer("https://arm.example/x", 200, {"x-ms-request-id": "r-1"}, spelt)


def read(body: Any) -> list[Contact]:
    """Return the contacts in *body*."""
    return list(contacts(answer(body), VERSION))


def read_whole(given_: Answer) -> list[Contact]:
    """Return the contacts in an answer."""
    return list(contacts(given_, VERSION))


def one(properties: Any, **item: Any) -> Contact:
    """Return the contact with *properties*."""
    (contact,) = read({"value": [{"name": "default", "properties": properties, **item}]})
    return contact


V2017 = {
    "email": "john@contoso.com",
    "phone": "(214)275-4038",
    "alertNotifications": "On",
    "alertsToAdmins": "On",
}
V2020 = {
    "emails": "john@contoso.com;jane@contoso.com",
    "phone": "",
    "alertNotifications": {"state": "On", "minimalSeverity": "Medium"},
    "notificationsByRole": {"state": "On", "roles": ["Owner", "Admin"]},
}
V2023 = {
    "emails": "john@contoso.com;jane@contoso.com",
    "phone": "1",
    "isEnabled": True,
    "notificationsSources": [
        {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
        {"sourceType": "Alert", "minimalSeverity": "Low"},
    ],
    "notificationsByRole": {"state": "On", "roles": ["Owner"]},
}


@pytest.mark.parametrize(
    ("properties", "contact"),
    [
        pytest.param(
            V2017,
            Contact(
                name="default",
                api_version=VERSION,
                emails=("john@contoso.com",),
                malformed=(),
                enabled=True,
                phone="(214)275-4038",
                alert_severity="High",
                attack_path_risk=None,
                roles=("Owner",),
            ),
            id="2017",
        ),
        pytest.param(
            V2020,
            Contact(
                name="default",
                api_version=VERSION,
                emails=("john@contoso.com", "jane@contoso.com"),
                malformed=(),
                enabled=True,
                phone=None,
                alert_severity="Medium",
                attack_path_risk=None,
                roles=("Owner", "Admin"),
            ),
            id="2020",
        ),
        pytest.param(
            V2023,
            Contact(
                name="default",
                api_version=VERSION,
                emails=("john@contoso.com", "jane@contoso.com"),
                malformed=(),
                enabled=True,
                phone="1",
                alert_severity="Low",
                attack_path_risk="Critical",
                roles=("Owner",),
            ),
            id="2023",
        ),
        pytest.param(
            {},
            Contact(
                name="default",
                api_version=VERSION,
                emails=(),
                malformed=(),
                enabled=True,
                phone=None,
                alert_severity=None,
                attack_path_risk=None,
                roles=(),
            ),
            id="nothing set",
        ),
    ],
)
def test_each_dialect_is_translated(properties: dict[str, Any], contact: Contact) -> None:
    """The same nouns, whichever api-version shows them."""
    assert one(properties) == contact


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"value": [{"name": "x", "properties": V2017}]}, id="as documented"),
        pytest.param([{"name": "x", "properties": V2017}], id="bare array"),
        pytest.param({"name": "x", "properties": V2017}, id="single contact"),
        pytest.param({"value": [{"name": "x", "properties": V2017}], "new": 1}, id="new key"),
        pytest.param(
            b"\xef\xbb\xbf" + json.dumps([{"name": "x", "properties": V2017}]).encode(),
            id="byte order mark",
        ),
    ],
)
def test_each_shape_of_a_list_is_read(body: object) -> None:
    """At 2020 Azure answers with a bare array."""
    (contact,) = read(body)

    assert (contact.name, contact.emails) == ("x", ("john@contoso.com",))


@pytest.mark.parametrize(
    "body", [pytest.param({"value": []}, id="object"), pytest.param([], id="bare array")]
)
def test_an_empty_list_has_no_contacts(body: object) -> None:
    """That is an answer, not an error."""
    assert read(body) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="null"),
        pytest.param("ok", id="text"),
        pytest.param(5, id="number"),
        pytest.param(True, id="true"),
        pytest.param({}, id="empty object"),
        pytest.param({"value": None}, id="null value"),
        pytest.param({"value": {}}, id="object value"),
        pytest.param({"value": "x"}, id="text value"),
        pytest.param({"value": [None]}, id="null item"),
        pytest.param({"value": ["a@contoso.com"]}, id="text item"),
        pytest.param([[]], id="array item"),
        pytest.param({"value": [{"properties": []}]}, id="array properties"),
        pytest.param({"value": [{"properties": "a@contoso.com"}]}, id="text properties"),
        pytest.param({"properties": None}, id="single contact without properties"),
        pytest.param({"error": {"code": "x"}}, id="an error with status 200"),
        pytest.param({"value": [{"properties": V2017}, 5]}, id="good, then bad"),
        pytest.param(b'{"value":[]} {"value":[]}', id="two texts"),
        pytest.param(b'{"value":[NaN]}', id="NaN"),
        pytest.param(b'{"value":[', id="cut"),
    ],
)
def test_anything_else_is_malformed(body: object) -> None:
    """What no api-version documents says nothing of contacts: not even that there are none."""
    with pytest.raises(AzureError) as caught:
        read(body)

    assert (caught.value.reason, caught.value.request_id) == (Reason.MALFORMED, "r-1")


@pytest.mark.parametrize(
    "properties",
    [pytest.param({"name": "x"}, id="absent"), pytest.param({"properties": None}, id="null")],
)
def test_an_item_may_have_no_properties(properties: dict[str, Any]) -> None:
    """It is a contact without anything."""
    (contact,) = read({"value": [properties]})

    assert (contact.emails, contact.enabled) == ((), True)


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        pytest.param("Microsoft.Security/securityContacts", True, id="plural"),
        pytest.param("Microsoft.Security/securityContact", True, id="singular"),
        pytest.param("MICROSOFT.SECURITY/SECURITYCONTACTS", True, id="capitals"),
        pytest.param("", False, id="empty"),
        pytest.param("Microsoft.Security/pricings", False, id="another"),
        pytest.param("Microsoft.Security/securityContacts/x", False, id="below"),
        pytest.param(None, True, id="null"),
        pytest.param(5, True, id="no text"),
    ],
)
def test_items_of_another_type_are_left_out_and_named(kind: object, kept: bool) -> None:
    """Only where a type says clearly that it is something else."""
    left_out: list[str] = []
    body = {"value": [{"type": kind, "properties": V2017}]}

    found = list(contacts(answer(body), VERSION, left_out.append))

    assert (len(found), left_out) == ((1, []) if kept else (0, [kind]))


def test_left_out_items_may_go_unnamed() -> None:
    """Nobody has to listen."""
    assert read({"value": [{"type": "x", "properties": V2017}]}) == []


@pytest.mark.parametrize(
    ("properties", "emails"),
    [
        pytest.param({"email": ""}, [], id="empty"),
        pytest.param({"emails": " ; ,; "}, [], id="separators and blanks"),
        pytest.param({"email": None, "emails": None}, [], id="null"),
        pytest.param({"emails": []}, [], id="empty array"),
        pytest.param({"emails": " a@b.co ,c@d.co;"}, ["a@b.co", "c@d.co"], id="both separators"),
        pytest.param(
            {"emails": ["a@b.co;c@d.co", "", "e@f.co"]}, ["a@b.co", "c@d.co", "e@f.co"], id="array"
        ),
        pytest.param({"email": "a@b.co", "emails": "c@d.co"}, ["a@b.co", "c@d.co"], id="both keys"),
        pytest.param(
            {"emails": "a@b.co;A@B.CO;a@b.co"}, ["a@b.co", "A@B.CO", "a@b.co"], id="twice"
        ),
        pytest.param({"emails": "\ta@b.co\u00a0"}, ["a@b.co"], id="blanks of all kinds"),
    ],
)
def test_addresses_are_kept_as_spelt(properties: dict[str, Any], emails: list[str]) -> None:
    """In their order; blanks go."""
    contact = one(properties)

    assert list(contact.emails) == list(contact.addresses) == emails


@pytest.mark.parametrize(
    "email",
    [
        pytest.param(5, id="number"),
        pytest.param(True, id="true"),
        pytest.param(False, id="false"),
        pytest.param({}, id="object"),
        pytest.param({"address": "a@contoso.com"}, id="an address in an object"),
        pytest.param({"x": ";a@contoso.com;"}, id="one between separators in an object"),
        pytest.param([["a@contoso.com"]], id="an address in an array in an array"),
        pytest.param([[",a@contoso.com,"]], id="one between separators in it"),
    ],
)
@pytest.mark.parametrize("key", ["email", "emails"])
def test_what_is_no_text_is_no_address(key: str, email: object) -> None:
    """An unknown value is shown where it fails, and passes nothing."""
    contact = one({key: email})

    assert contact.addresses == ()
    assert contact.malformed == contact.emails != ()
    assert contact_email([contact], CRITERIA) is not None


@pytest.mark.parametrize(
    ("properties", "enabled"),
    [
        pytest.param({}, True, id="absent"),
        pytest.param({"isEnabled": None}, True, id="null"),
        pytest.param({"isEnabled": True}, True, id="true"),
        pytest.param({"isEnabled": False}, False, id="false"),
        pytest.param({"isEnabled": "true"}, False, id="text"),
        pytest.param({"isEnabled": 1}, False, id="number"),
    ],
)
def test_an_unknown_state_is_not_enabled(properties: dict[str, Any], enabled: bool) -> None:
    """Absent is on; what we do not understand is not."""
    assert one(properties).enabled is enabled


@pytest.mark.parametrize(
    ("properties", "severity"),
    [
        pytest.param({"alertNotifications": "Off"}, None, id="2017 off"),
        pytest.param({"alertNotifications": "on"}, None, id="2017 unknown"),
        pytest.param({"alertNotifications": True}, None, id="2017 odd"),
        pytest.param(
            {"alertNotifications": {"state": "Off", "minimalSeverity": "High"}}, None, id="2020 off"
        ),
        pytest.param({"alertNotifications": {"state": "On"}}, None, id="2020 without a severity"),
        pytest.param(
            {"alertNotifications": {"state": "On", "minimalSeverity": "New"}},
            "New",
            id="2020 new one",
        ),
        pytest.param(
            {"alertNotifications": {"state": "On", "minimalSeverity": 5}}, "5", id="2020 odd"
        ),
        pytest.param({"notificationsSources": []}, None, id="2023 none"),
        pytest.param({"notificationsSources": None}, None, id="2023 null"),
        pytest.param({"notificationsSources": {"sourceType": "Alert"}}, None, id="2023 no array"),
        pytest.param({"notificationsSources": True}, None, id="2023 true"),
        pytest.param({"notificationsSources": ["Alert", None, 5]}, None, id="2023 odd sources"),
        pytest.param(
            {"notificationsSources": [{"sourceType": "Alert"}]}, None, id="2023 without a severity"
        ),
        pytest.param(
            {"notificationsSources": [{"sourceType": "AttachPath", "minimalSeverity": "Low"}]},
            None,
            id="2023 unknown source",
        ),
    ],
)
def test_the_severity_is_that_of_what_is_on(
    properties: dict[str, Any], severity: str | None
) -> None:
    """Off and odd are nothing; an unknown one is shown, that a finding may name it."""
    assert one(properties).alert_severity == severity


@pytest.mark.parametrize(
    ("properties", "roles"),
    [
        pytest.param({"alertsToAdmins": "Off"}, (), id="2017 off"),
        pytest.param({"notificationsByRole": {"state": "Off", "roles": ["Owner"]}}, (), id="off"),
        pytest.param({"notificationsByRole": {"state": "On", "roles": []}}, (), id="empty"),
        pytest.param({"notificationsByRole": {"state": "On"}}, (), id="absent"),
        pytest.param({"notificationsByRole": {"state": "On", "roles": "Owner"}}, (), id="no array"),
        pytest.param(
            {"notificationsByRole": {"state": "On", "roles": [1, None, "New"]}},
            ("1", "New"),
            id="odd ones",
        ),
        pytest.param({"notificationsByRole": ["On"]}, (), id="no object"),
    ],
)
def test_roles_are_those_that_are_on(properties: dict[str, Any], roles: tuple[str, ...]) -> None:
    """Off and odd are nothing; unknown ones are shown."""
    assert one(properties).roles == roles


@pytest.mark.parametrize("name", [None, 5, [], {}])
def test_a_name_that_is_no_text_is_empty(name: object) -> None:
    """A contact needs none to be one."""
    assert one(V2017, name=name).name == ""


@pytest.mark.parametrize("phone", [None, "", 5, ["1"]])
def test_a_telephone_number_is_text(phone: object) -> None:
    """All else is none."""
    assert one({"phone": phone}).phone is None


def test_pages_of_contacts_keep_their_order() -> None:
    """As Azure lists them."""
    body = {"value": [{"name": f"default{number}"} for number in range(1, 6)]}

    assert [contact.name for contact in read(body)] == [f"default{n}" for n in range(1, 6)]


def test_a_deep_body_is_read_or_refused() -> None:
    """Nesting that nobody needs cannot end the run."""
    for depth in (100, *range(950, 1010), 100_000):
        deep = b'[{"properties":{"x":' + b"[" * depth + b"]" * depth + b"}}]"
        try:
            assert len(read(deep)) == 1
        except AzureError as error:
            assert error.reason is Reason.MALFORMED  # noqa: PT017


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a@contoso.com", id="plain"),
        pytest.param("first.last+tag@mail.contoso.co.uk", id="dots and plus"),
        pytest.param("jörg@contoso.com", id="letters of the world"),
        pytest.param("a@bücher.example.com", id="international domain"),
        pytest.param(f"{'a' * 64}@contoso.com", id="the longest local part"),
        pytest.param("o'brien@contoso.com", id="apostrophe"),
    ],
)
def test_well_formed_addresses(text: str) -> None:
    """They are taken without asking any network."""
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" ", id="blank"),
        pytest.param("a", id="no at sign"),
        pytest.param("a@", id="no domain"),
        pytest.param("@b", id="no local part"),
        pytest.param("a@@b.co", id="two at signs"),
        pytest.param("a@b..co", id="two dots"),
        pytest.param("a@localhost", id="no dot"),
        pytest.param("a b@c.co", id="blank within"),
        pytest.param('"q q"@x.co', id="quoted"),
        pytest.param("a@[1.2.3.4]", id="number"),
        pytest.param("a@b.co.", id="trailing dot"),
        pytest.param(".a@b.co", id="leading dot"),
        pytest.param(f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 63}.co", id="domain too long"),
        pytest.param("a@b.co\r\nBcc: x@y.co", id="second header"),
        pytest.param("=cmd|' /C calc'!A0@x.co", id="formula"),
        pytest.param("+491234", id="telephone number"),
        pytest.param("a\x00@b.co", id="NUL"),
        pytest.param("\ufeffa@b.co", id="byte order mark"),
        pytest.param("a\u200b@b.co", id="zero-width space"),
        pytest.param("a@b.co;", id="separator"),
        pytest.param("Anna <a@b.co>", id="display name"),
        pytest.param("mailto:a@b.co", id="address of a link"),
    ],
)
def test_malformed_addresses(text: str) -> None:
    """Mail to them would not go out."""
    assert not is_address(text)


@given(
    st.text(st.characters() | st.characters(categories=["Cs", "Cc"]))
    | st.from_regex(r"\A[^;]{1,20}@[^;]{1,20}\Z")
)
def test_no_text_is_too_strange_for_an_address(text: str) -> None:
    """Whatever it is, it is one or it is none."""
    assert is_address(text) in {True, False}


def test_many_addresses() -> None:
    """A thousand in one field are a thousand."""
    text = ";".join(f"user{number}@contoso.com" for number in range(1000))

    assert len(one({"emails": text}).addresses) == 1000


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
    """Nothing but our own error comes of a body, whoever reads it."""
    for reading in (read, lambda bytes_: documented_emails(answer(bytes_))):
        try:
            reading(body)
        except AzureError as error:
            assert error.reason in {Reason.MALFORMED, Reason.HTML}  # noqa: PT017


def item(email: object, kind: str = TYPE) -> dict[str, Any]:
    """Return an item as the document's filter sees it."""
    return {"type": kind, "properties": {"email": email}}


def test_the_documented_programs_print_an_element_a_line() -> None:
    """Text in quotes, null for what is not there; a contact that it leaves out is named."""
    body = {
        "value": [
            item("a@contoso.com"),
            item(""),
            item(None),
            {"type": TYPE, "properties": {}},
            {"type": TYPE, "properties": None},
            {"type": TYPE},
            item("b@contoso.com", TYPE.lower()),
            {**item("c@contoso.com", "Microsoft.Security/securityContact"), "name": "default"},
            {"type": "Microsoft.Security/pricings", "properties": {"email": "x@contoso.com"}},
            item({"a": [1, {}]}),
            {"properties": {"email": "d@contoso.com"}},
        ]
    }

    assert documented_emails(answer(body)) == [
        '"a@contoso.com"',
        '""',
        "null",
        "null",
        "null",
        "null",
        LeftOut(TYPE.lower(), ""),
        LeftOut("Microsoft.Security/securityContact", "default"),
        '{\n  "a": [\n    1,\n    {}\n  ]\n}',
        LeftOut("null", ""),
    ]


def test_the_documented_programs_read_each_other() -> None:
    """What the first one prints for a number is what the second one reads."""
    body = json.dumps({"value": [item(0)]}).replace("0}", "1E+2000000000}").encode()

    assert documented_emails(answer(body)) == ["1.7976931348623157E+308"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([item("a@contoso.com")], id="bare array"),
        pytest.param(item("a@contoso.com"), id="single contact"),
        pytest.param({"value": None}, id="null value"),
        pytest.param({"value": {"a": item("a@contoso.com")}}, id="object value"),
        pytest.param({"value": [item("a@contoso.com"), None]}, id="null item"),
        pytest.param({"value": [item("a@contoso.com"), {"properties": []}]}, id="odd properties"),
        pytest.param({"value": [{"properties": "x"}]}, id="text properties"),
        pytest.param({}, id="no value"),
        pytest.param(b'{"value":[]}{"value":[]}', id="two texts"),
        pytest.param(b"", id="empty"),
        pytest.param(
            b'{"value":[' + b'{"properties":' * 450 + b"{}" + b"}" * 450 + b"]}x",
            id="trailing letter",
        ),
    ],
)
def test_what_the_documented_programs_would_stumble_over_is_malformed(body: object) -> None:
    """Nothing of it is printed."""
    with pytest.raises(AzureError) as caught:
        documented_emails(answer(body))

    assert caught.value.reason is Reason.MALFORMED


def test_the_documented_stage_prints_up_to_its_error() -> None:
    """As two jq programs in a pipe do; the end of each text is told."""
    texts = [json.dumps({"value": items}) for items in ([item("a@contoso.com")], [], [item(None)])]
    lines = documented_stage("\n".join([*texts, "5"]))

    assert [next(lines) for _ in range(5)] == ['"a@contoso.com"', None, None, "null", None]
    with pytest.raises(ValueError, match="Cannot index number"):
        next(lines)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param('"a@contoso.com"', True, id="an address"),
        pytest.param('"x"', True, id="a text that is not blank"),
        pytest.param('"\\u0061"', True, id="an escape"),
        pytest.param('""', False, id="empty"),
        pytest.param('" "', False, id="blank"),
        pytest.param('";"', False, id="a separator"),
        pytest.param("null", False, id="null"),
        pytest.param("5", False, id="a number"),
        pytest.param('[\n  "a@contoso.com"\n]', False, id="an array"),
    ],
)
def test_what_counts_as_an_address_at_2017(line: str, shown: bool) -> None:
    """A text with something in it."""
    assert shows_address(line) is shown


@pytest.mark.parametrize(
    ("read_", "body", "said"),
    [
        pytest.param(
            documented_emails, [], "the answer is no list of security contacts", id="bare array"
        ),
        pytest.param(
            read_whole,
            {"value": 5},
            "the answer is no list of security contacts: the value is no array",
            id="no array",
        ),
        pytest.param(
            read_whole,
            {"value": [5]},
            "the answer is no list of security contacts: an item is no object",
            id="no object",
        ),
    ],
)
def test_what_is_no_list_is_told(read_: Any, body: Any, said: str) -> None:
    """With the id of the request, for whoever asks Azure."""
    with pytest.raises(AzureError) as caught:
        read_(answer(body))

    assert str(caught.value) == said
    assert caught.value.request_id == "r-1"


@pytest.mark.parametrize("read_", [read_whole, documented_emails])
def test_an_answer_of_more_values_than_there_may_be_is_refused(read_: Any) -> None:
    """It would take more memory than there may be; one of just as many is read."""
    start = b'{"value":[{"type":"Microsoft.Security/securityContacts","properties":{"x":['
    most, more = (start + b"0," * (MOST_VALUES - 1 + over) + b"0]}}]}" for over in (0, 1))

    assert len(read_(answer(most))) == 1
    with pytest.raises(AzureError) as caught:
        read_(answer(more))
    assert caught.value.reason is Reason.TOO_LARGE
    assert str(caught.value) == f"the answer holds more than {MOST_VALUES} values"


def test_an_address_that_is_no_text_is_shown_as_it_is() -> None:
    """Whoever mends it sees what is there."""
    assert one({"emails": [5, {"a": 1}]}).malformed == ("5", '{"a": 1}')
