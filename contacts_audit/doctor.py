"""Tests what an audit needs: credential, network, clock, sign-in, subscriptions, API versions."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from contacts_audit.audit.unread import broken, fault, out_of_time, unasked
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
    OutputError,
    UsageError,
    VersionRefusedError,
)
from contacts_audit.core.model import Fault, Subscription, Unread
from contacts_audit.core.workers import in_order

ALLOWED_SKEW = 300.0  # seconds; Entra ID rejects a larger one
NOTICED_SKEW = 10.0
NEAR_EXPIRY = 600.0
BATCH = 32
VERSIONS = (protocol.V2017, protocol.V2020, protocol.V2023)
READS = tuple(f"read {version}" for version in VERSIONS)
WRITE = "write permission"
REPLAYED = ("subscriptions", *READS, WRITE)  # parts that a recording can answer
PARTS = ("cloud", "network", "clock", "credential", "sign-in", *REPLAYED)
WRITE_ACTION = "Microsoft.Security/securityContacts/write"


class Status(StrEnum):
    """The status of a part."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A part that was tested: what was found, and what to do about it."""

    name: str
    status: Status
    detail: str
    hint: str = ""


def exit_code(diagnosed: Iterable[Diagnosis]) -> ExitCode:
    """Return the exit code: 1 if a part failed, 0 otherwise, also with warnings."""
    failed = any(each.status is Status.FAILED for each in diagnosed)
    return ExitCode.FAILED if failed else ExitCode.CLEAN


def skipped(found: Sequence[Diagnosis], parts: Iterable[str]) -> Iterator[Diagnosis]:
    """Yield the *parts* that are not in *found*, with the failure that prevented their test."""
    known = {each.name for each in found}
    failure = next((each.name for each in found if each.status is Status.FAILED), None)
    why = "nothing to test it with" if failure is None else f"{failure} failed"
    for name in parts:
        if name not in known:
            yield Diagnosis(name, Status.SKIPPED, f"not tested: {why}")


def diagnosed(name: str, work: Callable[[], Iterable[Diagnosis]]) -> Iterator[Diagnosis]:
    """
    Yield what *work* finds; yield an error of it as the failed part *name*.

    Raises:
        UsageError: the command line is wrong.
        OutputError: the recording cannot be written.
    """
    try:
        yield from work()
    except (UsageError, OutputError):
        raise
    except ContactsAuditError as error:
        detail = Fault.of(error).detail if isinstance(error, AzureError) else str(error)
        yield Diagnosis(name, Status.FAILED, detail, error.hint)


def network(probe: Callable[[], protocol.Answer], endpoint: str, trust: str) -> Iterator[Diagnosis]:
    """
    Send a request without a token to the Resource Manager, and compare clocks.

    Raises:
        AzureError: no answer came, or it was not from the Resource Manager.
    """
    began = time.time()
    answer = probe()
    moment = (began + time.time()) / 2
    if 300 <= answer.status < 400 or protocol.is_html(answer):
        raise protocol.fault(answer)
    detail = f"{endpoint} answers; its certificate is trusted by {trust}"
    yield Diagnosis("network", Status.OK, detail)
    yield clock(answer.headers.get("date", ""), moment)


def clock(date: str, moment: float) -> Diagnosis:
    """Compare the Date header of an answer with this machine's *moment* (epoch seconds)."""
    try:
        skew = moment - parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        hint = "check the clock of this machine: date -u"
        return Diagnosis("clock", Status.WARNING, "the answer has no Date header", hint)
    if abs(skew) <= NOTICED_SKEW:
        return Diagnosis("clock", Status.OK, f"within {NOTICED_SKEW:.0f} s of Azure's")
    where = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} Azure's"
    hint = "set the clock of this machine (timedatectl set-ntp true)"
    status = Status.FAILED if abs(skew) > ALLOWED_SKEW else Status.WARNING
    return Diagnosis("clock", status, f"this machine's clock is {where}", hint)


def sign_in(tenants: Sequence[Tenant]) -> Iterator[Diagnosis]:
    """
    Sign in to each tenant, and yield the identity; never the token.

    Raises:
        AuthError: sign-in failed.
    """
    for tenant in tenants:
        _ = tenant.id
        token = tenant.tokens.token()
        if tenant.credential is not None:
            yield _signed_in(token, identity_of(token, tenant.credential).label)


