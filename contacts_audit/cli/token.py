"""The command token: prints the access token, stage one of the one-liner of the rule, az."""

import json
import time
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


@grouped
def token(
    host: Host,
    *,
    subscription: list[str] = OUTPUT(
        "--subscription -s ID",
        "Print this subscription id with the token, as az does.",
        repeated=True,
    ),
    current: bool = SCOPE("--current", "Include the default subscription of the Azure CLI."),
    output: TokenFormat = printed_as(TokenFormat),
    log: LogOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
) -> None:
    """Print an access token for Azure Resource Manager, like az account get-access-token."""
    if len(identity.tenant) > 1:
        raise UsageError("a token is for one tenant", "give --tenant once")
    chosen = sign_in(host, identity, cloud)._replace(tenant=next(iter(identity.tenant), None))
    if cloud.ca_bundle is not None:
        chosen.transport()  # raises if it cannot be read, also where nothing is sent
    from contacts_audit.azure.auth.azure_cli_profile import default_subscription
    from contacts_audit.azure.auth.sign_in import identity_of, tenant_of
    from contacts_audit.core.workers import in_thread

    ids = _ids(subscription)
    if current:
        ids.add(default_subscription(host.environment, chosen.cloud.known_name))
    picked = ids.pop() if len(ids) == 1 else None
    found = credential(host, identity, chosen._replace(subscription=picked))
    deadline = time.monotonic() + 2 * chosen.imds_timeout
    got = in_thread(lambda: found.acquire(None, False), deadline=deadline)
    tenant_of(got, chosen.tenant)  # raises if it is another one
    show_identity(host, identity_of(got, found))
    picked = picked or got.subscription
    if output is TokenFormat.TSV and picked is None:
        raise UsageError("-o tsv needs a subscription", "add -s ID or --current")
    if host.screen.terminal_width is not None:
        host.screen.warn("this is a secret: whoever reads it may act as you until it expires")
    host.screen.data(_formatted(got, picked, output) + "\n")


def _ids(texts: list[str]) -> set[str]:
    """Return the ids in *texts*; refuse a name, which would have to be looked up."""
    from contacts_audit.audit.selectors import parse_selector

    picked = [parse_selector(text, "--subscription") for text in texts]
    for one in picked:
        if not one.is_id:
            raise UsageError(
                f"--subscription: {one.text!r} is not an id", "token looks up no names: give ids"
            )
    return {one.text for one in picked}


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
