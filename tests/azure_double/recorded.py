"""
Errors of Resource Manager and its providers, in the shapes that were recorded.

Each is a fault for `AzureDouble.fail`. Shapes and headers are recorded, names and ids are not.
Whether a 429 had a Retry-After is not known, because the recorders removed that header.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from .exchange import Exchange, Fault
from .faults import Headers, answer
from .refusals import GATEWAY, SERVICE, error_body, no_provider
from .subscriptions import Json
from .wire import Answer, HeaderValue, compact

SOMEBODY = "6d1c4f0b-2a57-4e38-9c61-f07b83d5a942"
LOCK = "Cannot acquire exclusive lock to create, update or delete this contact. Retry later."

FRONT_DOOR = (
    "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Transitional//EN' "
    "'http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd'>"
    "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>AzureResourceManager</title></head>"
    "<body><div id='content'><div id='message'><h2>Our services aren't available right now</h2>"
    "<p>We're working to restore all services as soon as possible.</p></div></div></body></html>"
)
HTTP_SYS = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
    "<HTML><HEAD><TITLE>Service Unavailable</TITLE></HEAD>\r\n<BODY><h2>Service Unavailable</h2>"
    "\r\n<hr><p>HTTP Error 503. The service is unavailable.</p>\r\n</BODY></HTML>\r\n"
)
IIS_401 = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\r\n<html><head>\r\n'
    "<title>401 - Unauthorized: Access is denied due to invalid credentials.</title>\r\n"
    '</head>\r\n<body>\r\n<div id="header"><h1>Server Error</h1></div>\r\n</body>\r\n</html>\r\n'
)


# Too many requests


def subscription_throttled(seconds: int = 6, subscription: str = SOMEBODY) -> Fault:
    """Answer 429 with the seconds only in the message, and close the connection."""
    message = (
        f"Number of requests for subscription '{subscription}' and operation "
        "'GET/SUBSCRIPTIONS/PROVIDERS/MICROSOFT.SECURITY/SECURITYCONTACTS/' exceeded the backend "
        f"storage limit. Please try again after '{seconds}' seconds."
    )
    return _closing(error_body("SubscriptionRequestsThrottled", message), 429)


def resource_throttled(seconds: int = 324) -> Fault:
    """Answer 429 with the limit, its interval and the seconds in the message."""
    message = (
        "Number of requests for action 'Microsoft.Security/securityContacts/read' exceeded the "
        f"limit of '150' for time interval '01:00:00'. Please try again after '{seconds}' seconds."
    )
    body = error_body("ResourceRequestsThrottled", message)
    return _closing(body, 429, GATEWAY)


def conflicting(seconds: int = 11, *, pretty: bool = False) -> Fault:
    """Answer 429 because of another running operation, with nested details."""
    detail = {
        "code": "RetryableErrorDueToAnotherOperation",
        "message": f"Operation PutContacts ({SOMEBODY}) is updating the resource. "
        f"The call can be retried in {seconds} seconds.",
    }
    error = {
        "code": "RetryableError",
        "message": "A retryable error occurred.",
        "details": [detail],
    }
    body: dict[str, object] = {"error": error}
    text = json.dumps(body, indent=2).encode() if pretty else compact(body)
    return _closing(text, 429)


def locked() -> Fault:
    """Answer 429 with `Code`, a number in a string, and `Message`, without `error`."""
    body = {
        "Code": "429",
        "Message": LOCK,
        "Target": None,
        "Details": [
            {"Message": LOCK},
            {"Code": "429"},
            {"ErrorEntity": {"ExtendedCode": "59206", "MessageTemplate": LOCK, "Code": "429"}},
        ],
        "Innererror": None,
    }
    return _closing(compact(body), 429)


# Errors in other shapes


def bare(status: int, code: str, message: str) -> Fault:
    """Answer with `code` and `message` at the top, without `error`."""
    return answer(compact({"code": code, "message": message}), None, status)


def capital(status: int, code: str, message: str) -> Fault:
    """Answer with `Code` and `Message` at the top."""
    rest: Json = {"Target": None, "Details": [], "Innererror": None}
    body = {"Code": code, "Message": message, **rest}
    return answer(compact(body), None, status)


def of_exception(status: int, code: str, message: str) -> Fault:
    """Answer with an exception of .NET: `HttpStatusCode`, `ErrorCode` and `Message`."""
    body = {
        "HttpStatusCode": status,
        "ErrorCode": code,
        "Message": message,
        "Data": {},
        "InnerException": None,
        "StackTrace": None,
        "HelpLink": None,
        "Source": None,
        "HResult": -2146233088,
    }
    return answer(compact(body), None, status)


def not_registered() -> Fault:
    """Answer 409 for a provider that was never registered: details with a target."""
    message = (
        "The subscription is not registered to use namespace 'Microsoft.Security'. "
        "See https://aka.ms/rps-not-found for how to register subscriptions."
    )
    code = "MissingSubscriptionRegistration"
    detail = {"code": code, "target": "Microsoft.Security", "message": message}
    body = {"error": {"code": code, "message": message, "details": [detail]}}
    return answer(compact(body), GATEWAY, 409)


def disallowed() -> Fault:
    """Answer 403 for a kind of subscription that can use no provider."""
    message = (
        "The current subscription type is not permitted to perform operations on any provider "
        "namespace. Please use a different subscription."
    )
    return answer(error_body("DisallowedOperation", message), GATEWAY, 403)


def wrong_location(version: str, supported: Iterable[str]) -> Fault:
    """Answer 400 for a location, with a list of versions that contains *version*."""
    places = "westeurope, northeurope"
    refused = no_provider(version, {*supported, version}, location="nowhere", locations=places)
    return answer(refused.body, GATEWAY, 400)


def internal_error() -> Fault:
    """Answer 500 with a tracking id in the message."""
    message = (
        "Encountered internal server error. Diagnostic information: timestamp '20260101T000000Z', "
        f"subscription id '{SOMEBODY}', tracking id '{SOMEBODY}', request correlation id "
        f"'{SOMEBODY}'."
    )
    return _closing(error_body("InternalServerError", message), 500, GATEWAY)


def bad_gateway() -> Fault:
    """Answer 502: the provider cannot be reached."""
    message = (
        "The network connectivity issue encountered for 'Microsoft.Security'; "
        "cannot fulfill the request."
    )
    return answer(error_body("BadGatewayConnection", message), SERVICE, 502)


def gateway_timeout() -> Fault:
    """Answer 504: the provider did not answer in time."""
    message = (
        "The gateway did not receive a response from 'Microsoft.Security' "
        "within the specified time period."
    )
    return _closing(error_body("GatewayTimeout", message), 504, SERVICE)


# Web pages


def front_door() -> Fault:
    """Answer 503 with the page of Front Door: the provider did not answer in time."""
    headers = {"Cache-Control": "no-store", "x-azure-externalerror": "0x80072ee2,OriginTimeout"}
    return _page(503, FRONT_DOOR, {"Content-Type": "text/html", **headers})


def http_sys() -> Fault:
    """Answer 503 with the page of HTTP.sys, through ARM."""
    headers = {"Content-Type": "text/html; charset=us-ascii", "Server": "Microsoft-HTTPAPI/2.0"}
    return _closing(HTTP_SYS.encode(), 503, {**headers, **SERVICE})


def unauthorized_page() -> Fault:
    """Answer 401 with the page of IIS, through ARM: no JSON, no `WWW-Authenticate`."""
    return answer(IIS_401.encode(), {"Content-Type": "text/html", "X-Powered-By": "ASP.NET"}, 401)


def _closing(body: bytes, status: int, headers: Headers | None = None) -> Fault:
    """Answer, and end the connection, as the gateway of ARM does with a refusal."""

    async def fault(exchange: Exchange) -> None:
        closing = {"Connection": "close", **(headers or {})}
        await exchange.send(exchange.reply(status, body, closing).encode())
        exchange.close()

    return fault


def _page(status: int, text: str, headers: dict[str, HeaderValue]) -> Fault:
    async def fault(exchange: Exchange) -> None:
        await exchange.send(Answer(status, text.encode(), headers).encode())

    return fault
