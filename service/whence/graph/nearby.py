"""What was found around nodes lately, kept from question to question as long as it holds.

A store's own batches take away what they change. That another process wrote shows in the cursor, which is read for
every answer: then nothing is kept. All of this happens in the event loop's thread.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from whence.graph.facts import Batch, EdgeId, EdgeKind
from whence.graph.live import Live, onward
from whence.graph.port import LOOK_AHEAD, Around, Neighbours

MOST_BYTES = 16_000_000
"""Of edges, and again of what is live: this is enough for 9,000 jobs of two inputs and 20 column edges."""
_EDGE_BYTES = 200

_Value = TypeVar("_Value")
Look = Callable[[Sequence[str], Around, int, int], Awaitable[Neighbours]]


class _Known(NamedTuple):
    """What is live of an owner within a window, and the alias edges of what that reads and writes: in questions `since`
    a time, after which nothing of the owner starts."""

    window: int
    since: int
    live: Live | None
    aliases: dict[str, list[EdgeId]]


class Nearby:
    """Answers `neighbours` for a store; what is not known is looked for in the store."""

    def __init__(self, look: Look, cursor: Callable[[], Awaitable[int]]) -> None:
        """look: answers `neighbours` by the store alone. cursor: the store's."""
        self._look = look
        self._read_cursor = cursor
        self._cursor = 0
        self._coming: int | None = None
        self._changes = 0
        self._into: _Table[dict[tuple[EdgeKind, ...], list[EdgeId]]] = _Table()
        self._live: _Table[_Known] = _Table()

    @contextmanager
    def applying(self, batch: Batch) -> Iterator[None]:
        """While a batch is applied: what it changes is not known any more, and nothing is learned."""
        self._forget(batch)
        self._coming = batch.cursor
        try:
            yield
            self._cursor = batch.cursor
        finally:
            self._coming = None
            self._changes += 1

    def clear(self) -> None:
        """Forget everything."""
        self._changes += 1
        self._into.clear()
        self._live.clear()

    async def neighbours(self, targets: Sequence[str], around: Around, as_of: int, window: int) -> Neighbours:
        """What is around targets. Looking ahead ends where something is not known."""
        await self._compare()
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

    async def _compare(self) -> None:
        cursor = await self._read_cursor()
        if cursor not in (self._cursor, self._coming):
            self.clear()
            self._cursor = cursor

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
        changes = self._changes
        new = await self._look(targets, around, as_of, window)
        found.into.update(new.into)
        found.live.update(new.live)
        found.aliases.update(new.aliases)
        found.later.update(new.later)
        if self._coming is None and self._changes == changes:
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

    def _forget(self, batch: Batch) -> None:
        """Forget what a batch changes."""
        if batch.replaced:  # which edges they had is not known
            self.clear()
        rows = chain(batch.removed.values(), batch.added.values())
        self._live.drop(report.owner for one in rows for report in one.reports)
        self._into.drop(edge.target for edge in batch.edges)
        aliases = [edge for edge in batch.edges if edge.kind in (EdgeKind.ALIAS, EdgeKind.RENAMED_FROM)]
        if named := {name for edge in aliases for name in (edge.source, edge.target)}:
            self._live.drop([o for o, known in self._live.values.items() if not named.isdisjoint(known.aliases)])


class _Table(Generic[_Value]):
    """Values by key; where they are too large together, the oldest go."""

    def __init__(self) -> None:
        self.values: dict[str, _Value] = {}
        self._sizes: dict[str, int] = {}
        self._size = 0

    def put(self, key: str, value: _Value, size: int) -> None:
        """Take a value of about so many bytes, as the newest; one that is large is not kept."""
        self.drop([key])
        if size > MOST_BYTES // 100:
            return
        self.values[key] = value
        self._sizes[key] = size
        self._size += size
        while self._size > MOST_BYTES:
            self.drop([next(iter(self.values))])

    def drop(self, keys: Iterable[str]) -> None:
        """Let values go, if they are there."""
        for key in keys:
            if self.values.pop(key, None) is not None:
                self._size -= self._sizes.pop(key)

    def clear(self) -> None:
        """Let all go."""
        self.values.clear()
        self._sizes.clear()
        self._size = 0
