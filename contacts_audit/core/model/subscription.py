"""Defines a subscription in scope."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription in scope; one that is not *visible* has only its id, in lower case."""

    id: str
    name: str | None = None
    state: str | None = None
    tenant_id: str | None = None
    visible: bool = True

    @property
    def label(self) -> str:
        """The name and id, for a person."""
        return self.id if self.name is None else f"{self.name} ({self.id})"

    @property
    def state_message(self) -> str:
        """The state in a sentence, as in `subscription is disabled`."""
        return f"subscription is {str(self.state).lower()}"
