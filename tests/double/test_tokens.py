"""The double accepts only its own tokens, for its audience and tenant, until they expire."""

from __future__ import annotations

import base64

import requests
from asking import (
    LIST,
    V2023,
    Client,
    code,
    contacts,
)
from azure_double import AzureDouble
from double.msal_clients import app, person, scope, signed_in
from double.platform_requests import imds

STRANGE = "e30.e30.x"


def test_a_token_must_be_known(azure: AzureDouble, ask: Client) -> None:
    """A missing token and an unknown one get different errors."""
    assert code(ask(LIST, token=None)) == (401, "AuthenticationFailed")
    assert code(ask(LIST, token=STRANGE)) == (401, "InvalidAuthenticationToken")


def test_a_token_must_be_for_arm(azure: AzureDouble, ask: Client) -> None:
    """The audience matters, but not its trailing slash."""
    slashless = azure.token(audience=azure.audience.rstrip("/"))
    graph = azure.token(audience="https://graph.microsoft.com")

    assert ask(LIST, token=slashless).ok
    assert code(ask(LIST, token=graph)) == (401, "InvalidAuthenticationTokenAudience")


def test_a_token_expires(azure: AzureDouble, ask: Client) -> None:
    """An old token is refused as an expired one."""
    azure.token_lifetime = -1

    assert code(ask(LIST)) == (401, "ExpiredAuthenticationToken")


def test_tokens_can_be_revoked(azure: AzureDouble, ask: Client) -> None:
    """After a revocation only newer tokens are valid."""
    old = azure.token()

    azure.revoke()

    assert code(ask(LIST, token=old)) == (401, "InvalidAuthenticationToken")
    assert ask(LIST).ok


def test_a_challenge_wants_claims(
    azure: AzureDouble, ask: Client, session: requests.Session
) -> None:
    """MSAL gets a token with the claims of the challenge, and ARM accepts it."""
    client = app(azure, session, client_capabilities=["CP1"])
    token = client.acquire_token_for_client(scope(azure))["access_token"]
    azure.challenge('{"access_token":{"nbf":{"essential":true,"value":"1726077595"}}}')

    refused = ask(LIST, token=token)
    header = refused.headers["WWW-Authenticate"]
    encoded = header.partition('claims="')[2].rstrip('"')
    claims = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    better = client.acquire_token_for_client(scope(azure), claims_challenge=claims)

    assert refused.status_code == 401
    assert 'error="insufficient_claims"' in header
    assert "=" not in encoded
    assert ask(LIST, token=better["access_token"]).ok
    assert "1726077595" in azure.token_asked()[-1].form["claims"]


def test_a_token_of_the_wrong_tenant_is_refused(azure: AzureDouble, ask: Client) -> None:
    """For reads and for writes."""
    fabrikam = azure.add_tenant("fabrikam.onmicrosoft.com")
    ours, delegated = azure.add(), azure.add(delegated_to=[fabrikam.id])
    token = azure.token(tenant=fabrikam.id)
    body = {"properties": {"emails": "a@b.c"}}
    path = contacts(ours, V2023, "default")

    read = ask(contacts(ours), token=token)
    written = ask(path, token=token, method="PUT", json=body)
    shown = ask(f"{ours.scope}?api-version=2022-12-01", token=token)

    for refused in (read, written, shown):
        assert code(refused) == (401, "InvalidAuthenticationTokenTenant")
    assert read.json()["error"]["message"].startswith(
        f"The access token is from the wrong issuer 'https://sts.windows.net/{fabrikam.id}/'. It "
        f"must match the tenant 'https://sts.windows.net/{azure.tenant}/' associated with this"
    )
    assert f"login.windows.net/{azure.tenant}" in read.headers["WWW-Authenticate"]
    assert ours.contact is None
    assert ask(contacts(delegated), token=token).ok


def test_a_refusal_names_the_user(
    azure: AzureDouble, ask: Client, session: requests.Session
) -> None:
    """With their name and their object id."""
    azure.device_pending = 0
    token = signed_in(azure, person(azure, session))["access_token"]

    message = ask(contacts(azure.add(readable=False)), token=token).json()["error"]["message"]

    assert message.startswith(
        f"The client '{azure.user.upn}' with object id '{azure.user.object_id}' does not have"
    )


def test_the_clock_can_be_set(azure: AzureDouble, ask: Client) -> None:
    """All answers have its date. Tokens expire by the real time."""
    token = azure.token()
    assert ask(LIST).headers["Date"] != "Tue, 14 Nov 2023 22:13:20 GMT"

    azure.clock = lambda: 1_700_000_000.0

    answers = [ask(LIST, token=token), ask("/x/oauth2/v2.0/token", method="POST"), imds(azure)]
    assert {answer.headers["Date"] for answer in answers} == {"Tue, 14 Nov 2023 22:13:20 GMT"}
    assert answers[0].ok
