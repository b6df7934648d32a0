"""Signs in as the options say, and prints as whom."""

import functools
import logging
import re
from typing import TYPE_CHECKING

from contacts_audit.azure.kinds import Auth
from contacts_audit.cli.host import Host
from contacts_audit.cli.options import CloudOptions, IdentityOptions
from contacts_audit.core.errors import AuthError, ContactsAuditError, UsageError
from contacts_audit.core.paths import absolute

if TYPE_CHECKING:
    from contacts_audit.azure.auth.sign_in import Credential, SignIn
    from contacts_audit.azure.clouds import Cloud
    from contacts_audit.core.model import Identity

SECONDS = 60.0  # that a sign-in has
IMDS_SECONDS = 120.0  # an update of the metadata service takes up to 70
log = logging.getLogger(__name__)

LARGEST_TOKEN = 256 * 1024  # bytes; one of many groups and roles has some 20,000


def sign_in(host: Host, identity: IdentityOptions, cloud_options: CloudOptions) -> "SignIn":
    """
    Return what a credential may look at.

    Raises:
        UsageError: an address, a tenant or an identity cannot be used.
    """
    from contacts_audit.azure import metadata
    from contacts_audit.azure.arm.transport import Wire
    from contacts_audit.azure.auth.sign_in import SignIn, is_tenant

    for tenant in identity.tenant:
        if not is_tenant(tenant):
            raise UsageError(f"--tenant: {tenant!r} is no tenant", "give its id or a domain of it")
    assigned = _assigned(identity)
    cloud, authority_failure = _cloud(host, cloud_options)
    token = None
    if identity.token_file is not None:
        if identity.auth not in (Auth.AUTO, Auth.TOKEN):
            raise UsageError(
                f"--token-file is not used by --auth {identity.auth}", "leave one of the two out"
            )
        given = host.read(identity.token_file, "--token-file", LARGEST_TOKEN, pipes=True)
        token = given.decode("utf-8-sig", "replace")
        host.secrets.add(token.strip())
    for told in host.of_tls():
        log.info("%s", told)
    environment = {name: value for name, value in host.environment.items() if value}
    bundle = None
    if cloud_options.ca_bundle is not None:
        bundle = environment["REQUESTS_CA_BUNDLE"] = absolute(cloud_options.ca_bundle)
    wire_of = functools.partial(
        Wire,
        ca_bundle=bundle,
        stopped=host.ending.stopped,
        strict=not cloud_options.no_strict_certificates,
        secrets=host.secrets,
    )
    wire = functools.cache(wire_of)

    def whole() -> "Cloud":
        if authority_failure is not None:
            raise authority_failure
        return metadata.completed(cloud, wire(), identity.auth_timeout or SECONDS)

    return SignIn(
        cloud,
        functools.cache(whole),
        environment,
        wire,
        lambda address: wire_of(platform=address),
        identity.auth_timeout or SECONDS,
        identity.auth_timeout or IMDS_SECONDS,
        host.ending,
        host.screen.log,
        identity=assigned,
        token=token,
        token_name={"-": "stdin", None: ""}.get(identity.token_file, str(identity.token_file)),
        secrets=host.secrets,
    )


def _cloud(host: Host, options: CloudOptions) -> "tuple[Cloud, ContactsAuditError | None]":
    """
    Return the cloud, and why AZURE_AUTHORITY_HOST cannot be used: whoever needs it will say so.

    Raises:
        UsageError: an option cannot be used.
    """
    from contacts_audit.azure import clouds

    variable = host.variable("AZURE_AUTHORITY_HOST")
    choose = functools.partial(
        clouds.choose,
        options.cloud,
        arm_endpoint=options.arm_endpoint,
        audience=options.audience,
    )
    if options.authority_host is not None or variable is None:
        return choose(authority_host=options.authority_host), None
    try:
        return choose(authority_host=variable), None
    except UsageError as error:
        message = str(error).replace("--authority-host", "AZURE_AUTHORITY_HOST")
        return choose(), AuthError(message, error.hint)


def _assigned(identity: IdentityOptions) -> tuple[str, str] | None:
    """Return the user-assigned identity, as MSAL names it."""
    from contacts_audit.azure.arm.subscriptions import GUID

    resource = r"/subscriptions/[\w./()-]+"
    given = [
        (kind, value, form)
        for kind, value, form in (
            ("client_id", identity.identity_client_id, GUID.pattern),
            ("resource_id", identity.identity_resource_id, resource),
            ("object_id", identity.identity_object_id, GUID.pattern),
        )
        if value is not None
    ]
    if len(given) > 1:
        raise UsageError("a managed identity is named once", "give one --identity-... option")
    other = identity.auth not in (Auth.AUTO, Auth.MANAGED_IDENTITY)
    if given and (other or identity.token_file is not None):
        raise UsageError("--identity-... needs a managed identity", "add --auth managed-identity")
    for kind, value, form in given:
        if not re.fullmatch(form, value, re.ASCII | re.IGNORECASE):
            option = f"--identity-{kind.replace('_', '-')}"
            raise UsageError(f"{option}: {value!r} is none", "copy it from the identity's page")
        return kind, value
    return None


def credential(host: Host, identity: IdentityOptions, chosen: "SignIn") -> "Credential":
    """
    Return the credential that is used; say so at `-v`, and what is configured, too, and is not.

    Raises:
        AuthError: it is not configured.
    """
    from contacts_audit.azure.auth import chain

    auth = Auth.TOKEN if identity.token_file is not None else identity.auth
    found = chain.choose(auth, chosen)
    log.info("credential: %s (%s)", found.name, found.why)
    if found.unused and chosen.tenant in (None, *identity.tenant[:1]):  # once for all tenants
        too = f"{' and '.join(found.unused)} {'is' if len(found.unused) == 1 else 'are'} set, too"
        host.screen.warn(f"{too}, and not used: {found.why}")
    return found


def introduce(host: Host, *identities: "Identity") -> None:
    """Say who asks: at a terminal and at `-v`, never in a mail of cron."""
    for identity in identities:
        if log.isEnabledFor(logging.INFO):
            log.info("signed in as %s", identity.label)
        elif host.screen.watched:
            host.screen.note(f"signed in as {identity.label}")
