"""Clouds that behave in one odd way each, and the contacts that they hold."""

from typing import Any

from azure_double import AzureDouble, Subscription
from remediation.workspace import V2017, V2020, numbered_contacts, portal_contact

SWITCHES: dict[str, dict[str, Any]] = {
    "as it seems": {},
    "2017 replaced": {"newer_put_on_2017": "replaced"},
    "2017 hidden": {"newer_put_on_2017": "hidden"},
    "newer overwritten": {"put_2017_on_newer": "overwrites"},
    "always 200": {"put_status": 200},
    "always 201": {"put_status": 201},
    "empty body": {"put_body": "empty"},
    "own body": {"put_body": "request"},
    "If-Match": {"honours_if_match": True},
    "stale": {"stale_reads": 1},
    "names in sequence": {"names_2017": "sequence"},
    "drops unknown": {"drops_unknown": True},
    "respells": {"respells": True},
    "two documents": {"newer_put_on_2017": "survives"},
    "2017 shares its flags": {"shared_2017": True},
    "2017 deletes leave a contact": {"emptied_2017": "empty"},
    "absent is 404": {"delete_absent": 404},
    "absent is 200": {"delete_absent": 200},
    "a phone can be emptied": {"empty_phone": "emptied"},
    "what is left out is emptied": {"left_out": "emptied"},
    "what is left out is kept": {"left_out": "kept"},
    "an empty severity is taken": {"blank_severity": "taken"},
    "no contact without addresses": {"empty_emails": "refused"},
    "a contact comes again": {"remakes_default": True},
    "2020 alone": {"offered": {V2017, V2020}},
}
STATES: list[dict[str, Any]] = [
    {},
    {"contact": portal_contact("A@contoso.com;b@contoso.com")},
    {"contact": portal_contact("", phone="+1-425-555-0100")},
    {"contacts_2017": numbered_contacts("A@contoso.com", "b@contoso.com")},
    {
        "contact": portal_contact("c@contoso.com"),
        "contacts_2017": numbered_contacts("C@contoso.com"),
    },
    {"contact": portal_contact("SOC@contoso.com")},
]


def turn(azure: AzureDouble, switches: dict[str, Any]) -> None:
    """Set the *switches* of the double."""
    for name, value in switches.items():
        setattr(azure, name, value)


def addresses_kept(subscription: Subscription) -> set[str]:
    """Return the addresses that Azure keeps of *subscription* and shows."""
    records = [] if subscription.hides_2017 else subscription.contacts_2017
    texts = [record["properties"]["email"] for record in records]
    texts += [] if subscription.contact is None else [subscription.contact["emails"]]
    return {one.strip().casefold() for text in texts for one in text.split(";") if one.strip()}
