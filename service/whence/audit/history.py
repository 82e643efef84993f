"""What an archive tells of the log's earlier checkpoints: which it continues, and which of them are time-stamped."""

from collections.abc import AsyncIterator, Iterable

from whence.eventlog.port import EventLog, SignedCheckpoint, Timestamp
from whence_schemas.times import DAY

_PAGE = 1_000
_FEW = 1_000


async def timestamps_below(log: EventLog, size: int) -> list[Timestamp]:
    """The time stamps on checkpoints of at most `size` entries, by size and time."""
    found: list[Timestamp] = []
    at = 0
    while page := await log.timestamps(at, _PAGE):
        found += [stamp for stamp in page if stamp.size <= size]
        at = page[-1].size + 1
    return found


async def earlier_checkpoints(log: EventLog, size: int, wanted: Iterable[int]) -> dict[int, bytes]:
    """Sizes below `size` that consistency is to be proved from, ascending, with the checkpoint that was published then.

    They are those wanted (which may lack a checkpoint, empty here), and all that were published if they are few, else
    the last one of each day (UTC): a log may publish one every few seconds, and proofs from all would fill the archive.
    """
    few: dict[int, bytes] = {}
    of_days: dict[int, SignedCheckpoint] = {}
    notes = {at: b"" for at in wanted if at < size}
    async for published in _published(log, size):
        of_days[published.at // DAY] = published
        if published.size in notes:
            notes[published.size] = published.note
        if len(few) <= _FEW:
            few[published.size] = published.note
    chosen = few if len(few) <= _FEW else {last.size: last.note for last in of_days.values()}
    return dict(sorted({**notes, **chosen}.items()))


async def _published(log: EventLog, size: int) -> AsyncIterator[SignedCheckpoint]:
    at = 0
    while page := await log.checkpoints(at, _PAGE):
        for published in page:
            if published.size < size:
                yield published
        at = page[-1].size + 1
