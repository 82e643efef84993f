"""What a scope means: which runs and which log entries."""

from contextlib import asynccontextmanager
from hashlib import sha256

import pytest
import rfc8785

from tests.build import JOBS, NS, dataset_event, event, job_event, payload, run_id
from whence.audit.scope import Scope
from whence.audit.selecting import select
from whence.eventlog.port import Erasure, NewEvent
from whence.eventlog.sqlite import MEMORY, SQLiteEventLog
from whence.graph.sqlite import SQLiteGraphStore
from whence.projection.runner import Projector
from whence_schemas.errors import GraphUnavailable, InvalidQuestion, NotFound
from whence_schemas.events import parse_event, unit_of
from whence_schemas.identity import dataset_key, job_key, run_key
from whence_schemas.times import parse_time

PIPELINE = [
    ("01", event("START", "08:00:00", "load", 1, outputs=["raw"])),
    ("02", event("COMPLETE", "08:01:00", "load", 1, outputs=["raw"])),
    ("03", event("COMPLETE", "09:00:00", "clean", 2, ["raw"], ["clean"])),
    ("04", event("COMPLETE", "10:00:00", "train", 3, ["clean"], ["model"])),
    ("05", event("COMPLETE", "11:00:00", "other", 4, ["elsewhere"], ["unrelated"])),
    ("06", event("COMPLETE", "08:30:00", "load", 5, outputs=["raw"])),  # of 08:30, and came after the others
    ("07", dataset_event("07:00:00", "raw")),
    ("08", job_event("07:00:00", "train")),
    ("09", dataset_event("07:00:00", "unrelated")),
]
"""Events with the day in January on which they were received; entry n of the log is the one received on day n + 1."""


class World:
    """A log and its graph."""

    def __init__(self, log, graph):
        self.log = log
        self.graph = graph

    async def add(self, *events):
        """Append events by the day on which they are received, and bring the graph up to them."""
        for day, document in events:
            data = payload(document)
            meta = rfc8785.dumps({"received": f"2026-01-{day}T00:00:00.000000Z", "redacted": [], "sender": ""})
            await self.log.append([NewEvent(data, unit_of(parse_event(data)), meta)])
        await Projector(self.log, self.graph).catch_up()

    async def indices(self, **scope):
        """The indices of the entries in a scope."""
        with await select(Scope(**scope), self.log, self.graph) as selected:
            return [index for page in selected.indices() for index in page]


@asynccontextmanager
async def world(*events):
    log = await SQLiteEventLog.open(MEMORY)
    graph = SQLiteGraphStore(None)
    try:
        made = World(log, graph)
        await made.add(*events)
        yield made
    finally:
        await graph.close()
        await log.close()


@pytest.fixture
async def pipeline():
    async with world(*PIPELINE) as made:
        yield made


def dataset(name):
    return dataset_key(NS, name)


def job(name):
    return job_key(JOBS, name)


def run(number):
    return run_key(run_id(number))


def day(number):
    return parse_time(f"2026-01-{number:02}T00:00:00Z").micros


async def test_everything_is_every_entry_with_the_records_of_the_trail(pipeline):
    await pipeline.log.append_record("policy", b"{}", b"{}")
    await Projector(pipeline.log, pipeline.graph).catch_up()
    assert await pipeline.indices() == list(range(10))


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([run(1)], [0, 1, 6]),
        ([run(3)], [3, 7]),
        ([job("load")], [0, 1, 5, 6]),
        ([dataset("raw")], [0, 1, 2, 5, 6]),
        ([dataset("model")], [3, 7]),
        ([run(3), dataset("unrelated")], [3, 4, 7, 8]),
    ],
    ids=["run", "run of a declared job", "job", "dataset", "dataset of a declared job", "both"],
)
async def test_what_is_named_comes_with_its_runs_whole_and_the_declarations_around_them(pipeline, nodes, expected):
    assert await pipeline.indices(nodes=tuple(nodes)) == expected


async def test_a_run_brings_the_runs_in_it_to_any_depth():
    def inside(parent):
        return {"parent": {"run": {"runId": run_id(parent)}, "job": {"namespace": JOBS, "name": f"job{parent}"}}}

    async with world(
        ("01", event("COMPLETE", "08:00:00", "job1", 1)),
        ("02", event("COMPLETE", "08:01:00", "job2", 2, run_facets=inside(1))),
        ("03", event("COMPLETE", "08:02:00", "job3", 3, run_facets=inside(2))),
        ("04", event("COMPLETE", "08:03:00", "job4", 4)),
    ) as made:
        assert await made.indices(nodes=(run(1),)) == [0, 1, 2]
        assert await made.indices(nodes=(job("job1"),)) == [0, 1, 2]


async def test_upstream_of_a_dataset_are_all_runs_of_the_jobs_that_lead_to_it(pipeline):
    assert await pipeline.indices(upstream_of=(dataset("model"),)) == [0, 1, 2, 3, 5, 6, 7]


