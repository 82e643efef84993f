"""Notices when what is kept of a graph does not hold any more.

A store's own batches take away what they change. That another process wrote shows in the cursor: then nothing is kept.
All of this happens in the event loop's thread.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Protocol

from whence.graph.facts import Batch


class Part(Protocol):
    """Something that keeps answers."""

    @property
    def empty(self) -> bool:
        """Whether it keeps none."""

    def forget(self, batch: Batch) -> None:
        """Forget what a batch changes."""

    def clear(self) -> None:
        """Forget everything."""


_asked: ContextVar["Watch | None"] = ContextVar("asked", default=None)
"""Whose cursor was read for the question that is being answered."""


class Watch:
    """Watches over the parts that keep answers of one store."""

    def __init__(self, cursor: Callable[[], Awaitable[int]]) -> None:
        """cursor: reads the store's."""
        self._read_cursor = cursor
        self._cursor = 0
        self._coming: int | None = None
        self._parts: list[Part] = []
        self.changes = 0

    def over(self, part: Part) -> None:
        """Watch over a part too."""
        self._parts.append(part)

    @contextmanager
    def applying(self, batch: Batch) -> Iterator[None]:
        """While a batch is applied: what it changes is not known any more, and nothing is learned."""
        if batch.start not in (None, self._cursor):  # another process wrote since
            self.clear()
        for part in self._parts:
            if not part.empty:
                part.forget(batch)
        self._coming = batch.cursor
        try:
            yield
            self._cursor = batch.cursor
        finally:
            self._coming = None
            self.changes += 1

    def clear(self) -> None:
        """Forget everything."""
        self.changes += 1
        for part in self._parts:
            part.clear()

    def unchanged(self, changes: int) -> bool:
        """Whether what was found since there were so many changes can be learned."""
        return self._coming is None and self.changes == changes

    @asynccontextmanager
    async def question(self) -> AsyncIterator[None]:
        """For one question: the cursor is read once, when it begins."""
        await self.compare()
        token = _asked.set(self)
        try:
            yield
        finally:
            _asked.reset(token)

    async def compare(self) -> None:
        """Forget everything if another process wrote."""
        if _asked.get() is self:
            return
        cursor = await self._read_cursor()
        if cursor not in (self._cursor, self._coming):
            self.clear()
            self._cursor = cursor
