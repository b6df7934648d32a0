"""A masked recording has the same verdicts and the same errors, whatever names it holds."""

import json
from typing import Any

import pytest
from azure.recording.samples import (
    EMAIL,
    ENDPOINT,
    ID,
    contact,
    masked,
    some_body,
)
from hypothesis import example, given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from contacts_audit.audit.checks import contact_email, distinct_emails, judge
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts.read import contacts
from contacts_audit.azure.recording.mask import Mask
from contacts_audit.core.errors import AzureError
from contacts_audit.core.model import Check, Criteria, Reading

CRITERIA = Criteria(None, (Check.CONTACT_EMAIL,))


def judged(body: object) -> tuple[bool, int, list[bool]]:
    """Return what an audit sees in *body*: verdict, number of addresses, malformed ones."""
    answer = Answer(ENDPOINT, 200, {}, json.dumps(body).encode())
    found = list(contacts(answer, "2023-12-01-preview"))
    spelt = [email in one.malformed for one in found for email in one.emails]
    return contact_email(found, CRITERIA) is None, len(distinct_emails(found)), spelt


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
    """Addresses stay addresses, malformed ones malformed, and blank ones blank."""
    body = contact(email)

    shown = masked(Mask(), body)

    assert judged(shown) == judged(body)


@given(some_body)
def test_no_verdict_changes(body: dict[str, Any]) -> None:
    """Whatever the contacts contain."""
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
def test_a_name_may_be_a_word_of_azure(key: str, name: str) -> None:
    """A subscription may be called Security, and its recording still replays."""
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


def test_a_masked_version_refusal_stays_one() -> None:
    """The api-versions in it are not masked, also if a name is equal to a part of one."""
    mask = Mask()
    masked(mask, [{"displayName": "preview"}, {"phone": "08"}])
    url = protocol.contacts_url(ENDPOINT, ID, protocol.V2017)
    listed = f"Use another. The supported api-versions are '{protocol.V2017}, {protocol.V2020}'."
    body = {"error": {"code": "InvalidResourceType", "message": listed}}

    shown = mask.body(json.dumps(body))

    error = protocol.fault(Answer(mask.text(url), 404, {}, shown.encode()))
    assert error.reason is protocol.fault(Answer(url, 404, {}, json.dumps(body).encode())).reason


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
    """Return what an audit concludes from *answer*: the error, or which checks hold."""
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
def test_no_name_changes_a_verdict(names: list[str]) -> None:
    """Whatever subscriptions, contacts, telephones and tags are called."""
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
