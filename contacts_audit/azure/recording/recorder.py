"""
Records exchanges with Resource Manager as files, for `replay`.

A recording is a folder: `recording.json` says of which cloud, and each exchange is a JSON file.
"""

import base64
import itertools
import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contacts_audit.azure.arm.protocol import SECRET_HEADERS, Answer, is_cookie
from contacts_audit.azure.clouds import CLOUDS, Cloud, host_of
from contacts_audit.azure.kinds import CloudName
from contacts_audit.azure.recording.mask import Mask
from contacts_audit.core.disk import make_private, permit
from contacts_audit.core.errors import AzureError, OutputError, UsageError
from contacts_audit.core.files import replace, write_new

SCHEMA = 1
MANIFEST = "recording.json"
LARGEST_SHOWN = 1024 * 1024  # a larger body is kept as a text: nobody reads it line by line


class Recorder:
    """
    Keeps exchanges in *folder*, which is new or empty.

    Where *several* tenants are signed in to, it says so until all of them were listed.
    """

    def __init__(
        self, folder: Path, cloud: Cloud, *, mask: bool = False, several: bool = False
    ) -> None:
        self._folder = folder
        self._mask = Mask(map(host_of, cloud.addresses)) if mask else None
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._cloud = self._described(cloud)
        self._recorded = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._tenants: tuple[str, ...] | None = None if several else ()
        _make(folder)

    def signed_in(self, tenants: Sequence[str]) -> None:
        """Keep of which *tenants* the recording is."""
        self._tenants = tuple(tenants)
        self._describe()

    def _describe(self) -> None:
        name = str if self._mask is None else self._mask.name
        manifest = {
            "schema": SCHEMA,
            "recorded": self._recorded,
            "masked": self._mask is not None,
            "cloud": asdict(self._cloud),
            "tenants": self._tenants and [name(tenant) for tenant in self._tenants],
        }
        replace(self._folder / MANIFEST, [_readable(manifest)])

    def _described(self, cloud: Cloud) -> Cloud:
        """Return what is kept of *cloud*: of a known one, what everybody knows."""
        if cloud.known_name is not None:
            return CLOUDS[CloudName(cloud.known_name)]
        if self._mask is None:
            return cloud
        url = self._mask.url
        arm, authority, audience = url(cloud.arm), url(cloud.authority), url(cloud.audience)
        return Cloud(urlsplit(arm).netloc, arm, authority, audience, None)

    def keep(self, method: str, url: str, outcome: Answer | AzureError) -> None:
        """Keep what came of a request of *url*, without what could sign anybody in."""
        with self._lock:  # the order of the files is the order of the answers
            number = next(self._numbers)
            if number == 1:  # until then the folder stays empty, and can be named again
                self._describe()
            shown = url if self._mask is None else self._mask.url(url)
            kept = {"request": {"method": method, "url": shown}, **self._outcome(outcome)}
            name = f"{number:05d}-{_slug(kept['request']['url'])}.json"
            _write(self._folder / name, kept)

    def _outcome(self, outcome: Answer | AzureError) -> dict[str, Any]:
        if isinstance(outcome, AzureError):
            message = str(outcome) if self._mask is None else self._mask.text(str(outcome))
            return {"failure": {"reason": outcome.reason, "message": message}}
        headers = {
            name.lower(): self._header(name.lower(), outcome.headers[name])
            for name in outcome.headers
            if name.lower() not in SECRET_HEADERS and not is_cookie(name)
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
            if len(body) <= LARGEST_SHOWN and compact(document) == text and _readable(document):
                return {"json": document}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(body).decode()}
        except (ValueError, RecursionError):
            pass  # no JSON, or so deep that it cannot be spelt in lines
        return {"text": text}

    def _header(self, name: str, text: str) -> str:
        return text if self._mask is None else self._mask.header(name, text)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def compact(document: Any) -> str:
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
        make_private(folder)
        if any(folder.iterdir()):
            raise UsageError(f"--record: {folder} is not empty", "name a new folder")
        permit(folder, 0o700)
    except OSError as error:
        raise OutputError(f"--record: {folder}: {error.strerror}", "name another folder") from error


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_new(path, _readable(content).encode())


def _readable(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
