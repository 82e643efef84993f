"""`@job`: each call of a function is a run."""

import functools
import inspect
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, overload

from .code import source_sha256
from .datasets import AnyDataset
from .recording import Run

log = logging.getLogger("whence_collector")

_P = ParamSpec("_P")
_T = TypeVar("_T")


@overload
def job(name: Callable[_P, _T], /) -> Callable[_P, _T]: ...


@overload
def job(
    name: str | None = None,
    /,
    *,
    namespace: str | None = None,
    hashed: bool | Collection[str] = False,
    reads: Iterable[AnyDataset] = (),
    writes: Iterable[AnyDataset] = (),
) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]: ...


def job(name: Any = None, /, **options: Any) -> Any:
    """Let each call of a function, or of a coroutine function, be a run, with its arguments as parameters.

    Args:
        name: the job's name; that of the function, with its module's, where it is not said.
        options: as for `run`.
    """
    if callable(name):
        return _recorded(name, None, {})
    return lambda function: _recorded(function, name, options)


def _recorded(function: Callable[..., Any], name: str | None, options: Mapping[str, Any]) -> Callable[..., Any]:
    path = getattr(getattr(function, "__code__", None), "co_filename", "")
    module = Path(path).stem if function.__module__ == "__main__" else function.__module__
    called = name or f"{module}.{function.__qualname__}"
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        log.warning("Whence: %s is a generator, whose calls are not recorded: use `with run(...)` in it", called)
        return function

    signature = _signature(function)

    def begin(args: Any, kwargs: Any) -> Run:
        made = Run(called, options.get("namespace"), path=path, sha256=_sha256(function))
        values = _arguments(signature, args, kwargs)
        made.declare(values, options.get("hashed", False), options.get("reads", ()), options.get("writes", ()))
        return made

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def recorded(*args: Any, **kwargs: Any) -> Any:
            with begin(args, kwargs):
                return await function(*args, **kwargs)

    else:

        @functools.wraps(function)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            with begin(args, kwargs):
                return function(*args, **kwargs)

    return recorded


_sha256 = functools.lru_cache(maxsize=4096)(source_sha256)


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _arguments(signature: inspect.Signature | None, args: Any, kwargs: Any) -> Mapping[str, Any]:
    """What a function is called with, by name; nothing where the call itself is wrong, which the function will tell."""
    if signature is None:
        return {}
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        return {}
    bound.apply_defaults()
    return {name: value for name, value in bound.arguments.items() if name not in ("self", "cls")}
