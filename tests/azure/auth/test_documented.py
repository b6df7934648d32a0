"""What a token service answers in undocumented types is left out, or told in its own words."""

import re
from typing import Any

import pytest
from azure.auth.shared import Machine, unsigned_token
from azure_double import Asked, AzureDouble, faults
from conftest import Run

from contacts_audit.azure.auth.documented import UNKNOWN, documented

ODD: list[Any] = [None, True, [], {}, ["x"], {"a": "b"}, [{"a": {}}]]
OF_PYTHON = re.compile(r"[\[{]|None|True|Type|Error|argument|attribute|literal|operand|hash")


def is_post(asked: Asked) -> bool:
    """Return whether a token is requested."""
    return asked.method == "POST"


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"error": {"code": "404", "message": "x"}}, "404: x"),
        ({"error": [{"code": "404", "message": "x"}]}, "404: x"),
        ({"error": {"code": "c", "message": "c: it is so"}}, "c: it is so"),
        ({"error": {"code": "c"}}, "c"),
        ({"error": {"message": "it is so"}}, "it is so"),
        ({"error": 5}, "5"),
        ({"error": True}, UNKNOWN),
        ({"error": ["x"]}, UNKNOWN),
        ({"error": "c", "error_description": {"value": "it is so"}}, "c: it is so"),
        ({"error": "c", "error_description": ["a", "b"]}, "c: a; b"),
        ({"error": "c", "error_description": True}, "c"),
        ({"error": "c", "suberror": ["x"]}, "c"),
        ({"error": None}, "no token came"),
        ({}, "no token came"),
    ],
    ids=str,
)
def test_an_error_of_any_type_is_told_as_text(
    azure: AzureDouble, run: Run, status: int, answer: dict[str, Any], told: str
) -> None:
    """Code and message, as far as there are any."""
    azure.fail(is_post, faults.status(status, answer))

    ran = run("token")

    assert (ran.code, ran.out) == (1, b"")
    assert ran.err.startswith(f"error: sign-in failed: {told} -- ")


def test_the_code_in_an_object_has_its_hint(azure: AzureDouble, run: Run) -> None:
    """As if it were where Entra ID writes it."""
    error = {"code": "invalid_client", "message": "AADSTS7000222: it expired"}
    azure.fail(is_post, faults.status(401, {"error": error}))

    assert "the client secret expired: add a new one" in run("token").err


@pytest.mark.parametrize("odd", [*ODD, "x", "x.eyJ9.y"], ids=str)
@pytest.mark.parametrize(
    "name",
    [
        *("token_type", "scope", "id_token", "client_info", "foci", "refresh_token", "suberror"),
        *("expires_in", "ext_expires_in", "refresh_in", "expires_on"),
    ],
)
def test_a_token_is_used_whatever_is_beside_it(
    azure: AzureDouble, run: Run, name: str, odd: Any
) -> None:
    """Its lifetime is in its claims, too."""
    answer = {"access_token": azure.token(), "token_type": "Bearer", "expires_in": 3600, name: odd}
    azure.fail(is_post, faults.status(200, answer))

    ran = run("token")

    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("error", [None, "", [], {}], ids=str)
def test_an_empty_error_beside_a_token_is_none(azure: AzureDouble, run: Run, error: Any) -> None:
    """The token is not hidden, either."""
    azure.add("Prod")
    azure.fail(is_post, faults.status(200, {"access_token": azure.token(), "error": error}))

    assert run("fetch").code == 0


@pytest.mark.parametrize("error", ["x", {"message": "x"}], ids=str)
def test_an_error_beside_a_token_is_an_error(azure: AzureDouble, run: Run, error: Any) -> None:
    """The token is not used, and not shown."""
    token = azure.token()
    azure.fail(is_post, faults.status(200, {"access_token": token, "error": error}))

    ran = run("token")

    assert (ran.code, ran.out) == (1, b"")
    assert "sign-in failed: x -- " in ran.err
    assert token not in ran.err


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("name", ["token_endpoint", "authorization_endpoint", "issuer"])
def test_a_discovery_document_of_other_types_ends_in_words(
    azure: AzureDouble, run: Run, name: str, odd: Any
) -> None:
    """Of ours, or of Entra ID; never of Python."""
    ends = {"token_endpoint": "token", "authorization_endpoint": "authorize"}
    found = {key: f"{azure.authority}/x/oauth2/v2.0/{end}" for key, end in ends.items()}
    azure.fail("openid-configuration", faults.status(200, {**found, name: odd}))

    ran = run("token")

    assert ran.code == 1
    assert not OF_PYTHON.search(ran.err)


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize(
    "name", ["device_code", "user_code", "verification_uri", "expires_in", "interval", "error"]
)
def test_a_code_of_another_type_is_not_shown(
    azure: AzureDouble, run: Run, name: str, odd: Any
) -> None:
    """Nobody can enter it."""
    flow = {"device_code": "d", "user_code": "U", "verification_uri": "https://x", "interval": 1}
    azure.fail("/devicecode", faults.status(200, {**flow, name: odd}))

    ran = run("token", "--auth", "device-code", "--auth-timeout", "0.1")

    assert ran.code == 1
    assert not OF_PYTHON.search(ran.err)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"error": {"code": "404", "message": "x"}}, "answered 400: x"),
        ({"error": "c", "error_description": {"value": "it is so"}}, "answered 400: it is so"),
        ({"error": ["x"]}, "answered 400 -- "),
        ({"message": {"a": "b"}}, "answered 400 -- "),
        ({"statusCode": 400, "message": ["a", "b"]}, "answered 400: a; b"),
    ],
    ids=str,
)
def test_a_managed_identity_is_told_as_text(
    azure: AzureDouble, on_a_machine: Machine, answer: dict[str, Any], told: str
) -> None:
    """Platforms write errors in many ways."""
    azure.fail("/metadata/identity", faults.status(400, answer))

    code, _, err = on_a_machine("token", "--auth", "managed-identity", **azure.imds_variables)

    assert code == 1
    assert told in err


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize(
    "name", ["token_type", "expires_in", "expires_on", "refresh_in", "resource", "id_token"]
)
def test_the_token_of_a_managed_identity_is_used_whatever_is_beside_it(
    azure: AzureDouble, on_a_machine: Machine, name: str, odd: Any
) -> None:
    """As that of the token service."""
    answer = {"access_token": azure.token(), "expires_in": "3600", name: odd}
    azure.fail("/metadata/identity", faults.status(200, answer))

    code, _, err = on_a_machine("token", "--auth", "managed-identity", **azure.imds_variables)

    assert (code, err) == (0, "")


def test_what_is_documented_is_kept() -> None:
    """Numbers that came as text become numbers; unknown fields are not touched."""
    sound = {
        "access_token": "a",
        "expires_in": "3599",
        "refresh_in": 1800,
        "id_token": unsigned_token(oid="x"),
        "client_info": "eyJ1aWQiOiJ1IiwidXRpZCI6InQifQ",
        "error_codes": [7000222],
    }

    assert documented(sound) == {**sound, "expires_in": 3599}
