"""Replays a recording without a network and without credentials."""

import threading
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter

from contacts_audit.azure.kinds import AccessToken
from contacts_audit.azure.recording.folder import Recording, contacts_version, load, outcome
from contacts_audit.core.bounded_read import UNREADABLE
from contacts_audit.core.errors import AzureError, Reason

_FRAMING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_WAITS = frozenset({"retry-after", "retry-after-ms", "x-ms-retry-after-ms"})


class ReplayAdapter(BaseAdapter):
    """
    Answers requests from a recording.

    Answers to one URL come in recorded order. The last one repeats, without its Retry-After.
    """

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._left = {request: iter(paths) for request, paths in recording.exchanges.items()}
        self._last: dict[str, Path] = {}
        self._refusals = recording.refusals
        self._lock = threading.Lock()

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        """
        Return the recorded response.

        Raises:
            AzureError: the recorded failure; or the recording holds no answer to the request.
        """
        key, url = f"{request.method} {request.url}", request.url or ""
        with self._lock:
            following = next(self._left.get(key, iter(())), None)
            path = following or self._last.get(key)
            path = path or self._refusals.get(contacts_version(url))
            if path is None:
                raise AzureError(
                    Reason.UNREACHABLE,
                    f"the recording holds no answer to {key}",
                    hint="replay with the options that it was recorded with, or record it "
                    "again with the options of this run",
                )
            self._last[key] = path
            try:
                found = outcome(load(path))
            except UNREADABLE:  # it passed all checks before
                raise AzureError(
                    Reason.MALFORMED,
                    f"the recording changed during the run: {path.name} is no longer an exchange",
                    hint="do not change the recording, and run again",
                ) from None
        if isinstance(found, AzureError):
            raise found
        response = requests.Response()
        response.status_code, response.url, response.raw = found.status, url, BytesIO(found.body)
        without = _FRAMING if following else _FRAMING | _WAITS
        kept = {name: value for name, value in found.headers.items() if name not in without}
        response.headers.update(kept)
        return response


@dataclass(frozen=True, slots=True)
class ReplayTokens:
    """
    The `TokenSource` of a replay. Nothing is signed in to.

    A 401 in the recording is followed by what the recorded run got with its renewed token.
    """

    tenant: str | None

    def token(self) -> AccessToken:
        """Return a placeholder token that carries the tenant of the recording."""
        return AccessToken("none", None, self.tenant)

    def renew(self, rejected: AccessToken, claims: str | None) -> bool:
        """Report a renewed token."""
        return True
