"""
Microsoft's own client of security contacts works with the double.

So the double answers as a client of Azure expects. It also has the shapes on which that client is
known to fail: https://github.com/Azure/azure-sdk-for-python/issues/41591.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from asking import CONTACT, V2017, V2020
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    DeserializationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.mgmt.security import SecurityCenter
from azure.mgmt.security.v2017_08_01_preview.models import SecurityContact as Contact2017
from azure.mgmt.security.v2020_01_01_preview.models import (
    SecurityContact,
    SecurityContactPropertiesAlertNotifications,
    SecurityContactPropertiesNotificationsByRole,
)
from azure_double import AzureDouble, Subscription

CONTACT_2020 = SecurityContact(
    emails="soc@contoso.com;ciso@contoso.com",
    phone="(214) 275-4038",
    alert_notifications=SecurityContactPropertiesAlertNotifications(
        state="On", minimal_severity="Low"
    ),
    notifications_by_role=SecurityContactPropertiesNotificationsByRole(state="On", roles=["Owner"]),
)
CONTACT_2017 = Contact2017(
    email="soc@contoso.com", phone="1", alert_notifications="On", alerts_to_admins="Off"
)


class Bearer:
    """A credential with a ready token."""

    def __init__(self, azure: AzureDouble) -> None:
        self._azure = azure

    def get_token(self, *scopes: str, **_more: Any) -> AccessToken:
        """Return a good token, whatever it is for."""
        return AccessToken(self._azure.token(), int(time.time()) + 3600)


@pytest.fixture
def subscription(azure: AzureDouble) -> Subscription:
    """Return a subscription without a contact."""
    return azure.add()


def client(azure: AzureDouble, subscription: Subscription, version: str) -> SecurityCenter:
    """Return Microsoft's client of *subscription* at *version*."""
    return SecurityCenter(
        Bearer(azure),
        subscription.id,
        api_version=version,
        base_url=azure.endpoint,
        connection_verify=str(azure.ca),
        retry_total=0,
    )


@pytest.fixture
def at_2020(azure: AzureDouble, subscription: Subscription) -> Iterator[Any]:
    """Return the operations at 2020, the newest that it has."""
    with client(azure, subscription, V2020) as opened:
        yield opened.security_contacts


@pytest.fixture
def at_2017(azure: AzureDouble, subscription: Subscription) -> Iterator[Any]:
    """Return the operations at 2017."""
    with client(azure, subscription, V2017) as opened:
        yield opened.security_contacts


def test_it_writes_reads_and_deletes_at_2020(at_2020: Any) -> None:
    """The whole life of a contact. A deleted one is not found."""
    created = at_2020.create("default", CONTACT_2020)
    read = at_2020.get("default")
    deleted = at_2020.delete("default")

    assert created.as_dict() == read.as_dict()
    assert read.emails == "soc@contoso.com;ciso@contoso.com"
    assert read.phone == "(214) 275-4038"
    assert read.alert_notifications.minimal_severity == "Low"
    assert deleted is None
    with pytest.raises(ResourceNotFoundError, match="Could not find security contact with name"):
        at_2020.get("default")


def test_it_fails_on_the_array_of_2020(at_2020: Any) -> None:
    """It cannot list contacts: the array is not an object."""
    assert list(at_2020.list()) == []
    at_2020.create("default", CONTACT_2020)

    with pytest.raises(DeserializationError):
        list(at_2020.list())


def test_it_shows_why_it_is_refused(at_2020: Any) -> None:
    """With the code and the message of the provider."""
    half = SecurityContact(emails="soc@contoso.com", phone="")

    with pytest.raises(HttpResponseError) as refused:
        at_2020.create("default", half)

    assert refused.value.status_code == 400
    assert refused.value.error is not None
    assert refused.value.error.code == "BadRequest"


def test_it_writes_lists_and_deletes_at_2017(
    azure: AzureDouble, subscription: Subscription, at_2017: Any
) -> None:
    """Next to contacts of a newer version. The new contact comes last."""
    subscription.contact = CONTACT

    created = at_2017.create("default1", CONTACT_2017)
    listed = list(at_2017.list())
    deleted = at_2017.delete("default1")

    assert [each.name for each in listed] == ["a-contoso.com", "b-contoso.com", "default1"]
    assert listed[2].as_dict() == created.as_dict()
    assert (created.email, created.phone) == ("soc@contoso.com", "1")
    assert (created.alert_notifications, created.alerts_to_admins) == ("On", "Off")
    assert deleted is None
    assert [each.name for each in at_2017.list()] == ["a-contoso.com", "b-contoso.com"]


def test_it_fails_on_the_201_of_2017(at_2017: Any) -> None:
    """It does not expect 201 for a new contact. The contact exists."""
    with pytest.raises(HttpResponseError) as refused:
        at_2017.create("default1", CONTACT_2017)

    assert refused.value.status_code == 201
    assert [each.email for each in at_2017.list()] == ["soc@contoso.com"]
