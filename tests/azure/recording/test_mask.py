"""A masked recording tells nobody who it is of, and is judged as what it was made from."""

import json
import re
import time
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from contacts_audit.audit.checks import contact_email, distinct_emails, judge
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts.read import addresses, contacts, is_address
from contacts_audit.azure.recording.mask import Mask
from contacts_audit.core.errors import AzureError
from contacts_audit.core.model import Check, Criteria, Reading

ENDPOINT = "https://management.azure.com"
ID = "20ff7fc3-e762-44dd-bd96-b71116dcdc23"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
NAME = "Müller & Söhne"
PHONE = "(214)275-4038"
EMAIL = "Anna.Smith@contoso.com"
LIST = {
    "value": [
        {
            "id": f"/subscriptions/{ID}",
            "subscriptionId": ID,
            "tenantId": TENANT,
            "displayName": NAME,
            "state": "Enabled",
            "tags": {"owner": "Anna", "nested": {"deep": ["Bob"]}},
        }
    ],
    "nextLink": f"{ENDPOINT}/subscriptions?api-version=2022-12-01&$skiptoken=c2VjcmV0",
}
SECRETS = (ID, TENANT, NAME, PHONE, EMAIL, "Anna", "Smith", "contoso", "Bob", "c2VjcmV0")

CRITERIA = Criteria(None, (Check.CONTACT_EMAIL,))


def contact(email: object, **properties: Any) -> dict[str, Any]:
    """Return a list with one contact."""
    return {
        "value": [
            {
                "id": f"/subscriptions/{ID}/providers/Microsoft.Security/securityContacts/default",
                "name": "default",
                "type": "Microsoft.Security/securityContacts",
                "properties": {"emails": email, "phone": PHONE, **properties},
            }
        ]
    }


def masked(mask: Mask, body: object) -> Any:
    """Return *body* as *mask* leaves it."""
    return json.loads(mask.body(json.dumps(body)))


def judged(body: object) -> tuple[bool, int, list[bool]]:
    """Return what an audit sees in *body*: the verdict, the addresses, which are malformed."""
    answer = Answer(ENDPOINT, 200, {}, json.dumps(body).encode())
    found = list(contacts(answer, "2023-12-01-preview"))
    spelt = [email in one.malformed for one in found for email in one.emails]
    return contact_email(found, CRITERIA) is None, len(distinct_emails(found)), spelt


def test_nothing_of_a_body_remains() -> None:
    """Ids, names, addresses, telephone numbers, tags and skip tokens are all replaced."""
    mask = Mask()

    shown = mask.body(json.dumps(LIST)) + mask.body(json.dumps(contact(EMAIL)))

    assert [secret for secret in SECRETS if secret.lower() in shown.lower()] == []


def test_what_is_no_secret_stays() -> None:
    """A masked body is one that Azure could have sent."""
    mask = Mask()

    (listed,) = masked(mask, LIST)["value"]
    (shown,) = masked(mask, contact(EMAIL, isEnabled=True, number=5, none=None))["value"]

    assert listed["state"] == "Enabled"
    assert listed["id"] == f"/subscriptions/{listed['subscriptionId']}"
    assert list(listed) == list(LIST["value"][0])
    assert shown["type"] == "Microsoft.Security/securityContacts"
    assert (shown["name"], shown["properties"]["isEnabled"]) == ("default", True)
    assert (shown["properties"]["number"], shown["properties"]["none"]) == (5, None)
    assert is_address(shown["properties"]["emails"])


def test_a_pseudonym_is_the_same_throughout() -> None:
    """In a body, a URL, a message, a header; in any case, in any order."""
    mask = Mask()
    (listed,) = masked(mask, LIST)["value"]
    (shown,) = masked(mask, contact(EMAIL.upper()))["value"]

    said = mask.text(f"client '{EMAIL}' in '{NAME}' over '/subscriptions/{ID.upper()}', {PHONE}")

    pseudonyms = (shown["properties"]["emails"], listed["displayName"])
    phone = shown["properties"]["phone"]
    assert said == (
        f"client '{pseudonyms[0]}' in '{pseudonyms[1]}' "
        f"over '/subscriptions/{listed['subscriptionId']}', {phone}"
    )


