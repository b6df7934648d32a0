"""Errors of Entra ID that several kinds of sign-in share."""

from __future__ import annotations


class Denied(Exception):
    """Entra ID denies a token, with an AADSTS number."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.number = number
        self.text = f"AADSTS{number}: {text}"


def no_tenant(name: str) -> Denied:
    """Return the error for a tenant that does not exist."""
    return Denied(
        400,
        "invalid_tenant",
        90002,
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and "
        "are signing into the correct cloud. Check with your subscription administrator, this "
        "may happen if there are no active subscriptions for the tenant.",
    )


def no_application(client_id: str) -> Denied:
    """Return the error for an application that the tenant does not know."""
    return Denied(
        400,
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the "
        "directory 'Contoso'. This can happen if the application has not been installed by "
        "the administrator of the tenant or consented to by any user in the tenant.",
    )
