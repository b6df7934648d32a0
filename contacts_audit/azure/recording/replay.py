"""
Replays a recording without a network.

A recording is treated as a file from a stranger. Its hosts are the program's own where the cloud is
known. Its files are read one at a time, up to a size, and checked completely before any is played.
"""

import base64
import json
import os
import re
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter

from contacts_audit.azure.arm.protocol import Answer, fault, stays_on
from contacts_audit.azure.clouds import CLOUDS, Cloud, host_of, https
from contacts_audit.azure.contacts.api_versions import ENOUGH
from contacts_audit.azure.kinds import AccessToken, CloudName
from contacts_audit.azure.recording.recorder import MANIFEST, SCHEMA, compact
from contacts_audit.core.bounded import contents
from contacts_audit.core.errors import (
    AzureError,
    ContactsAuditError,
    Reason,
    UsageError,
    VersionRefusedError,
)

UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
LARGEST_FILE = 64 * 1024 * 1024
LARGEST_FOLDER = 2 * 1024 * 1024 * 1024
MOST_FILES = 2_000_000
MOST_VALUES = 2_000_000  # of a file: a list of small ones takes thirty times its size
_NUMBER = re.compile(r"[0-9]+(?=.*\.json\Z)", re.DOTALL)
_FRAMING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_WAITS = frozenset({"retry-after", "retry-after-ms", "x-ms-retry-after-ms"})  # a repeat has none


@dataclass(frozen=True, slots=True)
class Recording:
    """
    A folder that a `Recorder` filled.

    *exchanges* holds for each request the files of its answers, in order; *refusals* the file of a
    refusal for each api-version of which the recorded run had enough.
    """

    cloud: Cloud
    tenants: tuple[str, ...]
    recorded: datetime
    exchanges: Mapping[str, tuple[Path, ...]]
    refusals: Mapping[str, Path]

    @classmethod
    def read(cls, folder: Path) -> "Recording":
        """
        Read *folder*.

        Raises:
            UsageError: it is no recording, or one of other hosts than those of its cloud.
            ContactsAuditError: it ends before each of several tenants was listed.
        """
        try:
            return cls._read(folder)
        except UNREADABLE as error:
            detail = error.strerror if isinstance(error, OSError) else error
            if folder.is_dir() and not (folder / MANIFEST).exists():
                detail = f"it holds no {MANIFEST}"
            raise UsageError(
                f"--replay: {folder} is no recording: {str(detail)[:200]}",
                "name a folder made by --record",
            ) from error

    @classmethod
    def _read(cls, folder: Path) -> "Recording":
        manifest = _document(folder / MANIFEST)
        if manifest["schema"] != SCHEMA:
            raise UsageError(f"--replay: {folder} is of another schema", "update the program")
        if manifest["tenants"] is None:
            raise ContactsAuditError(
                f"--replay: {folder} ends before each tenant was listed", "record it anew"
            )
        cloud, tenants = _cloud(manifest["cloud"]), _texts(manifest["tenants"])
        exchanges, index = defaultdict(list), _Index()
        for path in _files(folder):
            kept = _document(path)
            index.look_at(path, kept, cloud)
            exchanges[_request(kept)].append(path)
        return cls(
            cloud,
            tenants,
            _recorded(manifest, index.latest, folder),
            {key: tuple(paths) for key, paths in exchanges.items()},
            index.refusals(),
        )


class _Index:
    """What is remembered of the exchanges once they were looked at."""

    def __init__(self) -> None:
        self.latest: datetime | None = None
        self._refused: defaultdict[str, dict[str, Path]] = defaultdict(dict)
        self._answered: set[str] = set()

    def look_at(self, path: Path, kept: Mapping[str, Any], cloud: Cloud) -> None:
        """Look at all that will be played, so that a damaged file is found before it is."""
        url = kept["request"]["url"]
        if not stays_on(url, cloud.arm):
            raise ValueError(f"{path.name} is of another host than its cloud")
        if "failure" in kept:
            _failure(kept["failure"])
            return
        answer = _answer(kept)
        version = _version(url)
        if isinstance(fault(answer), VersionRefusedError):
            self._refused[version][url] = path
        else:
            self._answered.add(version)
        moment = _moment(answer.headers.get("date", ""))
        self.latest = max(filter(None, (moment, self.latest)), default=None)

    def refusals(self) -> dict[str, Path]:
        """
        Return a refusal of each api-version of which the recorded run had enough, and no answer.

        After those it did not ask any more, which ones depended on its threads.  After fewer it
        asked: an answer that is missing then was never kept.
        """
        return {
            version: next(iter(paths.values()))
            for version, paths in self._refused.items()
            if version not in self._answered and len(paths) >= ENOUGH
        }


