"""The command doctor: tests what an audit needs, and suggests fixes."""

import functools
import itertools
import textwrap
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from contacts_audit.azure.kinds import Auth
from contacts_audit.cli.host import Host
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.declare import grouped, printed_as
from contacts_audit.cli.options.output import TextFormat
from contacts_audit.cli.sign_in import sign_in
from contacts_audit.cli.wiring import connect
from contacts_audit.core.errors import ExitCode
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import json_

if TYPE_CHECKING:
    from contacts_audit.azure.auth.sign_in import SignIn
    from contacts_audit.doctor import Diagnosis

SCHEMA = 1
RECORDING = "recorded"  # the part that shows the time of a recording
LEFT = 34  # columns for status and name


@grouped
def doctor(
    host: Host, azure: AzureOptions, output: TextFormat = printed_as(TextFormat)
) -> ExitCode:
    """
    Diagnose sign-in, network, permissions and API versions, and suggest fixes.

    Exit codes: 0 an audit can run, 1 it cannot.
    """
    from contacts_audit.core.workers import in_thread
    from contacts_audit.doctor import PARTS, REPLAYED, diagnosed, exit_code, skipped

    deadline = time.monotonic() + azure.network.deadline
    coming = functools.partial(next, _diagnoses(host, azure), None)
    found: list[Diagnosis] = []

    def timely() -> "Iterator[Diagnosis]":
        return iter(lambda: in_thread(coming, deadline=deadline), None)

    left = skipped(found, PARTS if azure.network.replay is None else REPLAYED)
    for each in itertools.chain(diagnosed("deadline", timely), left):
        found.append(each)
        if output is TextFormat.TEXT:
            host.screen.data(lines(each, host.screen.terminal_width))
    code = exit_code(found)
    if output is TextFormat.JSON:
        document = {
            "schema": SCHEMA,
            "recorded": next((each.detail for each in found if each.name == RECORDING), None),
            "checks": list(map(asdict, found)),
            "exit_code": int(code),
        }
        host.screen.data(json_.dump(document, indent=2) + "\n")
    well = code is ExitCode.CLEAN
    host.screen.note("An audit can run." if well else "Fix what failed, then run doctor again.")
    return code


def _diagnoses(host: Host, azure: AzureOptions) -> "Iterator[Diagnosis]":
    """Test each part, up to the first failure that the others depend on."""
    from contacts_audit import doctor
    from contacts_audit.doctor import Status, diagnosed

    if azure.network.replay is None:
        chosen = sign_in(host, azure.identity, azure.cloud)
        for told in host.tls_warnings():
            yield doctor.Diagnosis("tls", Status.WARNING, told, "unset it unless you need it")
        found = (
            *diagnosed("network", lambda: _network(chosen, azure)),
            *diagnosed("credential", lambda: _credential(azure.identity.auth, chosen)),
        )
        yield from found
        if any(each.status is Status.FAILED and each.name != "clock" for each in found):
            return
    connection = connect(host, azure)
    if connection.recorded is not None:
        yield doctor.Diagnosis(RECORDING, Status.OK, f"{connection.recorded:%Y-%m-%dT%H:%M:%SZ}")
    if azure.network.replay is None:
        signed_in = list(diagnosed("sign-in", lambda: doctor.sign_in(connection.tenants)))
        yield from signed_in
        if doctor.exit_code(signed_in) is not ExitCode.CLEAN:
            return
    yield from diagnosed(
        "subscriptions", lambda: doctor.subscriptions(connection, connection.visible())
    )


def _network(chosen: "SignIn", azure: AzureOptions) -> "Iterator[Diagnosis]":
    from contacts_audit import doctor
    from contacts_audit.azure.arm import protocol
    from contacts_audit.azure.arm.transport import prepared
    from contacts_audit.azure.arm.trust import trusted

    endpoint = chosen.cloud.arm
    bundle = None if azure.cloud.ca_bundle is None else str(azure.cloud.ca_bundle)

    login = chosen.cloud.authority or "(from the cloud's metadata)"
    audience = chosen.cloud.audience or "(from the cloud's metadata)"
    where = f"{chosen.cloud.name}: {endpoint}, sign-in at {login}, audience {audience}"
    yield doctor.Diagnosis("cloud", doctor.Status.OK, where)
    request, within = prepared(protocol.metadata_url(endpoint), {}), azure.network.timeout
    yield from doctor.network(
        lambda: chosen.transport().send(request, timeout=within), endpoint, trusted(bundle)
    )


def _credential(auth: Auth, chosen: "SignIn") -> "Iterator[Diagnosis]":
    from contacts_audit.azure.auth import chain
    from contacts_audit.doctor import Diagnosis, Status

    found = chain.choose(auth, chosen)
    yield Diagnosis("credential", Status.OK, f"{found.name} ({found.why})")


def lines(each: "Diagnosis", width: int | None) -> str:
    """Return the lines of *each*, its hint below it; folded to *width* columns at a terminal."""
    texts = [sanitized(text) for text in (each.detail, each.hint) if text]
    if width is not None:
        fold = textwrap.TextWrapper(
            max(20, width - LEFT), break_long_words=False, break_on_hyphens=False
        )
        texts = [line for text in texts for line in fold.wrap(text)]
    beneath = "\n" + " " * LEFT
    return f"{each.status:<9}{each.name:<25}{beneath.join(texts)}\n"
