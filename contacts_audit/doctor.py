"""Tests what an audit needs: credential, network, clock, sign-in, subscriptions, API versions."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from contacts_audit.audit.auditor import broken, out_of_time, unasked
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.permissions import permissions
from contacts_audit.azure.auth.sign_in import identity_of
from contacts_audit.azure.contacts import read
from contacts_audit.azure.kinds import AccessToken
from contacts_audit.azure.tenants import Connection, Tenant
from contacts_audit.core.errors import (
    AuthError,
    AzureError,
    ContactsAuditError,
    ExitCode,
    UsageError,
    VersionRefusedError,
)
from contacts_audit.core.model import Fault, Subscription, Unread
from contacts_audit.core.workers import in_order

ALLOWED_SKEW = 300.0  # seconds that Entra allows between its clock and a client's
NOTICED_SKEW = 10.0
NEAR_EXPIRY = 600.0
AT_ONCE = 32
READS = tuple(f"read {version}" for version in (protocol.V2017, protocol.V2020, protocol.V2023))
WRITE = "write permission"
PLAYED = ("subscriptions", *READS, WRITE)  # what a recording can answer
PARTS = ("cloud", "network", "clock", "credential", "sign-in", *PLAYED)
WRITE_ACTION = "Microsoft.Security/securityContacts/write"


class Status(StrEnum):
    """How a part is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Examined:
    """A part that was looked at: what was found, and what to do where it is not well."""

    name: str
    status: Status
    detail: str
    hint: str = ""


Knock = Callable[[], protocol.Answer]


def exit_code(examined: Iterable[Examined]) -> ExitCode:
    """Return the code of an examination: warnings are none of its business."""
    failed = any(each.status is Status.FAILED for each in examined)
    return ExitCode.FAILED if failed else ExitCode.CLEAN


def skipped(found: Sequence[Examined], parts: Iterable[str]) -> Iterator[Examined]:
    """Yield those *parts* that were not tested, and which failure among *found* they wait for."""
    known = {each.name for each in found}
    failure = next((each.name for each in found if each.status is Status.FAILED), None)
    why = "there is nothing to test it with" if failure is None else f"{failure} failed"
    for name in parts:
        if name not in known:
            yield Examined(name, Status.SKIPPED, f"not tested: {why}")


def examined(name: str, work: Callable[[], Iterable[Examined]]) -> Iterator[Examined]:
    """
    Yield what *work* finds, and how it ended, if that was by an error, as *name*.

    Raises:
        UsageError: the command line is wrong; that is nothing to examine.
    """
    try:
        yield from work()
    except UsageError:
        raise
    except AzureError as error:
        yield Examined(name, Status.FAILED, Fault.of(error).detail, error.hint)
    except ContactsAuditError as error:
        yield Examined(name, Status.FAILED, str(error), error.hint)


def network(knock: Knock, endpoint: str, trust: str) -> Iterator[Examined]:
    """
    Ask the Resource Manager, as nobody, for what it tells everybody; look at its clock and ours.

    Raises:
        AzureError: no answer came, or somebody else answered.
    """
    began = time.time()
    answer = knock()
    moment = (began + time.time()) / 2
    if 300 <= answer.status < 400 or protocol.is_html(answer):
        raise protocol.fault(answer)
    yield Examined("network", Status.OK, f"{endpoint} answers; its certificate is good by {trust}")
    yield clock(answer.headers.get("date", ""), moment)


def clock(date: str, moment: float) -> Examined:
    """Compare what an answer's Date header said with our clock's *moment*, in epoch seconds."""
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        detail = "the answer bore no date to compare with"
        return Examined("clock", Status.WARNING, detail, "compare it by hand: date -u")
    skew = moment - theirs
    where = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} Azure's"
    hint = "set the clock of this machine (timedatectl set-ntp true)"
    if abs(skew) > ALLOWED_SKEW:
        return Examined("clock", Status.FAILED, f"this machine's clock is {where}", hint)
    if abs(skew) > NOTICED_SKEW:
        return Examined("clock", Status.WARNING, f"this machine's clock is {where}", hint)
    return Examined("clock", Status.OK, f"within {NOTICED_SKEW:.0f} s of Azure's")


def sign_in(tenants: Sequence[Tenant]) -> Iterator[Examined]:
    """
    Sign in to each tenant, and tell who that is; never the token.

    Raises:
        AuthError: no token is to be had.
    """
    for tenant in tenants:
        _ = tenant.id
        token = tenant.tokens.token()
        if tenant.credential is not None:
            yield _signed_in(token, identity_of(token, tenant.credential).label)


