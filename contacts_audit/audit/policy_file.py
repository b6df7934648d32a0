"""
Read the policy file (TOML): checks, overrides and waivers.

https://toml.io/en/v1.0.0
"""

import functools
import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date

from contacts_audit.audit import policy_values as values
from contacts_audit.audit.excerpt import shortened
from contacts_audit.audit.policy import Override, Policy
from contacts_audit.audit.policy_keys import SETTING_KEYS, TARGET_KEYS
from contacts_audit.audit.policy_table import PolicySource, PolicyTable
from contacts_audit.audit.profiles import Settings
from contacts_audit.core import toml_lines
from contacts_audit.core.errors import FaultsError, UsageError
from contacts_audit.core.model import Check, Criteria, Profile, Waiver

MAX_DOTS = 100  # of a key, or of anything else between commas


def read(text: bytes, name: str, options: Settings, day: date) -> Policy:
    """
    Return the policy in the file *name*, below *options*, on *day* (UTC).

    Raises:
        UsageError: it is not TOML.
        FaultsError: keys are unknown or values malformed; it has every mistake, with its line.
    """
    try:
        spelled = text.decode("utf-8-sig")
        _check_dots(spelled)
        document = tomllib.loads(spelled)
    except (ValueError, RecursionError) as error:
        message = f"{name}: it is not TOML: {shortened(str(error))}"
        raise UsageError(message, "see https://toml.io") from error
    file = PolicySource(name, toml_lines.lines(spelled.replace("\r\n", "\n")))
    top = PolicyTable(file, document)
    top.check_keys()
    settings = _settings(top)
    overrides = tuple(_override(table) for table in top.tables("override"))
    waivers = tuple(_waiver(table) for table in top.tables("waiver"))
    policy = Policy(options, settings, overrides, waivers, day=day)
    faults = [fault for _, fault in sorted(file.faults, key=lambda one: one[0])]
    if faults or (faults := [*_missing_values(policy, name)]):
        raise FaultsError(faults)
    return policy


def _missing_values(policy: Policy, name: str) -> Iterator[UsageError]:
    """Yield an error for each place where a check has no value, whatever the groups contain."""
    places: list[tuple[str, Callable[[], Criteria]]] = [
        (name, lambda: policy.criteria),
        *(
            (one.place, functools.partial(policy.criteria_of_override, one))
            for one in policy.overrides
        ),
    ]
    for place, criteria in places:
        try:
            criteria()
        except UsageError as error:
            yield UsageError(f"{place}: {error}", error.hint)


def _check_dots(text: str) -> None:
    """
    Check that no key has very many parts: the time that tomllib takes grows with their square.

    Raises:
        ValueError: one has.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if any(piece.count(".") > MAX_DOTS for piece in re.split("[=,@]", line)):
            raise ValueError(f"line {number}: more than {MAX_DOTS} dots")


def _settings(table: PolicyTable) -> Settings:
    return Settings(
        table.optional("profile", Profile),
        table.optional("checks", values.list_of(Check)),
        table.optional("required_emails", values.list_of(values.address)),
        table.optional("allowed_domains", values.list_of(values.domain)),
        table.optional("minimum_emails", values.count),
        table.optional("attack_path_level", values.level),
        table.optional("deliverable", values.switch),
    )


def _target(table: PolicyTable) -> tuple[str | None, str | None]:
    """Return the subscription and the management group of *table*, one of them None."""
    if table.lacks_all(*TARGET_KEYS) or all(key in table.content for key in TARGET_KEYS):
        table.add_fault(
            "it must name either a subscription or a management group",
            f"give one of {' and '.join(TARGET_KEYS)}",
        )
    return (
        table.optional("subscription", values.subscription),
        table.optional("management_group", values.management_group),
    )


def _override(table: PolicyTable) -> Override:
    table.check_keys()
    override = Override(_settings(table), *_target(table), place=table.place()[1])
    if not table.unknown_keys and table.lacks_all(*SETTING_KEYS):
        table.add_fault("it overrides nothing", f"give one of {', '.join(SETTING_KEYS)}")
    return override


def _waiver(table: PolicyTable) -> Waiver:
    table.check_keys()
    subscription, group = _target(table)
    return Waiver(
        subscription,
        table.required("reason", values.text, ""),
        table.required("owner", values.text, ""),
        table.required("expires", values.day, date.min),
        table.optional("check", Check),
        group,
        table.place()[1],
    )
