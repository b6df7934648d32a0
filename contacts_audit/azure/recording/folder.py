"""
Reads the folder of a recording, and checks all of it before anything is replayed.

A recording is treated as a file from a stranger. Where its cloud is a known one, the hosts must be
the program's own. Files are read one at a time, up to a size.
"""

import os
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from contacts_audit.azure.arm.paging import stays_on
from contacts_audit.azure.arm.protocol import fault
from contacts_audit.azure.clouds import CLOUDS, Cloud, host_of, https
from contacts_audit.azure.contacts.api_versions import ENOUGH
from contacts_audit.azure.kinds import CloudName
from contacts_audit.azure.recording import exchange
from contacts_audit.azure.recording.exchange import UNREADABLE, text
from contacts_audit.azure.recording.recorder import MANIFEST, SCHEMA
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
    exchanges: Mapping[str, tuple[Path, ...]]
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
            return cls._read(folder)
        except UNREADABLE as error:
            detail = error.strerror if isinstance(error, OSError) else error
            lost = isinstance(error, FileNotFoundError) and is_folder(folder)
            if lost and kind_of(folder / MANIFEST) is None:
                detail = f"it holds no {MANIFEST}"
            raise UsageError(
                f"--replay: {folder} is not a recording: {str(detail)[:200]}",
                "name a folder that --record made",
            ) from error

    @classmethod
    def _read(cls, folder: Path) -> "Recording":
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
        cloud, tenants = _cloud(manifest["cloud"]), _texts(manifest["tenants"])
        exchanges, index = defaultdict(list), _Index()
        for path in _numbered(folder, _NUMBER):
            loaded = exchange.load(path)
            index.add(path, loaded, cloud)
            exchanges[exchange.request(loaded)].append(path)
        return cls(
            cloud,
            tenants,
            _recorded(manifest, index.latest, folder),
            {request: tuple(paths) for request, paths in exchanges.items()},
            index.refusals(),
            dict(map(exchange.mail, _numbered(folder, _DNS_NUMBER))),
        )


class _Index:
    """What the exchanges show together: the latest date, and the api-versions given up."""

    def __init__(self) -> None:
        self.latest: datetime | None = None
        self._refused: defaultdict[str, dict[str, Path]] = defaultdict(dict)
        self._answered: set[str] = set()

    def add(self, path: Path, loaded: Mapping[str, Any], cloud: Cloud) -> None:
        """Check all that a replay would use of *loaded*, and note what it shows."""
        url = loaded["request"]["url"]
        if not stays_on(url, cloud.arm):
            raise ValueError(f"{path.name} is of another host than its cloud")
        if "failure" in loaded:
            exchange.failure(loaded["failure"])
            return
        answer = exchange.answer(loaded)
        version = exchange.contacts_version(url)
        if isinstance(fault(answer), VersionRefusedError):
            self._refused[version][url] = path
        else:
            self._answered.add(version)
        date = _date(answer.headers.get("date", ""))
        self.latest = max(filter(None, (date, self.latest)), default=None)

    def refusals(self) -> dict[str, Path]:
        """
        Return one refusal of each api-version that the recorded run gave up.

        Which subscriptions that run still asked at the version depended on its threads. After
        fewer refusals it always asked, so a missing answer is a gap in the recording.
        """
        return {
            version: next(iter(paths.values()))
            for version, paths in self._refused.items()
            if version not in self._answered and len(paths) >= ENOUGH
        }


def _cloud(value: Mapping[str, Any]) -> Cloud:
    """
    Return the cloud: the program's own if it is a known one.

    Raises:
        ValueError: it has the name or a host of a known cloud, and differs from it.
    """
    if {*value} != {field.name for field in fields(Cloud)}:
        raise ValueError("its cloud has other keys")
    cloud = Cloud(**{key: text(each or "") for key, each in value.items()})
    for known in CLOUDS.values():
        same_host = host_of(cloud.arm) == host_of(known.arm)
        if same_host or cloud.name.casefold() == known.name.casefold():
            if any(
                (value[field.name] or "") != getattr(known, field.name) for field in fields(Cloud)
            ):
                raise ValueError(f"its hosts are not those of {known.name}")
            return known
    arm = https(cloud.arm, "--replay")
    if cloud.portal or cloud.name in {*CloudName}:
        raise ValueError("its cloud is not a known one, but has a portal or a known name")
    return Cloud(arm.removeprefix("https://"), arm, "", "", None)


def _numbered(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    """Return the files that match *pattern*, sorted by number: there may be more than 99,999."""
    found: list[tuple[int, str]] = []
    size = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            number = pattern.match(entry.name)
            if number is None:
                continue
            found.append((int(number[1]), entry.name))
            size += entry.stat().st_size
            if len(found) > MOST_FILES or size > LARGEST_FOLDER:
                raise ValueError(f"it is larger than {LARGEST_FOLDER} bytes or {MOST_FILES} files")
    return [folder / name for _, name in sorted(found)]


def _recorded(manifest: Mapping[str, Any], latest: datetime | None, folder: Path) -> datetime:
    """Return the time of the recording. Old recordings show it only in the dates of answers."""
    if "recorded" in manifest:
        recorded = datetime.fromisoformat(text(manifest["recorded"]))
        if recorded.tzinfo is None or not 1970 < recorded.year < 9999:
            raise ValueError("the time of the recording is not valid")
        return recorded.astimezone(UTC)
    return latest or datetime.fromtimestamp((folder / MANIFEST).stat().st_mtime, UTC)


def _date(header: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(header)
        return date.astimezone(UTC) if 1970 < date.year < 9999 else None
    except (ValueError, OverflowError):
        return None


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError("the tenants are not a list")
    return tuple(map(text, values))
