"""What the Merkle tree costs the log: appends with it and without, and proofs in a log of a million entries."""

import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from rich.table import Table

from tests.benchmarks.workload import events
from whence.eventlog import sqlite_writer
from whence.eventlog.port import NewEvent
from whence.eventlog.sqlite import SQLiteEventLog
from whence.transparency.merkle import Tree, leaf_hash

ROUNDS = 15
ROUND_EVENTS = 4_000
CALL_EVENTS = 100
ENTRIES = 1_000_000
PROOFS = 2_000


def measure_log(table: Table) -> None:
    """Rows of the table: microseconds of an append and what the tree adds, microseconds of a proof."""
    with tempfile.TemporaryDirectory() as name:
        plain, full = asyncio.run(_appends(Path(name)))
        table.add_row("append, without the tree (CPU)", f"{plain:,.1f}", "")
        table.add_row("append, with the tree (CPU)", f"{full:,.1f}", f"{full / plain - 1:+.1%}")
        for what, microseconds in asyncio.run(_proofs(Path(name))).items():
            table.add_row(f"{what}, {ENTRIES:,} entries", f"{microseconds:,.0f}", "")


async def _appends(folder: Path) -> tuple[float, float]:
    """Microseconds of CPU of an append without the tree, and with it by the median ratio of rounds that take turns."""
    without = await SQLiteEventLog.open(folder / "without.db")
    with_ = await SQLiteEventLog.open(folder / "with.db")
    source = (NewEvent(payload, "Rrun", b"{}") for payload in events(ROUNDS * ROUND_EVENTS // 2 + 1))
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        new = list(islice(source, ROUND_EVENTS))
        for kind in (0, 1) if number % 2 else (1, 0):
            if kind:
                seconds[1].append(await _append(with_, new))
            else:
                with _no_tree():
                    seconds[0].append(await _append(without, new))
    await without.close()
    await with_.close()
    plain = statistics.median(seconds[0]) / ROUND_EVENTS * 1e6
    return plain, plain * statistics.median(full / plain for plain, full in zip(*seconds, strict=True))


async def _append(log: SQLiteEventLog, new: list[NewEvent]) -> float:
    """Seconds of CPU, as what else runs on the machine disturbs these least; waiting for the disk is left out."""
    start = time.process_time()
    for first in range(0, len(new), CALL_EVENTS):
        await log.append(new[first : first + CALL_EVENTS])
    return time.process_time() - start


@contextmanager
def _no_tree() -> Iterator[None]:
    kept = sqlite_writer.complete_subtrees
    sqlite_writer.complete_subtrees = lambda connection, before, after: None
    try:
        yield
    finally:
        sqlite_writer.complete_subtrees = kept


async def _proofs(folder: Path) -> dict[str, float]:
    """Microseconds of a proof, the median of many at random places."""
    path = folder / "proofs.db"
    await (await SQLiteEventLog.open(path)).close()
    with closing(sqlite3.connect(path)) as database, database:
        leaves = (b"%d" % number for number in range(ENTRIES))
        rows = ((number, "", leaf, leaf_hash(leaf)) for number, leaf in enumerate(leaves))
        database.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows)
        sqlite_writer.complete_subtrees(database, 0, ENTRIES)
    log = await SQLiteEventLog.open(path)
    tree, chance = Tree(log.hashes), random.Random(1)
    seconds: dict[str, list[float]] = {"inclusion proof": [], "consistency proof": []}
    for _ in range(PROOFS):
        start = time.perf_counter()
        await tree.inclusion_proof(chance.randrange(ENTRIES), ENTRIES)
        seconds["inclusion proof"].append(time.perf_counter() - start)
        start = time.perf_counter()
        await tree.consistency_proof(chance.randrange(1, ENTRIES), ENTRIES)
        seconds["consistency proof"].append(time.perf_counter() - start)
    await log.close()
    return {what: statistics.median(found) * 1e6 for what, found in seconds.items()}
