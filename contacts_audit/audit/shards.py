"""Splits a run into shards, and names the run that they belong to. Pure."""

import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from contacts_audit.audit.selectors import LONGEST_NAME
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Subscription

RUN_ID = "[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}"


class Shard(NamedTuple):
    """One *part* of several *parts*, counted from 0."""

    part: int
    parts: int

    def holds(self, subscription: Subscription) -> bool:
        """Say whether *subscription* is in this part: by its id alone, whoever asks, and when."""
        digest = hashlib.sha256(subscription.id.encode()).digest()
        return int.from_bytes(digest) % self.parts == self.part

    def __str__(self) -> str:
        return f"{self.part}/{self.parts}"


def shard(text: str, index: str | None) -> Shard:
    """
    Return the part that `--shard` *text* names; of `auto/N`, the *index* of the Indexed Job.

    https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode

    Raises:
        UsageError: it names none.
    """
    found = re.fullmatch("(auto|[0-9]{1,9})/([0-9]{1,9})", text)
    place = index if found and found[1] == "auto" else found and found[1]
    if found and place is None:
        raise UsageError("--shard auto/N: JOB_COMPLETION_INDEX is not set", "give I/N")
    if found and re.fullmatch("[0-9]{1,9}", place or "") and int(place or "") < int(found[2]):
        return Shard(int(place or ""), int(found[2]))
    raise UsageError(f"--shard: {text!r} is no part", "give I/N, I from 0 to N-1, or auto/N")


def run_id(given: str | None, part: str | None, environment: Mapping[str, str]) -> str | None:
    """
    Return what the shards of one run have in common: `--run-id` as *given*, or the Job's name.

    A pod of a Kubernetes Indexed Job has the host name JOB-INDEX, and a name that adds five
    letters; with `--shard auto/N` as *part* that names the run.
    https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode

    Raises:
        UsageError: it is no name of a run.
    """
    if given is not None:
        if not re.fullmatch(RUN_ID, given):
            raise UsageError(
                f"--run-id: {given[:LONGEST_NAME]!r} is no name of a run",
                "give up to 128 letters, digits and . _ : / @ + -",
            )
        return given
    index = environment.get("JOB_COMPLETION_INDEX", "")
    pod = re.fullmatch(
        f"({RUN_ID})-{re.escape(index)}(?:-[a-z0-9]{{5}})?", environment.get("HOSTNAME", "")
    )
    return pod[1] if pod and (part or "").startswith("auto/") else None
