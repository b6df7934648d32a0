"""The class Listing: keeps subscriptions in compact memory, 100,000 in 8 MB. Asks Azure nothing."""

from array import array
from collections.abc import Collection, Iterable, Iterator

from contacts_audit.core.model import Subscription


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
            id_ = bytes.fromhex(each.id.replace("-", ""))
            if (number := int.from_bytes(id_)) in seen:
                continue
            seen.add(number)
            self._ids += id_
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
            hex_ = self._ids[16 * at : 16 * at + 16].hex()
            id_ = f"{hex_[:8]}-{hex_[8:12]}-{hex_[12:16]}-{hex_[16:20]}-{hex_[20:]}"
            name = self._names[begin:end].decode(errors="surrogatepass")
            yield Subscription(id_, None if nameless else name, state, tenant, visible)
            begin = end

    def __contains__(self, one: object) -> bool:
        return any(each == one for each in self)
