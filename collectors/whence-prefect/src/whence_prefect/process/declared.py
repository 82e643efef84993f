"""What a flow's code declares: the assets of the tasks that it names, whether they run or not."""

import inspect
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from prefect.tasks import Task

from ..assets import asset
from .products import resource_of
from .seen import Declared

_told: set[str] = set()


def declarations(flow: Any, at: datetime) -> Iterator[Declared]:
    """What is declared of each task of a flow; once in each process. at: when the flow ran."""
    if flow.name in _told:
        return
    _told.add(flow.name)
    for task in _named(inspect.unwrap(flow.fn)):
        made, used = getattr(task, "assets", None) or (), getattr(task, "asset_deps", None) or ()
        if made or used:
            yield Declared(
                job=f"{flow.name}.{task.name}",
                at=at,
                function=task.fn,
                reads=[asset(resource_of(source)) for source in used],
                writes=[asset(resource_of(target)) for target in made],
            )


def _named(function: Callable[..., Any]) -> Iterator[Any]:
    """The tasks that a function's code names, in its module or around it."""
    code = getattr(function, "__code__", None)
    if code is None:
        return
    known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    yield from (known[name] for name in (*code.co_names, *code.co_freevars) if isinstance(known.get(name), Task))
