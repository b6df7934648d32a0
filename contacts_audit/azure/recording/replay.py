"""Replays a recording without a network and without credentials."""

import threading
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter

from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.kinds import AccessToken
from contacts_audit.azure.recording.exchange import contacts_version, outcome
from contacts_audit.azure.recording.folder import Recording
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
        key = f"{request.method} {request.url}"
        with self._lock:
            path = next(self._left.get(key, iter(())), None)
            repeats = path is None
            version = contacts_version(request.url or "")
            path = path or self._last.get(key) or self._refusals.get(version)
            if path is None:
                raise AzureError(
                    Reason.UNREACHABLE,
                    f"the recording holds no answer to {key}",
                    hint="replay with the options that it was recorded with, or record it "
                    "again with the options of this run",
                )
            self._last[key] = path
            found = outcome(path)
        if isinstance(found, Answer):
            return _response(request, found, _FRAMING | _WAITS if repeats else _FRAMING)
        raise found

    def close(self) -> None:
        """Do nothing: no connection is open."""


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
