"""What was found around nodes lately."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from whence.graph.facts import Batch, EdgeId, EdgeKind
from whence.graph.keeping.edges import renamed
from whence.graph.keeping.room import Room, Table
from whence.graph.keeping.watch import Watch
from whence.graph.live import Live, onward
from whence.graph.port import LOOK_AHEAD, Around, Neighbours

_EDGE_BYTES = 200

LookAround = Callable[[Sequence[str], Around, int, int], Awaitable[Neighbours]]


class _Known(NamedTuple):
    """What is live of an owner within a window, and the alias edges of what that reads and writes: in questions `since`
    a time, after which nothing of the owner starts."""

    window: int
    since: int
    live: Live | None
    aliases: dict[str, list[EdgeId]]


class Nearby:
    """Keeps what is around nodes."""

    def __init__(self, watch: Watch, room: Room, look: LookAround) -> None:
        """look: answers `neighbours` by the store alone."""
        self._watch = watch
        self._look = look
        self._into: Table[dict[tuple[EdgeKind, ...], list[EdgeId]]] = Table(room)
        self._live: Table[_Known] = Table(room)
        watch.over(self)

    async def get(self, targets: Sequence[str], around: Around, as_of: int, window: int) -> Neighbours:
        """What is around targets. Looking ahead ends where something is not known."""
        await self._watch.compare()
        found = Neighbours({}, {}, {}, set())
        new: Iterable[str] = dict.fromkeys(targets)
        for hop in range(around.hops, 0, -1):
            reached: dict[str, Live | None] = {}
            unknown = [target for target in new if not self._recall(target, around, as_of, window, found, reached)]
            if unknown:
                await self._find(unknown, around._replace(hops=hop), as_of, window, found)
            if unknown or hop == 1 or len(found.into) > LOOK_AHEAD:
                break
            new = [key for key in onward(reached.values(), around.onward) if key not in found.into]
        return found

    def _recall(
        self, target: str, around: Around, as_of: int, window: int, found: Neighbours, reached: dict[str, Live | None]
    ) -> bool:
        """Add what is around a target, if everything is known; what is live of its owners is `reached` too."""
        into = self._into.values.get(target, {}).get(tuple(around.kinds))
        if into is None:
            return False
        owners = [edge.owner for edge in into]
        if around.themselves:
            owners.append(target)
        for owner in owners:
            if owner not in found.live:
                known = self._live.values.get(owner)
                if known is None or known.window != window or known.since > as_of:
                    return False
                found.live[owner] = reached[owner] = known.live
                found.aliases.update(known.aliases)
        found.into[target] = into
        return True

    async def _find(self, targets: list[str], around: Around, as_of: int, window: int, found: Neighbours) -> None:
        """Add what the store finds around targets, and learn it."""
        changes = self._watch.changes
        new = await self._look(targets, around, as_of, window)
        found.into.update(new.into)
        found.live.update(new.live)
        found.aliases.update(new.aliases)
        found.later.update(new.later)
        if self._watch.unchanged(changes):
            self._learn(new, tuple(around.kinds), as_of, window)

    def _learn(self, new: Neighbours, kinds: tuple[EdgeKind, ...], as_of: int, window: int) -> None:
        for target, edges in new.into.items():
            known = {**self._into.values.get(target, {}), kinds: edges}
            self._into.put(target, known, _EDGE_BYTES * (1 + sum(map(len, known.values()))))
        for owner, live in new.live.items():
            if owner not in new.later:
                aliases = {name: new.aliases[name] for name in live.datasets()} if live else {}
                size = _EDGE_BYTES * (1 + sum(map(len, aliases.values()))) + (live.size if live else 0)
                self._live.put(owner, _Known(window, as_of, live, aliases), size)

    @property
    def empty(self) -> bool:
        """Whether nothing is kept."""
        return not (self._into.values or self._live.values)

    def forget(self, batch: Batch) -> None:
        """Forget what a batch changes."""
        names = renamed(batch)
        if names is None:
            self.clear()
        rows = chain(batch.removed.values(), batch.added.values())
        self._live.drop(report.owner for one in rows for report in one.reports)
        self._into.drop(edge.target for edge in batch.edges)
        if names:
            self._live.drop([o for o, known in self._live.values.items() if not names.isdisjoint(known.aliases)])

    def clear(self) -> None:
        """Forget everything."""
        self._into.clear()
        self._live.clear()
