"""
The identity that Azure gives to a machine, an app or a container.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

import functools
from collections.abc import Mapping

from contacts_audit.azure.sign_in import Credential, SignIn, check_fixed_tenant, granted
from contacts_audit.azure.token_service import TokenService
from contacts_audit.azure.tokens import AccessToken
from contacts_audit.azure.wire import Wire
from contacts_audit.errors import AuthError

ATTEMPT_SECONDS = 5.0
ATTEMPTS = 3
ASSIGN = "assign the identity to this machine or app, or name another by --identity-..."
ENDPOINTS = frozenset({"IDENTITY_ENDPOINT", "MSI_ENDPOINT"})


def offered(environment: Mapping[str, str]) -> bool:
    """Say whether the platform tells of a managed identity; the metadata service is not probed."""
    return not ENDPOINTS.isdisjoint(environment)


def managed_identity(sign_in: SignIn) -> Credential:
    """
    The system-assigned identity, or the user-assigned one that the options name.

    Raises:
        AuthError: the platform tells half of it.
    """
    check_fixed_tenant(sign_in)
    place = _place(sign_in.environment)
    identity = "system-assigned"
    if sign_in.identity is not None:
        kind, value = sign_in.identity
        identity = f"user-assigned, {kind.replace('_', ' ')} {value}"

    @functools.cache
    def service() -> TokenService:
        platform = Wire(stopped=sign_in.ending.stopped, platform=True, secrets=sign_in.secrets)
        return TokenService(platform, attempt=ATTEMPT_SECONDS, attempts=ATTEMPTS, challenged=True)

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        import msal

        wanted = (
            msal.SystemAssignedManagedIdentity()
            if sign_in.identity is None
            else msal.UserAssignedManagedIdentity(**dict([sign_in.identity]))
        )
        with service().within(sign_in.timeout):
            client = msal.ManagedIdentityClient(wanted, http_client=service())
            result = client.acquire_token_for_client(
                resource=sign_in.audience(), claims_challenge=claims
            )
        return granted(result, service().now, None, ASSIGN)

    return Credential(f"managed identity: {identity}", place, acquire)


def _place(environment: Mapping[str, str]) -> str:
    """Name what gives the identity; half of it must not lead to another one."""
    for endpoint, proofs in (
        ("IDENTITY_ENDPOINT", ("IDENTITY_HEADER", "IMDS_ENDPOINT")),
        ("MSI_ENDPOINT", ("MSI_SECRET",)),
    ):
        if endpoint not in environment:
            continue
        if environment.keys().isdisjoint(proofs):
            raise AuthError(
                f"{endpoint} is set without {' or '.join(proofs)}",
                "choose another credential by --auth",
            )
        return f"{endpoint} is set"
    return "the machine's metadata service (IMDS) has it"
