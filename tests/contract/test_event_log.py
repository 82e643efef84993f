"""What every event log must do. Black box: only the port is used, and each test runs on each adapter."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from whence.eventlog.port import (
    Appended,
    Erased,
    Erasure,
    EventLog,
    NewEvent,
    NotErasable,
    SignedCheckpoint,
    Timestamp,
)
from whence.eventlog.sqlite import MEMORY, SQLiteEventLog
from whence.transparency.merkle import root_hash

ADAPTERS: dict[str, Callable[[Path], Awaitable[EventLog]]] = {
    "sqlite": lambda folder: SQLiteEventLog.open(folder / "log.db"),
    "sqlite-memory": lambda folder: SQLiteEventLog.open(MEMORY),
}
"""How to open a log that lives in a folder; opened again with the same folder it is the same log."""

EVERYTHING = {"start": 0, "limit": 1_000_000, "max_bytes": 2**40}

every_adapter = pytest.mark.parametrize("adapter", ADAPTERS)
every_durable_adapter = pytest.mark.parametrize("adapter", [name for name in ADAPTERS if name != "sqlite-memory"])


@asynccontextmanager
async def opened(adapter, folder):
    log = await ADAPTERS[adapter](folder)
    try:
        yield log
    finally:
        await log.close()


@pytest.fixture(params=ADAPTERS)
async def log(request, tmp_path):
    async with opened(request.param, tmp_path) as log:
        yield log


def event(payload, unit="Rrun", meta=b'{"key":"k1"}'):
    return NewEvent(payload if isinstance(payload, bytes) else str(payload).encode(), unit, meta)


def events(*payloads):
    return [event(payload) for payload in payloads]


async def payloads(log):
    return [entry.payload for entry in await log.read(**EVERYTHING)]


# Appending


async def test_a_new_log_is_empty(log):
    assert await log.size() == 0
    assert await log.read(**EVERYTHING) == []
    assert await log.read_units(["Rrun"], 10) == {}


async def test_indices_count_from_zero_in_the_order_of_the_call(log):
    assert await log.append(events("a", "b")) == [Appended(0, False), Appended(1, False)]
    assert await log.append(events("c")) == [Appended(2, False)]
    assert await log.size() == 3
    assert await payloads(log) == [b"a", b"b", b"c"]


async def test_appending_nothing_changes_nothing(log):
    assert await log.append([]) == []
    assert await log.size() == 0


@pytest.mark.parametrize(
    "payload", [b"", b"\0", b"a\0b", bytes(range(256)), b"\xff\xfe", " \n{}é".encode(), b"x" * 3_000_000]
)
async def test_every_byte_comes_back(log, payload):
    await log.append([event(payload, unit="Jé\n𝄞", meta=payload[::-1])])
    [entry] = await log.read(**EVERYTHING)
    assert (entry.index, entry.payload, entry.unit, entry.meta) == (0, payload, "Jé\n𝄞", payload[::-1])
    assert await log.read_units([entry.unit], 1) == {entry.unit: [entry]}


async def test_bytes_that_are_there_already_are_not_added_again(log):
    await log.append(events("a", "b"))
    again = [event("b"), event("c"), event("a", unit="Rother", meta=b"{}")]
    assert await log.append(again) == [Appended(1, True), Appended(2, False), Appended(0, True)]
    assert await payloads(log) == [b"a", b"b", b"c"]
    assert (await log.read(0, 1, 1))[0].unit == "Rrun"


async def test_duplicates_within_a_call_get_the_first_ones_index(log):
    assert await log.append(events("a", "a", "b", "a")) == [
        Appended(0, False), Appended(0, True), Appended(1, False), Appended(0, True)
    ]  # fmt: skip
    assert await log.size() == 2


async def test_payloads_that_differ_in_one_byte_are_two_events(log):
    assert [found.duplicate for found in await log.append(events(b"a", b"a ", b"A", b""))] == [False] * 4


async def test_concurrent_appends_get_every_index_once(log):
    answers = await asyncio.gather(*(log.append(events(f"{n}/0", f"{n}/1", f"{n}/2")) for n in range(200)))
    stored = await payloads(log)
    assert sorted(found.index for answer in answers for found in answer) == list(range(600))
    for n, answer in enumerate(answers):
        first = answer[0].index
        assert answer == [Appended(first + position, False) for position in range(3)]
        assert stored[first : first + 3] == [f"{n}/{position}".encode() for position in range(3)]


async def test_appends_begun_in_order_are_stored_in_order(log):
    answers = await asyncio.gather(*(log.append(events(n)) for n in range(200)))
    assert [answer[0].index for answer in answers] == list(range(200))


async def test_of_concurrent_duplicates_one_is_new(log):
    answers = await asyncio.gather(*(log.append(events("same", n % 10)) for n in range(200)))
    assert sum(not answer[0].duplicate for answer in answers) == 1
    assert len({answer[0].index for answer in answers}) == 1
    assert sum(not answer[1].duplicate for answer in answers) == 10
    assert await log.size() == 11


async def test_an_append_that_cannot_be_stored_adds_nothing_and_leaves_others_alone(log):
    unit_that_is_no_text = event("bad", unit="R\ud800")
    answers = await asyncio.gather(
        log.append(events("a")),
        log.append([event("with bad"), unit_that_is_no_text]),
        log.append(events("b")),
        return_exceptions=True,
    )
    assert answers[0] == [Appended(0, False)]
    assert isinstance(answers[1], ValueError)
    assert answers[2] == [Appended(1, False)]
    assert await payloads(log) == [b"a", b"b"]


async def test_a_cancelled_append_is_whole_or_absent_and_breaks_no_other(log):
    tasks = [asyncio.create_task(log.append(events(f"{n}/0", f"{n}/1"))) for n in range(200)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    await log.append(events("last"))
    stored = await payloads(log)
    for n, answer in enumerate(answers):
        both = [f"{n}/0".encode(), f"{n}/1".encode()]
        if isinstance(answer, asyncio.CancelledError):
            assert (both[0] in stored) == (both[1] in stored)
        else:
            assert stored[answer[0].index : answer[0].index + 2] == both
    assert len(stored) == await log.size() == len(set(stored))


# Leaves


async def test_leaf_commits_to_payload_meta_and_salt(log):
    await log.append([event(n, meta=f'{{"n":{n}}}'.encode()) for n in range(3)])
    entries = await log.read(**EVERYTHING)
    for entry in entries:
        hashed = b"whence/event/v1\n" + entry.salt + len(entry.meta).to_bytes(8, "big") + entry.meta + entry.payload
        assert entry.leaf == rfc8785.dumps({"v": 1, "k": "event", "c": sha256(hashed).hexdigest()})
        assert entry.leaf_hash == sha256(b"\x00" + entry.leaf).digest()
        assert len(entry.salt) == 32
    assert len({entry.salt for entry in entries}) == 3


# Records of the audit trail


async def test_records_are_entries_that_commit_to_what_they_hold_and_may_repeat(log):
    await log.append(events("a"))
    assert [await log.append_record("export", b"{}", b"meta") for _ in range(2)] == [1, 2]
    assert await log.append(events("{}", "a")) == [Appended(3, False), Appended(0, True)]
    entries = await log.read(**EVERYTHING)
    assert [entry.kind for entry in entries] == ["event", "export", "export", "event"]
    for entry in entries[1:3]:
        assert (entry.unit, entry.payload, entry.meta) == ("", b"{}", b"meta")
        hashed = b"whence/event/v1\n" + entry.salt + (4).to_bytes(8, "big") + b"meta" + b"{}"
        assert entry.leaf == rfc8785.dumps({"v": 1, "k": "export", "c": sha256(hashed).hexdigest()})
    assert entries[1].salt != entries[2].salt
    assert await log.read_units([""], 4) == {"": entries[1:3]}


@pytest.mark.parametrize("kind", ["event", "erasure", "", "Key", "a b", 'k","c":"', "k" * 33])
async def test_a_record_cannot_pass_for_something_else(log, kind):
    with pytest.raises(ValueError, match="no kind of record"):
        await log.append_record(kind, b"", b"")
    assert await log.size() == 0


# Erasing


async def test_an_erased_event_leaves_its_leaf_and_a_tombstone_of_its_unit(log):
    await log.append([event("a", "Ra"), event("b", "Rb"), event("c", "Rc")])
    before = await log.read(**EVERYTHING)
    assert await log.erase([Erasure(1, "art17", "k1", "k2")]) == [Erased(3, None)]
    first, erased, third, tombstone = await log.read(**EVERYTHING)
    assert (first, third) == (before[0], before[2])
    assert erased == before[1]._replace(payload=None, meta=None, salt=None)
    facts = {"v": 1, "k": "erasure", "i": 1, "r": "art17", "b": "k1", "a": "k2"}
    assert (tombstone.unit, tombstone.kind, tombstone.leaf) == ("Rb", "erasure", rfc8785.dumps(facts))
    assert tombstone[2:5] == (None, None, None)
    assert tombstone.leaf_hash == sha256(b"\x00" + tombstone.leaf).digest()
    assert await log.read_units(["Rb"], 4) == {"Rb": [erased, tombstone]}


async def test_records_and_tombstones_come_newest_first(log):
    await log.append(events(*map(str, range(300))))
    kinds = ["key", "export", "hold"]
    made = [await log.append_record(kind, b"{}", b"{}") for kind in kinds]
    await log.append(events("after"))
    await log.erase([Erasure(7, "r", "", "")])
    tombstone, *rest = await log.records(10**9, 99)
    assert (tombstone.index, tombstone.kind) == (304, "erasure")
    assert [entry.index for entry in rest] == made[::-1]
    assert [entry.kind for entry in rest] == kinds[::-1]
    assert [entry.index for entry in await log.records(304, 2)] == [302, 301]
    assert await log.records(300, 9) == []
    assert await log.records(10**9, 0) == []


async def test_a_record_can_be_erased_but_for_those_of_keys(log):
    index = await log.append_record("export", b"who", b"{}")
    await log.erase([Erasure(index, "r", "", "")])
    record, tombstone = await log.read(**EVERYTHING)
    assert (record.kind, record.payload, tombstone.unit) == ("export", None, "")


async def test_leaves_come_by_index(log):
    await log.append(events("a", "b", "c"))
    await log.erase([Erasure(1, "r", "", "")])
    leaves = [entry.leaf for entry in await log.read(**EVERYTHING)]
    assert await log.leaves(0, 99) == leaves
    assert await log.leaves(1, 3) == leaves[1:3]
    assert await log.leaves(4, 9) == await log.leaves(2, 1) == []


async def test_what_was_erased_can_be_appended_anew(log):
    await log.append(events("a", "b"))
    await log.erase([Erasure(0, "r", "", "")])
    assert await log.append(events("a", "b")) == [Appended(3, False), Appended(1, True)]


async def test_replacements_are_events_and_count_once(log):
    await log.append(events("a", "b", "c"))
    erasures = [
        Erasure(0, "r", "k", "k", event("x", "Rx")),
        Erasure(2, "r", "k", "k"),
        Erasure(1, "r", "k", "k", event("x", "Ry")),
    ]
    assert await log.erase(erasures) == [Erased(3, 6), Erased(4, None), Erased(5, 6)]
    *_, replacement = await log.read(**EVERYTHING)
    assert (replacement.kind, replacement.unit, replacement.payload) == ("event", "Rx", b"x")
    assert await log.erase([]) == []


@pytest.mark.parametrize(
    ("erasures", "message"),
    [
        ([Erasure(0, "r", "", ""), Erasure(9, "r", "", "")], "no entry 9"),
        ([Erasure(0, "r", "", ""), Erasure(-1, "r", "", "")], "no entry -1"),
        ([Erasure(0, "r", "", ""), Erasure(1, "r", "", "")], "entry 1 was erased before"),
        ([Erasure(0, "r", "", ""), Erasure(4, "r", "", "")], "entry 4 is a tombstone"),
        ([Erasure(0, "r", "", ""), Erasure(3, "r", "", "")], r"entry 3 is a record of the audit trail \(key\)"),
        ([Erasure(0, "r", "", ""), Erasure(0, "r", "", "")], "entry 0 is to be erased twice"),
        ([Erasure(2, "r", "", ""), Erasure(0, "r", "", "", event("a"))], "entry 0 would be replaced by the very bytes"),
    ],
)
async def test_what_cannot_be_erased_is_told_and_nothing_is(log, erasures, message):
    await log.append(events("a", "b", "c"))
    await log.append_record("key", b"k", b"")
    await log.erase([Erasure(1, "r", "", "")])
    before = await log.read(**EVERYTHING)
    refused, appended = await asyncio.gather(log.erase(erasures), log.append(events("d")), return_exceptions=True)
    assert isinstance(refused, NotErasable)
    with pytest.raises(NotErasable, match=message):
        raise refused
    assert appended == [Appended(5, False)]
    assert (await log.read(**EVERYTHING))[:-1] == before


async def test_erasing_beside_appends(log):
    await log.append(events(*range(50)))
    erasing = [log.erase([Erasure(n, "r", "", "")]) for n in range(0, 50, 10)]
    await asyncio.gather(*erasing, *(log.append(events(f"new {n}")) for n in range(50)))
    entries = await log.read(**EVERYTHING)
    assert [entry.index for entry in entries] == list(range(105))
    assert [entry.index for entry in entries if entry.payload is None and entry.kind == "event"] == [0, 10, 20, 30, 40]
    assert sum(entry.kind == "erasure" for entry in entries) == 5


# The Merkle tree


async def tree_of(log):
    """All hashes of the log's tree by level, from its leaf hashes."""
    level = [entry.leaf_hash for entry in await log.read(**EVERYTHING)]
    levels = []
    while level:
        levels.append(level)
        level = [root_hash(level[n : n + 256]) for n in range(0, len(level) // 256 * 256, 256)]
    return levels


async def test_the_hashes_of_the_tree_are_kept(log):
    assert await log.hashes(0, 0, 5) == await log.hashes(1, 0, 5) == []
    done = 0
    for count in (1, 254, 1, 1, 300, 900, 66_000):  # over two levels
        await log.append(events(*range(done, done + count)))
        done += count
        if done == 257:
            await log.erase([Erasure(3, "r", "", "", event("replaced"))])
            await log.append_record("key", b"", b"")
        levels = await tree_of(log)
        for level, hashes in enumerate(levels):
            assert await log.hashes(level, 0, 10**9) == hashes
        assert await log.hashes(len(levels), 0, 10**9) == []
    assert len(levels) == 3
    assert await log.hashes(0, 250, 260) == levels[0][250:260]
    assert await log.hashes(1, 1, 3) == levels[1][1:3]
    assert await log.hashes(1, 3, 1) == []


# Checkpoints


async def test_checkpoints_come_by_size(log):
    assert (await log.checkpoints(0, 9), await log.last_checkpoint()) == ([], None)
    made = [SignedCheckpoint(size, f"note {size}\n".encode(), 1_000 - size) for size in (3, 0, 200, 20)]
    for checkpoint in made:
        await log.add_checkpoint(checkpoint)
    await log.add_checkpoint(SignedCheckpoint(20, b"another of that size", 0))
    by_size = sorted(made)
    assert await log.checkpoints(0, 9) == by_size
    assert await log.checkpoints(3, 2) == by_size[1:3]
    assert await log.checkpoints(4, -1) == []
    assert await log.last_checkpoint() == by_size[-1]


async def test_time_stamps_come_by_size_and_time(log):
    assert (await log.timestamps(0, 9), await log.last_timestamp()) == ([], None)
    for size in (3, 200):
        await log.add_checkpoint(SignedCheckpoint(size, b"note", 0))
    made = [Timestamp(200, b"a", 5), Timestamp(3, b"b", 9), Timestamp(3, b"c", 7)]
    for stamp in made:
        await log.add_timestamp(stamp)
    assert await log.timestamps(0, 9) == [made[2], made[1], made[0]]
    assert await log.timestamps(3, 1) == [made[2]]
    assert await log.timestamps(4, 9) == [made[0]]
    assert await log.last_timestamp() == made[1]


# Reading


async def test_reading_starts_where_told_and_stops_at_the_limit(log):
    await log.append(events(*range(10)))
    assert [entry.index for entry in await log.read(3, 4, 2**40)] == [3, 4, 5, 6]
    assert [entry.index for entry in await log.read(8, 4, 2**40)] == [8, 9]
    assert await log.read(10, 4, 2**40) == []
    for limit in (0, -1):
        assert await log.read(0, limit, 2**40) == []


async def test_reading_stops_before_max_bytes_is_exceeded(log):
    await log.append(events("a" * 10, "b" * 10, "c" * 10))
    assert [entry.index for entry in await log.read(0, 10, 20)] == [0, 1]
    assert [entry.index for entry in await log.read(0, 10, 29)] == [0, 1]
    assert [entry.index for entry in await log.read(0, 10, 30)] == [0, 1, 2]


@pytest.mark.parametrize("max_bytes", [0, 1, 9])
async def test_the_first_entry_comes_whatever_its_size(log, max_bytes):
    await log.append(events("a" * 10, "b" * 10))
    assert [entry.index for entry in await log.read(1, 10, max_bytes)] == [1]
    assert [entry.index for entry in await log.read(0, 10, max_bytes)] == [0]


async def test_units_come_whole_by_index_and_below_the_end(log):
    await log.append([event(n, unit=f"R{n % 3}") for n in range(10)])
    found = await log.read_units(["R2", "R0", "Rnone", "R0"], 9)
    assert {unit: [entry.index for entry in entries] for unit, entries in found.items()} == {
        "R0": [0, 3, 6],
        "R2": [2, 5, 8],
    }
    assert found["R2"][1] == (await log.read(5, 1, 2**40))[0]
    assert await log.read_units([], 9) == {}
    assert await log.read_units(["R0"], 0) == {}


async def test_many_units_at_once(log):
    await log.append([event(n, unit=f"R{n}") for n in range(2_500)])
    found = await log.read_units([f"R{n}" for n in range(3_000)], 2_400)
    assert {unit: entries[0].payload for unit, entries in found.items()} == {
        f"R{n}": str(n).encode() for n in range(2_400)
    }


async def test_reads_beside_appends_see_a_log_that_only_grows(log):
    appends = asyncio.gather(*(log.append(events(n)) for n in range(300)))
    seen = []
    while not appends.done():
        now = await payloads(log)
        assert now[: len(seen)] == seen
        seen = now
    assert len(await appends) == 300


# Waiting


async def test_waiting_for_what_is_there_returns_at_once(log):
    await log.append(events("a"))
    await asyncio.wait_for(log.wait_beyond(0), 5)


async def test_waiting_ends_when_the_log_has_grown_enough(log):
    waiting = [asyncio.create_task(log.wait_beyond(size)) for size in (0, 1, 1)]
    await log.append(events("a"))
    await asyncio.wait_for(waiting[0], 5)
    await log.append(events("a"))  # a duplicate: nothing grows
    await asyncio.sleep(0.05)
    assert not any(task.done() for task in waiting[1:])
    await log.append(events("b"))
    await asyncio.wait_for(asyncio.gather(*waiting), 5)


async def test_a_waiter_can_be_cancelled(log):
    waiting = asyncio.create_task(log.wait_beyond(0))
    await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await log.append(events("a")) == [Appended(0, False)]


# Closing


async def test_closing_finishes_what_was_begun(tmp_path):
    for adapter in ADAPTERS:
        folder = tmp_path / adapter
        log = await ADAPTERS[adapter](folder)
        appends = [asyncio.create_task(log.append(events(n))) for n in range(50)]
        await asyncio.sleep(0)
        await log.close()
        assert [found.index for [found] in await asyncio.gather(*appends)] == list(range(50))


@every_durable_adapter
async def test_opened_again_the_log_is_the_same_and_goes_on(adapter, tmp_path):
    async with opened(adapter, tmp_path) as log:
        await log.append([event(n, unit=f"R{n % 2}") for n in range(5)])
        before = await log.read(**EVERYTHING)
    async with opened(adapter, tmp_path) as log:
        assert await log.size() == 5
        assert await log.read(**EVERYTHING) == before
        assert await log.append([event(3), event("new")]) == [Appended(3, True), Appended(5, False)]


@every_durable_adapter
async def test_opened_again_the_tree_and_the_checkpoints_go_on(adapter, tmp_path):
    checkpoint, stamp = SignedCheckpoint(300, b"note", 1), Timestamp(300, b"stamp", 2)
    async with opened(adapter, tmp_path) as log:
        await log.append(events(*range(300)))
        await log.add_checkpoint(checkpoint)
        await log.add_timestamp(stamp)
    async with opened(adapter, tmp_path) as log:
        assert await log.hashes(1, 0, 9) == (await tree_of(log))[1]
        await log.append(events(*range(300, 600)))
        assert await log.hashes(1, 0, 9) == (await tree_of(log))[1]
        assert (await log.last_checkpoint(), await log.last_timestamp()) == (checkpoint, stamp)


# Everything against a model: a list of distinct payloads


few_payloads = st.sampled_from([bytes([n]) * n for n in range(12)])
steps = st.lists(st.lists(st.lists(few_payloads, max_size=4), min_size=1, max_size=4), max_size=6)


@every_adapter
@settings(deadline=None, max_examples=40)
@given(groups=steps, start=st.integers(0, 12), limit=st.integers(0, 12), max_bytes=st.integers(0, 60))
def test_the_log_equals_a_list_of_distinct_payloads(adapter, groups, start, limit, max_bytes):
    """Each group of appends runs concurrently; the appends within it are begun in order."""
    model = []

    def expected(payload):
        duplicate = payload in model
        if not duplicate:
            model.append(payload)
        return Appended(model.index(payload), duplicate)

    async def scenario(folder):
        async with opened(adapter, folder) as log:
            for group in groups:
                answers = await asyncio.gather(*(log.append(events(*call)) for call in group))
                assert answers == [[expected(payload) for payload in call] for call in group]
                assert await log.size() == len(model)
            assert await payloads(log) == model
            page = [entry.payload for entry in await log.read(start, limit, max_bytes)]
            assert page == model[start : start + len(page)]
            rest = model[start : start + limit]
            assert len(page) == max(
                (n for n in range(len(rest) + 1) if n <= 1 or sum(map(len, rest[:n])) <= max_bytes), default=0
            )

    with TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder)))
