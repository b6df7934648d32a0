"""Ids that look random, and are the same for the same seed."""

from __future__ import annotations

import hashlib
import uuid


class Ids:
    """A source of GUIDs: the same *seed* and the same name give the same GUID."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def guid(self, *name: object) -> str:
        """Return the GUID for *name*."""
        return str(uuid.UUID(bytes=self.digest(*name)[:16], version=4))

    def digest(self, *name: object) -> bytes:
        """Return 32 bytes for *name*."""
        return hashlib.sha256(repr((self._seed, *name)).encode()).digest()
