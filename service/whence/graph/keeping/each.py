"""Answers that a store gives for each of the things asked about, apart from the others."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from whence.graph.facts import Batch
from whence.graph.keeping.room import Room, Table
from whence.graph.keeping.watch import Watch

_Asked = TypeVar("_Asked", bound=Hashable)
_Answer = TypeVar("_Answer")


class Each(Generic[_Asked, _Answer]):
    """Keeps such answers. What is asked is about a subject: a change of that takes all answers about it away."""

    def __init__(
        self,
        watch: Watch,
        room: Room,
        look: Callable[[Sequence[_Asked]], Awaitable[Mapping[_Asked, _Answer]]],
        *,
        about: Callable[[_Asked], str],
        size: Callable[[_Answer], int],
        changed: Callable[[Batch], Iterable[str] | None],
    ) -> None:
        """look: asks the store, which answers all. about: the subject of what is asked. size: of an answer, in bytes.
        changed: the subjects that a batch changes; None where they may be any."""
        self._watch = watch
        self._look = look
        self._about = about
        self._size = size
        self._changed = changed
        self._table: Table[dict[_Asked, _Answer]] = Table(room)
        watch.over(self)

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
        for subject, answers in learned.items():
            known = {**self._table.values.get(subject, {}), **answers}
            self._table.put(subject, known, sum(map(self._size, known.values())))

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
