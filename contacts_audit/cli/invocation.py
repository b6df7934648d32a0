"""The options of a run, for the commands that its report suggests."""

from dataclasses import replace
from typing import TYPE_CHECKING

from contacts_audit.cli.option_groups import words
from contacts_audit.cli.options import (
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
    PolicyOptions,
    ScopeOptions,
)
from contacts_audit.core.model import Invocation

if TYPE_CHECKING:
    from contacts_audit.audit.shards import Shard


def invocation(
    scope: ScopeOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
    policy: PolicyOptions,
    network: NetworkOptions,
    part: "Shard | None" = None,
) -> Invocation:
    """
    Return the options of a run, of which *part* is what its shard came to.

    They may come from variables, too: a command works wherever it is pasted.
    """
    from contacts_audit.azure import clouds
    from contacts_audit.report.fix_command import FILE

    numbered = replace(scope, shard=None if part is None else str(part))
    return Invocation(
        scope=None if "-" in scope.subscriptions_from else words(numbered, blank=FILE),
        tenants=words(IdentityOptions(tenant=identity.tenant), blank=FILE),
        others=(
            *words(policy, blank=FILE),
            *words(cloud, blank=FILE),
            *words(identity, "tenant", "auth_timeout", blank=FILE),
        ),
        endpoint=clouds.choose(cloud.cloud, arm_endpoint=cloud.arm_endpoint).arm,
        recording=network.replay is not None,
    )
