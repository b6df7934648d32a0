"""The command doctor: tests what an audit needs, and suggests fixes."""

import functools
import json
import textwrap
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from contacts_audit.cli.host import Host
from contacts_audit.cli.option_groups import grouped
from contacts_audit.cli.options import (
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
    TalkOptions,
    printed_as,
)
from contacts_audit.cli.signing import sign_in
from contacts_audit.cli.terminal import log_to
from contacts_audit.cli.wiring import connect
from contacts_audit.core.errors import ExitCode
from contacts_audit.core.sanitize import sanitized, sanitized_json

if TYPE_CHECKING:
    from contacts_audit.azure.arm.protocol import Answer
    from contacts_audit.azure.auth.sign_in import SignIn
    from contacts_audit.doctor import Examined

SCHEMA = 1
RECORDING = "recorded"  # of when, if it is not the current state
LEFT = 34  # columns of status and name


class DoctorFormat(StrEnum):
    """How an examination is printed; the first is the default."""

    TEXT = "text"
    JSON = "json"


@grouped
def doctor(
    context: typer.Context,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    talk: TalkOptions,
    output: Annotated[DoctorFormat, printed_as(DoctorFormat)] = DoctorFormat.TEXT,
) -> None:
    """
    Diagnose sign-in, network, permissions and API versions, and suggest fixes.

    Exit codes: 0 an audit can run, 1 it cannot.
    """
    from contacts_audit.core.workers import in_thread
    from contacts_audit.doctor import PARTS, PLAYED, examined, exit_code, skipped

    host: Host = context.obj
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    deadline = time.monotonic() + network.deadline
    examination = _examination(host, identity, cloud, network)
    found: list[Examined] = []
    width = host.screen.terminal_width

    def timely() -> "Iterator[Examined]":
        coming = functools.partial(next, examination, None)
        while (each := in_thread(coming, deadline=deadline)) is not None:
            yield each

    def whole() -> "Iterator[Examined]":
        yield from examined("deadline", timely)
        yield from skipped(found, PARTS if network.replay is None else PLAYED)

    for each in whole():
        found.append(each)
        if output is DoctorFormat.TEXT:
            host.screen.data(lines(each, width))
    code = exit_code(found)
    if output is DoctorFormat.JSON:
        host.screen.data(_document(found, code))
    well = code is ExitCode.CLEAN
    host.screen.note("An audit can run." if well else "Fix what failed, then run doctor again.")
    raise typer.Exit(code)


def _examination(
    host: Host, identity: IdentityOptions, cloud: CloudOptions, network: NetworkOptions
) -> "Iterator[Examined]":
    """Yield how each part is, up to the first failure that the others hang on."""
    from contacts_audit import doctor
    from contacts_audit.doctor import Status, examined

    if network.replay is None:
        chosen = sign_in(host, identity, cloud)
        for told in host.of_tls():
            yield doctor.Examined("tls", Status.WARNING, told, "unset it, if you did not mean it")
        well = True
        for each in (
            *examined("network", lambda: _network(chosen, cloud, network.timeout)),
            *examined("credential", lambda: _credential(identity, chosen)),
        ):
            yield each
            well = well and (each.status is not Status.FAILED or each.name == "clock")
        if not well:
            return
    connection = connect(host, identity, cloud, network)
    if connection.recorded is not None:
        yield doctor.Examined(RECORDING, Status.OK, f"{connection.recorded:%Y-%m-%dT%H:%M:%SZ}")
    if network.replay is None:
        signed_in = list(examined("sign-in", lambda: doctor.sign_in(connection.tenants)))
        yield from signed_in
        if doctor.exit_code(signed_in) is not ExitCode.CLEAN:
            return
    yield from examined(
        "subscriptions", lambda: doctor.subscriptions(connection, connection.visible())
    )


def _network(chosen: "SignIn", cloud: CloudOptions, seconds: float) -> "Iterator[Examined]":
    from contacts_audit import doctor
    from contacts_audit.azure.arm import protocol
    from contacts_audit.azure.arm.transport import prepared
    from contacts_audit.azure.arm.trust import trusted

    endpoint = chosen.cloud.arm
    bundle = None if cloud.ca_bundle is None else str(cloud.ca_bundle)

    def knock() -> "Answer":
        return chosen.wire().send(prepared(protocol.metadata_url(endpoint), {}), timeout=seconds)

    login = chosen.cloud.authority or "(from the cloud's metadata)"
    audience = chosen.cloud.audience or "(from the cloud's metadata)"
    where = f"{chosen.cloud.name}: {endpoint}, sign-in at {login}, audience {audience}"
    yield doctor.Examined("cloud", doctor.Status.OK, where)
    yield from doctor.network(knock, endpoint, trusted(bundle))


def _credential(identity: IdentityOptions, chosen: "SignIn") -> "Iterator[Examined]":
    from contacts_audit.azure.auth import chain
    from contacts_audit.doctor import Examined, Status

    found = chain.choose(identity.auth, chosen)
    yield Examined("credential", Status.OK, f"{found.name} ({found.why})")


def lines(each: "Examined", width: int | None) -> str:
    """Spell *each*, its hint beneath it; folded between words where a terminal is *width* wide."""
    texts = [sanitized(text) for text in (each.detail, each.hint) if text]
    if width is not None:
        fold = textwrap.TextWrapper(
            max(20, width - LEFT), break_long_words=False, break_on_hyphens=False
        )
        texts = [line for text in texts for line in fold.wrap(text)]
    beneath = "\n" + " " * LEFT
    return f"{each.status:<9}{each.name:<25}{beneath.join(texts)}\n"


def _document(found: "list[Examined]", code: ExitCode) -> str:
    checks = [
        {"name": each.name, "status": each.status, "detail": each.detail, "hint": each.hint}
        for each in found
    ]
    recorded = next((each.detail for each in found if each.name == RECORDING), None)
    document = {
        "schema": SCHEMA,
        "recorded": recorded,
        "checks": checks,
        "exit_code": int(code),
    }
    return sanitized_json(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"
