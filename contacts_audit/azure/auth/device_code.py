"""
Signs in a person in a browser, with a code that is printed.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
"""

import functools
import time
from typing import Any

from contacts_audit.azure.auth.msal_http import TokenService, refused
from contacts_audit.azure.auth.sign_in import Credential, SignIn, check_tenant, token_of
from contacts_audit.azure.kinds import AccessToken, Auth
from contacts_audit.core.errors import AuthError

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"  # a public client that each tenant knows
PENDING = frozenset({"authorization_pending", "slow_down"})
ANY_TENANT = "organizations"


def device_code(sign_in: SignIn) -> Credential:
    """
    Return the person at the terminal. The refresh token brings later tokens without a new code.

    Raises:
        AuthError: the tenant is not an id or a domain.
    """
    tenant = sign_in.tenant or sign_in.environment.get("AZURE_TENANT_ID", ANY_TENANT)
    check_tenant(tenant, "AZURE_TENANT_ID")

    @functools.cache
    def service() -> TokenService:
        return TokenService(sign_in.transport())

    @functools.cache
    def application() -> Any:
        import msal

        return msal.PublicClientApplication(
            AZURE_CLI,
            authority=f"{sign_in.whole().authority}/{tenant}",
            instance_discovery=False,
            client_capabilities=["CP1"],
            http_client=service(),
        )

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        with service().within(sign_in.timeout):
            accounts = application().get_accounts()
            if not accounts:
                result = _sign_in_by_code(sign_in, application(), claims)
            else:
                result = application().acquire_token_silent_with_error(
                    [sign_in.whole().scope],
                    account=accounts[0],
                    force_refresh=fresh,
                    claims_challenge=claims,
                )
        if result is None:
            raise AuthError("the sign-in has expired", "run again, and sign in again")
        return token_of(result, service().now, None if tenant == ANY_TENANT else tenant)

    return Credential("device code", "--auth device-code", acquire, Auth.DEVICE_CODE)


def _sign_in_by_code(sign_in: SignIn, application: Any, claims: str | None) -> Any:
    """Print the code, and ask the token service until somebody has entered it."""
    until = time.monotonic() + sign_in.timeout
    flow = application.initiate_device_flow([sign_in.whole().scope], claims_challenge=claims)
    if "user_code" not in flow:
        raise refused(flow)
    flow["interval"] = max(1, flow["interval"])  # at 0, MSAL would ask without a pause
    default = f"open {flow.get('verification_uri')} and enter the code {flow['user_code']}"
    sign_in.tell(f"{flow.get('message') or default} ({sign_in.timeout:g} s are left)")
    pause = min(flow["interval"], sign_in.timeout / 2)  # at least one attempt in a short time
    while time.monotonic() + pause < until:
        sign_in.shutdown.stopped.wait(pause)
        result = application.acquire_token_by_device_flow(
            flow, claims_challenge=claims, exit_condition=lambda flow: True
        )
        if result.get("error") not in PENDING:
            return result
        pause = flow["interval"]
    raise AuthError(f"nobody signed in within {sign_in.timeout:g} s", "raise --auth-timeout")
