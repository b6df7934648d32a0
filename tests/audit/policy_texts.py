"""Policy files, and what is wrong with them: shared by the tests of policies."""

import re
from datetime import date

import pytest

from contacts_audit.audit.policy import Policy
from contacts_audit.audit.policy_file import read
from contacts_audit.audit.profiles import Settings
from contacts_audit.core.errors import FaultsError, UsageError

TODAY = date(2026, 1, 31)
WHOLE = """
profile = "strict"
checks = ["contact-email", "reachable"]
required_emails = ["soc@contoso.com"]
allowed_domains = ["contoso.com", "fabrikam.com"]
minimum_emails = 2
attack_path_level = "High"
deliverable = true

[[override]]
management_group = "sandboxes"
profile = "conformity"

[[override]]
subscription = "Prod"
required_emails = []
minimum_emails = 1
deliverable = false

[[waiver]]
subscription = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
reason = "closed at the end of the year"
owner = "platform team"
expires = 2026-12-31

[[waiver]]
subscription = "Prod"
check = "owner-notified"
reason = "no owner"
owner = "nobody"
expires = 0001-01-01
"""
OVERRIDE = '[[override]]\nsubscription = "x"\n'
WAIVER = '[[waiver]]\nsubscription = "x"\nreason = "r"\nowner = "o"\nexpires = 2026-12-31\n'


def parsed(text: str | bytes) -> Policy:
    """Return the policy that *text* is, today and without options."""
    spelt = text.encode() if isinstance(text, str) else text
    return read(spelt, "policy.toml", Settings(), TODAY)


def faults(text: str | bytes) -> list[str]:
    """Return why *text* is no policy, and what to do, a line each."""
    with pytest.raises(UsageError) as caught:
        parsed(text)
    found = caught.value.faults if isinstance(caught.value, FaultsError) else [caught.value]
    return [f"{one} -- {one.hint}" for one in found]


def refusal(text: str | bytes) -> str:
    """Return the only reason why *text* is no policy, less the number of the line."""
    (said,) = faults(text)
    return re.sub(r"(?<=^policy.toml), line \d+", "", said)


def waiver(**values: str) -> str:
    """Return a waiver with *values* in place of its own; an empty one takes the key away."""
    own = {"subscription": '"x"', "reason": '"r"', "owner": '"o"', "expires": "2026-12-31"}
    lines = [f"{key} = {value}\n" for key, value in (own | values).items() if value]
    return "[[waiver]]\n" + "".join(lines)
