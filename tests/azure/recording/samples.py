"""Bodies of Azure with names, ids and addresses, for the tests of masking."""

import json
from typing import Any

from hypothesis import strategies as st

from contacts_audit.azure.recording.mask import Mask

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
    """Return *body* as *mask* masks it."""
    return json.loads(mask.body(json.dumps(body)))


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