class Player(BaseAdapter):
    """Answers requests from a recording, those to one URL in their order; the last one repeats."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._left = {key: iter(paths) for key, paths in recording.exchanges.items()}
        self._last: dict[str, Path] = {}
        self._refusals = recording.refusals
        self._lock = threading.Lock()

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        """Return what was recorded, or raise what was."""
        key = f"{request.method} {request.url}"
        with self._lock:
            path = next(self._left.get(key, iter(())), None)
            again = path is None
            path = path or self._last.get(key) or self._refusals.get(_version(request.url or ""))
            if path is None:
                raise AzureError(
                    Reason.UNREACHABLE,
                    f"the recording holds no answer to {key}",
                    hint="replay with the options that it was recorded with, or record it "
                    "again with the options of this run",
                )
            self._last[key] = path
            played = _played(path)
        if isinstance(played, Answer):
            return _response(request, played, _FRAMING | _WAITS if again else _FRAMING)
        raise played

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """What a recording is asked with: it plays a renewal again where there was one."""

    tenant: str | None

    def token(self) -> AccessToken:
        """Return what stands for a token, and says of which tenant the recording is."""
        return AccessToken("none", None, self.tenant)

    def renew(self, rejected: AccessToken, claims: str | None) -> bool:
        """Say that there is another one."""
        return True


def _document(path: Path) -> Any:
    text = contents(path, LARGEST_FILE)
    if sum(map(text.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError(f"{path.name} holds more than {MOST_VALUES} values")
    return json.loads(text)


def _played(path: Path) -> Answer | AzureError:
    """Return what is kept in *path*, which was looked at, but may have been changed since."""
    try:
        kept = _document(path)
        if "failure" not in kept:
            return _answer(kept)
        reason, message = _failure(kept["failure"])
    except UNREADABLE:
        what = f"the recording changed: {path.name} is no exchange any more"
        return AzureError(Reason.MALFORMED, what, hint="leave it alone, and run again")
    return AzureError(reason, message, retryable=True)


def _cloud(kept: Mapping[str, Any]) -> Cloud:
    """
    Return the cloud: the program's own where it is a known one.

    Raises:
        ValueError: it has the name or a host of a known one, and differs from it.
    """
    if {*kept} != {field.name for field in fields(Cloud)}:
        raise ValueError("its cloud has other keys")
    cloud = Cloud(**{key: _text(value or "") for key, value in kept.items()})
    for known in CLOUDS.values():
        if cloud.name.casefold() == known.name.casefold() or _same_host(cloud.arm, known.arm):
            own = {key: value or "" for key, value in kept.items()}
            if any(own[field.name] != getattr(known, field.name) for field in fields(Cloud)):
                raise ValueError(f"its hosts are not those of {known.name}")
            return known
    arm = https(cloud.arm, "--replay")
    if cloud.portal or cloud.name in {*CloudName}:
        raise ValueError("its cloud has a portal that nobody knows")
    return Cloud(arm.removeprefix("https://"), arm, "", "", None)


def _same_host(one: str, other: str) -> bool:
    return host_of(one) == host_of(other)


def _files(folder: Path) -> list[Path]:
    """Return the files of exchanges, by their numbers: there may be more than 99,999."""
    found: list[tuple[int, str]] = []
    size = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            number = _NUMBER.match(entry.name)
            if number is None:
                continue
            found.append((int(number[0]), entry.name))
            size += entry.stat().st_size
            if len(found) > MOST_FILES or size > LARGEST_FOLDER:
                raise ValueError(f"it is larger than {LARGEST_FOLDER} bytes or {MOST_FILES} files")
    return [folder / name for _, name in sorted(found)]


def _recorded(manifest: Mapping[str, Any], latest: datetime | None, folder: Path) -> datetime:
    """Return when it was recorded; older recordings tell by the dates of their answers alone."""
    if "recorded" in manifest:
        told = datetime.fromisoformat(_text(manifest["recorded"]))
        if told.tzinfo is None or not 1970 < told.year < 9999:
            raise ValueError("the time of the recording is none")
        return told.astimezone(UTC)
    return latest or datetime.fromtimestamp((folder / MANIFEST).stat().st_mtime, UTC)


def _moment(date: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(date)
        return moment.astimezone(UTC) if 1970 < moment.year < 9999 else None
    except (ValueError, OverflowError):
        return None


def _request(kept: Mapping[str, Any]) -> str:
    return f"{_text(kept['request']['method'])} {kept['request']['url']}"


def _failure(kept: Mapping[str, Any]) -> tuple[Reason, str]:
    return Reason(kept["reason"]), _text(kept["message"])


def _answer(kept: Mapping[str, Any]) -> Answer:
    response = kept["response"]
    status, headers = response["status"], response["headers"]
    if type(status) is not int or not 100 <= status <= 999:
        raise ValueError("an answer has no status")
    told = {_text(name).lower(): _text(text) for name, text in headers.items()}
    return Answer(_text(kept["request"]["url"]), status, told, _bytes(response))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("what should be a text is none")
    value.encode()  # half a character is no text
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError("what should be a list is none")
    return tuple(map(_text, values))


def _version(url: str) -> str:
    found = re.search(r"/securityContacts\?api-version=([^&]+)", url)
    return found[1] if found else ""


def _response(
    request: requests.PreparedRequest, answer: Answer, without: frozenset[str]
) -> requests.Response:
    headers = {name: text for name, text in answer.headers.items() if name not in without}
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update(headers)
    response.url = request.url or ""
    response.raw = BytesIO(answer.body)
    return response


def _bytes(kept: Mapping[str, Any]) -> bytes:
    if "json" in kept:
        return compact(kept["json"]).encode()
    if "base64" in kept:
        return base64.b64decode(_text(kept["base64"]), validate=True)
    return _text(kept["text"]).encode()
