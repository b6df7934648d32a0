"""Refusals of ARM and of the provider behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .wire import HeaderValue, compact

GATEWAY = {"x-ms-failure-cause": "gateway"}
SERVICE = {"x-ms-failure-cause": "service"}


class Refused(Exception):
    """ARM, or the provider behind it, refuses a request."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, HeaderValue] = GATEWAY
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = error_body(code, message)


def error_body(code: str, message: str) -> bytes:
    """Return ARM's JSON for an error."""
    return compact({"error": {"code": code, "message": message}})


def no_such_path(path: str) -> Refused:
    """Return the refusal of an unknown path."""
    return Refused(404, "NotFound", f"No HTTP resource was found that matches '{path}'.")


def no_version() -> Refused:
    """Return the refusal of a request without an api-version."""
    return Refused(
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )


def bad_version(kind: str, version: str, supported: Iterable[str]) -> Refused:
    """
    Return the refusal of an api-version; *kind* is its code.

    As recorded: the first kind lists no versions, the second without spaces, the third with.
    """
    known = sorted(supported)
    if kind == "InvalidResourceType":
        return Refused(
            404,
            kind,
            "The resource type could not be found in the namespace 'Microsoft.Security' "
            f"for api version '{version}'.",
        )
    if kind == "InvalidApiVersionParameter":
        return Refused(
            400,
            kind,
            f"The api-version '{version}' is invalid. "
            f"The supported versions are '{','.join(reversed(known))}'.",
        )
    return no_provider(version, known, location="", locations="")


def no_provider(
    version: str, supported: Iterable[str], *, location: str, locations: str
) -> Refused:
    """Return the refusal of a version; if *supported* contains it, of a *location*."""
    return Refused(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location '{location}' and API version "
        f"'{version}' for type 'securityContacts'. The supported api-versions are "
        f"'{', '.join(sorted(supported))}'. The supported locations are '{locations}'.",
    )


def no_subscription(subscription_id: str) -> Refused:
    """Return the refusal of a subscription that does not exist, or is not visible."""
    return Refused(
        404,
        "SubscriptionNotFound",
        f"The subscription '{subscription_id}' could not be found.",
    )


def no_group(group_id: str) -> Refused:
    """Return the refusal of a management group that does not exist in the tenant."""
    # Assumed: the status is plausible, but code and message are not known.
    return Refused(404, "NotFound", f"The management group '{group_id}' cannot be found.")


def forbidden(name: str, object_id: str, action: str, scope: str) -> Refused:
    """Return the refusal of an *action* that no role allows to *name*."""
    return Refused(
        403,
        "AuthorizationFailed",
        f"The client '{name}' with object id '{object_id}' does not have authorization "
        f"to perform action '{action}' over scope '{scope}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials.",
    )


def not_registered(status: int) -> Refused:
    """Return the refusal of a subscription without Defender for Cloud."""
    return Refused(
        status,
        "Subscription Not Registered",
        "Please register to Microsoft.Security in order to view your security status",
        SERVICE,
    )


def read_only(subscription_id: str, status: int) -> Refused:
    """Return the refusal of a write to a disabled subscription."""
    return Refused(
        status,
        "ReadOnlyDisabledSubscription",
        f"The subscription '{subscription_id}' is disabled and therefore marked as read only. "
        "You cannot perform any write actions on this subscription until it is re-enabled.",
    )


def precondition_failed(header: str) -> Refused:
    """Return the refusal of a write because the condition in *header* does not hold."""
    # Assumed: two other providers answer so, without "error". Whether this one does is not
    # known.
    refused = Refused(412, "PreconditionFailed", "", {})
    message = f"The security contact has been modified ({header} does not hold)."
    refused.body = compact({"code": "PreconditionFailed", "message": message})
    return refused


def bad_input(code: str, message: str) -> Refused:
    """Return the refusal by the provider of a written contact."""
    return Refused(400, code, message, {})


def cannot_be_null(name: str, tracking: str) -> Refused:
    """Return the refusal by the provider of a contact without *name*; *tracking* is a GUID."""
    value = name[0].upper() + name[1:]
    message = (
        f"The json value of {name} failed validation, with reason: "
        f"{value} : {value} value cannot be null!, error tracking number: {tracking}"
    )
    return Refused(400, "BadRequest", message, {"Content-Type": "application/json"})


def no_contact(name: str, subscription_id: str) -> Refused:
    """Return the refusal by the provider of a contact that does not exist."""
    message = f"Could not find security contact with name {name} for subscriptionId: "
    return Refused(404, "404", f"{message}{subscription_id}", {})


def malformed_subscription(subscription_id: str) -> Refused:
    """Return the refusal of a subscription id that is not valid."""
    return Refused(
        400,
        "InvalidSubscriptionId",
        f"The provided subscription identifier '{subscription_id}' is malformed or invalid.",
    )
