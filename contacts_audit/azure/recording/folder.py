"""
Reads the folder of a recording, and checks all of it before anything is replayed.

A recording is treated as a file from a stranger. Where its cloud is a known one, the hosts must be
the program's own. Files are read one at a time: the size, the number of values, and the type of
each value are checked. What is wrong raises one of `bounded_read.UNREADABLE`.
"""

import base64
import json
import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from contacts_audit.azure.arm.paging import stays_on
from contacts_audit.azure.arm.protocol import Answer, fault
from contacts_audit.azure.clouds import CLOUDS, Cloud, host_of, https
from contacts_audit.azure.contacts.api_versions import Versions
from contacts_audit.azure.recording.recorder import MANIFEST, SCHEMA, compact
from contacts_audit.core.bounded_read import UNREADABLE, read_bounded
from contacts_audit.core.delivery import Delivery, MailAnswer
from contacts_audit.core.errors import (
    AzureError,
    ContactsAuditError,
    Reason,
    UsageError,
    VersionRefusedError,
)
from contacts_audit.core.paths import is_folder, kind_of

LARGEST_FOLDER = 2 * 1024 * 1024 * 1024  # bytes
MOST_FILES = 2_000_000
LARGEST_FILE = 64 * 1024 * 1024  # bytes
MOST_VALUES = 2_000_000  # in a file: small values take thirty times its size in memory
_NUMBER = re.compile(r"([0-9]+).*\.json\Z", re.DOTALL)
_DNS_NUMBER = re.compile(r"dns-([0-9]+)\.json\Z")


@dataclass(frozen=True, slots=True)
class Recording:
    """
    A folder that a `Recorder` wrote.

    *exchanges* maps each request to the files of its answers, in order. *refusals* maps each
    api-version that the recorded run gave up to the file of one refusal. *mail* maps each mail
    domain (ASCII) to the answer of DNS.
    """

    cloud: Cloud
    tenants: tuple[str, ...]
    recorded: datetime
    exchanges: Mapping[str, Sequence[Path]]
    refusals: Mapping[str, Path]
    mail: Mapping[str, MailAnswer] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Recording":
        """
        Read *folder*.

        Raises:
            UsageError: it is not a recording, or its hosts are not those of its cloud.
            ContactsAuditError: the recorded run ended before it had listed each tenant.
        """
        try:
            return _read(folder)
        except UNREADABLE as error:
            detail = error.strerror if isinstance(error, OSError) else error
            lost = isinstance(error, FileNotFoundError) and is_folder(folder)
            if lost and kind_of(folder / MANIFEST) is None:
                detail = f"it holds no {MANIFEST}"
            raise UsageError(
                f"--replay: {folder} is not a recording: {str(detail)[:200]}",
                "name a folder that --record made",
            ) from error


def _manifest(folder: Path) -> Mapping[str, Any]:
    manifest = load(folder / MANIFEST)
    if manifest["schema"] != SCHEMA:
        raise UsageError(
            f"--replay: the schema of {folder} is not {SCHEMA}",
            "replay it with the version of contacts-audit that recorded it, or a newer one",
        )
    if manifest["tenants"] is None:
        raise ContactsAuditError(
            f"--replay: {folder} is incomplete: the run ended before it had listed each tenant",
            "record it again",
        )
    if not isinstance(manifest["tenants"], list):
        raise TypeError("the tenants are not a list")
    return dict(manifest)


def _read(folder: Path) -> Recording:
    manifest = _manifest(folder)
    cloud, tenants = _cloud(manifest["cloud"]), tuple(map(_text, manifest["tenants"]))
    exchanges: defaultdict[str, list[Path]] = defaultdict(list)
    versions, refused, latest = Versions(), dict[str, Path](), None
    for path in _numbered(folder, _NUMBER):
        loaded = load(path)
        url = loaded["request"]["url"]
        if not stays_on(url, cloud.arm):
            raise ValueError(f"{path.name} is of another host than its cloud")
        exchanges[f"{_text(loaded['request']['method'])} {url}"].append(path)
        found, version = outcome(loaded), contacts_version(url)
        if not isinstance(found, Answer):
            continue
        if isinstance(fault(found), VersionRefusedError):
            versions.refused(version, url)
            refused.setdefault(version, path)
        else:
            versions.answered(version)
        date = _date(found.headers.get("date", ""))
        latest = max(filter(None, (date, latest)), default=None)
    # Which subscriptions the recorded run still asked at a refused version depended on its threads.
    # After fewer refusals it always asked, so a missing answer is a gap in the recording.
    given_up = {each: path for each, path in refused.items() if not versions.offered(each)}
    recorded = _recorded(manifest) or latest
    recorded = recorded or datetime.fromtimestamp((folder / MANIFEST).stat().st_mtime, UTC)
    mail = dict(map(_mail, _numbered(folder, _DNS_NUMBER)))
    return Recording(cloud, tenants, recorded, exchanges, given_up, mail)


