"""Find subscriptions by id or name, and suggest similar names. Pure."""

import difflib
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from contacts_audit.audit.selectors import MAX_NAME, Selector, repeat_hint
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Subscription

MAX_LISTED = 5  # subscriptions in a hint
MAX_COMPARED = 20_000  # names that are compared with a misspelled one


class SubscriptionIndex:
    """Subscriptions by id and by name; a lookup takes the same time however many there are."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self.ids: dict[str, Subscription] = {}
        self._names: defaultdict[str, list[Subscription]] = defaultdict(list)
        for subscription in subscriptions:
            self.ids[subscription.id] = subscription
            if subscription.name is not None:
                self._names[subscription.name.casefold()].append(subscription)

    def find(self, wanted: Selector) -> list[Subscription]:
        """Return the matches: an id in any case; a name exactly, else in any case."""
        if wanted.is_id:
            return [self.ids[wanted.text]] if wanted.text in self.ids else []
        folded = self._names.get(wanted.text.casefold(), [])
        return [one for one in folded if one.name == wanted.text] or list(folded)


def unknown_name(wanted: Selector, visible: Collection[Subscription]) -> UsageError:
    """Return the error for a name that no subscription has, with the most similar names."""
    hints = [repeat_hint(wanted.text, wanted.option)]
    if near := suggestion(wanted.text, visible):
        hints.append(near)
    elif len(visible) <= MAX_LISTED:
        hints.append(f"visible are: {_labels(visible)}")
    else:
        hints.append(f"none of the {len(visible)} visible ones has a similar name")
    hint = "; ".join(filter(None, hints))
    return UsageError(f"{wanted.option}: no subscription is named {wanted.text!r}", hint)


def ambiguous_name(wanted: Selector, found: Sequence[Subscription]) -> UsageError:
    """Return the error for a name that several subscriptions have."""
    return UsageError(
        f"{wanted.option}: {len(found)} subscriptions are named {wanted.text!r}",
        f"give the id, one of: {_labels(found)}",
    )


def suggestion(text: str, visible: Collection[Subscription]) -> str:
    """Return "did you mean ...?" with the names most similar to *text*; empty if none is."""
    named: defaultdict[str, list[Subscription]] = defaultdict(list)
    for one in itertools.islice(visible, MAX_COMPARED):
        if one.name:
            named[one.name[:MAX_NAME].casefold()].append(one)
    wanted = text.casefold()
    near = difflib.get_close_matches(wanted, named, n=MAX_LISTED)
    near += [name for name in named if wanted in name or (len(name) > 2 and name in wanted)]
    similar = [one for name in dict.fromkeys(near) for one in named[name]]
    return f"did you mean {_labels(similar[:MAX_LISTED])}?" if similar else ""


def _labels(among: Collection[Subscription]) -> str:
    more = len(among) - MAX_LISTED
    labels = [subscription.label for subscription in itertools.islice(among, MAX_LISTED)]
    return ", ".join(labels) + (f" and {more} more" if more > 0 else "")
