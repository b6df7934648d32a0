"""A subscription in scope."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription in scope; one that was asked for and is not *visible* has its id only."""

    id: str
    name: str | None = None
    state: str | None = None
    tenant_id: str | None = None
    visible: bool = True

    @property
    def label(self) -> str:
        """The name and id, as a line for an operator shows them."""
        return self.id if self.name is None else f"{self.name} ({self.id})"
