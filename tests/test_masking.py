"""A masked recording tells nobody who it is of, and is judged as what it was made from."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.azure import arm
from contacts_audit.azure.arm import Answer
from contacts_audit.azure.contacts import addresses, contacts, is_address
from contacts_audit.azure.masking import Mask
from contacts_audit.errors import AzureError
from contacts_audit.model import Check, Criteria
from contacts_audit.rules import contact_email, distinct

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
    return contact_email(found, CRITERIA) is None, len(distinct(found)), spelt


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

    shown = mask.text(arm.contacts_url(ENDPOINT, ID, arm.V2017))

    assert shown == arm.contacts_url(ENDPOINT, mask.text(ID), arm.V2017)


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
    url = arm.contacts_url(ENDPOINT, ID, arm.V2017)
    body = contact(
        EMAIL,
        alertNotifications={"state": "On", "minimalSeverity": "High"},
        notificationsSources=[{"sourceType": "Alert", "minimalSeverity": "High"}],
    )
    masked(mask, {"value": [{key: name}]})

    (shown,) = masked(mask, body)["value"]
    (listed,) = masked(mask, {"value": [{"state": "Enabled"}]})["value"]

    assert mask.text(url) == arm.contacts_url(ENDPOINT, mask.text(ID), arm.V2017)
    assert shown["type"] == "Microsoft.Security/securityContacts"
    assert shown["properties"]["alertNotifications"]["state"] == "On"
    assert shown["properties"]["notificationsSources"][0]["sourceType"] == "Alert"
    assert listed["state"] == "Enabled"


def test_a_refusal_of_a_version_is_one_behind_a_mask() -> None:
    """The api-versions that Azure lists are no names, whatever somebody calls himself."""
    mask = Mask()
    masked(mask, [{"displayName": "preview"}, {"phone": "08"}])
    url = arm.contacts_url(ENDPOINT, ID, arm.V2017)
    listed = f"Use another. The supported api-versions are '{arm.V2017}, {arm.V2020}'."
    body = {"error": {"code": "InvalidResourceType", "message": listed}}

    shown = mask.body(json.dumps(body))

    error = arm.fault(Answer(mask.text(url), 404, {}, shown.encode()))
    assert error.reason is arm.fault(Answer(url, 404, {}, json.dumps(body).encode())).reason


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
                list(contacts(Answer(ENDPOINT, 200, {}, text.encode()), arm.V2023))
                whole = True
            except AzureError:
                whole = False
            assert whole is (spelt == json.dumps(body))


def test_addresses_are_parted_as_everywhere() -> None:
    """By commas and semicolons; they are put together again by semicolons, as Azure does."""
    shown = masked(Mask(), {"emails": "a@x.co, b@x.co ;c@x.co"})["emails"]

    assert len(addresses(shown)) == shown.count(";") + 1 == 3
