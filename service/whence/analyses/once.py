"""Parts of an answer that are worked out when they are first asked for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

_Found = TypeVar("_Found")


class Once(Generic[_Found]):
    """What is worked out once, for all who ask, and goes on when one of them goes away. An answer may be kept for long:
    so what failed is tried again when it is asked for again."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, _Found]]) -> None:
        self._work = work
        self._task: asyncio.Task[_Found] | None = None

    async def get(self) -> _Found:
        """What was found; raises what the work raises."""
        if self._task is None or _failed(self._task):
            self._task = asyncio.create_task(self._work())
        return await asyncio.shield(self._task)


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
