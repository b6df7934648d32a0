"""Finds subscriptions by id or name, and suggests similar names. Pure."""

import difflib
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from contacts_audit.audit.selectors import LONGEST_NAME, Selector, _one_each
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Subscription

CANDIDATES = 5
MOST_COMPARED = 20_000  # names that are compared with a misspelt one


class Known:
    """Subscriptions, to be found by what selects them, however many there are."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self.ids: dict[str, Subscription] = {}
        self._named: defaultdict[str, list[Subscription]] = defaultdict(list)
        for subscription in subscriptions:
            self.ids[subscription.id] = subscription
            if subscription.name is not None:
                self._named[subscription.name.casefold()].append(subscription)

    def matching(self, wanted: Selector) -> list[Subscription]:
        """An id matches in any case; a name to the letter, else in any case."""
        if wanted.is_id:
            return [self.ids[wanted.text]] if wanted.text in self.ids else []
        folded = self._named.get(wanted.text.casefold(), [])
        return [each for each in folded if each.name == wanted.text] or list(folded)


def _unknown(wanted: Selector, visible: Collection[Subscription]) -> UsageError:
    """Return the error for a name of none, with those that are most like it."""
    hints = [_one_each(wanted.text, wanted.option)]
    if near := _did_you_mean(wanted.text, visible):
        hints.append(near)
    elif len(visible) <= CANDIDATES:
        hints.append(f"visible are: {_candidates(visible)}")
    else:
        hints.append(f"none of the {len(visible)} that are visible has a name like it")
    hint = "; ".join(filter(None, hints))
    return UsageError(f"{wanted.option}: no subscription is named {wanted.text!r}", hint)


def _ambiguous(wanted: Selector, found: Sequence[Subscription]) -> UsageError:
    return UsageError(
        f"{wanted.option}: {len(found)} subscriptions are named {wanted.text!r}",
        f"give the id, one of: {_candidates(found)}",
    )


def _did_you_mean(text: str, visible: Collection[Subscription]) -> str:
    """Ask for the few whose names are most like *text*, the most alike first; empty for none."""
    named: defaultdict[str, list[Subscription]] = defaultdict(list)
    for one in itertools.islice(visible, MOST_COMPARED):
        if one.name:
            named[one.name[:LONGEST_NAME].casefold()].append(one)
    wanted = text.casefold()
    near = difflib.get_close_matches(wanted, named, n=CANDIDATES)
    near += [name for name in named if wanted in name or (len(name) > 2 and name in wanted)]
    alike = [one for name in dict.fromkeys(near) for one in named[name]]
    return f"did you mean {_candidates(alike[:CANDIDATES])}?" if alike else ""


def _candidates(among: Collection[Subscription]) -> str:
    more = len(among) - CANDIDATES
    labels = [subscription.label for subscription in itertools.islice(among, CANDIDATES)]
    return ", ".join(labels) + (f" and {more} more" if more > 0 else "")
