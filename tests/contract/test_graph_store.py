"""What every graph store must do. Black box: only the port is used, and each test runs on each adapter."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.build import (
    JOBS,
    NS,
    at,
    columns,
    dataset,
    dataset_event,
    dump,
    event,
    job_event,
    run_id,
    schema,
)
from tests.changes import Changes
from whence.graph.facts import Batch, EdgeId, EdgeKind, Failure, Role, Since
from whence.graph.neo4j import Neo4jGraphStore
from whence.graph.port import EARLIEST, LOOK_AHEAD, Around, Page, SaidBy, Span, Value
from whence.graph.sqlite import SQLiteGraphStore
from whence_schemas.errors import GraphUnavailable
from whence_schemas.identity import (
    Kind,
    attempt_id,
    code_version_key,
    column_key,
    dataset_key,
    job_key,
    owner_key,
    run_key,
    tag_key,
    version_key,
)
from whence_schemas.times import parse_time

ADAPTERS = ["sqlite-memory", "sqlite-file", "neo4j"]
LATER = parse_time("2027-01-01T00:00:00Z").micros
EXOTIC = ["new\nline", "nul\0", "quo\"te's", "back\\slash", "\U0001f600", "\ufffd", "ﬃ", "İ", "x" * 3_000, "💾" * 3_000]
"""Names that a store may trip over; the emoji sorts after U+FFFD by code point and before it in UTF-16."""


@pytest.fixture(params=ADAPTERS)
async def store(request, tmp_path):
    if request.param == "neo4j":
        server = request.getfixturevalue("neo4j")
        found = await Neo4jGraphStore.open(server.uri, *server.auth)
        await found.clear()
    else:
        found = SQLiteGraphStore(tmp_path / "graph.db" if request.param == "sqlite-file" else None)
    yield found
    await found.close()


@pytest.fixture
def reopen(request, store, tmp_path):
    """Opens the store a second time, as another process does."""

    @asynccontextmanager
    async def opened():
        if isinstance(store, Neo4jGraphStore):
            server = request.getfixturevalue("neo4j")
            other = await Neo4jGraphStore.open(server.uri, *server.auth)
        else:
            other = SQLiteGraphStore(tmp_path / "graph.db", read_only=True)
        yield other
        await other.close()

    return opened


@pytest.fixture
def graph(store):
    return Changes(store)


def ds(name):
    return dataset_key(NS, name)


def job(name="etl"):
    return job_key(JOBS, name)


def run(number=1):
    return run_key(run_id(number))


def edge(owner, kind, source, target):
    return EdgeId(owner, kind, source, target)


async def names(store, text="", kinds=tuple(Kind), limit=1_000):
    return [node.name for _, node in await store.search(text, kinds, None, limit)]


async def current(store, entity, facet, as_of=LATER, unit=None):
    """The value of a facet, without what it was sent with."""
    found = await store.facets([entity], [facet], as_of, unit)
    return found[0].body if found else None


# Applying


async def test_a_new_store_is_empty(store):
    assert await store.cursor() == 0
    assert await dump(store) == []
    assert await store.counts() == {}
    assert await store.nodes([job()]) == {}
    assert await store.contributions([run(), job()]) == {}
    assert await store.failures(10) == []
    assert await names(store) == []


async def test_the_cursor_is_that_of_the_last_batch(store):
    await store.apply(Batch(3))
    await store.apply(Batch(2**40))
    assert await store.cursor() == 2**40


async def test_a_batch_applied_again_changes_nothing(graph):
    batch = await graph.add(*LIFE)
    before = await dump(graph.store)
    await graph.store.apply(batch)
    assert await dump(graph.store) == before


async def test_cleaning_up_after_an_erasure_changes_no_fact(graph):
    await graph.add(*LIFE)
    before = await dump(graph.store)
    cursor = await graph.store.cursor()
    await graph.store.scrub()
    await graph.store.apply(Batch(cursor + 1, released_failures={0}))
    for _ in range(2):
        await graph.store.scrub()
    assert await dump(graph.store) == before
    assert await graph.store.cursor() == cursor + 1


async def test_an_older_batch_does_not_move_the_cursor_back(graph):
    first = await graph.add(event("START", "10:00:00", inputs=["a"]))
    await graph.add(event("COMPLETE", "10:01:00", inputs=["a"], outputs=["b"]))
    before = await dump(graph.store)
    await graph.store.apply(first)
    assert await graph.store.cursor() == 2
    assert await dump(graph.store) == before


async def test_a_batch_from_another_place_than_the_cursor_is_refused(graph):
    await graph.add(event("START", "10:00:00", inputs=["a"]))
    before = await dump(graph.store)
    with pytest.raises(GraphUnavailable, match="another projector"):
        await graph.store.apply(Batch(7, start=0, failures=[Failure(5, "Rx", "no")]))
    assert (await graph.store.cursor(), await dump(graph.store), await graph.store.failures(9)) == (1, before, [])


async def test_a_batch_that_fails_leaves_nothing(graph):
    batch = await Changes(SQLiteGraphStore(None)).add(*LIFE)
    with pytest.raises(Exception, match="object"):
        await graph.store.apply(replace(batch, failures=[Failure(1, "Rx", object())]))
    assert await graph.store.cursor() == 0
    assert await dump(graph.store) == []


async def test_failures_are_listed_by_index_and_the_last_word_on_one_counts(store):
    await store.apply(Batch(9, failures=[Failure(8, "Rb", "e"), Failure(2, "Ra", "d")]))
    await store.apply(Batch(10, failures=[Failure(8, "Rb", "f\0 \U0001f600")]))
    assert await store.failures(10) == [Failure(2, "Ra", "d"), Failure(8, "Rb", "f\0 \U0001f600")]
    assert await store.failures(1) == [Failure(2, "Ra", "d")]


async def test_a_failure_that_is_released_is_forgotten(store):
    await store.apply(Batch(9, failures=[Failure(2, "Ra", "d"), Failure(8, "Rb", "e")]))
    await store.apply(Batch(10, failures=[Failure(9, "Rb", "f")], released_failures={8, 9, 5}))
    assert await store.failures(10) == [Failure(2, "Ra", "d")]


async def test_a_cleared_store_is_as_new(graph):
    await graph.add(*LIFE)
    await graph.store.apply(Batch(5, failures=[Failure(2, "Ra", "d")]))
    await graph.store.clear()
    assert await graph.store.cursor() == 0
    assert await dump(graph.store) == []
    assert await graph.store.failures(10) == []
    again = Changes(graph.store)
    await again.add(*LIFE)
    assert await dump(graph.store)


# Nodes


async def test_nodes_come_back_as_they_were_named(graph):
    await graph.add(*LIFE)
    keys = [job(), run(), ds("raw"), column_key(ds("clean"), "id"), owner_key("team:risk"), tag_key("pii", "yes")]
    found = await graph.store.nodes([*keys, "Dnothing"])
    assert found.keys() == set(keys)
    assert found[job()] == (job(), Kind.JOB, JOBS, "etl", "")
    assert found[keys[3]] == (keys[3], Kind.COLUMN, "", "id", ds("clean"))


async def test_counts_are_by_kind(graph):
    await graph.add(*LIFE)
    nodes = [row for row in await dump(graph.store) if row[0] == "node"]
    counts = await graph.store.counts()
    assert sum(counts.values()) == len(nodes)
    assert counts[Kind.JOB] == 3
    assert Kind.DATASET_VERSION not in counts


async def test_exotic_names_come_back_and_are_found(graph):
    await graph.add(event("COMPLETE", "10:00:00", inputs=EXOTIC, outputs=[dataset("t", schema=schema(*EXOTIC))]))
    nodes = await graph.store.nodes([ds(name) for name in EXOTIC])
    assert [nodes[ds(name)].name for name in EXOTIC] == EXOTIC
    for name in EXOTIC:
        assert name in await names(graph.store, name, [Kind.DATASET])
        assert name in [node.name for node in await graph.store.named(name, [Kind.COLUMN], 10)]


# Searching


async def test_search_looks_into_names_and_namespaces_without_case(graph):
    await graph.add(
        event("COMPLETE", "10:00:00", inputs=["Trades", "straße", dataset("x", "s3://TRADES-bucket")]),
    )
    assert await names(graph.store, "trades", [Kind.DATASET]) == ["Trades", "x"]
    assert await names(graph.store, "STRASSE", [Kind.DATASET]) == ["straße"]
    assert await names(graph.store, "trades", [Kind.JOB]) == []
    assert await names(graph.store, "trad", [Kind.JOB, Kind.DATASET], 3) == ["etl", "Trades", "x"]
    assert await names(graph.store, "50%_", tuple(Kind)) == []


async def test_search_pages_through_everything_in_code_point_order(graph):
    everything = [*EXOTIC, "a", "A", "b", "\ue000", "\U0001f601", "same"]
    await graph.add(event("COMPLETE", "10:00:00", inputs=[*everything, dataset("same", "a://x"), dataset("same", "")]))
    whole = await graph.store.search("", [Kind.DATASET, Kind.JOB], None, 1_000)
    assert len(whole) == len(everything) + 3
    assert whole == sorted(whole)
    for size in (1, 3):
        paged, place = [], None
        while page := await graph.store.search("", [Kind.DATASET, Kind.JOB], place, size):
            assert len(page) <= size
            paged += page
            place = page[-1][0]
        assert paged == whole


async def test_search_in_a_namespace_pages_through_that_one(graph):
    namespaces = ["n", "N", "n2", "", "l" * 250 + "1", "l" * 250 + "2"]
    found = [dataset(name, namespace) for name in ("b", "a", "B", "\U0001f600") for namespace in namespaces]
    await graph.add(event("COMPLETE", "10:00:00", inputs=found))
    for namespace in namespaces:
        whole = await graph.store.search("", [Kind.DATASET], None, 100, namespace)
        assert {node.namespace for _, node in whole} == {namespace}
        assert len(whole) == 4
        assert whole == sorted(whole)
        paged, place = [], None
        while page := await graph.store.search("", [Kind.DATASET], place, 3, namespace):
            paged += page
            place = page[-1][0]
        assert paged == whole
    assert [node.name for _, node in await graph.store.search("A", tuple(Kind), None, 9, "n2")] == ["a"]
    assert await graph.store.search("", tuple(Kind), None, 9, "none") == []


async def test_named_finds_the_whole_name_only(graph):
    await graph.add(
        event("COMPLETE", "10:00:00", "Orders", inputs=["orders", "orders2", dataset("ORDERS", "b://x")]),
    )
    found = await graph.store.named("oRders", [Kind.JOB, Kind.DATASET], 10)
    assert [(node.kind, node.namespace, node.name) for node in found] == [
        (Kind.DATASET, "b://x", "ORDERS"),
        (Kind.DATASET, NS, "orders"),
        (Kind.JOB, JOBS, "Orders"),
    ]
    assert len(await graph.store.named("orders", [Kind.JOB, Kind.DATASET], 2)) == 2


# Edges


async def test_edges_of_every_kind_are_there(graph):
    await graph.add(*LIFE)
    kinds = {row[2] for row in await dump(graph.store) if row[0] == "edge"}
    assert kinds == set(EdgeKind)


async def test_owners_are_found_from_the_target(graph):
    await graph.add(*LIFE)
    found = await graph.store.owners([ds("raw"), ds("clean"), ds("raw")], [EdgeKind.READS, EdgeKind.WRITES])
    assert sorted(found) == sorted(
        [
            edge(job(), EdgeKind.READS, job(), ds("raw")),
            edge(job(), EdgeKind.WRITES, job(), ds("clean")),
            edge(job("other"), EdgeKind.READS, job("other"), ds("clean")),
        ]
    )
    column = column_key(ds("raw"), "id")
    assert await graph.store.owners([column], [EdgeKind.DERIVED_FROM, EdgeKind.HAS_FIELD]) == [
        edge(job(), EdgeKind.DERIVED_FROM, column_key(ds("clean"), "id"), column)
    ]
    assert await graph.store.owners([ds("raw")], []) == []


async def test_edges_from_are_those_that_the_source_owns(graph):
    await graph.add(*LIFE)
    raw, clean = column_key(ds("raw"), "id"), column_key(ds("clean"), "id")
    derived = edge(job(), EdgeKind.DERIVED_FROM, clean, raw)
    assert await graph.store.edges_from([job()], [EdgeKind.DERIVED_FROM]) == {derived: Since(at("10:00:00"), None)}
    assert await graph.store.edges_from([ds("clean")], [EdgeKind.DERIVED_FROM]) == {}
    tag = tag_key("pii", "yes")
    assert set(await graph.store.edges_from([ds("clean")], [EdgeKind.HAS_FIELD, EdgeKind.TAGGED])) == {
        edge(ds("clean"), EdgeKind.HAS_FIELD, ds("clean"), clean),
        edge(ds("clean"), EdgeKind.TAGGED, clean, tag),
        edge(ds("clean"), EdgeKind.TAGGED, ds("clean"), tag),
    }
    code = code_version_key("https://git.example/etl", "abc")
    assert await graph.store.edges_from([run()], list(EdgeKind)) == {
        edge(run(), EdgeKind.CHILD_OF, run(), run(9)): Since(at("10:00:00"), None),
        edge(run(), EdgeKind.ROOT, run(), run(10)): Since(at("10:00:00"), None),
        edge(run(), EdgeKind.EXECUTED, run(), code): Since(at("10:00:00"), None),
        **{key: Since(at("10:00:00"), None) for key in await checks_and_tags(graph.store)},
    }


async def checks_and_tags(store):
    return [e for e in await store.edges_from([run()], [EdgeKind.CHECKED, EdgeKind.TAGGED]) if e.owner == run()]


async def test_a_dataset_owns_the_lineage_that_it_declares(graph):
    await graph.add(dataset_event("10:00:00", "mart", columnLineage=columns(id=[("raw", "id")])))
    column, source = column_key(ds("mart"), "id"), column_key(ds("raw"), "id")
    assert await graph.store.edges_from([ds("mart")], [EdgeKind.DERIVED_FROM]) == {
        edge(ds("mart"), EdgeKind.DERIVED_FROM, ds("mart"), ds("raw")): Since(None, at("10:00:00")),
        edge(ds("mart"), EdgeKind.DERIVED_FROM, column, source): Since(None, at("10:00:00")),
    }


async def test_an_edge_keeps_the_earliest_time_of_each_sort(graph):
    reads = edge(job(), EdgeKind.READS, job(), ds("a"))
    for document, expected in (
        (event("COMPLETE", "12:00:00", run=1, inputs=["a"]), Since(at("12:00:00"), None)),
        (event("COMPLETE", "13:00:00", run=2, inputs=["a"]), Since(at("12:00:00"), None)),
        (event("COMPLETE", "11:00:00", run=3, inputs=["a"]), Since(at("11:00:00"), None)),
        (job_event("14:00:00", inputs=["a"]), Since(at("11:00:00"), at("14:00:00"))),
        (job_event("09:00:00", inputs=["a"]), Since(at("11:00:00"), at("09:00:00"))),
    ):
        await graph.add(document)
        assert await graph.store.since([reads]) == {reads: expected}
    await graph.withdraw(event("COMPLETE", "11:00:00", run=3, inputs=["a"]), job_event("09:00:00", inputs=["a"]))
    assert await graph.store.since([reads]) == {reads: Since(at("12:00:00"), at("14:00:00"))}


async def test_since_leaves_out_edges_that_are_not_there(graph):
    await graph.add(*LIFE)
    there = edge(job(), EdgeKind.READS, job(), ds("raw"))
    assert set(await graph.store.since([there, edge(job(), EdgeKind.WRITES, job(), ds("raw")), there])) == {there}
    assert await graph.store.since([]) == {}


async def test_aliases_are_found_from_both_ends(graph):
    alias = {"identifiers": [{"namespace": "s3://b", "name": "t", "type": "LOCATION"}]}
    renamed = {"lifecycleStateChange": "RENAME", "previousIdentifier": {"namespace": NS, "name": "old"}}
    await graph.add(
        event(
            "COMPLETE",
            "10:00:00",
            inputs=[dataset("t", symlinks=alias)],
            outputs=[dataset("new", lifecycleStateChange=renamed)],
        )
    )
    by_link = edge(ds("t"), EdgeKind.ALIAS, ds("t"), dataset_key("s3://b", "t"))
    by_name = edge(ds("new"), EdgeKind.RENAMED_FROM, ds("new"), ds("old"))
    since = Since(at("10:00:00"), None)
    assert await graph.store.aliases([ds("t")]) == {by_link: since}
    assert await graph.store.aliases([by_link.target]) == {by_link: since}
    assert await graph.store.aliases([ds("old"), ds("new"), ds("t")]) == {by_link: since, by_name: since}
    assert await graph.store.aliases([job()]) == {}


# Reports


async def test_activities_are_the_last_of_a_window_newest_first(graph):
    for number in range(8):
        await graph.add(event("COMPLETE", f"10:0{number}:00", run=number, inputs=[f"in{number}"]))
    await graph.add(event("COMPLETE", "10:09:00", run=20))  # names no dataset
    await graph.add(event("COMPLETE", "2030-01-01T00:00:00Z", run=21, inputs=["later"]))
    activity = (await graph.store.activities([job(), job("none")], at("11:00:00"), 3))[job()]
    assert [report.run for report in activity.observed] == [run(7), run(6), run(5)]
    assert activity.declared is None
    found = await graph.store.activities([job()], at("10:02:30"), 2)
    assert [report.start for report in found[job()].observed] == [at("10:02:00"), at("10:01:00")]
    assert await graph.store.activities([job()], at("09:59:59"), 5) == {}
    assert (await graph.store.activities([job()], 2**62, 1))[job()].observed[0].run == run(21)


async def test_activities_at_one_time_are_ordered_by_run_and_number(graph):
    await graph.add(*(event("COMPLETE", "10:00:00", run=number, inputs=["a"]) for number in range(20)))
    await graph.add(event("FAIL", "09:00:00", run=30, inputs=["a"]), event("START", "10:00:00", run=30, inputs=["a"]))
    everything = (await graph.store.activities([job()], LATER, 100))[job()].observed
    assert [tuple(report[3:6]) for report in everything] == sorted((tuple(r[3:6]) for r in everything), reverse=True)
    assert (await graph.store.activities([job()], LATER, 7))[job()].observed == everything[:7]
    assert len(everything) == 22


async def test_activities_tell_what_was_declared_last(graph):
    await graph.add(job_event("10:00:00", inputs=["a"]), job_event("11:00:00", inputs=["b"]))
    await graph.add(event("COMPLETE", "10:30:00", inputs=["c"]))
    early = (await graph.store.activities([job()], at("10:15:00"), 5))[job()]
    late = (await graph.store.activities([job()], at("12:00:00"), 5))[job()]
    assert (early.observed, early.declared.start) == ([], at("10:00:00"))
    assert ([report.start for report in late.observed], late.declared.start) == ([at("10:30:00")], at("11:00:00"))
    footprints = await graph.store.footprints([early.declared.footprint, late.declared.footprint, "none"])
    assert [footprints[a.declared.footprint].reads for a in (early, late)] == [(ds("a"),), (ds("b"),)]


async def test_a_declaration_without_datasets_replaces_the_one_before_of_a_job(graph):
    await graph.add(job_event("10:00:00", inputs=["a"]), job_event("11:00:00"), job_event("12:00:00", inputs=["b"]))
    starts = [
        found[job()].declared.start if found else None
        for time in ("10:30:00", "11:30:00", "12:30:00")
        for found in [await graph.store.activities([job()], at(time), 5)]
    ]
    assert starts == [at("10:00:00"), None, at("12:00:00")]
    await graph.add(dataset_event("10:00:00", "a", lineage={"inputs": []}), dataset_event("11:00:00", "a", schema={}))
    assert (await graph.store.activities([ds("a")], at("12:00:00"), 5))[ds("a")].declared.start == at("10:00:00")


async def test_stretches_are_reports_that_follow_each_other_with_one_footprint(graph):
    reads = ["a", "a", "b", None, "a", "a", "a", None]
    for hour, name in enumerate(reads):
        await graph.add(event("COMPLETE", f"1{hour}:00:00", run=hour, inputs=[name] if name else []))
    await graph.add(*(job_event(f"1{hour}:30:00", inputs=[name]) for hour, name in enumerate("xxy")))
    everything, later = Span(job(), 0), Span(job(), at("11:00:00"))
    found = await graph.store.stretches([everything, later, everything, Span(job("none"), 0)], False, LATER)
    shown = {
        span: [(s.first.reported, s.first.start, s.last.start, s.reports) for s in stretches]
        for span, stretches in found.items()
    }
    hour = [at(f"1{number}:00:00") for number in range(8)]
    silent, end = (0, hour[3], hour[7], 2), (1, hour[4], hour[6], 3)
    assert shown[everything] == [silent, (1, hour[0], hour[1], 2), (1, hour[2], hour[2], 1), end]
    assert shown[later] == [silent, (1, hour[2], hour[2], 1), end]
    assert found.keys() == {everything, later}
    [one, two] = (await graph.store.stretches([everything], True, LATER))[everything]
    assert (one.reports, one.first.start, one.last.start, two.reports) == (2, at("10:30:00"), at("11:30:00"), 1)
    early = (await graph.store.stretches([everything], False, at("10:59:59")))[everything]
    assert [(s.first, s.reports) for s in early] == [(s.last, 1) for s in early]
    assert early[0].first.run == run(0)


async def test_reports_of_one_time_make_stretches_by_run_and_number(graph):
    await graph.add(*(event("COMPLETE", "10:00:00", run=n, inputs=["ab"[n % 2]]) for n in range(9)))
    [activity] = (await graph.store.activities([job()], LATER, 100)).values()
    [found] = (await graph.store.stretches([Span(job(), 0)], False, LATER)).values()
    oldest_first = activity.observed[::-1]
    assert [s.first for s in found] == [
        r for n, r in enumerate(oldest_first) if not n or r.footprint != oldest_first[n - 1].footprint
    ]
    assert sum(s.reports for s in found) == 9


async def around_them(store, targets, around, as_of=LATER):
    """What is around targets, as sorted edges, and what is live of their owners, as what they read and write."""
    found = await store.neighbours(targets, around, as_of, 5)
    edges = sorted(edge for into in found.into.values() for edge in into)
    live = {owner: one and (sorted(one.reads()), sorted(one.writes())) for owner, one in found.live.items()}
    return found, edges, live


async def test_neighbours_are_edges_what_is_live_and_aliases_in_one(graph):
    await graph.add(*LIFE)
    for themselves in (False, True):
        around = Around([EdgeKind.WRITES], themselves)
        found, edges, live = await around_them(graph.store, [ds("clean"), ds("none")], around)
        assert found.into.keys() == {ds("clean"), ds("none")}
        assert edges == sorted(await graph.store.owners([ds("clean")], [EdgeKind.WRITES]))
        assert live == {
            job(): (sorted([ds("raw"), ds("forgotten")]), [ds("clean")]),
            **({ds("clean"): None, ds("none"): None} if themselves else {}),
        }
        aliases = list(await graph.store.aliases([ds("clean")]))
        assert aliases
        assert found.aliases == {ds("raw"): [], ds("forgotten"): [], ds("clean"): aliases}


@pytest.mark.parametrize("hops", [1, 2, 3, 9])
async def test_neighbours_of_many_hops_are_those_of_each(graph, hops):
    """a -> j0 -> b -> j1 -> c -> j2 -> a, and j3 that writes b and c: a cycle and a diamond."""
    for number, (read, written) in enumerate([("a", ["b"]), ("b", ["c"]), ("c", ["a"]), ("z", ["b", "c"])]):
        await graph.add(event("COMPLETE", "10:00:00", f"j{number}", number, inputs=[read], outputs=written))
    around = Around([EdgeKind.WRITES], onward=[EdgeKind.READS], hops=hops)
    asked = [[ds("a")], [ds("c")], [ds("b"), ds("z")]][:hops]
    for _ in range(2):  # looked for, and known
        found, edges, live = await around_them(graph.store, [ds("a")], around)
        assert sorted(found.into) == sorted(key for keys in asked for key in keys)
        assert edges == sorted(await graph.store.owners(list(found.into), [EdgeKind.WRITES]))
        assert live.keys() == {edge.owner for edge in edges}


async def test_looking_ahead_ends_at_a_crowd(graph):
    await graph.add(event("COMPLETE", "10:00:00", inputs=["hub"], outputs=[f"d{n}" for n in range(LOOK_AHEAD + 1)]))
    await graph.add(event("COMPLETE", "10:00:00", "next", 2, inputs=["d1"], outputs=["e"]))
    await graph.add(event("COMPLETE", "10:00:00", "last", 3, inputs=["e"], outputs=["f"]))
    around = Around([EdgeKind.READS], onward=[EdgeKind.WRITES], hops=9)
    for _ in range(2):
        found, _, live = await around_them(graph.store, [ds("hub")], around)
        assert len(found.into) == LOOK_AHEAD + 2
        assert live.keys() == {job(), job("next")}


async def test_what_starts_after_the_time_of_a_question_is_seen_when_its_time_comes(graph):
    around = Around([EdgeKind.READS])
    await graph.add(event("COMPLETE", "10:00:00", run=1, inputs=["a"], outputs=["b"]))
    await graph.add(event("COMPLETE", "12:00:00", run=2, inputs=["a"], outputs=["c"]))
    for clock, name in (("11:00", "b"), ("12:00", "c"), ("11:30", "b"), ("13:00", "c"), ("09:00", None)):
        live = (await graph.store.neighbours([ds("a")], around, at(f"{clock}:00"), 1)).live[job()]
        assert live is None if name is None else live.writes() == (ds(name),)


async def test_a_dataset_gets_another_name_while_what_is_around_is_known(graph):
    around = Around([EdgeKind.WRITES])
    await graph.add(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    assert (await graph.store.neighbours([ds("b")], around, LATER, 5)).aliases == {ds("a"): [], ds("b"): []}
    link = {"identifiers": [{"namespace": "s3://b", "name": "a", "type": "LOCATION"}]}
    await graph.add(event("COMPLETE", "10:00:00", "other", 2, outputs=[dataset("a", symlinks=link)]))
    found = await graph.store.neighbours([ds("b")], around, LATER, 5)
    assert found.aliases == {ds("a"): list(await graph.store.aliases([ds("a")])), ds("b"): []}
    assert found.aliases[ds("a")]


@pytest.mark.parametrize("store", ["sqlite-file", "neo4j"], indirect=True)
async def test_what_another_process_writes_is_seen(graph, reopen):
    around = Around([EdgeKind.READS])
    await graph.add(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    async with reopen() as other:
        for _ in range(2):
            assert len((await other.neighbours([ds("a")], around, LATER, 5)).live) == 1
        await graph.add(event("COMPLETE", "10:00:00", "next", 2, inputs=["a"], outputs=["c"]))
        assert len((await other.neighbours([ds("a")], around, LATER, 5)).live) == 2


async def test_nothing_is_kept_of_what_was_cleared(graph):
    around = Around([EdgeKind.READS])
    await graph.add(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    assert len((await graph.store.neighbours([ds("a")], around, LATER, 5)).live) == 1
    await graph.store.clear()
    assert (await graph.store.neighbours([ds("a")], around, LATER, 5)).live == {}


# Facets


async def test_a_facets_value_is_the_one_last_said_by_then(graph):
    for clock, number, text in (("10:00:00", 1, "a"), ("11:00:00", 2, "b"), ("12:00:00", 3, "c")):
        await graph.add(event("COMPLETE", clock, run=number, job_facets={"sql": {"query": text}}))
    assert await current(graph.store, job(), "sql", at("09:59:59")) is None
    assert await current(graph.store, job(), "sql", at("10:00:00")) == b'{"query":"a"}'
    assert await current(graph.store, job(), "sql", at("11:59:59")) == b'{"query":"b"}'
    assert await current(graph.store, job(), "sql") == b'{"query":"c"}'


async def test_a_value_said_again_and_again_is_said_from_first_to_last(graph):
    said = [event(kind, clock, job_facets={"sql": {"query": "a"}}) for kind, clock in LIVES]
    other = event("COMPLETE", "10:30:00", run=2, job_facets={"sql": {"query": "b"}})
    await graph.add(*said, other)
    [early] = await graph.store.facets([job()], ["sql"], at("10:10:00"))
    assert (early.body, early.at, early.unit) == (b'{"query":"a"}', at("10:00:00"), run())
    [between] = await graph.store.facets([job()], ["sql"], at("10:40:00"))
    assert (between.body, between.at, between.unit) == (b'{"query":"b"}', at("10:30:00"), run(2))
    [late] = await graph.store.facets([job()], ["sql"], at("12:00:00"))
    assert (late.body, late.at, late.unit) == (b'{"query":"a"}', at("11:00:00"), run())


LIVES = [("START", "10:00:00"), ("COMPLETE", "11:00:00")]


async def test_of_values_said_at_one_time_every_store_takes_the_same(graph):
    await graph.add(*(event("COMPLETE", "10:00:00", run=n, job_facets={"sql": {"query": n % 3}}) for n in range(9)))
    [found] = await graph.store.facets([job()], ["sql"], LATER)
    claims = [row for row in await dump(graph.store) if row[0] == "claim" and row[1:3] == (job(), "sql")]
    assert (found.value, found.unit) == max((claim[3], claim[6]) for claim in claims)


async def test_a_deleted_facet_is_gone_until_said_again(graph):
    gone = {"_producer": "p", "_schemaURL": "s", "_deleted": True}
    for clock, number, value in (("10:00:00", 1, {"q": 1}), ("11:00:00", 2, gone), ("12:00:00", 3, {"q": 2})):
        await graph.add(event("COMPLETE", clock, run=number, inputs=[dataset("a", mine=value)]))
    assert await current(graph.store, ds("a"), "mine", at("10:30:00")) == b'{"q":1}'
    assert await current(graph.store, ds("a"), "mine", at("11:30:00")) is None
    assert await current(graph.store, ds("a"), "mine", at("12:30:00")) == b'{"q":2}'


async def test_a_unit_can_be_asked_for_its_own_values(graph):
    for clock, number in (("10:00:00", 1), ("11:00:00", 2)):
        facets = {"sql": {"query": number}, "other": {"o": number}}
        await graph.add(event("COMPLETE", clock, run=number, job_facets=facets, inputs=[dataset("a", schema=schema())]))
    assert await current(graph.store, job(), "sql", LATER, run(1)) == b'{"query":1}'
    assert await current(graph.store, job(), "sql", at("10:30:00"), run(2)) is None
    own = await graph.store.facets([ds("a"), job()], None, LATER, run(1))
    assert [(found.entity, found.facet) for found in own] == sorted(
        [(ds("a"), "schema"), (job(), "other"), (job(), "sql")]
    )


async def test_who_said_a_value_first_in_a_time(graph):
    for clock, number, text in (("10:00:00", 1, "a"), ("11:00:00", 2, "b"), ("12:00:00", 3, "b"), ("13:00:00", 4, "a")):
        await graph.add(event("COMPLETE", clock, run=number, job_facets={"sql": {"query": text}}))
    await graph.add(*(event(kind, clock, run=5, job_facets={"long": {}}) for kind, clock in LIVES))
    claims = [row for row in await dump(graph.store) if row[0] == "claim" and row[1] == job()]
    a, b = (next(Value(*c[1:4]) for c in claims if c[6] == run(n) and c[2] == "sql") for n in (1, 2))
    long = next(Value(*c[1:4]) for c in claims if c[2] == "long")

    async def said(after, until):
        return await graph.store.first_said([a, b, long, a, Value(job(), "sql", "none")], at(after), at(until))

    assert await said("09:00:00", "14:00:00") == {
        a: SaidBy(at("10:00:00"), run(1)),
        b: SaidBy(at("11:00:00"), run(2)),
        long: SaidBy(at("10:00:00"), run(5)),
    }
    assert await said("10:00:00", "14:00:00") == {
        a: SaidBy(at("13:00:00"), run(4)),
        b: SaidBy(at("11:00:00"), run(2)),
        long: SaidBy(at("11:00:00"), run(5)),
    }
    assert await said("10:00:00", "10:30:00") == {}
    assert await said("11:00:00", "12:00:00") == {b: SaidBy(at("12:00:00"), run(3))}


async def test_all_facets_of_an_entity_are_found_in_order(graph):
    facets = {name: {"v": name} for name in ("z", "é", "\U0001f600", "\ufffd", "n" * 5_000, "n" * 5_000 + "o", "a\0b")}
    await graph.add(event("START", "10:00:00", inputs=[dataset("a", **facets, input={"i": {}})], run_facets={"r": {}}))
    found = await graph.store.facets([ds("a")], None, LATER)
    assert [f.facet for f in found] == sorted(facets)
    for name in facets:
        [one] = await graph.store.facets([ds("a")], [name, "none"], LATER)
        assert one in found
        assert await graph.store.facets([ds("a")], [name], LATER, run()) == [one]
    attempt = attempt_id(run(), 0)
    own = await graph.store.facets([attempt, f"{attempt}<{ds('a')}", ds("a"), ds("a"), "Dnone"], None, LATER)
    assert [(f.entity, f.facet) for f in own if f.entity != ds("a")] == [(attempt, "r"), (f"{attempt}<{ds('a')}", "i")]
    assert own == sorted(own)


async def test_a_facet_of_ten_megabytes_comes_back(graph):
    text = 'x€\U0001f600\\"' * 1_000_000
    document = event("COMPLETE", "10:00:00", job_facets={"sql": {"query": text}, "tiny": {}})
    await graph.add(document)
    body = await current(graph.store, job(), "sql")
    assert len(body) > 10_000_000
    assert text.encode()[:40] in body.replace(b"\\\\", b"\\").replace(b'\\"', b'"')
    await graph.withdraw(document)
    assert await dump(graph.store) == []


# Runs and uses


async def test_attempts_are_listed_by_number(graph):
    await graph.add(
        event("START", "10:00:00"),
        event("FAIL", "10:01:00"),
        event("START", "10:02:00"),
        event("COMPLETE", "2026-01-01T10:03:00"),
    )
    found = (await graph.store.attempts([run(), run(2)]))[run()]
    assert [(a.number, a.start, a.end, a.state) for a in found] == [
        (0, at("10:00:00"), at("10:01:00"), "FAIL"),
        (1, at("10:02:00"), at("10:03:00"), "COMPLETE"),
    ]
    assert "no zone" in found[1].anomalies


async def test_a_running_attempt_has_no_end(graph):
    await graph.add(event("START", "10:00:00"))
    [found] = (await graph.store.attempts([run()]))[run()]
    assert (found.end, found.state, found.parent) == (None, "RUNNING", "")


async def test_runs_of_a_job_are_paged_newest_first(graph):
    clocks = [f"10:{minute:02}:00" for minute in (3, 1, 2, 2, 2, 0, 9)]
    await graph.add(*(event("COMPLETE", clock, run=n, inputs=["a"]) for n, clock in enumerate(clocks)))
    await graph.add(event("COMPLETE", "10:05:00", "another", run=50))
    whole = await graph.store.runs_of_job(job(), LATER, None, 100)
    assert [(a.start, a.run) for a in whole] == sorted(((a.start, a.run) for a in whole), reverse=True)
    assert len(whole) == 7
    assert await paged(lambda after: graph.store.runs_of_job(job(), LATER, after, 2), "start") == whole
    assert await graph.store.runs_of_job(job(), at("10:02:00"), None, 100) == whole[2:]
    after = Page(whole[0].start, whole[0].run, whole[0].number)
    assert await graph.store.runs_of_job(job(), at("10:01:00"), after, 100) == whole[5:]
    assert await graph.store.runs_of_job(job(), at("09:00:00"), None, 100) == []


async def test_the_last_runs_of_many_jobs_are_those_of_each(graph):
    clocks = [f"10:{minute:02}:00" for minute in (3, 1, 2, 2, 2, 0, 9)]
    names = ["one", "two", "three"]
    for n, name in enumerate(names):
        await graph.add(*(event("START", clock, name, 10 * n + k) for k, clock in enumerate(clocks)))
    await graph.add(event("COMPLETE", "10:10:00", "one", 0), event("START", "10:11:00", "one", 0))
    for as_of in (LATER, at("10:02:00")):
        found = await graph.store.runs_of_jobs([*map(job, names), job("none")], EARLIEST, as_of, 4)
        assert found == {job(name): await graph.store.runs_of_job(job(name), as_of, None, 4) for name in names}
    assert [
        (a.run, a.number) for a in (await graph.store.runs_of_jobs([job("one")], EARLIEST, LATER, 2))[job("one")]
    ] == [
        (run(0), 1),
        (run(6), 0),
    ]
    assert await graph.store.runs_of_jobs([job("one")], EARLIEST, at("09:00:00"), 4) == {}
    assert await graph.store.runs_of_jobs([], EARLIEST, LATER, 4) == {}


async def paged(fetch, time):
    """All rows of a list, page by page."""
    rows, after = [], None
    while page := await fetch(after):
        rows += page
        after = Page(getattr(page[-1], time), page[-1].run, page[-1].number)
    return rows


async def test_uses_of_a_dataset_are_paged_newest_first(graph):
    await graph.add(
        *(event("COMPLETE", f"10:0{n % 3}:00", run=n, inputs=["a"], outputs=["a", "b"]) for n in range(7)),
    )
    for role in Role:
        whole = await graph.store.uses_of_dataset(ds("a"), role, LATER, None, 100)
        assert {use.role for use in whole} == {role}
        assert [(u.at, u.run) for u in whole] == sorted(((u.at, u.run) for u in whole), reverse=True)
        assert len(whole) == 7
        pages = await paged(lambda after, role=role: graph.store.uses_of_dataset(ds("a"), role, LATER, after, 3), "at")
        assert pages == whole
        assert await graph.store.uses_of_dataset(ds("a"), role, at("10:00:30"), None, 100) == whole[4:]
    assert await graph.store.uses_of_dataset(ds("b"), Role.CONSUMED, LATER, None, 100) == []


async def test_uses_are_found_by_run_and_by_version(graph):
    version = {"datasetVersion": "v1"}
    await graph.add(
        event("COMPLETE", "10:00:00", run=1, inputs=["in"], outputs=[dataset("t", version=version)]),
        event("COMPLETE", "11:00:00", run=2, inputs=[dataset("t", version=version), "t2"], outputs=["t2"]),
    )
    key = version_key(ds("t"), "v1")
    found = await graph.store.uses_of_versions([key, "Vnone", ""])
    assert sorted((u.run, u.role, u.label) for u in found) == sorted(
        [(run(1), Role.PRODUCED, "v1"), (run(2), Role.CONSUMED, "v1")]
    )
    uses = await graph.store.uses_of_runs([run(2), run(3)])
    assert sorted((u.role, u.dataset, u.version == "") for u in uses) == sorted(
        [(Role.CONSUMED, ds("t"), False), (Role.CONSUMED, ds("t2"), True), (Role.PRODUCED, ds("t2"), False)]
    )
    assert {u.dataset for u in await graph.store.uses_of_runs([run(1), run(2)], [Role.CONSUMED])} == {
        ds("in"),
        ds("t"),
        ds("t2"),
    }
    [produced] = await graph.store.uses_of_dataset(ds("t2"), Role.PRODUCED, LATER, None, 1)
    assert await graph.store.uses_of_versions([produced.version]) == [produced]
    assert [u.run for u in await graph.store.uses_of_versions([key], [Role.CONSUMED])] == [run(2)]
    assert [u.run for u in await graph.store.uses_of_versions([key], [Role.PRODUCED])] == [run(1)]


def of_days(name, *days):
    """A dataset of which these partitions are meant, as input or output."""
    condition = {"type": "partition", "partitions": [{"identifier": day} for day in days]}
    subset = {"input": {"subset": {"inputCondition": condition}}, "output": {"subset": {"outputCondition": condition}}}
    return dataset(name, **(subset if days else {}))


ODD_DAYS = ["mon", 'mon","tue', '"', "\\", ",", "m\0n", "💾", "{}", "null", "on"]
"""Names of partitions, none of which may be taken for another."""


async def used(graph, number, role=Role.CONSUMED):
    return [use for use in await graph.store.uses_of_runs([run(number)]) if use.role == role]


async def test_what_was_produced_last_before_it_was_read(graph):
    gone = {"lifecycleStateChange": "DROP"}
    await graph.add(
        event("COMPLETE", "10:00:00", "w", 1, outputs=["a", "b", "c"]),
        event("FAIL", "11:00:00", "w", 2, outputs=["a"]),
        event("COMPLETE", "11:30:00", "w", 3, outputs=[dataset("b", lifecycleStateChange=gone)]),
        event("COMPLETE", "12:00:00", "w", 4, inputs=["a", "b", "c", "d"], outputs=["c"]),
        event("COMPLETE", "12:00:00", "w", 5, outputs=["a"]),
        event("COMPLETE", "09:00:00", "w", 6, inputs=["a"]),
        event("START", "12:00:00", "w", 7, outputs=["c"]),
        event("COMPLETE", "12:30:00", "w", 7),
    )
    found = await graph.store.last_produced([*await used(graph, 4), *await used(graph, 6)])
    assert all(reading.dataset == made.dataset for reading, made in found.items())
    made = {(reading.run, use.dataset): (use.run, use.at, use.complete) for reading, use in found.items()}
    assert made == {
        (run(4), ds("a")): (run(5), at("12:00:00"), 1),
        (run(4), ds("b")): (run(3), at("11:30:00"), -1),
        (run(4), ds("c")): (run(1), at("10:00:00"), 1),
    }
    assert await graph.store.last_produced([]) == {}


async def test_only_partitions_that_were_read_count(graph):
    days = list(enumerate(ODD_DAYS))
    await graph.add(
        event("COMPLETE", "08:00:00", "w", 99, outputs=["t", "u"]),
        *(event("COMPLETE", f"10:{n:02}:00", "w", n, outputs=[of_days("t", day)]) for n, day in days),
        *(event("COMPLETE", "12:00:00", "r", 100 + n, inputs=[of_days("t", day)]) for n, day in days),
        event("COMPLETE", "12:00:00", "r", 201, inputs=["t"]),
        event("COMPLETE", "12:00:00", "r", 202, inputs=[of_days("t", "sun")]),
        event("COMPLETE", "12:00:00", "r", 203, inputs=[of_days("t", *ODD_DAYS[:3])]),
    )
    last = len(days) - 1
    expected = {100 + n: n for n, _ in days} | {201: last, 202: 99, 203: 2}
    for reader, writer in expected.items():
        [reading] = await used(graph, reader)
        [made] = (await graph.store.last_produced([reading])).values()
        assert made.run == run(writer), reader
    for n, _ in days:
        [made] = await used(graph, n, Role.PRODUCED)
        readers = {use.run for use in await graph.store.read_since([made])}
        wanted = {run(reader) for reader, writer in expected.items() if writer == n}
        assert wanted <= readers <= wanted | ({run(203)} if n < 3 else set())


async def test_what_was_read_until_it_was_produced_again(graph):
    version = {"datasetVersion": "v1"}
    await graph.add(
        event("COMPLETE", "10:00:00", "w", 1, outputs=["t"]),
        event("COMPLETE", "09:00:00", "r", 2, inputs=["t"]),
        event("COMPLETE", "10:00:00", "r", 3, inputs=["t", "u"]),
        event("COMPLETE", "10:30:00", "r", 4, inputs=[dataset("t", version=version)]),
        event("FAIL", "11:00:00", "w", 5, outputs=["t"]),
        event("COMPLETE", "11:30:00", "r", 6, inputs=[of_days("t", "mon")]),
        event("COMPLETE", "12:00:00", "w", 7, outputs=[of_days("t", "mon")]),
        event("COMPLETE", "12:30:00", "r", 8, inputs=["t"]),
        event("COMPLETE", "12:30:00", "r", 9, inputs=[of_days("t", "tue")]),
        event("COMPLETE", "13:00:00", "w", 10, outputs=["t"]),
        event("COMPLETE", "13:00:00", "r", 11, inputs=[of_days("t", "tue")]),
        event("COMPLETE", "13:30:00", "r", 12, inputs=[of_days("t", "tue")]),
    )

    async def readers(*numbers):
        made = [use for number in numbers for use in await used(graph, number, Role.PRODUCED)]
        return [use.run for use in await graph.store.read_since(made)]

    assert set(await readers(1)) >= {run(3), run(6), run(9)}
    assert not set(await readers(1)) & {run(2), run(4), run(8), run(12)}
    assert await readers(7) == [run(8)]
    both = await readers(1, 7)
    assert sorted(both) == sorted(set(both)) == sorted({*await readers(1), run(8)})
    assert await readers() == []


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_last_productions_are_those_of_one_degree_newest_first(graph, limit):
    drop = {"lifecycleStateChange": "DROP"}
    await graph.add(
        *(event("COMPLETE", f"10:0{n % 3}:00", run=n, inputs=["b"], outputs=["a"]) for n in range(7)),
        *(event("FAIL", f"11:00:0{n}", run=10 + n, outputs=["a"]) for n in range(5)),
        event("START", "11:30:00", run=20, outputs=["a", "b"]),
        event("COMPLETE", "09:00:00", run=21, outputs=[dataset("b", lifecycleStateChange=drop)]),
    )
    every = await graph.store.uses_of_dataset(ds("a"), Role.PRODUCED, LATER, None, 100)
    every += await graph.store.uses_of_dataset(ds("b"), Role.PRODUCED, LATER, None, 100)
    asked = [ds("a"), ds("b"), ds("c"), ds("a")]
    for as_of in (LATER, at("11:00:02"), at("10:00:30"), at("08:00:00")):
        for complete in (1, 0, -1):
            wanted = {}
            for use in every:
                if use.complete == complete and use.at <= as_of:
                    wanted.setdefault(use.dataset, []).append(use)
            found = await graph.store.last_productions(asked, complete, as_of, limit)
            assert found == {key: uses[:limit] for key, uses in wanted.items()}
    assert len(await graph.store.last_productions(asked, 0, LATER, 1)) == 2


async def test_what_units_said_is_found_with_when(graph):
    def said(run, clock, rows, kind="COMPLETE"):
        output = dataset("a", quality={"n": rows}, output={"outputStatistics": {"rowCount": rows}})
        return event(kind, clock, run=run, outputs=[output], run_facets={"nominalTime": {"of": run}})

    gone = event("COMPLETE", "12:00:00", run=3, outputs=[dataset("a", quality={"_deleted": True})])
    await graph.add(said(1, "10:00:00", 5, "START"), said(1, "10:01:00", 6), said(2, "11:00:00", 5), gone)
    names = ["outputStatistics", "quality", "nominalTime", "nothing"]
    found = await graph.store.said_by([run(2), run(1), run(3), run(9), run(1)], names)
    rows = [(s.unit, s.entity, s.facet, s.first, s.last, s.body) for s in found]
    assert [row[:5] for row in rows] == sorted(row[:5] for row in rows)
    output = attempt_id(run(1), 0) + ">" + ds("a")
    assert {row[1:] for row in rows if row[0] == run(1)} == {
        (ds("a"), "quality", at("10:00:00"), at("10:00:00"), b'{"n":5}'),
        (ds("a"), "quality", at("10:01:00"), at("10:01:00"), b'{"n":6}'),
        (output, "outputStatistics", at("10:01:00"), at("10:01:00"), b'{"rowCount":6}'),
        (attempt_id(run(1), 0), "nominalTime", at("10:00:00"), at("10:01:00"), b'{"of":1}'),
    }
    assert {row[0] for row in rows} == {run(1), run(2)}
    one = [said for said in found if (said.unit, said.facet) == (run(2), "quality")]
    assert await graph.store.said_by([run(2)], ["quality"]) == one
    assert await graph.store.said_by([], names) == await graph.store.said_by([run(1)], []) == []


async def test_the_last_uses_of_many_datasets_within_a_time(graph):
    await graph.add(
        *(event("COMPLETE", f"10:0{n % 3}:00", run=n, inputs=["a", EXOTIC[1]], outputs=["b"]) for n in range(7)),
    )
    for role, names in ((Role.CONSUMED, ["a", EXOTIC[1]]), (Role.PRODUCED, ["b"])):
        for since, until, limit in ((0, LATER, 100), (at("10:01:00"), at("10:01:00"), 100), (0, LATER, 2)):
            found = await graph.store.uses_between(
                [ds(n) for n in ["a", "b", EXOTIC[1], "none"]], role, since, until, limit
            )
            assert found.keys() == {ds(name) for name in names}
            for dataset_key_, uses in found.items():
                every = await graph.store.uses_of_dataset(dataset_key_, role, until, None, 100)
                assert uses == [use for use in every if use.at >= since][:limit]
    assert await graph.store.uses_between([], Role.PRODUCED, 0, LATER, 5) == {}


async def test_the_last_attempts_of_many_jobs_within_a_time(graph):
    await graph.add(*(event("START", f"10:0{n % 3}:00", f"job{n % 2}", n) for n in range(7)))
    for since, until, limit in ((0, LATER, 100), (at("10:01:00"), at("10:01:00"), 100), (0, LATER, 2)):
        found = await graph.store.runs_of_jobs([job("job0"), job("job1"), job("none")], since, until, limit)
        assert found.keys() == {job("job0"), job("job1")}
        for key, attempts in found.items():
            every = await graph.store.runs_of_job(key, until, None, 100)
            assert attempts == [attempt for attempt in every if attempt.start >= since][:limit]
    assert await graph.store.runs_of_jobs([], 0, LATER, 5) == {}


async def test_times_of_all_ages_are_kept(graph):
    for number, time in enumerate(["0001-01-02T00:00:00Z", "1969-12-31T23:59:59.999999Z", "9999-12-30T00:00:00Z"]):
        await graph.add(event("COMPLETE", time, run=number, inputs=["a"], job_facets={"sql": {"query": number}}))
        assert await current(graph.store, job(), "sql", 2**62) == b'{"query":%d}' % number
        assert await current(graph.store, job(), "sql", at(time)) == b'{"query":%d}' % number
    reads = edge(job(), EdgeKind.READS, job(), ds("a"))
    assert await graph.store.since([reads]) == {reads: Since(at("0001-01-02T00:00:00Z"), None)}
    [old] = await graph.store.runs_of_job(job(), -1_000_000_000, None, 10)
    assert old.start == at("0001-01-02T00:00:00Z")


# Changing and going


async def test_what_a_unit_contributed_comes_back(graph):
    await graph.add(*LIFE)
    units = [run(), run(2), job(), ds("clean"), run(77)]
    found = await graph.store.contributions(units)
    assert found.keys() == set(units[:-1])
    for unit, contribution in found.items():
        wanted = graph.contribution(unit)
        assert contribution.rows == wanted.rows
        assert contribution.edges == wanted.edges
        assert contribution.footprints == wanted.footprints
        assert contribution.facets.keys() == wanted.facets.keys()


async def test_a_withdrawn_event_leaves_no_trace(graph):
    before = []
    for document in LIFE:
        before.append(await dump(graph.store))
        await graph.add(document)
    for document, expected in reversed(list(zip(LIFE, before, strict=True))):
        await graph.withdraw(document)
        assert await dump(graph.store) == expected


async def test_what_others_still_refer_to_stays(graph):
    shared = {"inputs": [dataset("a", schema=schema("id"))], "job_facets": {"sql": {"query": "q"}}}
    one, two = (event("COMPLETE", "10:00:00", run=number, **shared) for number in (1, 2))
    await graph.add(two)
    alone = await dump(graph.store)
    await graph.add(one)
    await graph.withdraw(one)
    assert await dump(graph.store) == alone
    await graph.add(one)
    await graph.withdraw(one, two)
    assert await dump(graph.store) == []


async def test_a_row_that_changes_is_replaced(graph):
    start = event("START", "10:00:00", inputs=["a"], outputs=["b"], job_facets={"sql": {"query": "q"}})
    await graph.add(start)
    await graph.add(event("COMPLETE", "10:05:00", "renamed", inputs=["a"], outputs=["b"]))
    [attempt] = (await graph.store.attempts([run()]))[run()]
    assert (attempt.state, attempt.job) == ("COMPLETE", job("renamed"))
    assert [use.complete for use in await graph.store.uses_of_runs([run()])] == [1, 1]
    assert [a.run for a in await graph.store.runs_of_job(job("renamed"), LATER, None, 5)] == [run()]
    assert await graph.store.runs_of_job(job(), LATER, None, 5) == []


async def test_a_column_stays_while_a_lineage_facet_names_it(graph):
    by_schema = event("COMPLETE", "10:00:00", run=1, outputs=[dataset("b", schema=schema("id", "x"))])
    by_lineage = event("COMPLETE", "11:00:00", run=2, outputs=[dataset("b", columnLineage=columns(id=[("a", "id")]))])
    await graph.add(by_lineage)
    lineage_only = await dump(graph.store)
    await graph.add(by_schema)
    await graph.withdraw(by_schema)
    assert await dump(graph.store) == lineage_only
    assert await names(graph.store, "", [Kind.COLUMN]) == ["id", "id"]


async def test_every_store_dumps_the_same(graph):
    other = Changes(SQLiteGraphStore(None))
    for changes in (graph, other):
        await changes.add(*LIFE)
        await changes.add(
            *(event("COMPLETE", "12:00:00", f"job {n}", n, inputs=[name]) for n, name in enumerate(EXOTIC))
        )
        await changes.withdraw(LIFE[1], LIFE[4])
    assert await dump(graph.store) == await dump(other.store)


LIFE = [
    event(
        "START",
        "10:00:00",
        inputs=[dataset("raw", schema=schema("id"), dataQualityAssertions={"assertions": [
            {"assertion": "not_null", "success": True, "column": "id"}]})],
        outputs=[dataset("clean", columnLineage=columns(id=[("raw", "id")]), symlinks={
            "identifiers": [{"namespace": "s3://b", "name": "clean", "type": "LOCATION"}]})],
        run_facets={
            "parent": {"run": {"runId": run_id(9)}, "job": {"namespace": JOBS, "name": "dag"},
                       "root": {"run": {"runId": run_id(10)}, "job": {"namespace": JOBS, "name": "root"}}},
            "tags": {"tags": [{"key": "env", "value": "prod"}]},
        },
        job_facets={
            "sourceCodeLocation": {"type": "git", "url": "https://git.example/etl", "version": "abc"},
            "ownership": {"owners": [{"name": "team:etl", "type": "OWNER"}]},
        },
    ),
    event("COMPLETE", "10:05:00", inputs=["raw"], outputs=["clean"], job_facets={"sql": {"query": "select 1"}}),
    event("COMPLETE", "11:00:00", "other", run=2,
        inputs=[dataset("clean", input={"whence_approval": {"approver": "role:qa", "decision": "APPROVED"}})],
        outputs=[dataset("mart", lifecycleStateChange={
            "lifecycleStateChange": "RENAME", "previousIdentifier": {"namespace": NS, "name": "old mart"}})]),
    job_event("09:00:00", inputs=["raw", "forgotten"], outputs=["clean"]),
    dataset_event(
        "09:30:00", "clean",
        schema=schema("id"),
        ownership={"owners": [{"name": "team:risk"}]},
        tags={"tags": [{"key": "pii", "value": "yes", "field": "id"}, {"key": "pii", "value": "yes"}]},
    ),
]  # fmt: skip
"""Events that make an edge of every kind."""
