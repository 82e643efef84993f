"""Answers that a store gives for each of the things asked about, apart from the others."""

from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from whence.graph.facts import Batch
from whence.graph.keeping.room import Room, Table
from whence.graph.keeping.watch import Watch

_Asked = TypeVar("_Asked", bound=Hashable)
_Answer = TypeVar("_Answer")
_Value = TypeVar("_Value")

Changed = Callable[[Batch], Iterable[str] | None]
"""The keys of which a batch changes anything; None where they may be any."""


class _Keeping(Generic[_Value]):
    """Values by key, until a batch changes something of the key."""

    def __init__(self, watch: Watch, room: Room, changed: Changed) -> None:
        self._watch = watch
        self._changed = changed
        self._table: Table[_Value] = Table(room)
        watch.over(self)

    @property
    def empty(self) -> bool:
        """Whether nothing is kept."""
        return not self._table.values

    def forget(self, batch: Batch) -> None:
        """Forget what a batch changes."""
        changed = self._changed(batch)
        if changed is None:
            self._table.clear()
        else:
            self._table.drop(changed)

    def clear(self) -> None:
        """Forget everything."""
        self._table.clear()


class Each(_Keeping[_Answer]):
    """Keeps an answer for each key."""

    def __init__(
        self,
        watch: Watch,
        room: Room,
        look: Callable[[Sequence[str]], Awaitable[Mapping[str, _Answer]]],
        size: Callable[[_Answer], int],
        changed: Changed,
    ) -> None:
        """look: asks the store, which answers all. size: of an answer, in bytes, about."""
        super().__init__(watch, room, changed)
        self._look = look
        self._size = size

    async def get(self, keys: Collection[str]) -> dict[str, _Answer]:
        """The answer for each key; what is not known is looked for in the store."""
        await self._watch.compare()
        values = self._table.values
        found = {key: values[key] for key in keys if key in values}
        if unknown := [key for key in keys if key not in found]:
            changes = self._watch.changes
            new = await self._look(unknown)
            found.update(new)
            if self._watch.unchanged(changes):
                for key, answer in new.items():
                    self._table.put(key, answer, self._size(answer))
        return found


class EachAbout(_Keeping[dict[_Asked, _Answer]], Generic[_Asked, _Answer]):
    """Keeps an answer for each of the things asked, which are about something that has a key."""

    def __init__(
        self,
        watch: Watch,
        room: Room,
        look: Callable[[Sequence[_Asked]], Awaitable[Mapping[_Asked, _Answer]]],
        about: Callable[[_Asked], str],
        size: Callable[[_Answer], int],
        changed: Changed,
    ) -> None:
        """look: asks the store, which answers all. about: the key. size: of an answer, in bytes, about."""
        super().__init__(watch, room, changed)
        self._look = look
        self._about = about
        self._size = size

    async def get(self, asked: Iterable[_Asked]) -> dict[_Asked, _Answer]:
        """The answer for each; what is not known is looked for in the store."""
        await self._watch.compare()
        values, about = self._table.values, self._about
        found: dict[_Asked, _Answer] = {}
        unknown: list[_Asked] = []
        for one in asked:
            known = values.get(about(one))
            if known is not None and one in known:
                found[one] = known[one]
            else:
                unknown.append(one)
        if unknown:
            changes = self._watch.changes
            new = await self._look(unknown)
            found.update(new)
            if self._watch.unchanged(changes):
                self._learn(new)
        return found

    def _learn(self, new: Mapping[_Asked, _Answer]) -> None:
        learned: dict[str, dict[_Asked, _Answer]] = {}
        for one, answer in new.items():
            learned.setdefault(self._about(one), {})[one] = answer
        for key, answers in learned.items():
            known = {**self._table.values.get(key, {}), **answers}
            self._table.put(key, known, sum(map(self._size, known.values())))