def test_what_differs_stays_different() -> None:
    """Two subscriptions, names or addresses are never made one."""
    mask = Mask()

    ids = {mask.text(f"{number:08x}{ID[8:]}") for number in range(100)}
    emails = {mask.text(f"user{number}@contoso.com") for number in range(100)}

    assert (len(ids), len(emails)) == (100, 100)


def test_addresses_of_one_domain_share_its_pseudonym() -> None:
    """What a reader of the recording may want to see."""
    mask = Mask()

    first, second, other = (
        mask.text(email).split("@")[1] for email in ("a@x.com", "b@X.com", "a@y.com")
    )

    assert first == second != other


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ID, id="id"),
        pytest.param(EMAIL, id="address"),
        pytest.param(f"{ENDPOINT}/x?$skiptoken=abc", id="skip token"),
    ],
)
def test_no_two_masks_agree(text: str) -> None:
    """Nobody can test a guess: the key is of this recording alone."""
    shown = {Mask().text(text) for _ in range(10)}

    assert len(shown) == 10
    assert text not in shown


def test_a_pseudonym_of_an_id_is_an_id() -> None:
    """In lower case, as Azure spells them."""
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", Mask().text(ID.upper()))


def test_an_address_of_arm_keeps_its_form() -> None:
    """A replay asks for it: only the id changes."""
    mask = Mask()
    masked(mask, LIST)

    shown = mask.text(protocol.contacts_url(ENDPOINT, ID, protocol.V2017))

    assert shown == protocol.contacts_url(ENDPOINT, mask.text(ID), protocol.V2017)


@pytest.mark.parametrize("sign", ["$", "%24"])
@pytest.mark.parametrize("word", ["skiptoken", "skipToken"])
def test_a_skip_token_is_hidden_wherever_it_stands(sign: str, word: str) -> None:
    """Azure writes names and ids into it; the page after it is still found."""
    mask = Mask()
    link = f"{ENDPOINT}/subscriptions?{sign}{word}=c2VjcmV0&api-version=2022-12-01"

    in_body = masked(mask, {"value": [], "nextLink": link})["nextLink"]

    assert in_body == mask.text(link)
    assert "c2VjcmV0" not in in_body
    assert in_body.startswith(f"{ENDPOINT}/subscriptions?{sign}{word}=")
    assert in_body.endswith("&api-version=2022-12-01")


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(f"WESTEUROPE:20260131T020000Z:{ID}", id="routing id"),
        pytest.param(f"https://login.example/{TENANT}/oauth2", id="login address"),
        pytest.param(f"<mailto:{EMAIL}>, {PHONE}", id="address and telephone"),
        pytest.param("M%C3%BCller%20%26%20S%C3%B6hne", id="encoded name"),
    ],
)
def test_headers_and_messages_are_masked(header: str) -> None:
    """Names count as soon as a body has told them."""
    mask = Mask()
    masked(mask, LIST)
    masked(mask, contact(EMAIL))

    shown = mask.text(header)

    assert shown != header
    assert [secret for secret in (*SECRETS, "%C3%BC") if secret in shown] == []


