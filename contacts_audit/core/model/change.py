"""A change to the security contact of a subscription."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """
    How the security contact of a subscription should be; what is not wished stays as it is.

    With *replace*, *emails* are to be the only addresses; without it they are added.
    """

    emails: tuple[str, ...] = ()
    replace: bool = False
    remove_emails: tuple[str, ...] = ()
    notify_owners: bool = False
    minimum_severity: str | None = None
    attack_paths: str | None = None
    enable: bool = False
    phone: str | None = None
    allow_empty: bool = False

    @property
    def creates(self) -> bool:
        """Say whether it wants a contact where there is none."""
        return bool(self.emails or self.notify_owners or self.minimum_severity or self.attack_paths)
