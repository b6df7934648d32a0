"""Decides which checks apply to which subscription, and which findings are waived."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import NamedTuple

from contacts_audit.audit.profiles import VALUES, Settings, criteria
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Criteria, Finding, Subscription, Waiver

SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Override:
    """Other settings for a subscription (by id or name), or for a management group, and *place*."""

    settings: Settings
    subscription: str | None = None
    management_group: str | None = None
    place: str = field(default="", compare=False)


class Under(NamedTuple):
    """What is under a management group, on all levels: ids in lower case."""

    subscriptions: frozenset[str]
    groups: frozenset[str]


NO_SETTINGS = Settings()
NOTHING = Under(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Policy:
    """
    What is judged where, and what is waived, on a *day* (UTC).

    *groups* says what is under each management group that is named (in lower case), and *ids*
    whose each name of a subscription is: only Azure can tell either.
    """

    options: Settings
    top: Settings = NO_SETTINGS
    overrides: tuple[Override, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    groups: Mapping[str, Under] = field(default_factory=dict)
    day: date = date.min
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def criteria(self) -> Criteria:
        """What is judged where no override says otherwise."""
        return self.judged_by()

    @property
    def all_criteria(self) -> list[Criteria]:
        """What is judged somewhere, by any one override."""
        return [self.criteria, *map(self.foreseen, self.overrides)]

    def foreseen(self, override: Override) -> Criteria:
        """
        Return what *override* judges, as far as that is known before Azure has told its groups.

        Raises:
            UsageError: a check lacks its value, whichever groups may be further up.
        """
        try:
            return self.judged_by(override.settings)
        except UsageError:
            return self.judged_by(override.settings, self._values_of_groups())

    def _values_of_groups(self) -> Settings:
        """Return a value of each key that some group's override has."""
        groups = [one.settings for one in self.overrides if one.management_group is not None]
        found = {key: (getattr(one, key) for one in groups) for key in VALUES.values()}
        return Settings(**{key: next(filter(None, each), None) for key, each in found.items()})

    def criteria_of(self, subscription: Subscription) -> Criteria:
        """Return what is judged of *subscription*, each key by the nearest that says it."""
        return self.judged_by(*(one.settings for one in self.overrides_of(subscription)))

    def judged_by(self, *overrides: Settings) -> Criteria:
        """
        Return what is judged where *overrides* count, nearest first.

        A check or a profile among the options stands alone: before all of the policy's.

        Raises:
            UsageError: a check lacks its value.
        """
        below = [*overrides, self.top]
        if self.options.profile is None and self.options.checks is None:
            return criteria([self.options, *below])
        values = [replace(one, profile=None, checks=None) for one in below]
        return criteria([self.options, *values], anew=0)

    def overrides_of(self, subscription: Subscription) -> list[Override]:
        """Return the overrides that count for *subscription*: its own, then the nearest group's."""
        own = [one for one in self.overrides if self._is(one.subscription, subscription)]
        return own + self._nearest_first(
            one for one in self.overrides if self._holds(one.management_group, subscription)
        )

    def check(self) -> None:
        """
        Check that nowhere a check lacks its value, given all that Azure tells.

        Raises:
            UsageError: it does.
        """
        for one in self.overrides:
            if one.subscription is not None:
                found = self.overrides_of(Subscription(self._id(one.subscription)))
            else:
                group = (one.management_group or "").casefold()
                around = (each for each in self.overrides if group in self._under(each).groups)
                found = [one, *self._nearest_first(around)]
            try:
                self.judged_by(*(each.settings for each in found))
            except UsageError as error:
                raise UsageError(f"{one.place}: {error}", error.hint) from error

    def may_waive(self, subscription: Subscription) -> bool:
        """Say whether there is a waiver of *subscription*, be it valid or not."""
        return any(self._waives(one, subscription) for one in self.waivers)

    def waiver_of(self, subscription: Subscription, findings: Sequence[Finding]) -> Waiver | None:
        """Return the waiver that ends first, where waivers cover all of *findings*."""
        standing = [
            one
            for one in self.waivers
            if one.expires >= self.day and self._waives(one, subscription)
        ]
        used = [
            [one for one in standing if one.check in (None, finding.check)] for finding in findings
        ]
        if not findings or not all(used):
            return None
        return min((one for group in used for one in group), key=lambda one: one.expires)

    def warnings(self, subscriptions: Collection[Subscription]) -> list[str]:
        """Return what is to be said of waivers and overrides, given all that is in scope."""
        if not self.overrides and not self.waivers:
            return []
        here = frozenset(one.id for one in subscriptions)
        said = [
            f"the override of {one.subscription} matches no subscription in scope"
            for one in self.overrides
            if one.subscription is not None and self._id(one.subscription) not in here
        ]
        for one in self.waivers:
            what = f"the waiver of {one.of} ({one.reason}, {one.owner})"
            if one.subscription is not None:
                matches = self._id(one.subscription) in here
            else:
                matches = not here.isdisjoint(self._under(one).subscriptions)
            if not matches:
                said.append(f"{what} matches no subscription in scope")
            said += self.ending(one) if matches or one.expires < self.day else []
        return said

    def ending(self, waiver: Waiver) -> list[str]:
        """Return what is to be said of the end of *waiver*, if it has come or is near."""
        what = f"the waiver of {waiver.of} ({waiver.reason}, {waiver.owner})"
        if waiver.expires < self.day:
            return [f"{what} expired on {waiver.expires} and does not count"]
        return [f"{what} ends on {waiver.expires}"] if waiver.expires - self.day <= SOON else []

    def _id(self, text: str) -> str:
        """Return whose id or name *text* is; ids match ids, and names match names."""
        return self.ids.get(text, text)

    def _is(self, text: str | None, subscription: Subscription) -> bool:
        return text is not None and self._id(text) == subscription.id

    def _holds(self, group: str | None, subscription: Subscription) -> bool:
        return group is not None and subscription.id in self.groups[group.casefold()].subscriptions

    def _waives(self, waiver: Waiver, subscription: Subscription) -> bool:
        return self._is(waiver.subscription, subscription) or self._holds(
            waiver.management_group, subscription
        )

    def _under(self, one: Override | Waiver) -> Under:
        group = one.management_group
        return NOTHING if group is None else self.groups[group.casefold()]

    def _nearest_first(self, overrides: Iterable[Override]) -> list[Override]:
        """Sort overrides of groups that are around one thing: most of them hold the nearest."""
        around = [*overrides]

        def depth(override: Override) -> int:
            own = (override.management_group or "").casefold()
            return sum(own in self._under(one).groups for one in around)

        return sorted(around, key=depth, reverse=True)