@pytest.mark.parametrize(
    "email",
    [
        pytest.param("a@contoso.com", id="one"),
        pytest.param("a@contoso.com;b@contoso.com", id="two"),
        pytest.param("a@contoso.com, A@CONTOSO.COM", id="one, twice"),
        pytest.param("a@contoso.com;a@", id="beside a malformed one"),
        pytest.param(["a@contoso.com", "b@"], id="array"),
        pytest.param("", id="empty"),
        pytest.param("  ", id="blank"),
        pytest.param(";", id="separator"),
        pytest.param(None, id="null"),
        pytest.param(5, id="number"),
        pytest.param([], id="empty array"),
        pytest.param("a", id="no at sign"),
        pytest.param("a@", id="no domain"),
        pytest.param("@b.co", id="no local part"),
        pytest.param("a@localhost", id="no dot"),
        pytest.param("a b@c.co", id="blank within"),
        pytest.param('"q q"@x.co', id="quoted"),
        pytest.param("a@b.co.", id="trailing dot"),
        pytest.param("Anna <a@b.co>", id="display name"),
        pytest.param("jörg@bücher.example.com", id="letters of the world"),
        pytest.param("a@b.co\r\nBcc: x@y.co", id="line break"),
    ],
)
def test_the_verdict_does_not_change(email: object) -> None:
    """An address stays one, what is malformed stays malformed, what is blank stays blank."""
    body = contact(email)

    shown = masked(Mask(), body)

    assert judged(shown) == judged(body)


odd_text = st.text(st.characters() | st.characters(categories=["Cs", "Cc"]))
some_text = st.sampled_from(
    ["", " ", ";", "a@contoso.com", "A@contoso.com", "a@", "a b", "b@x.co,a@contoso.com", "x@@y.co"]
)
some_body = st.fixed_dictionaries(
    {
        "value": st.lists(
            st.fixed_dictionaries(
                {
                    "properties": st.fixed_dictionaries(
                        {},
                        optional={
                            "email": some_text | st.none(),
                            "emails": some_text | st.lists(some_text),
                            "isEnabled": st.booleans() | st.none(),
                            "phone": st.text() | st.none(),
                        },
                    )
                }
            ),
            max_size=3,
        )
    }
)


@given(some_body)
def test_no_verdict_changes(body: dict[str, Any]) -> None:
    """Whatever the contacts hold."""
    assert judged(masked(Mask(), body)) == judged(body)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        pytest.param("displayName", "Security", id="in the path of the contacts"),
        pytest.param("displayName", "securityContacts", id="the type of the contacts"),
        pytest.param("displayName", "management", id="the host"),
        pytest.param("displayName", "subscriptions", id="the path"),
        pytest.param("displayName", "preview", id="the end of the api-version"),
        pytest.param("displayName", "Enabled", id="a state"),
        pytest.param("displayName", "On", id="a switch"),
        pytest.param("displayName", "Alert", id="a source"),
        pytest.param("phone", "08", id="a part of the api-version"),
    ],
)
def test_a_name_may_be_a_word_of_azure_s(key: str, name: str) -> None:
    """Whoever calls a subscription Security still has a recording that plays."""
    mask = Mask()
    url = protocol.contacts_url(ENDPOINT, ID, protocol.V2017)
    body = contact(
        EMAIL,
        alertNotifications={"state": "On", "minimalSeverity": "High"},
        notificationsSources=[{"sourceType": "Alert", "minimalSeverity": "High"}],
    )
    masked(mask, {"value": [{key: name}]})

    (shown,) = masked(mask, body)["value"]
    (listed,) = masked(mask, {"value": [{"state": "Enabled"}]})["value"]

    assert mask.text(url) == protocol.contacts_url(ENDPOINT, mask.text(ID), protocol.V2017)
    assert shown["type"] == "Microsoft.Security/securityContacts"
    assert shown["properties"]["alertNotifications"]["state"] == "On"
    assert shown["properties"]["notificationsSources"][0]["sourceType"] == "Alert"
    assert listed["state"] == "Enabled"


def test_a_refusal_of_a_version_is_one_behind_a_mask() -> None:
    """The api-versions that Azure lists are no names, whatever somebody calls himself."""
    mask = Mask()
    masked(mask, [{"displayName": "preview"}, {"phone": "08"}])
    url = protocol.contacts_url(ENDPOINT, ID, protocol.V2017)
    listed = f"Use another. The supported api-versions are '{protocol.V2017}, {protocol.V2020}'."
    body = {"error": {"code": "InvalidResourceType", "message": listed}}

    shown = mask.body(json.dumps(body))

    error = protocol.fault(Answer(mask.text(url), 404, {}, shown.encode()))
    assert error.reason is protocol.fault(Answer(url, 404, {}, json.dumps(body).encode())).reason


