"""The options that select subscriptions."""

from dataclasses import dataclass, field
from typing import Annotated

from contacts_audit.cli.options.declare import SCOPE

Current = Annotated[bool, SCOPE("--current", "Include the default subscription of the Azure CLI.")]
RunId = Annotated[
    str | None,
    SCOPE(
        "--run-id ID",
        "Set the id that all shards of a run share. Default: the name of the Kubernetes Job.",
    ),
]


@dataclass(frozen=True, slots=True)
class ScopeOptions:
    """Which subscriptions."""

    subscription: Annotated[
        list[str],
        SCOPE(
            "--subscription -s ID_OR_NAME",
            "Include this subscription. Can be repeated. Default: all visible subscriptions.",
        ),
    ] = field(default_factory=list)
    subscriptions_from: Annotated[
        list[str],
        SCOPE(
            "--subscriptions-from FILE",
            "Include the subscriptions in FILE ('-': stdin), one per line. Can be repeated.",
        ),
    ] = field(default_factory=list)
    management_group: Annotated[
        list[str],
        SCOPE(
            "--management-group ID",
            "Include all subscriptions below this management group. Can be repeated.",
        ),
    ] = field(default_factory=list)
    current: Current = False
    exclude: Annotated[
        list[str], SCOPE("--exclude ID_OR_NAME", "Exclude this subscription. Can be repeated.")
    ] = field(default_factory=list)
    shard: Annotated[
        str | None,
        SCOPE(
            "--shard I/N",
            "Split the scope into N parts, and keep part I (from 0). auto/N: I is the index of "
            "the pod in a Kubernetes Job (JOB_COMPLETION_INDEX).",
        ),
    ] = None
