"""The owners that a question needs, with what is live of them at its time."""

from collections.abc import Iterable, Iterator, Sequence

from whence.graph.facts import EdgeId, EdgeKind
from whence.graph.live import Live, footprints_of, live_of
from whence.graph.port import Around, GraphStore
from whence.lineage.names import Names


class LiveOwners:
    """Fetches owners' live reports at one time, each owner once; `names` learns on the way."""

    def __init__(self, store: GraphStore, as_of: int, window: int, names: Names | None = None) -> None:
        self._store = store
        self._names = names
        self._as_of = as_of
        self._window = window
        self._live: dict[str, Live | None] = {}
        self._into: dict[tuple[EdgeKind, ...], dict[str, list[EdgeId]]] = {}
        self._hops: dict[tuple[EdgeKind, ...], int] = {}

    async def fetch(self, owners: Iterable[str]) -> None:
        """Make owners known."""
        new = [owner for owner in dict.fromkeys(owners) if owner not in self._live]
        if new:
            activities = await self._store.activities(new, self._as_of, self._window)
            footprints = await self._store.footprints(sorted(footprints_of(activities.values())))
            self._live.update(live_of(new, activities, footprints))

    async def into(self, targets: Sequence[str], around: Around) -> list[EdgeId]:
        """Edges into targets; their owners, and where asked for the targets, are known afterwards.

        Looking ahead is begun with two hops and doubled with every call, as long as `around` wants so many.
        """
        known = self._into.setdefault(tuple(around.kinds), {})
        new = [target for target in targets if target not in known]
        if new:
            found = await self._store.neighbours(new, self._look(around), self._as_of, self._window)
            if self._names is not None:
                self._names.learn(found.aliases)
            known.update(found.into)
            for owner, live in found.live.items():
                self._live.setdefault(owner, live)
        return [edge for target in targets for edge in known[target]]

    def _look(self, around: Around) -> Around:
        kinds = tuple(around.kinds)
        self._hops[kinds] = 2 * self._hops.get(kinds, 1)
        return around._replace(hops=min(around.hops, self._hops[kinds]))

    def __getitem__(self, owner: str) -> Live | None:
        """What is live of a fetched owner; None where nothing is."""
        return self._live[owner]

    def known(self, owners: Sequence[str]) -> Iterator[tuple[str, Live]]:
        """Those of the fetched owners of which anything is live."""
        for owner in owners:
            live = self._live[owner]
            if live is not None:
                yield owner, live
