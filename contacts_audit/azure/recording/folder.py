"""
Reads the folder of a recording, and checks all of it before anything is replayed.

A recording is treated as a file from a stranger. Where its cloud is a known one, the hosts must be
the program's own. Files are read one at a time, up to a size.
"""

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from contacts_audit.azure.arm.paging import stays_on
from contacts_audit.azure.arm.protocol import Answer, fault
from contacts_audit.azure.clouds import CLOUDS, Cloud, host_of, https
from contacts_audit.azure.contacts.api_versions import ENOUGH
from contacts_audit.azure.recording import exchange
from contacts_audit.azure.recording.exchange import text
from contacts_audit.azure.recording.recorder import MANIFEST, SCHEMA
from contacts_audit.core.bounded_read import UNREADABLE
from contacts_audit.core.delivery import MailAnswer
from contacts_audit.core.errors import ContactsAuditError, UsageError, VersionRefusedError
from contacts_audit.core.paths import is_folder, kind_of

LARGEST_FOLDER = 2 * 1024 * 1024 * 1024  # bytes
MOST_FILES = 2_000_000
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
    manifest = exchange.load(folder / MANIFEST)
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
    cloud, tenants = _cloud(manifest["cloud"]), tuple(map(text, manifest["tenants"]))
    exchanges: defaultdict[str, list[Path]] = defaultdict(list)
    refused: defaultdict[str, dict[str, Path]] = defaultdict(dict)
    answered, latest = set[str](), None
    for path in _numbered(folder, _NUMBER):
        loaded = exchange.load(path)
        url = loaded["request"]["url"]
        if not stays_on(url, cloud.arm):
            raise ValueError(f"{path.name} is of another host than its cloud")
        exchanges[exchange.request(loaded)].append(path)
        outcome, version = exchange.outcome(loaded), exchange.contacts_version(url)
        if not isinstance(outcome, Answer):
            continue
        if isinstance(fault(outcome), VersionRefusedError):
            refused[version][url] = path
        else:
            answered.add(version)
        date = _date(outcome.headers.get("date", ""))
        latest = max(filter(None, (date, latest)), default=None)
    # Which subscriptions the recorded run still asked at a refused version depended on its threads.
    # After fewer refusals it always asked, so a missing answer is a gap in the recording.
    refusals = {
        version: next(iter(paths.values()))
        for version, paths in refused.items()
        if version not in answered and len(paths) >= ENOUGH
    }
    old = latest or datetime.fromtimestamp((folder / MANIFEST).stat().st_mtime, UTC)
    recorded = _recorded(manifest["recorded"]) if "recorded" in manifest else old
    mail = dict(map(exchange.mail, _numbered(folder, _DNS_NUMBER)))
    return Recording(cloud, tenants, recorded, exchanges, refusals, mail)


def _cloud(value: Mapping[str, Any]) -> Cloud:
    """Return the cloud: the program's own if it has the name or the host of a known one."""
    if {*value} != {field.name for field in fields(Cloud)}:
        raise ValueError("its cloud has other keys")
    cloud = Cloud(**{key: text(each or "") for key, each in value.items()})
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


def _recorded(value: object) -> datetime:
    recorded = datetime.fromisoformat(text(value))
    if recorded.tzinfo is None or not 1970 < recorded.year < 9999:
        raise ValueError("the time of the recording is not valid")
    return recorded.astimezone(UTC)


def _date(header: str) -> datetime | None:
    """Return the date of an answer: all that shows the time of an old recording."""
    try:
        date = parsedate_to_datetime(header)
        return date.astimezone(UTC) if 1970 < date.year < 9999 else None
    except (ValueError, OverflowError):
        return None
