"""
Records exchanges with Resource Manager as files, for `replay`.

A recording is a folder. `recording.json` names the cloud, and each exchange is one JSON file.
Each answer of DNS about a mail domain is one, too: `dns-00001.json`.
"""

import base64
import itertools
import json
import re
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contacts_audit.azure.arm.protocol import SECRET_HEADERS, Answer, is_cookie, refuse
from contacts_audit.azure.clouds import CLOUDS, Cloud, host_of
from contacts_audit.azure.kinds import CloudName
from contacts_audit.azure.recording.mask import Mask
from contacts_audit.core.delivery import MailAnswer
from contacts_audit.core.disk import make_private, permit
from contacts_audit.core.errors import AzureError, OutputError, UsageError
from contacts_audit.core.files import replace, write_new

SCHEMA = 1
MANIFEST = "recording.json"
LARGEST_INDENTED = 1024 * 1024  # bytes; a larger body is written as one string


class Recorder:
    """
    Writes exchanges to *folder*, which is new or empty, and for the user only.

    *several* tenants are null in the manifest until all of them are listed: the recording is then
    incomplete.
    """

    def __init__(self, folder: Path, cloud: Cloud, *, mask: bool, several: bool) -> None:
        self._folder = folder
        self._mask = Mask(map(host_of, cloud.addresses)) if mask else None
        self._numbers, self._dns_numbers = itertools.count(1), itertools.count(1)
        self._lock = threading.Lock()
        self._manifest = {
            "schema": SCHEMA,
            "recorded": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "masked": mask,
            "cloud": self._shown(cloud)._asdict(),
            "tenants": None if several else [],
        }
        try:
            make_private(folder)
            if any(folder.iterdir()):
                raise UsageError(f"--record: {folder} is not empty", "name a new folder")
            permit(folder, 0o700)
        except OSError as error:
            why = f"--record: {folder}: {error.strerror}"
            raise OutputError(why, "name another folder") from error

    def signed_in(self, tenants: Sequence[str]) -> None:
        """Write the ids of the *tenants* to the manifest."""
        self._manifest["tenants"] = [*map(str if self._mask is None else self._mask.name, tenants)]
        self._write_manifest()

    def _write_manifest(self) -> None:
        replace(self._folder / MANIFEST, [_indented(self._manifest)])

    def _shown(self, cloud: Cloud) -> Cloud:
        """Return *cloud* as the manifest shows it: a known one with its usual hosts."""
        if cloud.known_name is not None:
            return CLOUDS[CloudName(cloud.known_name)]
        if self._mask is None:
            return cloud
        arm, authority, audience = map(self._mask.url, (cloud.arm, cloud.authority, cloud.audience))
        return Cloud(urlsplit(arm).netloc, arm, authority, audience, None)

    def keep(self, method: str, url: str, outcome: Answer | AzureError) -> None:
        """Write the outcome of a request to *url*, without tokens and cookies."""
        with self._lock:  # so that the files are in the order of the answers
            number = next(self._numbers)
            if number == 1:  # until then the folder is empty, and can be used again
                self._write_manifest()
            shown = url if self._mask is None else self._mask.url(url)
            kept = {"request": {"method": method, "url": shown}, **self._outcome(outcome)}
            name = f"{number:05d}-{_slug(kept['request']['url'])}.json"
            write_new(self._folder / name, _indented(kept).encode())

    def keep_mail(self, domain: str, answer: MailAnswer) -> None:
        """Write what DNS answered about the mail of *domain* (ASCII)."""
        shown = domain if self._mask is None else self._mask.mail_domain(domain)
        kept = {"domain": shown, "delivery": answer.delivery, "why": answer.why}
        name = f"dns-{next(self._dns_numbers):05d}.json"
        write_new(self._folder / name, _indented(kept).encode())

    def _outcome(self, outcome: Answer | AzureError) -> dict[str, Any]:
        if isinstance(outcome, AzureError):
            message = str(outcome) if self._mask is None else self._mask.text(str(outcome))
            return {"failure": {"reason": outcome.reason, "message": message}}
        headers = {
            name.lower(): text if self._mask is None else self._mask.header(name, text)
            for name, text in outcome.headers.items()
            if name.lower() not in SECRET_HEADERS and not is_cookie(name)
        }
        return {
            "response": {"status": outcome.status, "headers": headers, **self._body(outcome.body)}
        }

    def _body(self, body: bytes) -> dict[str, Any]:
        """Return *body* in the most readable form that gives it back byte for byte."""
        if self._mask is not None:
            body = self._mask.body(body.decode("utf-8", "replace")).encode()
        try:
            text = body.decode()
            document = json.loads(text, parse_constant=refuse)
            if len(body) <= LARGEST_INDENTED and compact(document) == text and _indented(document):
                return {"json": document}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(body).decode()}
        except (ValueError, RecursionError):
            pass  # it is not JSON, or nested too deep to be indented
        return {"text": text}


def compact(document: Any) -> str:
    """Return *document* as JSON in the form that Azure uses: without spaces."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _slug(url: str) -> str:
    """Return the end of the path and the api-version, for the name of a file."""
    words = re.findall(r"[A-Za-z0-9.-]+", urlsplit(url).path)
    version = re.search(r"api-version=([A-Za-z0-9.-]+)", url)
    parts = [word for word in words[-4:] if word not in {"subscriptions", "providers"}]
    return "-".join([*(parts or words), *([version[1]] if version else [])])[:120]


def _indented(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
