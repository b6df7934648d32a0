"""Each subscription is in one shard."""

import hashlib

import pytest

from contacts_audit.audit.scope import resolve_scope
from contacts_audit.audit.shards import Shard, parse_shard
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Subscription


@pytest.mark.parametrize("count", [1, 2, 7])
def test_each_subscription_is_in_one_shard(count: int) -> None:
    """The SHA-256 of its id in lower case, modulo the number of shards, decides."""
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
def test_shards_are_named_by_number_or_job_index(
    text: str, index: str | None, part: tuple[int, int]
) -> None:
    """`auto` takes the index of the Kubernetes job."""
    assert parse_shard(text, index) == part


@pytest.mark.parametrize(
    ("text", "index"),
    [
        *((text, "0") for text in ("", "1", "1/1", "0/0", "-1/2", "a/2", "1/2/3", " 0/1", "0/1\n")),
        *((text, "0") for text in ("٣/9", "1e1/99", "auto", "AUTO/2", "0/9999999999")),
        *(("auto/2", index) for index in (None, "2", "x", "-1", "")),
    ],
)
def test_a_malformed_shard_is_refused(text: str, index: str | None) -> None:
    """Wrong usage, before any request."""
    with pytest.raises(UsageError):
        parse_shard(text, index)