def test_a_name_is_the_same_in_a_body_that_is_cut() -> None:
    """Whoever compares the files of a recording finds one pseudonym."""
    mask = Mask()
    whole = mask.body('{"displayName":"Contoso Payroll"}')

    cut = mask.body('{"displayName":"Contoso Payroll"')

    assert cut == whole[:-1]


def test_a_name_that_is_part_of_another_hides_neither() -> None:
    """The longer one is looked for first."""
    mask = Mask()
    masked(mask, [{"displayName": "Contoso"}, {"displayName": "Contoso Payroll"}])

    shown = mask.text("Contoso Payroll and Contoso")

    assert "Contoso" not in shown
    assert "Payroll" not in shown


@pytest.mark.parametrize(
    "value", [pytest.param("", id="empty"), pytest.param(" ", id="blank"), None, 5, True]
)
@pytest.mark.parametrize("key", ["displayName", "phone"])
def test_a_name_that_is_none_stays(key: str, value: object) -> None:
    """There is nothing to hide, and nothing to look for."""
    mask = Mask()

    assert masked(mask, {key: value}) == {key: value}
    assert mask.text("a 5 b") == "a 5 b"


@pytest.mark.parametrize("value", ["", " ", "\t", None, 5, []])
def test_a_field_without_an_address_stays(value: object) -> None:
    """To the letter: the first two programs of the rule print it."""
    assert masked(Mask(), {"email": value}) == {"email": value}


def test_a_name_is_a_whole_word() -> None:
    """Prose is full of words that hold a short name."""
    mask = Mask()
    name = masked(mask, {"displayName": "Prod"})["displayName"]

    shown = mask.text("a Product, nonProd, 'Prod' and Prod.")

    assert shown == f"a Product, nonProd, '{name}' and {name}."


def test_a_name_of_one_letter_is_hidden_where_it_stands() -> None:
    """It is not looked for elsewhere: every text is full of it."""
    mask = Mask()

    shown = masked(mask, {"displayName": "a", "message": "a cat"})

    assert shown["displayName"] != "a"
    assert shown["message"] == "a cat"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"<html>{ID} {EMAIL}</html>", id="HTML"),
        pytest.param(f'{{"value":[{{"id":"{ID}","email":"{EMAIL}"', id="cut JSON"),
        pytest.param(f"{ID}\x00{EMAIL}\ufffd", id="binary"),
        pytest.param("[" * 100_000 + f'"{ID}","{EMAIL}"', id="nested without end"),
    ],
)
def test_a_body_that_is_no_json_is_masked_as_text(body: str) -> None:
    """Ids and addresses go from whatever a proxy or a cut connection leaves."""
    shown = Mask().body(body)

    assert shown != body
    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.mark.parametrize("body", ["", "not JSON", '{"a":', '{"value":[]}', "null", "5"])
def test_a_body_without_secrets_stays(body: str) -> None:
    """Whether it is JSON or not."""
    assert Mask().body(body) == body


def test_names_behind_a_byte_order_mark_are_hidden() -> None:
    """Such a body is read, so it is masked by its fields, too."""
    shown = Mask().body("\ufeff" + json.dumps(LIST, ensure_ascii=False))

    assert shown.startswith('\ufeff{"value":[{')
    assert [secret for secret in SECRETS if secret in shown] == []


def test_names_in_a_body_that_is_cut_are_hidden() -> None:
    """A list that breaks off names subscriptions all the same."""
    cut = json.dumps([LIST, contact(EMAIL)], ensure_ascii=False)[:-1]

    shown = Mask().body(cut)

    assert [secret for secret in (NAME, PHONE, EMAIL, ID) if secret in shown] == []


