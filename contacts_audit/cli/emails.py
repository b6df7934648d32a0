"""The command emails: the whole one-liner of the rule, or with --input its last stage, jq."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contacts_audit.cli.host import LARGEST_REPORT, Host
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.declare import OPTIONS, grouped
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.pages import SHOWN, Missed, Page, pages, was_read
from contacts_audit.core.errors import ContactsAuditError, ExitCode
from contacts_audit.core.model import Subscription

if TYPE_CHECKING:
    from contacts_audit.azure.arm.client import Client

MAY_MISS = (
    "2017-08-01-preview may not show what the portal and newer clients wrote (it did not in 2020, "
    "and no later recording is known): 'contacts-audit audit' decides"
)


@grouped
def emails(
    host: Host,
    scope: ScopeOptions,
    azure: AzureOptions,
    input: str | None = OPTIONS(
        "--input FILE", "Filter the output of fetch in FILE ('-': stdin). Ask Azure nothing."
    ),
) -> ExitCode:
    """
    Print the email addresses of each subscription, like the one-liner of the rule.

    Exit codes: 0 all show an address at 2017-08-01-preview, 3 some do not, 4 some were unreadable.
    """
    if input is not None:
        return _jq_stage(host, input)
    complete, without = True, 0
    for page in pages(host, scope, azure, _lines):
        for piece in page.pieces:
            host.screen.data(piece)
        if page.missed is not None:
            if page.missed.number:
                complete = False
                _report_missed(host, page.subscription.label, page.missed)
            elif not _any_address(page.pieces):
                without += 1
                host.screen.note(f"{page.subscription.label}: no address at 2017-08-01-preview")
        complete &= was_read(host, page)
    return _exit_code(host, complete, without)


def _lines(client: "Client", subscription: Subscription) -> Page:
    """Return the lines that the documented filter prints for one subscription."""
    from contacts_audit.azure.arm import protocol
    from contacts_audit.azure.contacts import read

    url = protocol.contacts_url(client.endpoint, subscription.id, protocol.V2017)
    printed, missed = [], Missed()
    for answer in client.pages(url, most=read.MOST_PAGES, until=client.limits.until()):
        for line in read.documented_emails(answer):
            if isinstance(line, str):
                printed.append(f"{line}\n".encode())
            else:
                missed.add(line)
    return Page(subscription, printed, missed=missed)


def _exit_code(host: Host, complete: bool, without: int) -> ExitCode:
    if without:
        host.screen.note(MAY_MISS)
    if not complete:
        return ExitCode.INCOMPLETE
    return ExitCode.FINDINGS if without else ExitCode.CLEAN


def _jq_stage(host: Host, name: str) -> ExitCode:
    """Run the two documented jq programs on a file, up to their first error."""
    from contacts_audit.azure.contacts.read import documented_stage

    text = host.read(name, "--input", LARGEST_REPORT, pipes=True).decode("utf-8-sig", "replace")
    if not text.strip():
        host.screen.fail(ContactsAuditError("--input is empty", "check the output of fetch"))
        return ExitCode.INCOMPLETE
    without, shown, missed, before = 0, False, Missed(), 0
    complete = True
    try:
        for line in documented_stage(text):
            match line:
                case str():
                    host.screen.data(f"{line}\n")
                    shown = shown or _any_address([line.encode()])
                case None:
                    without += not shown and missed.number == before
                    shown, before = False, missed.number
                case _:
                    missed.add(line)
    except ValueError as error:
        host.screen.fail(ContactsAuditError(f"--input: jq: {error}", "check the output of fetch"))
        complete, without = False, 0
    if missed.number:
        _report_missed(host, "--input", missed)
    return _exit_code(host, complete and not missed.number, without)


def _report_missed(host: Host, where: str, missed: Missed) -> None:
    """Print which contacts exist although the documented filter does not show them."""
    from contacts_audit.azure.contacts.read import SELECTED

    several = missed.number > 1
    named = [f"{one.name or 'one'} is of type {one.type}" for one in missed.shown]
    if missed.number > SHOWN:
        named.append(f"{missed.number - SHOWN} more")
    what = f"{missed.number} contacts for their types" if several else "a contact for its type"
    message = f"{where}: the documented filter {SELECTED} leaves out {what}: {'; '.join(named)}"
    host.screen.fail(ContactsAuditError(message, "'contacts-audit audit' reads it"))


def _any_address(pieces: Sequence[bytes]) -> bool:
    from contacts_audit.azure.contacts.read import shows_address

    return any(shows_address(piece.decode()) for piece in pieces)
