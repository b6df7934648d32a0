"""
What the server of the measurements answers: the double's own answers, most of them kept.

What is not a list of contacts, the double answers.  Its answer to the list of contacts of one
subscription is kept for each api-version, and the id of the one that is asked for put into it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NoReturn

from azure_double import AzureDouble, arm, entra
from azure_double.__main__ import CONTACT_2017
from azure_double.refusals import error_body
from azure_double.wire import JSON, Answer, Asked

from contacts_audit.azure.arm.throttle import REMAINING

LIST = re.compile(
    rb"GET /subscriptions/([0-9a-f-]{36})/providers/Microsoft\.Security/securityContacts"
    rb"\?api-version=([0-9a-z-]+) HTTP/1\.1\r\n"
)
BEARER = re.compile(rb"\r\nauthorization: bearer ([^\r]+)\r\n", re.IGNORECASE)


@dataclass
class Bucket:
    """
    What a throttled service has left: *size* at first, *refill* more each second.

    It may be *told* in each answer, as Azure tells what a tenant has left.
    """

    size: float = math.inf
    refill: float = 0.0
    left: float = math.inf
    at: float = 0.0
    told: bool = False

    def take(self, now: float) -> bool:
        """Say whether there was one left, and take it."""
        self.left = min(self.size, self.left + (now - self.at) * self.refill)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Answers:
    """What is answered to the bytes of a request, and how many requests there were."""

    def __init__(self, subscriptions: int, page_size: int, *, writes: bool = False) -> None:
        self.azure = AzureDouble(seed="bench")
        self.writes = writes  # then each answer may be another one, and none is kept
        self.azure.page_size = page_size
        for number in range(1, subscriptions + 1):
            one = self.azure.add(f"Subscription {number}")
            one.contacts_2017.append({"name": "default1", "properties": CONTACT_2017})
        self.first = self.azure.subscriptions[0].id.encode()
        self.bucket = Bucket()
        self.counts = {"asked": 0, "contacts": 0, "refused": 0, "most": 0}
        self._kept: dict[bytes, bytes] = {}
        self._good: set[bytes] = set()

    def answer(self, request: bytes, now: float) -> tuple[bytes, bool]:
        """Return every byte of the answer, and whether Resource Manager gave it."""
        answer, of_arm = self._answer(request, now)
        if of_arm and self.bucket.told:
            left = b"\r\n%s: %d\r\n" % (REMAINING.encode(), self.bucket.left)
            answer = answer.replace(b"\r\n", left, 1)
        return answer, of_arm

    def _answer(self, request: bytes, now: float) -> tuple[bytes, bool]:
        listed = LIST.match(request)
        if listed is None:
            asked = _asked(request)
            if not asked.to_arm:
                return self._slowly(asked), False
        self.counts["asked"] += 1
        if not self.bucket.take(now):
            self.counts["refused"] += 1
            return REFUSAL, True
        if listed is None:
            return self._slowly(asked), True
        self.counts["contacts"] += 1
        if self.writes:
            return self._slowly(_asked(request)), True
        identity, version = listed.groups()
        bearer = BEARER.search(request)
        if bearer is None or bearer[1] not in self._good or version not in self._kept:
            return self._first(request, identity, version, bearer and bearer[1]), True
        return self._kept[version].replace(self.first, identity), True

    def _first(self, request: bytes, identity: bytes, version: bytes, token: bytes | None) -> bytes:
        answered = self._slowly(_asked(request.replace(identity, self.first)))
        if token is not None and answered.startswith(b"HTTP/1.1 200 "):
            self._good.add(token)
            self._kept[version] = answered
        return answered.replace(self.first, identity)

    def _slowly(self, asked: Asked) -> bytes:
        asked.number = self.counts["asked"]
        if asked.to_arm:
            return arm.answer(self.azure, asked).encode()
        return entra.answer(self.azure, asked, _no_certificate).encode()


REFUSAL = Answer(
    429,
    error_body("SubscriptionRequestsThrottled", "Number of requests exceeded the limit."),
    {"Content-Type": JSON, "Retry-After": "1"},
).encode()


def _no_certificate() -> NoReturn:
    raise NotImplementedError


def _asked(request: bytes) -> Asked:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Asked(method, target, headers, body, 1)
