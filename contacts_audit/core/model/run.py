"""A run, who started it, and the report of all its outcomes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contacts_audit.core.model.criteria import Check, Profile
from contacts_audit.core.model.outcome import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Who asks, as far as the token shows it; nobody verified that.

    *auth* is the `--auth` that chooses its *credential*; *user* is a person's name, None for an
    application.
    """

    auth: str
    credential: str
    user: str | None
    application_id: str | None
    object_id: str | None
    tenant_id: str | None

    @property
    def label(self) -> str:
        """Whom, of which tenant, and how, as a line for an operator shows it."""
        who = "an opaque token"
        if self.user is not None:
            who = f"user {self.user}"
        elif self.application_id is not None:
            who = f"application {self.application_id}"
        return f"{who}, tenant {self.tenant_id or 'unknown'} ({self.credential})"


@dataclass(frozen=True, slots=True)
class Invocation:
    """
    The options that a run was started with, as words for the commands that its report prints.

    *scope* chooses the subscriptions, None where it was read from stdin; *tenants* chooses the
    tenants, and *others* cloud, identity and checks.  *endpoint* is the Resource Manager that such
    a command talks to.  The rows of a *recording* are a file of strangers: no value of theirs but
    an id is repeated.
    """

    scope: tuple[str, ...] | None
    tenants: tuple[str, ...]
    others: tuple[str, ...]
    endpoint: str
    recording: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """
    What all rows of a report have in common.

    *run_id* is what ties the shards of a run together.  *recorded* is when the recording was made
    that the rows are read from, None where they are read from Azure.  *scope* is a short digest of
    the options that select subscriptions, None where none does.  Without an *invocation* nobody
    knows how it was started: the report was read from a file.
    """

    version: str
    started: datetime
    cloud: str
    tenants: tuple[str, ...]
    profile: Profile | None
    checks: tuple[Check, ...]
    portal_url: str | None
    shard: str | None = None
    run_id: str | None = None
    recorded: datetime | None = None
    identities: tuple[Identity, ...] = ()
    scope: str | None = None
    invocation: Invocation | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """
    The outcome of every subscription in scope, in order.

    Where only changes are to be shown, *outcomes* are those that differ from a baseline, *whole*
    counts all, *gone* are the baseline's rows of what is in scope no more, and *was* those of what
    still is, by id.  Where *only* some verdicts are to be shown, *outcomes* are those.
    """

    run: Run
    finished: datetime
    outcomes: tuple[Outcome, ...]
    whole: Counter[Verdict] | None = None
    gone: tuple[Mapping[str, Any], ...] | None = None
    was: Mapping[str, Mapping[str, Any]] | None = None
    only: tuple[Verdict, ...] = ()

    @property
    def as_of(self) -> datetime:
        """Return of which moment the report is: that of the recording, else the end of the run."""
        return self.run.recorded or self.finished

    @property
    def verdicts(self) -> Counter[Verdict]:
        """How many subscriptions have which verdict, of all that are in scope."""
        if self.whole is not None:
            return self.whole
        return Counter(outcome.verdict for outcome in self.outcomes)
