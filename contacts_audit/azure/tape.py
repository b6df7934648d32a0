"""
Recordings of exchanges with Resource Manager: kept as files, and played back without a network.

A recording is a folder: `recording.json` says of which cloud, and each exchange is a JSON file.
"""

import base64
import itertools
import json
import re
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import replace as replace_fields
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3.response import HTTPResponse

from contacts_audit.azure.arm import Answer, fault
from contacts_audit.azure.clouds import Cloud, https
from contacts_audit.azure.masking import Mask
from contacts_audit.errors import (
    AzureError,
    OutputError,
    Reason,
    UsageError,
    VersionRefusedError,
)
from contacts_audit.files import replace, write_new

SCHEMA = 1
MANIFEST = "recording.json"
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
_FRAMING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_SECRET_HEADERS = frozenset({"set-cookie", "www-authenticate", "authorization"})


class Recorder:
    """Keeps exchanges in *folder*, which is new or empty."""

    def __init__(self, folder: Path, cloud: Cloud, *, mask: bool = False) -> None:
        self._folder = folder
        self._mask = Mask() if mask else None
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._cloud = cloud
        self._tenants: tuple[str, ...] = ()
        _make(folder)

    def signed_in(self, tenants: Sequence[str]) -> None:
        """Keep of which *tenants* the recording is."""
        self._tenants = tuple(tenants)
        self._describe()

    def _describe(self) -> None:
        manifest = {
            "schema": SCHEMA,
            "masked": self._mask is not None,
            "cloud": asdict(self._cloud),
            "tenants": [self._text(tenant) for tenant in self._tenants],
        }
        replace(self._folder / MANIFEST, [_readable(manifest)])

    def keep(self, url: str, outcome: Answer | AzureError) -> None:
        """Keep what came of a GET of *url*, without what could sign anybody in."""
        with self._lock:  # the order of the files is the order of the answers
            number = next(self._numbers)
            if number == 1:  # until then the folder stays empty, and can be named again
                self._describe()
            kept = {"request": {"method": "GET", "url": self._text(url)}, **self._outcome(outcome)}
            name = f"{number:05d}-{_slug(kept['request']['url'])}.json"
            _write(self._folder / name, kept)

    def _outcome(self, outcome: Answer | AzureError) -> dict[str, Any]:
        if isinstance(outcome, AzureError):
            return {"failure": {"reason": outcome.reason, "message": self._text(str(outcome))}}
        headers = {
            name.lower(): self._text(value)
            for name, value in outcome.headers.items()
            if name.lower() not in _SECRET_HEADERS
        }
        return {
            "response": {"status": outcome.status, "headers": headers, **self._body(outcome.body)}
        }

    def _body(self, body: bytes) -> dict[str, Any]:
        """Spell *body* as readable as it can be so that it comes back byte for byte."""
        if self._mask is not None:
            body = self._mask.body(body.decode("utf-8", "replace")).encode()
        try:
            text = body.decode()
            document = json.loads(text, parse_constant=_refuse)
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(body).decode()}
        except (ValueError, RecursionError):
            return {"text": text}
        return {"json": document} if _compact(document) == text else {"text": text}

    def _text(self, text: str) -> str:
        return text if self._mask is None else self._mask.text(text)


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
        """
        try:
            manifest = json.loads((folder / MANIFEST).read_bytes())
            if manifest["schema"] != SCHEMA:
                raise UsageError(f"--replay: {folder} is of another schema", "update the program")
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
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
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
            kept = next(self._left.get(key, iter(())), None) or self._last.get(key)
            kept = kept or self._refusals.get(_version(request.url or ""))
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
        return _response(request, kept["response"])

    def close(self) -> None:
        """Nothing is open."""


def _cloud(kept: Mapping[str, Any]) -> Cloud:
    cloud = Cloud(**kept)
    return replace_fields(cloud, arm=https(cloud.arm, "--replay"))


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
    Return a refusal of each api-version that the recorded run was refused and never answered.

    After some of them it did not ask any more, which ones depended on its threads.
    """
    refused: dict[str, dict[str, Any]] = {}
    answered = set()
    for kept in itertools.chain.from_iterable(recording.exchanges.values()):
        version = _version(kept["request"]["url"])
        if "response" in kept and isinstance(fault(_answer(kept)), VersionRefusedError):
            refused.setdefault(version, kept)
        elif "response" in kept:
            answered.add(version)
    return {version: kept for version, kept in refused.items() if version not in answered}


def _version(url: str) -> str:
    found = re.search(r"/securityContacts\?api-version=([^&]+)", url)
    return found[1] if found else ""


def _response(request: requests.PreparedRequest, kept: Mapping[str, Any]) -> requests.Response:
    headers = {name: text for name, text in kept["headers"].items() if name not in _FRAMING}
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
        return _compact(kept["json"]).encode()
    return base64.b64decode(kept["base64"]) if "base64" in kept else str(kept["text"]).encode()


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _compact(document: Any) -> str:
    """Spell JSON as Azure does."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _slug(url: str) -> str:
    """Tell the exchanges apart at a glance: the last id and the last word of the path."""
    words = re.findall(r"[A-Za-z0-9.-]+", urlsplit(url).path)
    version = re.search(r"api-version=([A-Za-z0-9.-]+)", url)
    parts = [word for word in words[-4:] if word not in {"subscriptions", "providers"}]
    return "-".join([*(parts or words), *([version[1]] if version else [])])[:120]


def _make(folder: Path) -> None:
    """
    Make *folder*, for us alone.

    Raises:
        UsageError: there is something in it already.
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"--record: {folder} is not empty", "name a new folder")
        folder.chmod(0o700)
    except OSError as error:
        raise OutputError(f"--record: {folder}: {error.strerror}", "name another folder") from error


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_new(path, _readable(content).encode())


def _readable(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
