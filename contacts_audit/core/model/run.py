"""Defines a run, who started it, and the report of all its outcomes."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from contacts_audit.core.model.criteria import Check, Profile
from contacts_audit.core.model.outcome import Outcome, Verdict

FILE = "FILE"  # the word in an invocation for what was read from stdin


class Identity(NamedTuple):
    """
    Who sent the requests, as the token says; its signature is not verified.

    *auth* is the `--auth` that chooses the *credential*; *user* is the name of a person, None for
    an application.
    """

    auth: str
    credential: str
    user: str | None
    application_id: str | None
    object_id: str | None
    tenant_id: str | None

    @property
    def label(self) -> str:
        """User or application, tenant and credential, for a person."""
        who = "an opaque token"
        if self.user is not None:
            who = f"user {self.user}"
        elif self.application_id is not None:
            who = f"application {self.application_id}"
        return f"{who}, tenant {self.tenant_id or 'unknown'} ({self.credential})"


class Invocation(NamedTuple):
    """
    The options that a run was started with, for the commands that its report prints.

    *scope* selects the subscriptions, and is None if it was read from stdin; *tenants* selects the
    tenants; *others* select cloud, identity and checks.  *endpoint* is the Resource Manager that
    these commands send requests to.  A *recording* is untrusted: commands repeat its ids only.
    """

    scope: tuple[str, ...] | None
    tenants: tuple[str, ...]
    others: tuple[str, ...]
    endpoint: str
    recording: bool = False


class Run(NamedTuple):
    """
    What all rows of a report have in common.

    *run_id* is equal in all shards of a run.  *recorded* is the time of the recording that was
    replayed, None if Azure was read.  *scope* is a short digest of the options that select
    subscriptions, None without such options.  *invocation* is None if the report was read from a
    file.
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


class Report(NamedTuple):
    """
    The outcome of every subscription in scope, in order.

    With *only*, *outcomes* are those of these verdicts.  With `--only-changes`, they are those that
    differ from the baseline; *gone* are the rows of the baseline that are no longer in scope, and
    *was* its other rows, by id.  In both cases *whole* counts all subscriptions in scope.
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
        """The time that the report describes: that of the recording, else the end of the run."""
        return self.run.recorded or self.finished

    @property
    def verdicts(self) -> Counter[Verdict]:
        """The number of subscriptions with each verdict, of all in scope."""
        if self.whole is not None:
            return self.whole
        return Counter(outcome.verdict for outcome in self.outcomes)
