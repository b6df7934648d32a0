"""
Reads security contacts in three API versions, through jq.

An empty `emails` is no address; a contact without one is still a contact. Only an early revision of
the specification of 2020-01-01-preview (azure-rest-api-specs, 368c5e95) had an array there; at the
other versions an array is an unknown value, which a finding names.

https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts
"""

import json
import threading
from collections.abc import Callable, Iterator
from types import NoneType
from typing import Any, NamedTuple

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
NO_LIST = "the answer is no list of security contacts"
TYPES = ("securitycontact", "securitycontacts")
addresses, is_address = mailbox.split, mailbox.is_address

# The two documented jq programs as one.  `tojson | fromjson` is the text between them, which may
# change a number.  An item that the documented filter leaves out is an array: its type, its name.
# After each text comes null.
SELECTED = 'select(.type=="Microsoft.Security/securityContacts")'
DOCUMENTED = """
(.|.value[] | if .type == "Microsoft.Security/securityContacts"
then .properties.email | tojson | fromjson | tojson
elif type == "object" and (.properties | type | . == "object" or . == "null")
then [.type, .name] else empty end), null
"""

# All shapes of a list, and the fields of a contact in all API versions.  Python interprets them.
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


_COMPILED: dict[str, Any] = {}
_COMPILING = threading.Lock()


def _compiled(program: str) -> Any:
    """Return *program* compiled: once, however many threads need it at the same time."""
    with _COMPILING:
        if program not in _COMPILED:
            _COMPILED[program] = jq.compile(program)
        return _COMPILED[program]


def document(answer: Answer) -> Any:
    """
    Return the JSON value in the body of *answer*, as `protocol.document` does.

    Raises:
        AzureError: the body is not one JSON text, or holds too many values for the memory.
    """
    _check_most(answer.body.count(b","), MOST_VALUES, "values")
    return protocol.document(answer)


def _check_most(number: int, most: int, what: str) -> None:
    if number > most:
        raise AzureError(Reason.TOO_LARGE, f"the answer holds more than {most} {what}")


class LeftOut(NamedTuple):
    """A contact that the documented filter leaves out because of its *type*."""

    type: str
    name: str


def documented_emails(answer: Answer) -> list[str | LeftOut]:
    """
    Return what the two documented jq programs print for *answer*, one item per line.

    The contacts that the programs leave out are in between, as `LeftOut`.

    Raises:
        AzureError: the body is not a list of contacts; the programs would fail.
    """
    match document(answer):
        case {"value": list(items)} if all(map(_is_contact, items)):
            pass
        case _:
            raise protocol.malformed(answer, NO_LIST)
    try:
        return [line for line in documented_stage(protocol.text(answer)) if line is not None]
    except ValueError as error:
        raise protocol.malformed(answer, f"jq: {error}") from error


def documented_stage(texts: str) -> Iterator[str | LeftOut | None]:
    """
    Yield what `documented_emails` returns for each JSON text in *texts*, and None after each.

    Raises:
        ValueError: jq failed; what it printed before was yielded.
    """
    for line in _compiled(DOCUMENTED).input_text(texts):
        match line:
            case None:
                yield None
            case str():
                yield pretty(line)
            case [kind, name] if is_contact_type(kind):
                shown = kind if isinstance(kind, str) else json.dumps(kind)
                yield LeftOut(shown[:LONGEST_SHOWN], (_text(name) or "")[:LONGEST_SHOWN])


def is_contact_type(kind: Any) -> bool:
    """Return whether an item of the type *kind* is a contact; Azure has used two spellings."""
    return not isinstance(kind, str) or kind.casefold().endswith(TYPES)


def shows_address(line: str) -> bool:
    """Return whether *line*, one printed item, is a string that names an address."""
    return line.startswith('"') and bool(addresses(json.loads(line)))


def contacts(
    answer: Answer, version: str, left_out: Callable[[str], None] = lambda what: None
) -> Iterator[Contact]:
    """
    Yield the contacts in *answer*; *left_out* is called with each other type in it.

    Raises:
        AzureError: the body is not what any API version documents, or is too large.
    """
    match document(answer):  # jq alone would accept several texts, and NaN
        case {"value": list(found)} | [*found]:
            _check_most(len(found), MOST_CONTACTS, "contacts")
    try:  # it takes up to a kilobyte of memory for each value
        items = _compiled(FIELDS).input_text(protocol.text(answer)).all()
    except ValueError as error:
        raise protocol.malformed(answer, f"{NO_LIST}: {error}") from error
    total = 0
    for kind, name, email, emails, *others in items:
        if not is_contact_type(kind):
            left_out(kind)
            continue
        listed = emails if version == protocol.V2020 and isinstance(emails, list) else [emails]
        spelled = tuple(each for one in (email, *listed) for each in _spelled(one))
        total += len(spelled)
        _check_most(total, MOST_ADDRESSES, "addresses")
        yield _contact(version, _text(name) or "", spelled, others)


def _contact(version: str, name: str, emails: tuple[str, ...], others: list[Any]) -> Contact:
    """Translate the fields of a contact; an unknown value switches nothing on."""
    enabled, phone, alerts, admins, by_role, sources = others
    return Contact(
        name=name,
        api_version=version,
        emails=emails,
        malformed=tuple(text for text in emails if not is_address(text)),
        enabled=enabled is None or enabled is True,
        phone=_text(phone),
        alert_severity=_severity(alerts) or _source(sources, "Alert", "minimalSeverity"),
        attack_path_risk=_source(sources, "AttackPath", "minimalRiskLevel"),
        roles=("Owner",) if admins == "On" else _roles(by_role),
    )


def _spelled(value: Any) -> list[str]:
    """Return the addresses in a field; a value that is not a string becomes its JSON."""
    if isinstance(value, str):
        return addresses(value)
    return [] if value in (None, []) else [json.dumps(value)]


def _severity(alerts: Any) -> str | None:
    """Return the severity of `alertNotifications`: 2017 says On for High, 2020 names it."""
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
    """Return a value as text; one that is not a string becomes its JSON, for a finding to name."""
    return _text(value) if isinstance(value, str | None) else json.dumps(value)


def _is_contact(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("properties"), dict | NoneType)
