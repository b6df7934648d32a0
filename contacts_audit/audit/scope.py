"""Select the subscriptions of a run: those asked for, or all that are visible. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from contacts_audit.audit.name_lookup import (
    SubscriptionIndex,
    ambiguous_name,
    suggestion,
    unknown_name,
)
from contacts_audit.audit.selectors import Selector
from contacts_audit.audit.shards import Shard
from contacts_audit.core.errors import ContactsAuditError
from contacts_audit.core.model import Subscription


@dataclass(frozen=True, slots=True)
class Scope:
    """
    The *subscriptions* to report on, each once, and the *warnings* that selecting them gave.

    *visible* are all subscriptions that Azure lists, in scope or not: names are looked up in it.
    """

    subscriptions: Collection[Subscription]
    warnings: tuple[str, ...]
    shard: Shard | None = None
    visible: Collection[Subscription] = ()

    def resolve_names(self, wanted: Collection[Selector]) -> dict[str, str]:
        """
        Return the subscription id of each name in *wanted*, without the names that are unknown.

        Raises:
            UsageError: several subscriptions have one of the names.
        """
        names = {one.text.casefold() for one in wanted if not one.is_id}
        known = SubscriptionIndex(
            one for one in self.visible if (one.name or "").casefold() in names
        )
        ids = {}
        for one in wanted:
            found = [] if one.is_id else known.find(one)
            if len(found) > 1:
                raise ambiguous_name(one, found)
            if found:
                ids[one.text] = found[0].id
        return ids

    def suggestion(self, wanted: Selector) -> str:
        """Return "did you mean ...?" for an unknown name; empty if no name is similar."""
        return "" if wanted.is_id else suggestion(wanted.text, self.visible)


def resolve_scope(
    visible: Collection[Subscription],
    included: Sequence[Selector] | None,
    excluded: Sequence[Selector],
    shard: Shard | None = None,
) -> Scope:
    """
    Return the scope: all *visible* (None) or the *included*, without the *excluded*; then *shard*.

    Raises:
        UsageError: a name matches no subscription, or several.
        ContactsAuditError: no subscription is left.
    """
    if not visible:
        raise ContactsAuditError(
            "no subscription is visible to this identity",
            "grant it a role (Security Reader), or check the tenant",
        )
    left = visible if included is None else _included(visible, included)
    ids, warnings = _excluded_ids(visible, left, excluded) if excluded else (set(), [])
    if ids:
        left = tuple(subscription for subscription in left if subscription.id not in ids)
    if not left:
        raise ContactsAuditError("no subscription is left in scope", "check --exclude and files")
    if shard is not None:
        left = tuple(subscription for subscription in left if shard.contains(subscription))
    return Scope(left, tuple(warnings), shard, visible)


def _included(
    visible: Collection[Subscription], included: Sequence[Selector]
) -> tuple[Subscription, ...]:
    """Return the *included* ones in Azure's order; ids that are not visible follow as given."""
    ids: dict[str, None] = {}
    known = SubscriptionIndex(visible)
    for selector in included:
        found = known.find(selector)
        if not selector.is_id and len(found) != 1:
            raise (ambiguous_name(selector, found) if found else unknown_name(selector, visible))
        ids[found[0].id if found else selector.text] = None
    seen = [subscription for subscription in visible if subscription.id in ids]
    hidden = [Subscription(id_, visible=False) for id_ in ids if id_ not in known.ids]
    return (*seen, *hidden)


def _excluded_ids(
    visible: Collection[Subscription],
    included: Collection[Subscription],
    excluded: Sequence[Selector],
) -> tuple[set[str], list[str]]:
    """Return the ids to exclude, and a warning for each selector that matches nothing in scope."""
    warnings, ids = [], set[str]()
    hidden = [subscription for subscription in included if not subscription.visible]
    known = SubscriptionIndex([*visible, *hidden])
    in_scope = {subscription.id for subscription in included}
    for selector in excluded:
        found = known.find(selector)
        if len(found) > 1:
            raise ambiguous_name(selector, found)
        if not found or found[0].id not in in_scope:
            near = "" if found or selector.is_id else suggestion(selector.text, visible)
            message = f"{selector.option}: {selector.text!r} matches nothing"
            warnings.append(message + (near and f" -- {near}"))
        ids.update(subscription.id for subscription in found)
    return ids, warnings