def test_ids_are_hidden_where_they_are_keys() -> None:
    """An object may be keyed by them."""
    shown = Mask().body(json.dumps({f"/subscriptions/{ID}": {EMAIL: 1}}))

    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.mark.parametrize("key", ["displayName", "phone", "email", "state", "tags"])
def test_half_a_character_is_masked_as_well(key: str) -> None:
    """A JSON escape may hold what no UTF-8 can: the recording goes on."""
    mask = Mask()

    shown = mask.body(f'{{"{key}":"ab\\ud800","message":"ab\\ud800 {ID}"}}')

    assert shown.encode()
    assert ID not in shown
    assert mask.text(f"x {ID}") != f"x {ID}"


@pytest.mark.parametrize("depth", [100, 500, 900, 100_000])
def test_a_deep_body_is_masked(depth: int) -> None:
    """Nesting that nobody needs cannot end the run."""
    body = f'{{"id":"{ID}","x":' + "[" * depth + "]" * depth + "}"

    shown = Mask().body(body)

    assert ID not in shown
    assert shown.endswith("[" * depth + "]" * depth + "}")


@given(odd_text | st.binary().map(lambda raw: raw.decode("utf-8", "replace")))
def test_no_text_is_too_strange(text: str) -> None:
    """Whatever a body or a header holds, masking it ends well."""
    mask = Mask()

    mask.body(text)
    mask.text(text)
    shown = mask.body(json.dumps({"displayName": text, "email": text, "tags": [text], "x": text}))

    assert shown.encode()


def test_a_long_word_is_masked_at_once() -> None:
    """The time grows with the text, and no faster: a body may be 8 MiB of one word."""
    began = time.perf_counter()

    Mask().text("a" * 2_000_000)

    assert time.perf_counter() - began < 30  # a tenth of a second, or else an hour


@given(some_body)
def test_a_masked_body_is_read_as_it_was(body: dict[str, Any]) -> None:
    """What was malformed is so still, and what was not is not."""
    for spelt in (json.dumps(body), json.dumps(body)[:-1]):
        for text in (spelt, Mask().body(spelt)):
            try:
                list(contacts(Answer(ENDPOINT, 200, {}, text.encode()), protocol.V2023))
                whole = True
            except AzureError:
                whole = False
            assert whole is (spelt == json.dumps(body))


def test_addresses_are_parted_as_everywhere() -> None:
    """By commas and semicolons; they are put together again by semicolons, as Azure does."""
    shown = masked(Mask(), {"emails": "a@x.co, b@x.co ;c@x.co"})["emails"]

    assert len(addresses(shown)) == shown.count(";") + 1 == 3


# By field, not by equal text

