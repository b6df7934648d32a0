"""The options that select subscriptions."""

from dataclasses import dataclass

from contacts_audit.cli.options.declare import SCOPE


@dataclass(frozen=True, slots=True)
class ScopeOptions:
    """Which subscriptions."""

    subscription: list[str] = SCOPE(
        "--subscription -s ID_OR_NAME",
        "Include this subscription. Can be repeated. Default: all visible subscriptions.",
        repeated=True,
    )
    subscriptions_from: list[str] = SCOPE(
        "--subscriptions-from FILE",
        "Include the subscriptions in FILE ('-': stdin), one per line. Can be repeated.",
        repeated=True,
    )
    management_group: list[str] = SCOPE(
        "--management-group ID",
        "Include all subscriptions below this management group. Can be repeated.",
        repeated=True,
    )
    current: bool = SCOPE("--current", "Include the default subscription of the Azure CLI.")
    exclude: list[str] = SCOPE(
        "--exclude ID_OR_NAME", "Exclude this subscription. Can be repeated.", repeated=True
    )
    shard: str | None = SCOPE(
        "--shard I/N",
        "Split the scope into N parts, and keep part I (from 0). auto/N: I is the index of "
        "the pod in a Kubernetes Job (JOB_COMPLETION_INDEX).",
    )
