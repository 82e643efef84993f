"""Looking on as a method of the host is called."""

import functools
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any

log = logging.getLogger("whence_prefect")


def nothing(*args: Any, **kwargs: Any) -> None:
    """Nothing to do there."""


def around(
    owner: type,
    name: str,
    before: Callable[..., Any] = nothing,
    after: Callable[[Any, Any, Any], None] = nothing,
) -> None:
    """From now on call `before(self, *arguments)`, the method, `after(self, what before gave, what the method gave)`.

    The method may be a coroutine function. What `before` and `after` raise is logged and goes no further.
    """
    method = getattr(owner, name)

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        noted = _quietly(before, self, *args, **kwargs)
        result = method(self, *args, **kwargs)
        if inspect.isawaitable(result):
            return _then(result, lambda found: _quietly(after, self, noted, found))
        _quietly(after, self, noted, result)
        return result

    setattr(owner, name, call)


async def _then(result: Awaitable[Any], after: Callable[[Any], None]) -> Any:
    found = await result
    after(found)
    return found


def _quietly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except Exception:
        log.debug("Whence: something was not recorded", exc_info=True)
        return None
