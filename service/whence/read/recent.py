"""Answers kept for a while: a reader asks for one page of an answer after the other, and each page would walk again."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Protocol, TypeVar

from whence.graph.port import GraphStore
from whence_schemas.lineage import Limit

KEPT = 8
"""A large answer takes some 10 MB."""


class Cut(Protocol):
    """An answer that says whether a limit cut it."""

    @property
    def truncated(self) -> Limit | None:
        """The limit."""


_Answer = TypeVar("_Answer", bound=Cut)


class Recent:
    """The last few answers, each for as long as the graph stays as it is. A question that is asked "as of now" is a new
    one each time; pages that belong together name the time."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self._cursor = -1
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    async def get(self, question: Hashable, answer: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """The answer that is kept, or else a new one."""
        cursor = await self._store.cursor()
        if cursor != self._cursor:
            self._cursor, self._answers = cursor, OrderedDict()
        kept = self._answers
        found: _Answer | None = kept.pop(question, None)
        if found is None:
            found = await answer()
        if found.truncated != Limit.TIME:  # another time it may get further
            kept[question] = found
            while len(kept) > KEPT:
                kept.popitem(last=False)
        return found
