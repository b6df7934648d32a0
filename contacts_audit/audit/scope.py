"""Selects subscriptions: those asked for, or all that are visible, in one order. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from contacts_audit.audit.name_lookup import Known, _ambiguous, _did_you_mean, _unknown
from contacts_audit.audit.selectors import Selector
from contacts_audit.audit.shards import Shard
from contacts_audit.core.errors import ContactsAuditError
from contacts_audit.core.model import Subscription


@dataclass(frozen=True, slots=True)
class Scope:
    """
    The *subscriptions* to report on, each once, *warnings* to give, and which *part* it is.

    *visible* are all that Azure lists: names are looked up among them, whatever is in scope.
    """

    subscriptions: Collection[Subscription]
    warnings: tuple[str, ...]
    part: Shard | None = None
    visible: Collection[Subscription] = ()

    def ids(self, wanted: Collection[Selector]) -> dict[str, str]:
        """
        Return whose each name among *wanted* is; a name of none is left out.

        Raises:
            UsageError: several subscriptions have a name.
        """
        names = {one.text.casefold() for one in wanted if not one.is_id}
        known = Known(one for one in self.visible if (one.name or "").casefold() in names)
        found = {}
        for one in wanted:
            matching = [] if one.is_id else known.matching(one)
            if len(matching) > 1:
                raise _ambiguous(one, matching)
            if matching:
                found[one.text] = matching[0].id
        return found

    def like(self, wanted: Selector) -> str:
        """Return which subscriptions may have been meant by a name of none, if any is like it."""
        return "" if wanted.is_id else _did_you_mean(wanted.text, self.visible)


def resolve(
    visible: Collection[Subscription],
    wanted: Sequence[Selector] | None,
    unwanted: Sequence[Selector],
    part: Shard | None = None,
) -> Scope:
    """
    Return the scope: all of *visible*, or the *wanted*, less the *unwanted*; of that, the *part*.

    Raises:
        UsageError: a name selects no subscription, or several.
        ContactsAuditError: nothing is left to audit.
    """
    if not visible:
        raise ContactsAuditError(
            "no subscription is visible to this identity",
            "grant it a role (Security Reader), or check the tenant",
        )
    left = visible if wanted is None else _chosen(visible, wanted)
    gone, warnings = _excluded(visible, left, unwanted) if unwanted else (set(), [])
    if gone:
        left = tuple(subscription for subscription in left if subscription.id not in gone)
    if not left:
        raise ContactsAuditError("no subscription is left in scope", "check --exclude and files")
    if part is not None:
        left = tuple(subscription for subscription in left if part.holds(subscription))
    return Scope(left, tuple(warnings), part, visible)


def _chosen(
    visible: Collection[Subscription], wanted: Sequence[Selector]
) -> tuple[Subscription, ...]:
    """Return the wanted ones in Azure's order, then those that are not visible as asked for."""
    ids: dict[str, None] = {}
    listed = Known(visible)
    for wanted_one in wanted:
        found = listed.matching(wanted_one)
        if not wanted_one.is_id and len(found) != 1:
            raise (_ambiguous(wanted_one, found) if found else _unknown(wanted_one, visible))
        ids[found[0].id if found else wanted_one.text] = None
    seen = [subscription for subscription in visible if subscription.id in ids]
    hidden = [Subscription(id_, visible=False) for id_ in ids if id_ not in listed.ids]
    return (*seen, *hidden)


def _excluded(
    visible: Collection[Subscription],
    chosen: Collection[Subscription],
    unwanted: Sequence[Selector],
) -> tuple[set[str], list[str]]:
    """Return the ids of the unwanted ones, and what is to be said of those that match nothing."""
    warnings, gone = [], set[str]()
    hidden = [subscription for subscription in chosen if not subscription.visible]
    known = Known([*visible, *hidden])
    in_scope = {subscription.id for subscription in chosen}
    for unwanted_one in unwanted:
        found = known.matching(unwanted_one)
        if len(found) > 1:
            raise _ambiguous(unwanted_one, found)
        if not found or found[0].id not in in_scope:
            near = "" if found or unwanted_one.is_id else _did_you_mean(unwanted_one.text, visible)
            told = f"{unwanted_one.option}: {unwanted_one.text!r} matches nothing"
            warnings.append(told + (near and f" -- {near}"))
        gone.update(subscription.id for subscription in found)
    return gone, warnings
