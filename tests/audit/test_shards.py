"""Each subscription is in one shard."""

import hashlib

import pytest

from contacts_audit.audit.scope import resolve_scope
from contacts_audit.audit.shards import Shard, parse_shard
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Subscription


@pytest.mark.parametrize("count", [1, 2, 7])
def test_each_subscription_is_in_one_part(count: int) -> None:
    """By the SHA-256 of its id in lower case, modulo the number of parts."""
    known = [Subscription(f"{number:08x}-0000-4000-8000-000000000000") for number in range(50)]

    parts = [
        resolve_scope(known, None, [], Shard(index, count)).subscriptions for index in range(count)
    ]

    for index, part in enumerate(parts):
        assert list(part) == [
            each
            for each in known
            if int(hashlib.sha256(each.id.encode()).hexdigest(), 16) % count == index
        ]


@pytest.mark.parametrize(
    ("text", "index", "part"),
    [("0/1", None, (0, 1)), ("2/3", "1", (2, 3)), ("auto/3", "1", (1, 3)), ("007/8", None, (7, 8))],
)
def test_parts(text: str, index: str | None, part: tuple[int, int]) -> None:
    """By number, or by the index of the job."""
    assert parse_shard(text, index) == part


@pytest.mark.parametrize(
    ("text", "index"),
    [
        *((text, "0") for text in ("", "1", "1/1", "0/0", "-1/2", "a/2", "1/2/3", " 0/1", "0/1\n")),
        *((text, "0") for text in ("٣/9", "1e1/99", "auto", "AUTO/2", "0/9999999999")),
        *(("auto/2", index) for index in (None, "2", "x", "-1", "")),
    ],
)
def test_what_is_no_part(text: str, index: str | None) -> None:
    """Wrong usage, before anything is sent."""
    with pytest.raises(UsageError):
        parse_shard(text, index)
