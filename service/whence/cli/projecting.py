"""The progress of the projection, shown."""

from collections.abc import AsyncIterator

from whence.cli.client import Progress
from whence.cli.console import err


async def show_projecting(progress: AsyncIterator[Progress], what: str) -> int:
    """Follow the projection to its end, with a bar on a terminal; how many entries the graph then holds."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = err()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    cursor = 0
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task(what, total=None)
        async for done in progress:
            cursor = done.cursor
            bars.update(bar, completed=done.cursor, total=done.size)
    return cursor
