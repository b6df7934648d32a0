"""The keys of a policy file: where each belongs, and what its value is."""

from collections.abc import Mapping
from typing import NamedTuple

from contacts_audit.audit.checks import RISKS
from contacts_audit.audit.policy_values import MAX_COUNT
from contacts_audit.core.model import Check, Profile

SETTING_KEYS = (
    "profile",
    "checks",
    "required_emails",
    "allowed_domains",
    "minimum_emails",
    "attack_path_level",
    "deliverable",
)
TARGET_KEYS = ("subscription", "management_group")
WAIVER_KEYS = (*TARGET_KEYS, "check", "reason", "owner", "expires")
KEYS: Mapping[str, tuple[str, ...]] = {  # of the top, and of each array of tables
    "": (*SETTING_KEYS, "override", "waiver"),
    "override": (*TARGET_KEYS, *SETTING_KEYS),
    "waiver": WAIVER_KEYS,
}


class Value(NamedTuple):
    """What the value of a key is, with an *example* in TOML, or the *choices* for it."""

    kind: str
    example: str = ""
    choices: tuple[str, ...] = ()


VALUES: Mapping[str, Value] = {
    "profile": Value("a profile", choices=tuple(Profile)),
    "checks": Value("a list of checks", choices=tuple(Check)),
    "required_emails": Value("a list of email addresses", '["soc@example.com"]'),
    "allowed_domains": Value("a list of domains", '["example.com"]'),
    "minimum_emails": Value(f"a number from 1 to {MAX_COUNT}", "2"),
    "attack_path_level": Value("a level", choices=RISKS),
    "deliverable": Value("true or false", "true"),
    "subscription": Value("an id or a name", '"Production"'),
    "management_group": Value("the id of a management group", '"sandboxes"'),
    "check": Value("a check", choices=tuple(Check)),
    "reason": Value("a string", '"closed at the end of the year"'),
    "owner": Value("a string", '"platform team"'),
    "expires": Value("a date (2026-12-31, without quotes)", "2026-12-31"),
}
