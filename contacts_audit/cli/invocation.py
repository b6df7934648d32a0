"""Describes a run: its facts for a report, and its options for the commands a report suggests."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from contacts_audit import __version__
from contacts_audit.cli.options.azure import AzureOptions, IdentityOptions
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.declare import words
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.core.model import Criteria, Invocation, Run

if TYPE_CHECKING:
    from contacts_audit.audit.shards import Shard
    from contacts_audit.azure.tenants import Connection


def run_of(
    connection: "Connection", criteria: Criteria, started: datetime, called: Invocation, **more: Any
) -> Run:
    """Return the facts of a run that began at *started*; *more* are other fields of `Run`."""
    return Run(
        __version__,
        started,
        connection.cloud.name,
        connection.tenant_ids(),
        criteria.profile,
        criteria.checks,
        connection.cloud.portal_url,
        recorded=connection.recorded,
        identities=connection.identities(),
        invocation=called,
        **more,
    )


def invocation(
    scope: ScopeOptions, azure: AzureOptions, policy: PolicyOptions, part: "Shard | None" = None
) -> Invocation:
    """
    Return the options of a run, of which *part* is its shard.

    They include those that variables set: a suggested command works in any shell.
    """
    from contacts_audit.azure import clouds

    numbered = replace(scope, shard=None if part is None else str(part))
    return Invocation(
        scope=None if "-" in scope.subscriptions_from else words(numbered),
        tenants=tenant_words(azure),
        others=(*words(policy), *azure_words(azure)),
        endpoint=clouds.choose(azure.cloud.cloud, arm_endpoint=azure.cloud.arm_endpoint).arm,
        recording=azure.network.replay is not None,
    )


def tenant_words(azure: AzureOptions) -> tuple[str, ...]:
    """Return the options --tenant."""
    return words(IdentityOptions(tenant=azure.identity.tenant))


def azure_words(azure: AzureOptions) -> tuple[str, ...]:
    """Return the options of cloud and identity, without --tenant."""
    return (*words(azure.cloud), *words(azure.identity, "tenant", "auth_timeout"))
