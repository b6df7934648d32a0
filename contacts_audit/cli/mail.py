"""Gives the check deliverable its answers: from DNS, or from a recording."""

from typing import TYPE_CHECKING

from contacts_audit.cli.options.checks import DnsOptions

if TYPE_CHECKING:
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.mail.lookups import MailLookups


def mail_lookups(dns: DnsOptions, connection: "Connection") -> "MailLookups":
    """Return the lookups of a run. DNS is asked when the first address is judged, not before."""
    from contacts_audit.mail.lookups import MailLookups, from_dns, recorded
    from contacts_audit.mail.server_address import parse_server

    if connection.recorded is not None:
        return MailLookups(recorded(connection.mail))
    server = None if dns.dns_server is None else parse_server(dns.dns_server)
    keep = None if connection.recorder is None else connection.recorder.keep_mail
    return MailLookups(from_dns(dns.dns_timeout, server), keep)