async def test_upstream_of_a_run_are_the_very_runs_that_led_to_it(pipeline):
    # clean (09:00) read what run 5 had written at 08:30, and not what run 1 had at 08:01
    assert await pipeline.indices(upstream_of=(run(3),)) == [2, 3, 5, 6, 7]


async def test_another_name_of_a_dataset_is_the_dataset():
    link = {"symlinks": {"identifiers": [{"namespace": "hive", "name": "db.raw", "type": "TABLE"}]}}
    aliased = {"namespace": NS, "name": "raw", "facets": link}
    async with world(
        ("01", event("COMPLETE", "08:00:00", "load", 1, outputs=[aliased])),
        ("02", event("COMPLETE", "09:00:00", "clean", 2, [{"namespace": "hive", "name": "db.raw"}], ["clean"])),
    ) as made:
        assert await made.indices(nodes=(dataset_key("hive", "db.raw"),)) == [0, 1]
        assert await made.indices(upstream_of=(dataset("clean"),)) == [0, 1]


async def test_a_time_range_is_of_receipt_and_takes_runs_whole(pipeline):
    assert await pipeline.indices(since=day(2), until=day(3)) == [0, 1, 6]  # run 1, and what declares its dataset
    assert await pipeline.indices(since=day(6), until=day(7)) == [5, 6]  # run 5 is of the day before, by its own word
    assert await pipeline.indices(since=day(9)) == [8]
    assert await pipeline.indices(nodes=(job("load"),), since=day(4)) == [5, 6]
    assert await pipeline.indices(nodes=(run(4),), until=day(5)) == []


async def test_ranges_one_after_the_other_leave_no_run_out(pipeline):
    every = [await pipeline.indices(since=day(n), until=day(n + 1)) for n in range(1, 10)]
    assert {index for indices in every for index in indices} == set(range(9))


async def test_an_erased_entry_comes_with_its_tombstone(pipeline):
    await pipeline.log.erase([Erasure(0, "art17", "k1", "k2")])
    await Projector(pipeline.log, pipeline.graph).catch_up()
    assert await pipeline.indices(nodes=(run(1),)) == [0, 1, 6, 9]


async def test_records_of_keys_come_with_every_scope(pipeline):
    await pipeline.log.append_record("key", b"note", b"{}")
    await pipeline.log.append_record("export", b"{}", b"{}")
    await Projector(pipeline.log, pipeline.graph).catch_up()
    assert await pipeline.indices(nodes=(run(1),)) == [0, 1, 6, 9]


async def test_a_selection_tells_its_nodes_and_its_digest(pipeline):
    with await select(Scope(nodes=(run(1),)), pipeline.log, pipeline.graph) as selected:
        assert [page async for page in selected.runs()] == [[run(1)]]
        assert selected.datasets == [dataset("raw")]
        assert selected.jobs == [job("load")]
        assert selected.count == 3
        assert selected.size == 9
        assert selected.digest() == sha256(b"0\n1\n6\n").hexdigest()


async def test_a_scope_is_described_with_names(pipeline):
    scope = Scope((run(1),), (dataset("model"),), since=day(1))
    assert await scope.describe(pipeline.graph) == {
        "everything": False,
        "nodes": [{"kind": "run", "id": run(1), "namespace": "", "name": run_id(1)}],
        "upstreamOf": [{"kind": "dataset", "id": dataset("model"), "namespace": NS, "name": "model"}],
        "receivedSince": "2026-01-01T00:00:00.000000Z",
        "receivedBefore": None,
    }


async def test_more_runs_than_a_page_holds():
    many = [("01", event("COMPLETE", "08:00:00", "load", number, outputs=["raw"])) for number in range(1, 1_203)]
    async with world(*many) as made:
        for scope in ({"nodes": (job("load"),)}, {"nodes": (dataset("raw"),)}, {"since": day(1)}, {}):
            with await select(Scope(**scope), made.log, made.graph) as selected:
                assert selected.count == 1_202
                assert sum([len(page) async for page in selected.runs()]) == 1_202


async def test_what_cannot_be_resolved_is_told(pipeline):
    with pytest.raises(NotFound, match="not in the graph"):
        await pipeline.indices(nodes=(run(99),))
    with pytest.raises(InvalidQuestion, match="no id of a dataset, job or run"):
        Scope(nodes=("Cxyz",))
    with pytest.raises(InvalidQuestion, match="time range is empty"):
        Scope(since=5, until=5)


async def test_what_is_not_in_the_graph_yet_is_in_no_scope(pipeline):
    """So that an export does not fail because the log grows meanwhile."""
    late = payload(event("COMPLETE", "12:00:00", "load", 6, outputs=["raw"]))
    await pipeline.log.append([NewEvent(late, run(6), b"{}")])
    assert await pipeline.indices() == list(range(9))
    assert await pipeline.indices(nodes=(job("load"),)) == [0, 1, 5, 6]
    with pytest.raises(GraphUnavailable, match="1 entries behind"):
        await select(Scope(), pipeline.log, pipeline.graph, size=10)
    await pipeline.add()
    assert await pipeline.indices() == list(range(10))