def _signed_in(token: AccessToken, detail: str) -> Examined:
    if token.expires_on is None:
        detail += ", nobody tells its expiry"
        return Examined("sign-in", Status.WARNING, detail, "ask for a new one before a long run")
    left = token.expires_on - time.time()
    until = datetime.fromtimestamp(token.expires_on, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    detail += f", expires {until} (in {left / 60:.0f} min)"
    if left < NEAR_EXPIRY:
        return Examined("sign-in", Status.WARNING, detail, "ask for a new one before a long run")
    return Examined("sign-in", Status.OK, detail)


def subscriptions(connection: Connection, listed: Collection[Subscription]) -> Iterator[Examined]:
    """Count what is visible, read one at each api-version, and look whether it may be written."""
    if not listed:
        hint = "grant it a role (Security Reader), or check the tenant (--tenant)"
        yield Examined("subscriptions", Status.FAILED, "none is visible to this identity", hint)
        return
    audited = [subscription for subscription in listed if unasked(subscription) is None]
    detail = f"{len(listed)} visible, {len(listed) - len(audited)} of them disabled or deleted"
    if not audited:
        hint = "nothing would be audited: check the tenant (--tenant)"
        yield Examined("subscriptions", Status.WARNING, detail, hint)
        return
    yield Examined("subscriptions", Status.OK, detail)
    yield from _reads(connection, audited)


def _reads(connection: Connection, audited: Sequence[Subscription]) -> Iterator[Examined]:
    """Read the first that can be read, many at once after the first; else tell of that."""
    first: Sequence[Examined] = ()
    tried, size = 0, 1
    while tried < len(audited):
        batch = audited[tried : tried + size]
        all_readings = in_order(
            lambda subscription: _read(connection, subscription),
            batch,
            workers=size,
            deadline=connection.limits.deadline,
            timed_out=lambda subscription: [_unread(out_of_time(subscription))],
            broken=lambda subscription, error: [_unread(broken(subscription, error))],
        )
        for subscription, readings in zip(batch, all_readings, strict=True):
            if any(each.status is Status.OK for each in readings):
                yield from readings
                yield _write_permission(connection, subscription)
                return
            first = first or readings
        tried, size = tried + size, AT_ONCE
    for each in first:
        yield Examined(each.name, Status.FAILED, each.detail, each.hint)
    if len(audited) > 1:
        detail = f"none of {len(audited)} subscriptions could be read"
        yield Examined("read", Status.FAILED, detail, first[0].hint)


def _unread(row: Unread) -> Examined:
    fault = row.fault
    return Examined("read", Status.WARNING, f"{row.subscription.label}: {fault.detail}", fault.hint)


def _read(connection: Connection, subscription: Subscription) -> list[Examined]:
    return [
        _at(connection, subscription, one)
        for one in (protocol.V2017, protocol.V2020, protocol.V2023)
    ]


def _at(connection: Connection, subscription: Subscription, version: str) -> Examined:
    """A version that fails beside one that works is a warning."""
    name = f"read {version}"
    client = connection.client(subscription)
    url = protocol.contacts_url(client.endpoint, subscription.id, version)
    try:
        found = [
            contact
            for answer in client.pages(url, most=read.MOST_PAGES, until=client.limits.until())
            for contact in read.contacts(answer, version, lambda kind: None)
        ]
    except VersionRefusedError as error:
        detail = f"this cloud does not offer it: {Fault.of(error).detail}"
        return Examined(name, Status.WARNING, detail, "audit asks at the others; check --cloud")
    except AzureError as error:
        detail = f"{subscription.label}: {Fault.of(error).line}"
        return Examined(name, Status.WARNING, detail, error.hint)
    except AuthError as error:
        return Examined(name, Status.WARNING, str(error), error.hint)
    noun = "contact" if len(found) == 1 else "contacts"
    return Examined(name, Status.OK, f"{subscription.label}: {len(found)} {noun}")


def _write_permission(connection: Connection, subscription: Subscription) -> Examined:
    """Say whether `apply` could write, by the permissions that Azure lists; nothing is written."""
    client, label = connection.client(subscription), subscription.label
    try:
        roles = list(permissions(client, subscription.id))
    except (AzureError, AuthError) as error:
        told = Fault.of(error).detail if isinstance(error, AzureError) else str(error)
        return Examined(WRITE, Status.UNKNOWN, f"{label}: {told}", error.hint)
    if any(role.allows(WRITE_ACTION) for role in roles):
        return Examined(WRITE, Status.OK, f"{label}: this identity may change security contacts")
    detail = f"{label}: this identity may not change security contacts, so apply would be refused"
    hint = f"to use apply, grant it the role Security Admin (action {WRITE_ACTION})"
    return Examined(WRITE, Status.WARNING, detail, hint)
