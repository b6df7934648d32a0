"""
Decides what is an email address, and whether two addresses are the same mailbox.

All comparisons of addresses compare `key`. It compares domains as DNS does: `soc@bücher.com` and
`soc@xn--bcher-kva.com` are one mailbox.
"""

import functools
import re
from collections.abc import Iterable

LONGEST = 1024  # characters; RFC 5321 allows 254, but after normalization
LONGEST_REASON = 200  # characters

# What most people have.  Up to the length of a label email-validator takes all of these (a test
# compares), and to load it takes a tenth of a short run.
PLAIN = re.compile(
    r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?:com|net|org|[a-z]{2})",
    re.ASCII | re.IGNORECASE,
)
LONGEST_LABEL = 63


def split(text: str) -> list[str]:
    """Return the addresses in *text*, separated by commas (the portal) or semicolons (the API)."""
    return [part.strip() for part in text.replace(",", ";").split(";") if part.strip()]


def is_address(text: str) -> bool:
    """Return whether email-validator accepts *text* as an address; it makes no DNS lookup."""
    return refusal(text) is None


def is_domain(text: str) -> bool:
    """Return whether *text* can be the domain of an address."""
    return is_address(f"somebody@{text}")


def refusal(text: str) -> str | None:
    """Return why email-validator refuses *text*, or None if *text* is an address."""
    return _examined(text)[0] if len(text) <= LONGEST else f"it is longer than {LONGEST} characters"


def key(text: str) -> str:
    """Return a key that is equal for all spellings of a mailbox: case and IDNA do not matter."""
    return _examined(text)[1] if len(text) <= LONGEST else text.casefold()


def domain_key(text: str) -> str:
    """Return a key that is equal for all spellings of a domain."""
    return key(f"somebody@{text}").rpartition("@")[2]


def distinct(texts: Iterable[str]) -> list[str]:
    """Return each mailbox once, as first spelled."""
    spelled: dict[str, str] = {}
    for text in texts:
        spelled.setdefault(key(text), text)
    return list(spelled.values())


@functools.lru_cache(maxsize=256)  # a run has few addresses, each of them often
def _examined(text: str) -> tuple[str | None, str]:
    if len(text) <= LONGEST_LABEL and PLAIN.fullmatch(text):
        return None, text.casefold()
    from email_validator import validate_email

    try:
        found = validate_email(text, check_deliverability=False)
    except ValueError as error:  # its EmailNotValidError, or half a surrogate pair
        return str(error).rstrip(".")[:LONGEST_REASON], text.casefold()
    return None, f"{found.local_part.casefold()}@{found.ascii_domain.casefold()}"
