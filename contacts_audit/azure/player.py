"""Recordings played back: what `tape` kept, answered again without a network."""

import base64
import itertools
import json
import re
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter
from urllib3.response import HTTPResponse

from contacts_audit.azure.arm import Answer, fault
from contacts_audit.azure.clouds import Cloud, https
from contacts_audit.azure.tape import MANIFEST, SCHEMA, compact
from contacts_audit.azure.tokens import AccessToken
from contacts_audit.azure.versions import ENOUGH
from contacts_audit.errors import (
    AzureError,
    ContactsAuditError,
    Reason,
    UsageError,
    VersionRefusedError,
)

UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
_FRAMING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_WAITS = frozenset({"retry-after", "retry-after-ms", "x-ms-retry-after-ms"})  # a repeat has none


@dataclass(frozen=True, slots=True)
class Recording:
    """A folder that a `Recorder` filled."""

    cloud: Cloud
    tenants: tuple[str, ...]
    exchanges: Mapping[str, tuple[dict[str, Any], ...]]

    @classmethod
    def read(cls, folder: Path) -> "Recording":
        """
        Read *folder*.

        Raises:
            UsageError: it is no recording.
            ContactsAuditError: it ends before each of several tenants was listed.
        """
        try:
            manifest = json.loads((folder / MANIFEST).read_bytes())
            if manifest["schema"] != SCHEMA:
                raise UsageError(f"--replay: {folder} is of another schema", "update the program")
            if manifest["tenants"] is None:
                raise ContactsAuditError(
                    f"--replay: {folder} ends before each tenant was listed", "record it anew"
                )
            exchanges = defaultdict(list)
            for path in sorted(folder.glob("[0-9]*.json")):
                kept = json.loads(path.read_bytes())
                _check(kept)
                exchanges[f"{kept['request']['method']} {kept['request']['url']}"].append(kept)
            return cls(
                _cloud(manifest["cloud"]),
                tuple(manifest["tenants"]),
                {key: tuple(kept) for key, kept in exchanges.items()},
            )
        except UNREADABLE as error:
            raise UsageError(
                f"--replay: {folder} is no recording: {error}", "name a folder made by --record"
            ) from error


class Player(BaseAdapter):
    """Answers requests from a recording, those to one URL in their order; the last one repeats."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._left = {key: iter(kept) for key, kept in recording.exchanges.items()}
        self._last: dict[str, dict[str, Any]] = {}
        self._refusals = _refusals(recording)
        self._lock = threading.Lock()

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        """Return what was recorded, or raise what was."""
        key = f"{request.method} {request.url}"
        with self._lock:
            kept = next(self._left.get(key, iter(())), None)
            again = kept is None
            kept = kept or self._last.get(key) or self._refusals.get(_version(request.url or ""))
            if kept is None:
                raise AzureError(
                    Reason.UNREACHABLE,
                    f"the recording holds no answer to {key}",
                    hint="record it again, with the options of this run",
                )
            self._last[key] = kept
        if "failure" in kept:
            failure = kept["failure"]
            raise AzureError(Reason(failure["reason"]), failure["message"], retryable=True)
        return _response(request, kept["response"], _FRAMING | _WAITS if again else _FRAMING)

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


def _cloud(kept: Mapping[str, Any]) -> Cloud:
    cloud = Cloud(**kept)
    return replace(cloud, arm=https(cloud.arm, "--replay"))


def _check(kept: Mapping[str, Any]) -> None:
    """Look at all that will be played, so that a damaged file is found before it is."""
    if "failure" in kept:
        Reason(kept["failure"]["reason"])
    else:
        answer = _answer(kept)
        if not isinstance(answer.status, int) or {*map(type, answer.headers.values())} - {str}:
            raise ValueError(f"{kept['request']['url']}: no status, or no headers")


def _answer(kept: Mapping[str, Any]) -> Answer:
    response = kept["response"]
    return Answer(
        kept["request"]["url"], response["status"], dict(response["headers"]), _bytes(response)
    )


def _refusals(recording: Recording) -> dict[str, dict[str, Any]]:
    """
    Return a refusal of each api-version of which the recorded run had enough, and no answer.

    After those it did not ask any more, which ones depended on its threads.  After fewer it asked:
    an answer that is missing then was never kept.
    """
    refused: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    answered = set()
    for kept in itertools.chain.from_iterable(recording.exchanges.values()):
        url = kept["request"]["url"]
        version = _version(url)
        if "response" in kept and isinstance(fault(_answer(kept)), VersionRefusedError):
            refused[version][url] = kept
        elif "response" in kept:
            answered.add(version)
    return {
        version: next(iter(kept.values()))
        for version, kept in refused.items()
        if version not in answered and len(kept) >= ENOUGH
    }


def _version(url: str) -> str:
    found = re.search(r"/securityContacts\?api-version=([^&]+)", url)
    return found[1] if found else ""


def _response(
    request: requests.PreparedRequest, kept: Mapping[str, Any], without: frozenset[str]
) -> requests.Response:
    headers = {name: text for name, text in kept["headers"].items() if name not in without}
    response = requests.Response()
    response.status_code = kept["status"]
    response.headers.update(headers)
    response.url = request.url or ""
    response.raw = HTTPResponse(
        BytesIO(_bytes(kept)), headers, status=kept["status"], preload_content=False
    )
    return response


def _bytes(kept: Mapping[str, Any]) -> bytes:
    if "json" in kept:
        return compact(kept["json"]).encode()
    return base64.b64decode(kept["base64"]) if "base64" in kept else str(kept["text"]).encode()