WORDS = (
    *("On", "Off", "High", "Low", "Medium", "Critical", "Owner", "default", "Enabled", "Disabled"),
    *("securityContacts", "securityContact", "value", "AuthorizationFailed", "Microsoft", "error"),
    *("Alert", "AttackPath", "Microsoft.Security/securityContacts", "subscriptions", "code", "is"),
    *("supported", "api-versions", "versions", "message", "properties", "management", "providers"),
    *("html", "text/html", "head", "body", "doctype", "application/json", "true", "404", "null"),
    *("Could not find security contact", "6", "60", "'6' seconds", "2017-08-01-preview", "08"),
    *("emails", "state", "name", "type", "Retry-After", "Wed", "Oct", "GMT", "gateway", "nextLink"),
    *("are", "after", "again", "seconds", "wait", "for", "and", "version", "retry", "minutes"),
)
REFUSALS: tuple[tuple[int, dict[str, str], object], ...] = (
    (403, {}, {"error": {"code": "AuthorizationFailed", "message": "The client 'x' is not let."}}),
    (404, {}, {"error": {"code": "404", "message": "Could not find security contact with name a"}}),
    (404, {}, {"error": {"code": "SubscriptionNotFound", "message": "could not be found"}}),
    (404, {}, {"error": {"code": "Subscription Not Registered", "message": "register it"}}),
    (409, {}, {"error": {"code": "MissingSubscriptionRegistration", "message": "error"}}),
    (
        400,
        {},
        {
            "error": {
                "code": "NoRegisteredProviderFound",
                "message": "The supported api-versions are '2017-08-01-preview, 2020-01-01-preview'"
                ". The supported locations are 'value, On'.",
            }
        },
    ),
    (
        404,
        {},
        {
            "error": {
                "code": "InvalidResourceType",
                "message": "for api version '2023-12-01-preview'",
            }
        },
    ),
    (400, {}, {"code": "x", "message": '{"error":{"code":"MissingSubscriptionRegistration"}}'}),
    (404, {}, {"odata.error": {"code": "InvalidResourceType", "message": {"value": "On"}}}),
    (200, {}, {"value": [], "@odata.nextLink": "value"}),
    (429, {}, {"error": {"code": "Many", "message": "Please try again after '6' seconds."}}),
    (429, {}, {"error": {"code": "Many", "message": "wait for 60 s, or retry in 2 minutes"}}),
    (429, {"Retry-After": "6"}, {"error": {"code": "TooMany", "message": "after '6' seconds"}}),
    (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, {}),
    (500, {}, {"Code": "500", "Message": "value"}),
    (502, {"Content-Type": "text/html"}, "<html><head><title>error</title></head></html>"),
    (200, {"Content-Type": "text/html; charset=utf-8"}, "<body>value is null</body>"),
    (200, {"Content-Type": "text/html"}, "<p>On</p>"),
    (200, {}, "<html><head></head></html>"),
    (403, {}, "<!doctype html><body>On</body>"),
    (302, {"Location": "https://portal.azure.com/value/On?a=b"}, ""),
    (200, {}, {"value": [{"type": "On", "properties": {}}]}),
)
SETTINGS: tuple[dict[str, Any], ...] = (
    {"email": "a@contoso.com", "alertNotifications": "On", "alertsToAdmins": "On"},
    {"email": "a@contoso.com", "alertNotifications": "Off", "alertsToAdmins": "Off"},
    {
        "emails": "a@contoso.com",
        "alertNotifications": {"state": "On", "minimalSeverity": "High"},
        "notificationsByRole": {"state": "On", "roles": ["Owner", "Contributor"]},
    },
    {
        "emails": "",
        "isEnabled": True,
        "notificationsByRole": {"state": "On", "roles": ["Owner"]},
        "notificationsSources": [
            {"sourceType": "Alert", "minimalSeverity": "Medium"},
            {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
        ],
    },
    {"emails": "a@contoso.com", "isEnabled": False, "notificationsSources": []},
)
ALL = Criteria(None, tuple(Check), "Critical", (), (), 1)


def outcomes(answer: Answer) -> object:
    """Return what an audit makes of *answer*: why it is refused, or which checks fail."""
    try:
        complete = protocol.complete(answer)
        found = list(contacts(complete, "2023-12-01-preview"))
    except AzureError as error:
        return error.reason, error.status, error.code, error.retryable, bool(error.retry_after)
    judged_by = (check for check in ALL.checks if check not in (Check.REQUIRED_EMAIL,))
    return [judge(check, Reading("2023", tuple(found)), ALL) is None for check in judged_by]


def seen(mask: Mask, status: int, headers: dict[str, str], body: object) -> tuple[Answer, Answer]:
    """Return an answer as it came, and as it is recorded."""
    url = protocol.contacts_url(ENDPOINT, ID, "2023-12-01-preview")
    text = body if isinstance(body, str) else json.dumps(body)
    hidden = {name: mask.header(name, value) for name, value in headers.items()}
    return (
        Answer(url, status, CaseInsensitiveDict(headers), text.encode()),
        Answer(mask.url(url), status, CaseInsensitiveDict(hidden), mask.body(text).encode()),
    )


@given(st.lists(st.sampled_from(WORDS) | st.text(min_size=1, max_size=8), min_size=1, max_size=6))
@example([*WORDS])
def test_no_name_turns_a_verdict(names: list[str]) -> None:
    """Whatever subscriptions, contacts, telephones and tags are called: Azure's words stay."""
    mask = Mask(["value", "management", "on"])
    for at, name in enumerate(names):
        listed = [{"displayName": name, "phone": names[at - 1], "name": name, "tags": {name: name}}]
        mask.body(json.dumps({"value": listed}))

    for settings in SETTINGS:
        named = {"name": names[0], "type": "Microsoft.Security/securityContacts"}
        body = {"value": [{**named, "properties": {"phone": names[-1], **settings}}]}
        before, after = seen(mask, 200, {}, body)
        assert outcomes(after) == outcomes(before)
    for status, headers, refusal in REFUSALS:
        before, after = seen(mask, status, headers, refusal)
        assert outcomes(after) == outcomes(before), (status, refusal, after.body)


@pytest.mark.parametrize("value", [4255550100, 14255550100.0, [4255550100], {"mobile": 4255550100}])
@pytest.mark.parametrize("key", ["phone", "Phone"])
def test_a_number_under_phone_is_masked(key: str, value: object) -> None:
    """A telephone number may be one of JSON's; it stays one, and is the same in prose."""
    mask = Mask()

    shown = mask.body(json.dumps({"properties": {key: value}}))

    assert "4255550100" not in shown
    assert value != 4255550100 or "4255550100" not in mask.text("call 4255550100")
    kind = type(json.loads(shown)["properties"][key])
    assert kind is (int if isinstance(value, float) else type(value))


@pytest.mark.parametrize("key", ["createdBy", "clientName", "userPrincipalName", "managedByUser"])
def test_who_is_named_in_a_field_that_nobody_knows_is_hidden(key: str) -> None:
    """By what the field is called; an id there stays an id."""
    mask = Mask()

    shown = mask.body(json.dumps({"systemData": {key: "Anna", f"x{key}": ID}}))

    assert "Anna" not in shown
    assert mask.text(ID) in shown


def test_keys_of_tags_are_masked() -> None:
    """And whatever is below them, numbers too; the key that they stand under is Azure's."""
    tags = {"owner-anna": "Bob", "cost": {"Contoso": [4711, True, None]}}

    shown = Mask().body(json.dumps({"value": [{"tags": tags}]}))

    assert [word for word in ("anna", "Bob", "cost", "Contoso", "4711") if word in shown] == []
    assert '"tags":{' in shown


@pytest.mark.parametrize(
    "name",
    [
        "anna.smith-contoso.com",
        "alerts24-fabrikam.co.uk",
        "my-own contact",
        "newSecurityContact4199",
    ],
)
def test_a_contact_is_hidden_wherever_it_is_named(name: str) -> None:
    """2017 names contacts after their addresses: in bodies, URLs, messages and prose, as one."""
    mask = Mask()
    url = protocol.contact_url(ENDPOINT, ID, name, protocol.V2017)
    hidden_url = mask.url(url)
    body = {"name": name, "id": f"/subscriptions/{ID}/providers/Microsoft.Security/{url[-1]}"}
    shown = masked(mask, body)["name"]
    said = mask.text(f"Could not find security contact with name {name} for subscriptionId: {ID}")
    path = mask.text(f"over scope '/subscriptions/{ID}/x/securityContacts/{name}'")

    for text in (hidden_url, shown, said, path):
        assert name not in text
        assert shown in text
    assert quote(name) not in hidden_url


def test_a_name_with_dots_is_hidden_before_anybody_tells_of_it() -> None:
    """A message may be the first to name a contact, or a domain; Azure's own words stay."""
    mask = Mask()
    text = (
        "Microsoft.Security at management.azure.com knows anna-contoso.com. Ask it.support.local!"
    )

    shown = mask.text(text)

    assert "contoso" not in shown
    assert "support.local" not in shown
    assert shown.startswith("Microsoft.Security at management.azure.com knows name-")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-ms-operation-identifier", f"tenantId={TENANT},objectId={ID}/westeurope/{ID.upper()}"),
        ("x-ms-request-id", f"southeastasia:{ID}"),
        ("x-ms-routing-request-id", f"SOUTHEASTASIA:20260131T020000Z:{ID}"),
        ("x-ms-correlation-request-id", ID.replace("-", "")),
        ("location", f"https://management.azure.com/subscriptions/{ID}?t={TENANT}"),
        ("x-anything", f"{{{ID}}}"),
    ],
)
def test_ids_in_headers_are_hidden(header: str, value: str) -> None:
    """Whatever stands around them; the same id has the same pseudonym, dashes or none."""
    mask = Mask()

    shown = mask.header(header, value)

    for secret in (ID, TENANT):
        for spelt in (secret, secret.upper(), secret.replace("-", "")):
            assert spelt not in shown
    known = mask.text(ID)
    assert known in shown or known.replace("-", "") in shown
    assert re.sub(r"[0-9a-f-]{32,36}", "", shown) == re.sub(r"[0-9a-fA-F-]{32,36}", "", value)