def _cloud(value: Mapping[str, Any]) -> Cloud:
    """Return the cloud: the program's own if it has the name or the host of a known one."""
    if {*value} != {*Cloud._fields}:
        raise ValueError("its cloud has other keys")
    cloud = Cloud(**{key: _text(each or "") for key, each in value.items()})
    for known in CLOUDS.values():
        same_host = host_of(cloud.arm) == host_of(known.arm)
        if same_host or cloud.name.casefold() == known.name.casefold():
            if cloud != known:
                raise ValueError(f"its hosts are not those of {known.name}")
            return known
    arm = https(cloud.arm, "--replay")
    if cloud.portal:
        raise ValueError("its cloud is not a known one, but has a portal or a known name")
    return Cloud(arm.removeprefix("https://"), arm, "", "", None)


def _numbered(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    """Return the files that match *pattern*, sorted by number: there may be more than 99,999."""
    found: list[tuple[int, str]] = []
    size = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if number := pattern.match(entry.name):
                found.append((int(number[1]), entry.name))
                size += entry.stat().st_size
            if len(found) > MOST_FILES or size > LARGEST_FOLDER:
                raise ValueError(f"it is larger than {LARGEST_FOLDER} bytes or {MOST_FILES} files")
    return [folder / name for _, name in sorted(found)]


def _recorded(manifest: Mapping[str, Any]) -> datetime | None:
    if "recorded" not in manifest:
        return None  # only the dates of its answers show how old it is
    recorded = datetime.fromisoformat(_text(manifest["recorded"]))
    if recorded.tzinfo is None or not 1970 < recorded.year < 9999:
        raise ValueError("the time of the recording is not valid")
    return recorded.astimezone(UTC)


def _date(header: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(header)
        return date.astimezone(UTC) if 1970 < date.year < 9999 else None
    except (ValueError, OverflowError):
        return None


def load(path: Path) -> Any:
    """Return the JSON document in *path*."""
    text = read_bounded(path, LARGEST_FILE)
    if sum(map(text.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError(f"{path.name} holds more than {MOST_VALUES} values")
    return json.loads(text)


def outcome(exchange: Mapping[str, Any]) -> Answer | AzureError:
    """Return the recorded answer, its header names in lower case, or why none came."""
    if "failure" in exchange:
        failure = exchange["failure"]
        return AzureError(Reason(failure["reason"]), _text(failure["message"]), retryable=True)
    response = exchange["response"]
    status, headers = response["status"], response["headers"]
    if type(status) is not int or not 100 <= status <= 999:
        raise ValueError("an answer has no status")
    lowered = {_text(name).lower(): _text(value) for name, value in headers.items()}
    return Answer(_text(exchange["request"]["url"]), status, lowered, _body(response))


def _body(response: Mapping[str, Any]) -> bytes:
    if "json" in response:
        return compact(response["json"]).encode()
    if "base64" in response:
        return base64.b64decode(_text(response["base64"]), validate=True)
    return _text(response["text"]).encode()


def _mail(path: Path) -> tuple[str, MailAnswer]:
    """Return the mail domain in *path*, and the recorded answer of DNS."""
    value = load(path)
    why = _text(value["why"])[:200]
    return _text(value["domain"]), MailAnswer(Delivery(value["delivery"]), why)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a value is not a string")
    value.encode()  # it fails for half of a surrogate pair
    return value


def contacts_version(url: str) -> str:
    """Return the api-version of a request for security contacts, "" for other requests."""
    found = re.search(r"/securityContacts\?api-version=([^&]+)", url)
    return found[1] if found else ""
