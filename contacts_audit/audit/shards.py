"""Split a run into shards, and name the run that they belong to. Pure."""

import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from contacts_audit.audit.selectors import MAX_NAME
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Subscription

RUN_ID = "[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}"


class Shard(NamedTuple):
    """One *part* of several *parts*, counted from 0."""

    part: int
    parts: int

    def contains(self, subscription: Subscription) -> bool:
        """Return whether *subscription* is in this shard. Its id alone decides."""
        digest = hashlib.sha256(subscription.id.encode()).digest()
        return int.from_bytes(digest) % self.parts == self.part

    def __str__(self) -> str:
        return f"{self.part}/{self.parts}"


def parse_shard(text: str, index: str | None) -> Shard:
    """
    Return the shard that `--shard` *text* names; *index* is the I of `auto/N`.

    A Kubernetes Indexed Job gives *index* as JOB_COMPLETION_INDEX.
    https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode

    Raises:
        UsageError: it names none.
    """
    found = re.fullmatch("(auto|[0-9]{1,9})/([0-9]{1,9})", text)
    part = index if found and found[1] == "auto" else found and found[1]
    if found and part is None:
        raise UsageError("--shard auto/N: JOB_COMPLETION_INDEX is not set", "give I/N")
    if found and re.fullmatch("[0-9]{1,9}", part or "") and int(part or "") < int(found[2]):
        return Shard(int(part or ""), int(found[2]))
    raise UsageError(f"--shard: {text!r} is not a shard", "give I/N, I from 0 to N-1, or auto/N")


def choose_run_id(
    given: str | None, shard: str | None, environment: Mapping[str, str]
) -> str | None:
    """
    Return the id that all shards of one run have: `--run-id` as *given*, or the name of the Job.

    A pod of a Kubernetes Indexed Job has the host name JOB-INDEX, and a name with five letters
    more. It names the run if *shard* is `auto/N`.
    https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode

    Raises:
        UsageError: *given* is malformed.
    """
    if given is not None:
        if not re.fullmatch(RUN_ID, given):
            raise UsageError(
                f"--run-id: {given[:MAX_NAME]!r} is malformed",
                "give up to 128 letters, digits and . _ : / @ + -",
            )
        return given
    index = environment.get("JOB_COMPLETION_INDEX", "")
    pod = re.fullmatch(
        f"({RUN_ID})-{re.escape(index)}(?:-[a-z0-9]{{5}})?", environment.get("HOSTNAME", "")
    )
    return pod[1] if pod and (shard or "").startswith("auto/") else None