HOST = "management.contoso-stack.local"


@pytest.mark.parametrize("host", [HOST, "stack", "10.1.2.3", "2001:db8::7"])
def test_ones_own_hosts_are_masked(host: str) -> None:
    """In addresses, nextLinks and messages, as one, so that the pages still follow each other."""
    mask = Mask([host])
    literal = f"[{host}]" if ":" in host else host
    link = f"https://{literal}:8443/subscriptions?api-version=2022-12-01&$skiptoken=abc"

    shown = masked(mask, {"value": [], "nextLink": link})["nextLink"]

    assert shown == mask.url(link) == mask.text(link)
    assert host not in mask.text(f"no answer from {literal}:8443: {literal} is away")
    assert host not in shown
    assert urlsplit(shown).port == 8443
    assert urlsplit(shown).hostname.endswith(".example")


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_body_that_is_cut_anywhere_is_masked_by_its_fields(cut: int) -> None:
    """Names of tags, too; and it stays cut."""
    whole = json.dumps(
        {"value": [{"tags": {"boss": "Anna"}, "displayName": "Bob", "n": 123, "e": [True, None]}]}
    )

    shown = Mask().body(whole[:-cut])

    assert [word for word in ("boss", "Anna", "Bob") if word in shown] == []
    with pytest.raises(ValueError, match=r"."):
        json.loads(shown)


