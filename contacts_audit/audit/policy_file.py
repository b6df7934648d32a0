"""
Read the policy file (TOML): checks, overrides and waivers.

https://toml.io/en/v1.0.0
"""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any

from contacts_audit.audit.excerpt import shortened
from contacts_audit.audit.policy import Override, Policy
from contacts_audit.audit.policy_keys import SETTING_KEYS, TARGET_KEYS
from contacts_audit.audit.policy_table import PolicySource, PolicyTable
from contacts_audit.audit.profiles import Settings
from contacts_audit.core import toml_lines
from contacts_audit.core.errors import FaultsError, UsageError
from contacts_audit.core.model import Waiver

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
    policy = Policy(
        options,
        _settings(top),
        overrides=tuple(map(_override, top.tables("override"))),
        waivers=tuple(map(_waiver, top.tables("waiver"))),
        day=day,
    )
    faults = [fault for _, fault in sorted(file.faults, key=lambda one: one[0])]
    if faults or (faults := [*_missing_values(policy, name)]):
        raise FaultsError(faults)
    return policy


def _missing_values(policy: Policy, name: str) -> Iterator[UsageError]:
    """Yield an error for each place where a check has no value, whatever the groups contain."""
    for one in (None, *policy.overrides):
        try:
            _ = policy.criteria if one is None else policy.criteria_of_override(one)
        except UsageError as error:
            yield UsageError(f"{name if one is None else one.place}: {error}", error.hint)


def _check_dots(text: str) -> None:
    """Refuse a key of very many parts: the time that tomllib takes grows with their square."""
    for number, line in enumerate(text.splitlines(), start=1):
        if any(piece.count(".") > MAX_DOTS for piece in re.split("[=,@]", line)):
            raise ValueError(f"line {number}: more than {MAX_DOTS} dots")


def _settings(table: PolicyTable) -> Settings:
    return Settings(**{key: table.optional(key) for key in SETTING_KEYS})


def _target(table: PolicyTable) -> dict[str, Any]:
    """Return the subscription and the management group of *table*, one of them None."""
    if table.lacks_all(*TARGET_KEYS) or all(key in table.content for key in TARGET_KEYS):
        table.add_fault(
            "it must name either a subscription or a management group",
            f"give one of {' and '.join(TARGET_KEYS)}",
        )
    return {key: table.optional(key) for key in TARGET_KEYS}


def _override(table: PolicyTable) -> Override:
    override = Override(_settings(table), **_target(table), place=table.place()[1])
    if not table.unknown_keys and table.lacks_all(*SETTING_KEYS):
        table.add_fault("it overrides nothing", f"give one of {', '.join(SETTING_KEYS)}")
    return override


def _waiver(table: PolicyTable) -> Waiver:
    return Waiver(
        **_target(table),
        reason=table.required("reason"),
        owner=table.required("owner"),
        expires=table.required("expires"),
        check=table.optional("check"),
        place=table.place()[1],
    )
