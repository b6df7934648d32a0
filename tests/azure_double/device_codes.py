"""Issues device codes, and answers clients that poll for the token."""

from __future__ import annotations

from . import users
from .denials import Denied, no_application
from .principals import AZURE_CLI, Tenant
from .subscriptions import Json
from .wire import Asked
from .world import DeviceCode, World

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
PAGE = "https://microsoft.com/devicelogin"
LIFETIME = 900
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def begin(world: World, asked: Asked) -> Json:
    """
    Return a new code.

    Raises:
        Denied: the client is unknown, or the scope is not valid.
    """
    form = asked.form
    client_id, scope = form.get("client_id", ""), form.get("scope", "")
    if client_id not in {AZURE_CLI, world.client_id}:
        raise no_application(client_id)
    users.resource_of(scope)
    random = world.ids.digest("device code", next(world.counter))
    device_code = f"{random[0] % 10}AQABIQEAAAD{random.hex()}"
    user_code = "".join(LETTERS[byte % len(LETTERS)] for byte in random[:9])
    world.device_codes[device_code] = DeviceCode(client_id, scope, form.get("claims"))
    return {
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": PAGE,
        "expires_in": LIFETIME,
        "interval": world.device_interval,
        "message": f"To sign in, use a web browser to open the page {PAGE} and enter the code "
        f"{user_code} to authenticate.",
    }


def poll(world: World, asked: Asked, tenant: Tenant) -> Json:
    """
    Return the answer with the user's token of *tenant*. A code works once.

    Raises:
        Denied: the user has not entered the code yet, has declined, or was too late.
    """
    form = asked.form
    device_code = form.get("device_code", "")
    code = world.device_codes.get(device_code)
    if code is None or code.client_id != form.get("client_id"):
        raise Denied(
            400,
            "bad_verification_code",
            70018,
            "Invalid verification code due to User typing in wrong user code for device code "
            "flow. Authorization is not approved.",
        )
    code.polls += 1
    if code.polls <= world.device_pending or world.device_answer == "never":
        raise Denied(
            400,
            "authorization_pending",
            70016,
            "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        )
    del world.device_codes[device_code]
    if world.device_answer == "decline":
        # Assumed: the error is documented, but not its number and message.
        raise Denied(
            400,
            "authorization_declined",
            70017,
            "The end user has denied the authorization request.",
        )
    if world.device_answer == "expired":
        raise Denied(
            400,
            "expired_token",
            70020,
            "The provided value for the input parameter 'device_code' is not valid. This device "
            "code has expired.",
        )
    return users.granted(
        world,
        asked,
        tenant,
        client_id=code.client_id,
        scope=code.scope,
        claims=form.get("claims") or code.claims,
    )