@pytest.mark.parametrize("number", ["1" * 5000, "1e999", "-1e999", "1.5", "123456789012345678901"])
def test_a_number_of_any_size_is_no_way_out(number: str) -> None:
    """What Python cannot convert, or spell, hides no name."""
    shown = Mask().body(f'{{"displayName":"Anna","value":[],"n":{number}}}')

    assert "Anna" not in shown
    assert json.loads(shown, parse_constant=pytest.fail)["value"] == []


def test_a_hundred_thousand_names_are_no_burden() -> None:
    """To know more names makes no text slower to mask: each is looked for by its first word."""
    mask = Mask()
    for number in range(30):
        names = [{"displayName": f"Prod {number} {each}"} for each in range(1000)]
        mask.body(json.dumps({"value": names}))
        shown = mask.text(f"about Prod {number} 7 and Prod {number} 77")

        assert "Prod" not in shown


@pytest.mark.parametrize("name", ["alerts-contoso.com", "Jane Doe", "ops"])
def test_what_is_masked_is_not_masked_again(name: str) -> None:
    """A message may quote a URL that was masked before: one name has one pseudonym."""
    mask = Mask()
    once = mask.name(name)

    assert once != name
    assert mask.name(once) == once
    assert mask.text(mask.text(f"/securityContacts/{name}?x")) == mask.text(
        f"/securityContacts/{name}?x"
    )
