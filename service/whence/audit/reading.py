"""Reading entries of the log in pages, so that memory does not grow with what is read."""

from collections.abc import AsyncIterator, Collection, Iterator

from whence.eventlog.port import Entry, EventLog

_PAGE = 1_000
_PAGE_BYTES = 8 * 2**20
_GAP = 16
"""Up to so many entries between two that are wanted are read along with them: that is cheaper than another read."""


async def entries_between(log: EventLog, start: int, end: int) -> AsyncIterator[list[Entry]]:
    """The entries start to end - 1, which must be there, in pages."""
    while start < end:
        entries = await log.read(start, min(_PAGE, end - start), _PAGE_BYTES)
        yield entries
        start = entries[-1].index + 1


async def entries_at(log: EventLog, indices: Collection[int]) -> AsyncIterator[list[Entry]]:
    """The entries with these indices, which are ascending, in pages."""
    for start, end in _ranges(indices):
        async for entries in entries_between(log, start, end):
            yield [entry for entry in entries if entry.index in indices]


def _ranges(indices: Collection[int]) -> Iterator[tuple[int, int]]:
    """Ranges (start, end) that hold ascending indices, with few others."""
    start = end = -1
    for index in indices:
        if start >= 0 and index - end > _GAP:
            yield start, end
            start = index
        start = index if start < 0 else start
        end = index + 1
    if start >= 0:
        yield start, end
