"""The server of `make bench` speaks as the double does."""

import json
from http import HTTPStatus

import pytest
from azure_double.__main__ import CONTACT_2017
from bench.answers import Answers, Bucket
from bench.processes import Run
from bench.table import ratio

VERSIONS = ("2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview")


def get(target: str, token: str) -> bytes:
    """Return a request as it arrives."""
    return f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def parted(answer: bytes) -> tuple[int, set[str], bytes]:
    """Return the status, the names of the headers, and the body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), {line.partition(":")[0] for line in lines}, body


@pytest.mark.parametrize("version", VERSIONS)
def test_the_server_answers_like_the_double(version: str) -> None:
    """Each list of contacts and each refusal is that of the double, cached or not."""
    answers = Answers(3, 2)
    token, asked = answers.azure.token(), answers.azure.subscriptions[2].id
    target = f"/subscriptions/{asked}/providers/Microsoft.Security/securityContacts"
    request = get(f"{target}?api-version={version}", token)

    first, kept = (parted(answers.answer(request, 0.0)[0]) for _ in range(2))
    bad = parted(answers.answer(request.replace(token.encode(), b"none"), 0.0)[0])

    assert first == kept
    assert kept[0] == HTTPStatus.OK
    assert asked.encode() in kept[2]
    assert CONTACT_2017["email"].encode() in kept[2]
    assert {"x-ms-request-id", "Content-Length"} <= kept[1]
    assert bad[0] == HTTPStatus.UNAUTHORIZED
    assert answers.counts["contacts"] == 3


def test_an_empty_bucket_throttles() -> None:
    """Requests beyond the bucket get a 429, and are counted."""
    answers = Answers(3, 2)
    answers.bucket = Bucket(1, 1, 1, 0.0)
    request = get("/subscriptions?api-version=2022-12-01", answers.azure.token())

    statuses = [parted(answers.answer(request, at)[0])[0] for at in (0.0, 0.5, 1.5)]

    assert statuses == [HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.OK]
    assert answers.counts["refused"] == 1


def test_an_answer_after_a_write_is_not_the_one_before() -> None:
    """With writes, nothing is kept."""
    answers = Answers(1, 1, writes=True)
    token, asked = answers.azure.token(), answers.azure.subscriptions[0].id
    target = f"/subscriptions/{asked}/providers/Microsoft.Security/securityContacts"
    read = get(f"{target}?api-version={VERSIONS[0]}", token)
    body = json.dumps({"properties": {**CONTACT_2017, "email": "new@contoso.com"}}).encode()
    head = get(f"{target}/default1?api-version={VERSIONS[0]}", token).replace(b"GET", b"PUT")
    length = f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n\r\n".encode()

    before, _, after = (
        parted(answers.answer(request, 0.0)[0])
        for request in (read, head[:-2] + length + body, read)
    )

    assert b"new@contoso.com" not in before[2]
    assert b"new@contoso.com" in after[2]


@pytest.mark.parametrize(("at_least", "holds"), [(False, False), (True, True)])
def test_a_ratio_is_that_of_the_medians(at_least: bool, holds: bool) -> None:
    """Those of the single pairs stand beside it, and each program has a line."""
    fast = [Run(wall, 0.5, 40.0, 0) for wall in (1.0, 2.0, 9.0)]
    slow = [Run(wall, 0.7, 50.0, 0) for wall in (4.0, 3.0, 1.0)]

    row = ratio("x", 0.5, {"ours": fast, "theirs": slow}, at_least=at_least)

    assert (row.reached, row.pairs, row.holds) == (2 / 3, [0.25, 2 / 3, 9.0], holds)
    first, ours, theirs = row.text().splitlines()
    assert "0.25 to 9.00" in first
    assert "1.000    2.000    9.000 s" in ours
    assert "peak 50 MiB" in theirs
