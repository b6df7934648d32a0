"""
Reads one file of a recording: a request with its answer or failure, or an answer of DNS.

A file may come from a stranger: its size, its number of values and the type of each value are
checked. What is wrong raises one of `bounded_read.UNREADABLE`.
"""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.recording.recorder import compact
from contacts_audit.core.bounded_read import read_bounded
from contacts_audit.core.delivery import Delivery, MailAnswer
from contacts_audit.core.errors import AzureError, Reason

LARGEST_FILE = 64 * 1024 * 1024  # bytes
MOST_VALUES = 2_000_000  # in a file: small values take thirty times its size in memory


def load(path: Path) -> Any:
    """Return the JSON document in *path*."""
    text = read_bounded(path, LARGEST_FILE)
    if sum(map(text.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError(f"{path.name} holds more than {MOST_VALUES} values")
    return json.loads(text)


def request(exchange: Mapping[str, Any]) -> str:
    """Return method and URL of the request, separated by a space."""
    return f"{text(exchange['request']['method'])} {exchange['request']['url']}"


def outcome(exchange: Mapping[str, Any]) -> Answer | AzureError:
    """Return the recorded answer, its header names in lower case, or why none came."""
    if "failure" in exchange:
        failure = exchange["failure"]
        return AzureError(Reason(failure["reason"]), text(failure["message"]), retryable=True)
    response = exchange["response"]
    status, headers = response["status"], response["headers"]
    if type(status) is not int or not 100 <= status <= 999:
        raise ValueError("an answer has no status")
    lowered = {text(name).lower(): text(value) for name, value in headers.items()}
    return Answer(text(exchange["request"]["url"]), status, lowered, _body(response))


def _body(response: Mapping[str, Any]) -> bytes:
    if "json" in response:
        return compact(response["json"]).encode()
    if "base64" in response:
        return base64.b64decode(text(response["base64"]), validate=True)
    return text(response["text"]).encode()


def mail(path: Path) -> tuple[str, MailAnswer]:
    """Return the mail domain in *path*, and the recorded answer of DNS."""
    value = load(path)
    return text(value["domain"]), MailAnswer(Delivery(value["delivery"]), text(value["why"])[:200])


def text(value: object) -> str:
    """
    Return *value* if it is a string that UTF-8 can encode.

    Raises:
        TypeError: it is not a string.
        ValueError: it holds half of a surrogate pair.
    """
    if not isinstance(value, str):
        raise TypeError("a value is not a string")
    value.encode()
    return value


def contacts_version(url: str) -> str:
    """Return the api-version of a request for security contacts, "" for other requests."""
    found = re.search(r"/securityContacts\?api-version=([^&]+)", url)
    return found[1] if found else ""