def _signed_in(token: AccessToken, detail: str) -> Diagnosis:
    hint = "get a new token before a long run"
    if token.expires_on is None:
        return Diagnosis("sign-in", Status.WARNING, f"{detail}, expiry unknown", hint)
    left = token.expires_on - time.time()
    until = datetime.fromtimestamp(token.expires_on, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    detail += f", expires {until} (in {left / 60:.0f} min)"
    if left < NEAR_EXPIRY:
        return Diagnosis("sign-in", Status.WARNING, detail, hint)
    return Diagnosis("sign-in", Status.OK, detail)


def subscriptions(connection: Connection, listed: Collection[Subscription]) -> Iterator[Diagnosis]:
    """Count the subscriptions, read one at each API version, and test whether it may be written."""
    if not listed:
        hint = "grant it a role (Security Reader), or check the tenant (--tenant)"
        yield Diagnosis("subscriptions", Status.FAILED, "this identity sees no subscription", hint)
        return
    audited = [subscription for subscription in listed if unasked(subscription) is None]
    detail = f"{len(listed)} visible, {len(listed) - len(audited)} of them disabled or deleted"
    if not audited:
        hint = "nothing would be audited: check the tenant (--tenant)"
        yield Diagnosis("subscriptions", Status.WARNING, detail, hint)
        return
    yield Diagnosis("subscriptions", Status.OK, detail)
    yield from _reads(connection, audited)


def _reads(connection: Connection, audited: Sequence[Subscription]) -> Iterator[Diagnosis]:
    """Read one subscription that can be read; try more in parallel after the first."""
    first, tried, size = list[Diagnosis](), 0, 1
    while tried < len(audited):
        batch = audited[tried : tried + size]
        all_readings = in_order(
            lambda subscription: [_at(connection, subscription, one) for one in VERSIONS],
            batch,
            workers=size,
            deadline=connection.limits.deadline,
            timed_out=lambda subscription: _unread(out_of_time(subscription)),
            broken=lambda subscription, error: _unread(broken(subscription, error)),
        )
        for subscription, readings in zip(batch, all_readings, strict=True):
            if any(each.status is Status.OK for each in readings):
                yield from readings
                yield _write_permission(connection, subscription)
                return
            first = first or readings
        tried, size = tried + size, BATCH
    for each in first:
        yield Diagnosis(each.name, Status.FAILED, each.detail, each.hint)
    if len(audited) > 1:
        detail = f"none of {len(audited)} subscriptions could be read"
        yield Diagnosis("read", Status.FAILED, detail, first[0].hint)


def _unread(row: Unread) -> list[Diagnosis]:
    detail = f"{row.subscription.label}: {row.fault.detail}"
    return [Diagnosis("read", Status.WARNING, detail, row.fault.hint)]


def _at(connection: Connection, subscription: Subscription, version: str) -> Diagnosis:
    """Read at *version*. A failure is a warning: another version may work."""
    client, label = connection.client(subscription), subscription.label
    url = protocol.contacts_url(client.endpoint, subscription.id, version)
    status = Status.WARNING
    try:
        answers = client.pages(url, most=read.MOST_PAGES, until=client.limits.until())
        number = sum(1 for answer in answers for _ in read.contacts(answer, version))
    except VersionRefusedError as error:
        detail = f"this cloud does not offer it: {Fault.of(error).detail}"
        hint = "audit uses the other versions; check --cloud"
    except AzureError as error:
        told = fault(error, subscription)
        detail, hint = f"{label}: {told.line}", told.hint
    except AuthError as error:
        detail, hint = str(error), error.hint
    else:
        status, hint = Status.OK, ""
        detail = f"{label}: 1 contact" if number == 1 else f"{label}: {number} contacts"
    return Diagnosis(f"read {version}", status, detail, hint)


def _write_permission(connection: Connection, subscription: Subscription) -> Diagnosis:
    """Test whether `apply` may write, by the permissions that Azure lists. Nothing is written."""
    client, label = connection.client(subscription), subscription.label
    try:
        roles = list(permissions(client, subscription.id))
    except (AzureError, AuthError) as error:
        return Diagnosis(WRITE, Status.UNKNOWN, f"{label}: {Fault.of(error).detail}", error.hint)
    if any(role.allows(WRITE_ACTION) for role in roles):
        return Diagnosis(WRITE, Status.OK, f"{label}: this identity may change security contacts")
    detail = f"{label}: this identity may not change security contacts, so apply would be refused"
    hint = f"to use apply, grant it the role Security Admin (action {WRITE_ACTION})"
    return Diagnosis(WRITE, Status.WARNING, detail, hint)
