"""Decide which checks apply to which subscription, and which findings are waived. Pure."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from contacts_audit.audit.profiles import VALUE_KEYS, Settings, combined_criteria
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Criteria, Finding, Subscription, Waiver


@dataclass(frozen=True, slots=True)
class Override:
    """
    Other *settings* for a subscription (an id or a name) or for a management group (an id).

    *place* is where it stands in the policy file.
    """

    settings: Settings
    subscription: str | None = None
    management_group: str | None = None
    place: str = field(default="", compare=False)


class GroupMembers(NamedTuple):
    """The ids, in lower case, of what a management group contains at all levels."""

    subscriptions: frozenset[str]
    groups: frozenset[str]


NO_SETTINGS = Settings()
NO_MEMBERS = GroupMembers(frozenset(), frozenset())
WARN_BEFORE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Policy:
    """
    The settings that apply to each subscription, and the waivers, on a *day* (UTC).

    *groups* has the members of each management group by its id in lower case. *ids* has the
    subscription id of each name. Both are empty until Azure was asked.
    """

    options: Settings
    top: Settings = NO_SETTINGS
    overrides: tuple[Override, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    groups: Mapping[str, GroupMembers] = field(default_factory=dict)
    day: date = date.min
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def criteria(self) -> Criteria:
        """What is judged where no override applies."""
        return self._criteria_under()

    @property
    def all_criteria(self) -> list[Criteria]:
        """What is judged without an override, and under each single override."""
        return [self.criteria, *map(self.criteria_of_override, self.overrides)]

    def criteria_of_override(self, override: Override) -> Criteria:
        """
        Return what *override* judges, before Azure was asked for management groups.

        Raises:
            UsageError: a check has no value, and no override of a management group has one.
        """
        try:
            return self._criteria_under(override.settings)
        except UsageError:
            return self._criteria_under(override.settings, self._values_of_groups())

    def _values_of_groups(self) -> Settings:
        """Return for each value the first that an override of a management group has."""
        groups = [one.settings for one in self.overrides if one.management_group is not None]
        found = {key: (getattr(one, key) for one in groups) for key in VALUE_KEYS.values()}
        return Settings(**{key: next(filter(None, each), None) for key, each in found.items()})

    def criteria_of(self, subscription: Subscription) -> Criteria:
        """Return what is judged of *subscription*; the nearest override that has a key decides."""
        return self._criteria_under(*(one.settings for one in self.overrides_of(subscription)))

    def _criteria_under(self, *overrides: Settings) -> Criteria:
        """Return what is judged where *overrides* apply. Checks in options replace all others."""
        below = [*overrides, self.top]
        if self.options.profile is None and self.options.checks is None:
            return combined_criteria([self.options, *below])
        values = [one._replace(profile=None, checks=None) for one in below]
        return combined_criteria([self.options, *values], profile_level=0)

    def overrides_of(self, subscription: Subscription) -> list[Override]:
        """Return the overrides of *subscription* itself, then of its groups, nearest first."""
        found = [one for one in self.overrides if self._applies(one, subscription)]
        own = [one for one in found if one.subscription is not None]
        return own + self._nearest_first([one for one in found if one.subscription is None])

    def check_values(self) -> None:
        """
        Check that every check has its value, under every override; Azure was asked for groups.

        Raises:
            UsageError: a check has no value.
        """
        for one in self.overrides:
            if one.subscription is not None:
                (id_,) = self._subscriptions(one)
                found = self.overrides_of(Subscription(id_))
            else:
                group = (one.management_group or "").casefold()
                around = [each for each in self.overrides if group in self._members(each).groups]
                found = [one, *self._nearest_first(around)]
            try:
                self._criteria_under(*(each.settings for each in found))
            except UsageError as error:
                raise UsageError(f"{one.place}: {error}", error.hint) from error

    def has_waiver(self, subscription: Subscription) -> bool:
        """Return whether *subscription* has a waiver, expired or not."""
        return any(self._applies(one, subscription) for one in self.waivers)

    def waiver_of(self, subscription: Subscription, findings: Sequence[Finding]) -> Waiver | None:
        """Return the waiver that expires first; None if a finding is not waived today."""
        valid = [
            one
            for one in self.waivers
            if one.expires >= self.day and self._applies(one, subscription)
        ]
        used = [[one for one in valid if one.check in (None, each.check)] for each in findings]
        if not all(used):
            return None
        return min(itertools.chain(*used), key=lambda one: one.expires, default=None)

    def warnings(self, subscriptions: Collection[Subscription]) -> list[str]:
        """Return a warning for each override and waiver without effect on *subscriptions*."""
        if not self.overrides and not self.waivers:
            return []
        here = frozenset(one.id for one in subscriptions)
        found = [
            f"the override of {one.subscription} matches no subscription in scope"
            for one in self.overrides
            if one.subscription is not None and here.isdisjoint(self._subscriptions(one))
        ]
        for one in self.waivers:
            matches = not here.isdisjoint(self._subscriptions(one))
            if not matches:
                found.append(f"{_described(one)} matches no subscription in scope")
            if matches or one.expires < self.day:
                found += expiry_warnings(one, self.day)
        return found

    def _subscriptions(self, one: Override | Waiver) -> frozenset[str]:
        """Return the ids that *one* applies to."""
        if one.subscription is not None:
            return frozenset({self.ids.get(one.subscription, one.subscription)})
        return self._members(one).subscriptions

    def _applies(self, one: Override | Waiver, subscription: Subscription) -> bool:
        return subscription.id in self._subscriptions(one)

    def _members(self, one: Override | Waiver) -> GroupMembers:
        group = one.management_group
        return NO_MEMBERS if group is None else self.groups[group.casefold()]

    def _nearest_first(self, overrides: Sequence[Override]) -> list[Override]:
        """Sort overrides of nested groups: the nearest group is contained in most of the others."""

        def depth(override: Override) -> int:
            own = (override.management_group or "").casefold()
            return sum(own in self._members(one).groups for one in overrides)

        return sorted(overrides, key=depth, reverse=True)


def expiry_warnings(waiver: Waiver, day: date) -> list[str]:
    """Return a warning if *waiver* has expired on *day* (UTC), or expires within 14 days."""
    if waiver.expires < day:
        return [f"{_described(waiver)} expired on {waiver.expires} and does not count"]
    if waiver.expires - day <= WARN_BEFORE:
        return [f"{_described(waiver)} ends on {waiver.expires}"]
    return []


def _described(waiver: Waiver) -> str:
    return f"the waiver of {waiver.of} ({waiver.reason}, {waiver.owner})"
