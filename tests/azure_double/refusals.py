"""The ways in which ARM says no."""

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
    """Return the refusal of a path that nobody serves."""
    return Refused(404, "NotFound", f"No HTTP resource was found that matches '{path}'.")


def no_version() -> Refused:
    """Return the refusal of a request without an api-version."""
    return Refused(
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )


def bad_version(kind: str, version: str, supported: Iterable[str]) -> Refused:
    """Return the refusal, of the *kind* that its code names, of an api-version."""
    known = ", ".join(sorted(supported))
    if kind == "InvalidResourceType":
        return Refused(
            404,
            kind,
            "The resource type could not be found in the namespace 'Microsoft.Security' "
            f"for api version '{version}'. The supported api-versions are '{known}'.",
        )
    if kind == "InvalidApiVersionParameter":
        return Refused(
            400,
            kind,
            f"The api-version '{version}' is invalid. The supported versions are '{known}'.",
        )
    return Refused(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location '' and API version '{version}' "
        f"for type 'securityContacts'. The supported api-versions are '{known}'. "
        "The supported locations are ''.",
    )


def no_subscription(subscription_id: str) -> Refused:
    """Return the refusal for a subscription that is not there, or not for us to see."""
    return Refused(
        404,
        "SubscriptionNotFound",
        f"The subscription '{subscription_id}' could not be found.",
    )


def no_group(group_id: str) -> Refused:
    """Return the refusal for a management group that is not there, or in another tenant."""
    # An assumption: the status is plausible, code and wording are not established.
    return Refused(404, "NotFound", f"The management group '{group_id}' cannot be found.")


def forbidden(name: str, object_id: str, action: str, scope: str) -> Refused:
    """Return the refusal of an *action* that no role allows to whom *name* names."""
    return Refused(
        403,
        "AuthorizationFailed",
        f"The client '{name}' with object id '{object_id}' does not have authorization "
        f"to perform action '{action}' over scope '{scope}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials.",
    )


def not_registered(status: int) -> Refused:
    """Return the refusal of a subscription that Defender for Cloud does not know."""
    return Refused(
        status,
        "Subscription Not Registered",
        "Please register to Microsoft.Security in order to view your security status",
        SERVICE,
    )


def read_only(subscription_id: str, status: int) -> Refused:
    """Return the refusal to write to a disabled subscription."""
    return Refused(
        status,
        "ReadOnlyDisabledSubscription",
        f"The subscription '{subscription_id}' is disabled and therefore marked as read only. "
        "You cannot perform any write actions on this subscription until it is re-enabled.",
    )


def precondition_failed(header: str) -> Refused:
    """Return the refusal of a write, because of what *header* demands of the contact."""
    # An assumption: the status is HTTP's, code and wording are not established,
    # and neither is it whether the provider ever says so.
    return Refused(
        412,
        "PreconditionFailed",
        f"The precondition in the header '{header}' is not satisfied.",
        SERVICE,
    )


def bad_input(code: str, message: str) -> Refused:
    """Return the provider's refusal of what was written."""
    return Refused(400, code, message, SERVICE)


def no_contact(name: str) -> Refused:
    """Return the refusal to show a contact that does not exist."""
    return Refused(404, "NotFound", f"The security contact '{name}' was not found.", SERVICE)
