"""
Select the subscriptions of a run: those asked for by id or name, or all that are visible. Pure.

The error for an unknown name suggests similar ones.
"""

import difflib
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from contacts_audit.audit.selectors import MAX_NAME, Selector, repeat_hint
from contacts_audit.audit.shards import Shard
from contacts_audit.core.errors import ContactsAuditError, UsageError
from contacts_audit.core.model import Subscription

MAX_LISTED = 5  # subscriptions in a hint
MAX_COMPARED = 20_000  # names that are compared with a misspelled one


class Scope(NamedTuple):
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
        named = [one for one in wanted if not one.is_id]
        known = _Index(self.visible if named else ())
        found = {one.text: known.find(one) for one in named}
        return {name: one.id for name, one in found.items() if one is not None}

    def suggestion(self, wanted: Selector) -> str:
        """Return "did you mean ...?" for an unknown name; empty if no name is similar."""
        return _suggestion(wanted, self.visible)


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
    known = _Index(visible)
    for selector in included:
        found = known.find(selector)
        if found is None and not selector.is_id:
            raise _unknown_name(selector, visible)
        ids[selector.text if found is None else found.id] = None
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
    known = _Index([*visible, *hidden])
    in_scope = {subscription.id for subscription in included}
    for selector in excluded:
        found = known.find(selector)
        if found is None or found.id not in in_scope:
            near = _suggestion(selector, visible) if found is None else ""
            message = f"{selector.option}: {selector.text!r} matches nothing"
            warnings.append(message + (near and f" -- {near}"))
        if found is not None:
            ids.add(found.id)
    return ids, warnings


class _Index:
    """Subscriptions by id and by name; a lookup takes the same time however many there are."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self.ids: dict[str, Subscription] = {}
        self._names: defaultdict[str, list[Subscription]] = defaultdict(list)
        for subscription in subscriptions:
            self.ids[subscription.id] = subscription
            if subscription.name is not None:
                self._names[subscription.name.casefold()].append(subscription)

    def find(self, wanted: Selector) -> Subscription | None:
        """Return the match: an id in any case; a name exactly, else in any case."""
        if wanted.is_id:
            return self.ids.get(wanted.text)
        folded = self._names.get(wanted.text.casefold(), [])
        found = [one for one in folded if one.name == wanted.text] or folded
        if len(found) > 1:
            raise UsageError(
                f"{wanted.option}: {len(found)} subscriptions are named {wanted.text!r}",
                f"give the id, one of: {_labels(found)}",
            )
        return found[0] if found else None


def _unknown_name(wanted: Selector, visible: Collection[Subscription]) -> UsageError:
    """Return the error for a name that no subscription has, with the most similar names."""
    hints = [repeat_hint(wanted.text, wanted.option)]
    if near := _suggestion(wanted, visible):
        hints.append(near)
    elif len(visible) <= MAX_LISTED:
        hints.append(f"visible are: {_labels(visible)}")
    else:
        hints.append(f"none of the {len(visible)} visible ones has a similar name")
    hint = "; ".join(filter(None, hints))
    return UsageError(f"{wanted.option}: no subscription is named {wanted.text!r}", hint)


def _suggestion(selector: Selector, visible: Collection[Subscription]) -> str:
    """Return "did you mean ...?" with the names most similar to *selector*; empty if none is."""
    if selector.is_id:
        return ""
    named: defaultdict[str, list[Subscription]] = defaultdict(list)
    for one in itertools.islice(visible, MAX_COMPARED):
        if one.name:
            named[one.name[:MAX_NAME].casefold()].append(one)
    wanted = selector.text.casefold()
    near = difflib.get_close_matches(wanted, named, n=MAX_LISTED)
    near += [name for name in named if wanted in name or (len(name) > 2 and name in wanted)]
    similar = [one for name in dict.fromkeys(near) for one in named[name]]
    return f"did you mean {_labels(similar[:MAX_LISTED])}?" if similar else ""


def _labels(among: Collection[Subscription]) -> str:
    more = len(among) - MAX_LISTED
    labels = [subscription.label for subscription in itertools.islice(among, MAX_LISTED)]
    return ", ".join(labels) + (f" and {more} more" if more > 0 else "")
