"""The subscriptions that the tests of the scope select from."""

from contacts_audit.audit.selectors import Selector, parse_selector
from contacts_audit.core.model import Subscription

A, B, C, D = (f"{letter * 8}-0000-4000-8000-{letter * 12}" for letter in "abcd")
WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in "-0123456789abcdef"}
PROD = Subscription(A, "Prod", "Enabled")
TEST = Subscription(B, "Test", "Enabled")
DEV = Subscription(C, "prod", "Disabled")
NAMELESS = Subscription(D)
VISIBLE = (PROD, TEST, DEV, NAMELESS)


def asked(*texts: str) -> list[Selector]:
    """Return what *texts* select on the command line."""
    return [parse_selector(text, "--subscription") for text in texts]
