"""The progress of the projection, shown."""

from collections.abc import AsyncIterator

from whence.cli.bar import bar
from whence.cli.client import Progress


async def show_projecting(progress: AsyncIterator[Progress], what: str) -> int:
    """Follow the projection to its end, with a bar on a terminal; how many entries the graph then holds."""
    cursor = 0
    with bar(what) as update:
        async for cursor, size in progress:
            update(cursor, size)
    return cursor
