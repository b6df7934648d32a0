"""Secrets and passwords are found in every spelling, and cost no time."""

import base64
import html
import json
import time
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.core.errors import ContactsAuditError
from contacts_audit.core.redaction import Secrets, shown_address, without_user_info


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://u:p@host/x", "https://***@host/x"),
        ("at https://u@host:8443, and http://a:b@c", "at https://***@host:8443, and http://***@c"),
        ("'https://u:p@h'", "'https://***@h'"),
        ('{"nextLink":"https:\\/\\/u:p@h\\/x"}', '{"nextLink":"https:\\/\\/***@h\\/x"}'),
        ("socks5h://u:p@h:1080", "socks5h://***@h:1080"),
        ("https://u:p@ss@host", "https://***@host"),
        ("https://u:p/w@host", "https://***@host"),
        ("https://u:p#w@host/x", "https://***@host/x"),
        ("https://u:p?w@host", "https://***@host"),
        ("https://[::1]:443/a@b", "https://[::1]:443/a@b"),
        ("https://host/x?mail=a@b.co", "https://host/x?mail=a@b.co"),
        ("https://host:8443/a@b", "https://host:8443/a@b"),
        ("a@b.co", "a@b.co"),
        ("mailto:a@b.co", "mailto:a@b.co"),
        ("x//b@contoso.com", "x//b@contoso.com"),
    ],
)
def test_user_info_is_removed_from_urls(text: str, shown: str) -> None:
    """Also a password with a raw slash; an email address is kept."""
    assert without_user_info(text) == shown
    assert str(ContactsAuditError(text, text)) == shown


@given(st.text("ab:/@?#[]\\ '\"<>", max_size=40))
def test_redaction_is_idempotent(text: str) -> None:
    """This holds for any text."""
    once = without_user_info(text)

    assert without_user_info(once) == once


@pytest.mark.parametrize("piece", ["://", "a:", "@", "://a", "://a:b@", "://[", ":\\/\\/", "a//"])
def test_redaction_takes_linear_time(piece: str) -> None:
    """Twice the text takes twice as long, not four times."""

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        began = time.process_time()
        without_user_info(text)
        shown_address(text)
        return time.process_time() - began

    assert seconds(2_000_000) < 20 * max(seconds(200_000), 0.01)


@pytest.mark.parametrize(
    "spell",
    [
        str,
        lambda text: quote(text, safe=""),
        quote_plus,
        lambda text: json.dumps(text)[1:-1],
        html.escape,
        lambda text: base64.b64encode(text.encode()).decode(),
    ],
)
def test_a_secret_is_known_in_each_spelling(spell: Any) -> None:
    """As in URLs, forms, JSON, HTML and base64."""
    secrets = Secrets()
    secret = 'p&ss "<w/rd>" é+='
    secrets.add(secret)

    assert spell(secret) not in secrets.redact(f"before {spell(secret)} after")
    assert spell(secret).encode() not in secrets.redact_bytes(spell(secret).encode() + b"\xff")


def test_what_is_short_is_no_secret() -> None:
    """It may occur by chance; an empty one would be everywhere."""
    secrets = Secrets()
    secrets.add("", "a", "On", "Owner")

    assert secrets.redact("On Owner a") == "On Owner a"
