"""
Reads security contacts in three API versions, through jq.

https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts
"""

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import NoneType
from typing import Any

import jq

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.core import mailbox
from contacts_audit.core.errors import AzureError, Reason
from contacts_audit.core.jq_text import pretty
from contacts_audit.core.model import Contact

MOST_PAGES = 100
MOST_VALUES = 100_000
MOST_ADDRESSES = 50_000
MOST_CONTACTS = 10_000
LONGEST_SHOWN = 200  # characters of a type or name in a message
TYPES = ("securitycontact", "securitycontacts")
addresses, is_address = mailbox.split, mailbox.is_address

# The document's two programs as one; between them stands JSON text, which may change a number.
# An item that the filter leaves out comes as an array: its type, its name.
SELECTED = 'select(.type=="Microsoft.Security/securityContacts")'
DOCUMENTED = """
.|.value[] | if .type == "Microsoft.Security/securityContacts"
then tojson | fromjson | .properties.email | tojson
elif type == "object" and (.properties | type | . == "object" or . == "null")
then [.type, .name] else empty end
"""

# All shapes of a list, and the fields of all dialects of a contact; what they mean, Python decides.
FIELDS = """
if type == "array" then .
elif type == "object" and has("value") then .value
elif type == "object" and (.properties | type) == "object" then [.]
else error("neither a list nor a contact") end
| if type == "array" then .[] else error("the value is no array") end
| if type == "object" then [.type, .name, (.properties
    | .email, .emails, .isEnabled, .phone, .alertNotifications, .alertsToAdmins,
      .notificationsByRole, .notificationsSources)]
  else error("an item is no object") end
"""


def warm_up() -> None:
    """Load what the first reading needs, which takes longer than all that follow it."""
    _compiled(FIELDS)


@functools.cache
def _compiled(program: str) -> Any:
    return jq.compile(program)


def document(answer: Answer) -> Any:
    """
    Return the one JSON text that *answer* holds, as `arm.document` does.

    Raises:
        AzureError: it holds another, or so much that reading it would take a lot of memory.
    """
    if answer.body.count(b",") > MOST_VALUES:
        raise AzureError(Reason.TOO_LARGE, f"the answer holds more than {MOST_VALUES} values")
    return protocol.document(answer)


def _all(program: str, answer: Answer) -> list[Any]:
    """Run *program* on a `document`; it takes up to a kilobyte for each value."""
    return list(_compiled(program).input_text(protocol.text(answer)).all())


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A contact that the documented filter leaves out for its *type* alone."""

    type: str
    name: str


def documented_emails(answer: Answer) -> list[str | LeftOut]:
    """
    Return what the document's two jq programs print for *answer*, an element a line.

    Between the lines stand the contacts that the programs leave out.

    Raises:
        AzureError: it is not a list of contacts, so that the programs would stumble.
    """
    match document(answer):
        case {"value": list(items)} if all(map(_is_contact, items)):
            pass
        case _:
            raise protocol.malformed(answer, "the answer is no list of security contacts")
    try:
        return [*_documented(_all(DOCUMENTED, answer))]
    except ValueError as error:
        raise protocol.malformed(answer, f"jq: {error}") from error


def documented_stage(texts: str) -> Iterator[str | LeftOut | None]:
    """
    Yield what `documented_emails` returns for each of *texts*, and None at the end of each text.

    Raises:
        ValueError: jq's error; what was printed before it has been yielded.
    """
    for line in _compiled(f"({DOCUMENTED}), null").input_text(texts):
        yield from [None] if line is None else _documented([line])


def _documented(lines: Iterable[Any]) -> Iterator[str | LeftOut]:
    for line in lines:
        match line:
            case str():
                yield pretty(line)
            case [kind, name] if is_contact_type(kind):
                shown = kind if isinstance(kind, str) else json.dumps(kind)
                yield LeftOut(shown[:LONGEST_SHOWN], (_text(name) or "")[:LONGEST_SHOWN])


def is_contact_type(kind: Any) -> bool:
    """Say whether an item of the type *kind* is a contact: Azure wrote it in two ways so far."""
    return not isinstance(kind, str) or kind.casefold().endswith(TYPES)


def shows_address(line: str) -> bool:
    """Say whether *line*, an element that `jq` printed, is a string with something in it."""
    return line.startswith('"') and bool(addresses(json.loads(line)))


def contacts(
    answer: Answer, version: str, left_out: Callable[[str], None] = lambda what: None
) -> Iterator[Contact]:
    """
    Yield the contacts in *answer*; what is of another type is told to *left_out*.

    Raises:
        AzureError: it is not what any api-version documents.
    """
    match document(answer):  # jq itself would take more than one text, and NaN
        case {"value": list(found)} | [*found] if len(found) > MOST_CONTACTS:
            what = f"the answer holds more than {MOST_CONTACTS} contacts"
            raise AzureError(Reason.TOO_LARGE, what)
    try:
        items = _all(FIELDS, answer)
    except ValueError as error:
        raise protocol.malformed(
            answer, f"the answer is no list of security contacts: {error}"
        ) from error
    total = 0
    for kind, name, email, emails, *others in items:
        if not is_contact_type(kind):
            left_out(kind)
            continue
        spelled = (*_spelt(email), *_spelt(emails))
        total += len(spelled)
        if total > MOST_ADDRESSES:
            what = f"the answer holds more than {MOST_ADDRESSES} addresses"
            raise AzureError(Reason.TOO_LARGE, what)
        yield _contact(version, name, spelled, *others)


def _contact(
    version: str,
    name: Any,
    emails: tuple[str, ...],
    enabled: Any,
    phone: Any,
    alerts: Any,
    admins: Any,
    by_role: Any,
    sources: Any,
) -> Contact:
    """Translate the fields of a contact; a value of no known kind switches nothing on."""
    return Contact(
        name=_text(name) or "",
        api_version=version,
        emails=emails,
        malformed=tuple(text for text in emails if not is_address(text)),
        enabled=enabled is None or enabled is True,
        phone=_text(phone),
        alert_severity=_severity(alerts) or _source(sources, "Alert", "minimalSeverity"),
        attack_path_risk=_source(sources, "AttackPath", "minimalRiskLevel"),
        roles=("Owner",) if admins == "On" else _roles(by_role),
    )


def _spelt(value: Any) -> list[str]:
    """An early 2020 had an array here; what is no text at all is shown, and is no address."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [
        address
        for one in values
        for address in (addresses(one) if isinstance(one, str) else [json.dumps(one)])
    ]


def _severity(alerts: Any) -> str | None:
    """2017 says On, which meant high severity; 2020 says a state and a severity."""
    match alerts:
        case "On":
            return "High"
        case {"state": "On", "minimalSeverity": severity}:
            return _shown(severity)
    return None


def _source(sources: Any, kind: str, level: str) -> str | None:
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and source.get("sourceType") == kind:
            return _shown(source.get(level))
    return None


def _roles(by_role: Any) -> tuple[str, ...]:
    match by_role:
        case {"state": "On", "roles": list(roles)}:
            return tuple(filter(None, map(_shown, roles)))
    return ()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _shown(value: Any) -> str | None:
    """Show what is no text as its JSON, which is of no known kind: a finding names it."""
    return _text(value) if isinstance(value, str | None) else json.dumps(value)


def _is_contact(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("properties"), dict | NoneType)
