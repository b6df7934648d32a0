"""
Reads the policy file (TOML): checks, overrides and waivers.

https://toml.io/en/v1.0.0
"""

import functools
import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date

from contacts_audit.audit.checks import RISKS
from contacts_audit.audit.policy import Override, Policy
from contacts_audit.audit.policy_table import SETTINGS, WHOM, _File, _short, _Table
from contacts_audit.audit.policy_values import (
    MOST,
    _address,
    _count,
    _day,
    _each,
    _group,
    _level,
    _subscription,
    _text,
    domain,
)
from contacts_audit.audit.profiles import Settings
from contacts_audit.core import toml_lines
from contacts_audit.core.errors import FaultsError, UsageError
from contacts_audit.core.model import Check, Criteria, Profile, Waiver

MOST_DOTS = 100  # of a key, or anything else between commas


def read(text: bytes, name: str, options: Settings, day: date) -> Policy:
    """
    Return the policy in the file *name*, which *options* go before, on *day*.

    Raises:
        UsageError: it is no TOML, or has unknown keys or values that are none: all are told, each
            with its place.
    """
    try:
        spelt = text.decode("utf-8-sig")
        _check_dots(spelt)
        document = tomllib.loads(spelt)
    except (ValueError, RecursionError) as error:
        told = f"{name}: it is not TOML: {_short(str(error))}"
        raise UsageError(told, "see https://toml.io") from error
    file = _File(name, toml_lines.lines(spelt.replace("\r\n", "\n")))
    top = _Table(file, document)
    top.check()
    settings = _settings(top)
    overrides = tuple(_override(table) for table in top.tables("override"))
    waivers = tuple(_waiver(table) for table in top.tables("waiver"))
    policy = Policy(options, settings, overrides, waivers, day=day)
    faults = [fault for _, fault in sorted(file.faults, key=lambda one: one[0])]
    if faults or (faults := [*_without_value(policy, name)]):
        raise FaultsError(faults)
    return policy


def _without_value(policy: Policy, name: str) -> Iterator[UsageError]:
    """Yield where a check lacks its value, whatever Azure's tree of groups is."""
    tried: list[tuple[str, Callable[[], Criteria]]] = [(name, lambda: policy.criteria)]
    tried += [(one.place, functools.partial(policy.foreseen, one)) for one in policy.overrides]
    for place, judged in tried:
        try:
            judged()
        except UsageError as error:
            yield UsageError(f"{place}: {error}", error.hint)


def _check_dots(text: str) -> None:
    """
    Check that no key has very many parts: tomllib takes the square of their number.

    Raises:
        ValueError: one has.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if any(piece.count(".") > MOST_DOTS for piece in re.split("[=,@]", line)):
            raise ValueError(f"line {number}: more than {MOST_DOTS} dots")


def _settings(table: _Table) -> Settings:
    return Settings(
        table.get("profile", Profile, "no profile", tuple(Profile)),
        table.get("checks", _each(Check), "no list of checks", tuple(Check)),
        table.get("required_emails", _each(_address), "no list of addresses"),
        table.get("allowed_domains", _each(domain), "no list of domains"),
        table.get("minimum_emails", _count, f"no number from 1 to {MOST}"),
        table.get("attack_path_level", _level, "no level", RISKS),
    )


def _whom(table: _Table) -> tuple[str | None, str | None]:
    """Return the subscription or the management group that *table* is of: one of them."""
    if table.lacks(*WHOM) or all(key in table.content for key in WHOM):
        table.fault(
            "it has to be of a subscription or of a management group",
            f"give one of {' and '.join(WHOM)}",
        )
    return (
        table.get("subscription", _subscription, "no id or name"),
        table.get("management_group", _group, "no id of a management group"),
    )


def _override(table: _Table) -> Override:
    table.check()
    override = Override(_settings(table), *_whom(table), place=table.place()[1])
    if not table.strange and table.lacks(*SETTINGS):
        table.fault("it overrides nothing", f"give one of {', '.join(SETTINGS)}")
    return override


def _waiver(table: _Table) -> Waiver:
    table.check()
    subscription, group = _whom(table)
    return Waiver(
        subscription,
        table.need("reason", _text, "no text", ""),
        table.need("owner", _text, "no text", ""),
        table.need("expires", _day, "no date (2026-12-31, without quotes)", date.min),
        table.get("check", Check, "no check", tuple(Check)),
        group,
        table.place()[1],
    )
