"""
securityContacts in the three dialects of its api-versions, read through jq.

https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts
"""

import functools
import re
from collections.abc import Callable, Iterator
from types import NoneType
from typing import Any

import jq

from contacts_audit.azure import arm
from contacts_audit.azure.arm import Answer
from contacts_audit.jqtext import pretty
from contacts_audit.model import Contact

MOST_PAGES = 100

# The document's two programs as one: `jq A | jq B` is `jq 'A | B'`.
DOCUMENTED = (
    '.|.value[] | select(.type=="Microsoft.Security/securityContacts") | .properties.email | tojson'
)

# All shapes of a list, and all dialects of a contact, as one; arrays of texts, decided on later.
CONTACTS = """
def texts: if type == "array" then .[] else . end
  | if type == "string" then . elif . == null then empty else tojson end;
def text: if type == "string" then . else null end;
def on: type == "object" and .state == "On";
def sources($kind): .notificationsSources | arrays | .[] | objects | select(.sourceType == $kind);
(if type == "array" then . elif has("value") then .value
 elif (.properties | type) == "object" then [.] else error("no contacts") end)
| if type == "array" then .[] else error("no array") end
| if type == "object" then . else error("not an object") end
| if (.type | type == "string" and (ascii_downcase
      | endswith("securitycontact") or endswith("securitycontacts") | not))
  then {left_out: .type} else
  {name} + (.properties | if type == "object" or . == null then . else error("odd properties") end
  | {
      emails: [(.email, .emails) | texts],
      enabled: (.isEnabled | . == true or . == null),
      phone: (.phone | text),
      alerts: (if .alertNotifications == "On" then "High"
               elif (.alertNotifications | on) then .alertNotifications.minimalSeverity | text
               else first(sources("Alert") | .minimalSeverity | text) // null end),
      paths: (first(sources("AttackPath") | .minimalRiskLevel | text) // null),
      roles: (if .alertsToAdmins == "On" then ["Owner"]
              elif (.notificationsByRole | on)
              then [.notificationsByRole.roles | arrays | .[] | strings] else [] end)
    })
  end
"""


@functools.cache
def _compiled(program: str) -> Any:
    return jq.compile(program)


def documented_emails(answer: Answer) -> list[str]:
    """
    Return what the document's two jq programs print for *answer*, an element a line.

    Raises:
        AzureError: it is not a list of contacts, so that the programs would stumble.
    """
    match arm.document(answer):
        case {"value": list(items)} if all(map(_is_contact, items)):
            pass
        case _:
            raise arm.malformed(answer, "the answer is no list of security contacts")
    try:
        return [pretty(line) for line in _compiled(DOCUMENTED).input_text(arm.text(answer)).all()]
    except ValueError as error:
        raise arm.malformed(answer, f"jq: {error}") from error


def documented_stage(texts: str) -> Iterator[str]:
    """
    Yield what the document's two jq programs print for *texts*, up to their first error.

    Raises:
        ValueError: jq's error.
    """
    for line in _compiled(DOCUMENTED).input_text(texts):
        yield pretty(line)


def shows_address(line: str) -> bool:
    """Say whether *line*, an element that `jq` printed, is a string with something in it."""
    return line.startswith('"') and bool(addresses(jq.first(".", text=line)))


def contacts(
    answer: Answer, version: str, left_out: Callable[[str], None] = lambda what: None
) -> Iterator[Contact]:
    """
    Yield the contacts in *answer*; what is of another type is told to *left_out*.

    Raises:
        AzureError: it is not what any api-version documents.
    """
    arm.document(answer)  # jq itself would take more than one text, and NaN
    try:
        items = _compiled(CONTACTS).input_text(arm.text(answer)).all()
    except ValueError as error:
        raise arm.malformed(
            answer, f"the answer is no list of security contacts: {error}"
        ) from error
    for item in items:
        if "left_out" in item:
            left_out(item["left_out"])
        else:
            yield _contact(item, version)


def addresses(text: str) -> list[str]:
    """Return the addresses in *text*, parted by the portal's commas or the service's semicolons."""
    return [part.strip() for part in re.split("[;,]", text) if part.strip()]


def _contact(item: dict[str, Any], version: str) -> Contact:
    emails = tuple(email for text in item["emails"] for email in addresses(text))
    return Contact(
        name=item["name"] if isinstance(item["name"], str) else "",
        api_version=version,
        emails=emails,
        malformed=tuple(email for email in emails if not is_address(email)),
        enabled=item["enabled"],
        phone=item["phone"] or None,
        alert_severity=item["alerts"],
        attack_path_risk=item["paths"],
        roles=tuple(item["roles"]),
    )


def is_address(text: str) -> bool:
    """Say whether email-validator takes *text* for an address; nothing is looked up."""
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def _is_contact(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("properties"), dict | NoneType)
