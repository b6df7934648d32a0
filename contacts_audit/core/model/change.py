"""Defines a change to the security contact of a subscription."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """
    What to change in the security contact of a subscription; everything else stays as it is.

    With *replace*, *emails* become the only addresses; without it they are added.
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
        """Whether it creates a contact if there is none."""
        return bool(self.emails or self.notify_owners or self.minimum_severity or self.attack_paths)
