"""The command token: prints the access token, stage one of the one-liner of the rule, az."""

import json
import time
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from contacts_audit.cli.host import Host
from contacts_audit.cli.options.azure import CloudOptions, IdentityOptions
from contacts_audit.cli.options.declare import OUTPUT, SCOPE, grouped, printed_as
from contacts_audit.cli.options.output import LogOptions
from contacts_audit.cli.sign_in import credential, show_identity, sign_in
from contacts_audit.core.errors import UsageError

if TYPE_CHECKING:
    from contacts_audit.azure.kinds import AccessToken


class TokenFormat(StrEnum):
    """How a token is printed; the first is the default."""

    JSON = "json"
    TSV = "tsv"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class TokenOptions:
    """What is printed with the token, and the format."""

    subscription: list[str] = OUTPUT(
        "--subscription -s ID",
        "Print this subscription id with the token, as az does.",
        repeated=True,
    )
    current: bool = SCOPE("--current", "Include the default subscription of the Azure CLI.")
    output: TokenFormat = printed_as(TokenFormat)


@grouped
def token(
    host: Host,
    printing: TokenOptions,
    log: LogOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
) -> None:
    """Print an access token for Azure Resource Manager, like az account get-access-token."""
    if len(identity.tenant) > 1:
        raise UsageError("a token is for one tenant", "give --tenant once")
    chosen = replace(sign_in(host, identity, cloud), tenant=next(iter(identity.tenant), None))
    picked = _single_id(host, printing, chosen.cloud.known_name)
    from contacts_audit.azure.auth.sign_in import identity_of
    from contacts_audit.core.workers import in_thread

    found = credential(host, identity, replace(chosen, subscription=picked))
    deadline = time.monotonic() + 2 * chosen.imds_timeout
    got = in_thread(lambda: found.acquire(None, False), deadline=deadline)
    show_identity(host, identity_of(got, found))
    picked = picked or got.subscription
    if printing.output is TokenFormat.TSV and picked is None:
        raise UsageError("-o tsv needs a subscription", "add -s ID or --current")
    if host.screen.terminal_width is not None:
        host.screen.warn("this is a secret: whoever reads it may act as you until it expires")
    host.screen.data(_formatted(got, picked, printing.output) + "\n")


def _single_id(host: Host, printing: TokenOptions, cloud: str | None) -> str | None:
    """
    Return the subscription to print with the token, None if none or several are given.

    Raises:
        UsageError: a name is given: it would have to be looked up.
    """
    from contacts_audit.audit.selectors import parse_selector
    from contacts_audit.azure.auth.azure_cli_profile import default_subscription

    picked = [parse_selector(text, "--subscription") for text in printing.subscription]
    for one in picked:
        if not one.is_id:
            raise UsageError(
                f"--subscription: {one.text!r} is not an id", "token looks up no names: give ids"
            )
    ids = {one.text for one in picked}
    if printing.current:
        ids.add(default_subscription(host.environment, cloud))
    return ids.pop() if len(ids) == 1 else None


def _formatted(got: "AccessToken", subscription: str | None, output: TokenFormat) -> str:
    if output is TokenFormat.RAW:
        return got.value
    if output is TokenFormat.TSV:
        return f"{subscription}\t{got.value}"
    expires = None if got.expires_on is None else int(got.expires_on)
    local = None if expires is None else datetime.fromtimestamp(expires)
    document = {
        "accessToken": got.value,
        "expiresOn": local and local.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "expires_on": expires,
        "tenant": got.tenant,
        "tokenType": "Bearer",
    }
    if subscription is not None:
        document["subscription"] = subscription
    return json.dumps(document, indent=2, sort_keys=True)
