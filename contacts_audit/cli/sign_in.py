"""Prepares sign-in from the options, and prints the identity."""

import functools
import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from contacts_audit.azure.kinds import Auth
from contacts_audit.cli.host import Host
from contacts_audit.cli.options.azure import CloudOptions, IdentityOptions
from contacts_audit.core.errors import AuthError, ContactsAuditError, UsageError
from contacts_audit.core.paths import absolute

if TYPE_CHECKING:
    from contacts_audit.azure.arm.transport import Transport
    from contacts_audit.azure.auth.sign_in import Credential, SignIn
    from contacts_audit.azure.clouds import Cloud
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.core.model import Identity

SECONDS = 60.0  # for a sign-in
IMDS_SECONDS = 120.0  # an update of the metadata service takes up to 70 s
LARGEST_TOKEN = 256 * 1024  # bytes; a token with many groups and roles has some 20,000
log = logging.getLogger(__name__)


def sign_in(host: Host, identity: IdentityOptions, cloud_options: CloudOptions) -> "SignIn":
    """
    Return all that a credential needs to sign in; nothing is sent yet.

    Raises:
        UsageError: a URL, a tenant, an identity or the token file cannot be used.
    """
    from contacts_audit.azure import metadata
    from contacts_audit.azure.auth.sign_in import SignIn, is_tenant

    for tenant in identity.tenant:
        if not is_tenant(tenant):
            raise UsageError(
                f"--tenant: {tenant!r} is not a tenant", "give its id or one of its domains"
            )
    seconds = identity.auth_timeout
    assigned = _user_assigned(identity)
    cloud, authority_failure = _cloud(host, cloud_options)
    token = _token(host, identity)
    transport_to = functools.partial(_transport, host, cloud_options)
    transport = functools.cache(transport_to)

    def complete_cloud() -> "Cloud":
        if authority_failure is not None:
            raise authority_failure
        return metadata.completed(cloud, transport(), seconds or SECONDS)

    return SignIn(
        cloud,
        functools.cache(complete_cloud),
        _environment(host, cloud_options),
        transport,
        transport_to,
        seconds or SECONDS,
        seconds or IMDS_SECONDS,
        host.shutdown,
        host.screen.log,
        identity=assigned,
        token=token,
        token_name={"-": "stdin", None: ""}.get(identity.token_file, str(identity.token_file)),
        secrets=host.secrets,
    )


def _transport(host: Host, options: CloudOptions, platform: str | None = None) -> "Transport":
    from contacts_audit.azure.arm.transport import Transport

    return Transport(
        ca_bundle=None if options.ca_bundle is None else absolute(options.ca_bundle),
        stopped=host.shutdown.stopped,
        strict=not options.no_strict_certificates,
        secrets=host.secrets,
        platform=platform,
    )


def _token(host: Host, identity: IdentityOptions) -> str | None:
    """Return the token in --token-file, None without it. No printed line shows the token."""
    if identity.token_file is None:
        return None
    if identity.auth not in (Auth.AUTO, Auth.TOKEN):
        raise UsageError(
            f"--token-file is not used by --auth {identity.auth}", "remove one of the two"
        )
    given = host.read(identity.token_file, "--token-file", LARGEST_TOKEN, pipes=True)
    token = given.decode("utf-8-sig", "replace")
    host.secrets.add(token.strip())
    return token


def _environment(host: Host, options: CloudOptions) -> dict[str, str]:
    """Return the variables that are set, with --ca-bundle for the Azure CLI; log TLS risks."""
    for message in host.tls_warnings():
        log.info("%s", message)
    found = {name: value for name, value in host.environment.items() if value}
    if options.ca_bundle is not None:
        found["REQUESTS_CA_BUNDLE"] = absolute(options.ca_bundle)
    return found


def _cloud(host: Host, options: CloudOptions) -> "tuple[Cloud, ContactsAuditError | None]":
    """
    Return the cloud, and why AZURE_AUTHORITY_HOST cannot be used, if it cannot.

    That is an error only for a credential that needs the variable.
    """
    from contacts_audit.azure import clouds

    variable = host.variable("AZURE_AUTHORITY_HOST")
    choose = functools.partial(
        clouds.choose, options.cloud, arm_endpoint=options.arm_endpoint, audience=options.audience
    )
    if options.authority_host is not None or variable is None:
        return choose(authority_host=options.authority_host), None
    try:
        return choose(authority_host=variable), None
    except UsageError as error:
        message = str(error).replace("--authority-host", "AZURE_AUTHORITY_HOST")
        return choose(), AuthError(message, error.hint)


def _user_assigned(identity: IdentityOptions) -> tuple[str, str] | None:
    """Return the user-assigned managed identity: its kind, as MSAL names it, and its id."""
    from contacts_audit.azure.arm.subscriptions import GUID

    ids = {
        "client_id": identity.identity_client_id,
        "resource_id": identity.identity_resource_id,
        "object_id": identity.identity_object_id,
    }
    given = {kind: value for kind, value in ids.items() if value is not None}
    if len(given) > 1:
        raise UsageError("several managed identities are given", "give one --identity-... option")
    other = identity.auth not in (Auth.AUTO, Auth.MANAGED_IDENTITY)
    if given and (other or identity.token_file is not None):
        raise UsageError("--identity-... needs a managed identity", "add --auth managed-identity")
    for kind, value in given.items():
        form = r"/subscriptions/[\w./()-]+" if kind == "resource_id" else GUID.pattern
        if not re.fullmatch(form, value, re.ASCII | re.IGNORECASE):
            option = f"--identity-{kind.replace('_', '-')}"
            raise UsageError(
                f"{option}: {value!r} is not a valid id",
                "copy it from the identity's page in the portal",
            )
        return kind, value
    return None


def credential(host: Host, identity: IdentityOptions, chosen: "SignIn") -> "Credential":
    """
    Return the credential that is used; `-v` shows it. Warn of others that are configured, too.

    Raises:
        AuthError: no credential is configured.
    """
    from contacts_audit.azure.auth import chain

    auth = Auth.TOKEN if identity.token_file is not None else identity.auth
    found = chain.choose(auth, chosen)
    log.info("credential: %s (%s)", found.name, found.why)
    if found.unused and chosen.tenant in (None, *identity.tenant[:1]):  # once for all tenants
        are = "is" if len(found.unused) == 1 else "are"
        host.screen.warn(f"{' and '.join(found.unused)} {are} set, too, and not used: {found.why}")
    return found


def check_tenants(connection: "Connection", tenants: Iterable[str], name: str) -> None:
    """
    Check that the run is signed in to the *tenants* of the file *name*.

    Raises:
        UsageError: it is not.
    """
    if missing := {*tenants} - {*connection.tenant_ids()}:
        raise UsageError(
            f"{name} is of tenant {min(missing)}, which was not signed in to",
            "give --tenant, or the credential that made it",
        )


def show_identity(host: Host, *identities: "Identity") -> None:
    """Print who is signed in, at a terminal and with `-v`; never into the mail of cron."""
    for identity in identities:
        if log.isEnabledFor(logging.INFO):
            log.info("signed in as %s", identity.label)
        elif host.screen.stderr_is_terminal:
            host.screen.note(f"signed in as {identity.label}")
