"""What only the Neo4j graph store does: it waits for its server, prepares the database, and asks by index."""

import asyncio

import pytest
from neo4j import GraphDatabase

from tests.build import dump, event
from tests.changes import Changes
from whence.graph import neo4j as module
from whence.graph.facts import Batch, EdgeId, EdgeKind, Since
from whence.graph.neo4j import MIGRATIONS, Neo4jGraphStore
from whence.graph.queries import load_queries
from whence_schemas.errors import ConfigurationError, GraphUnavailable

NOWHERE = "bolt://127.0.0.1:1"
SCANS = {"AllNodesScan", "NodeByLabelScan", "DirectedRelationshipTypeScan", "UndirectedRelationshipTypeScan"}
SORTS = {"Sort", "Top"}
USES = ("add_uses", "uses_between", "uses_of_dataset", "uses_of_versions", "last_produced", "read_since")


@pytest.fixture
async def store(neo4j):
    found = await Neo4jGraphStore.open(neo4j.uri, *neo4j.auth)
    await found.clear()
    yield found
    await found.close()


@pytest.fixture
def ask(neo4j):
    """Runs Cypher beside the store."""
    with GraphDatabase.driver(neo4j.uri, auth=neo4j.auth, notifications_min_severity="OFF") as driver:
        yield driver.execute_query


async def test_a_server_that_is_down_is_waited_for(caplog):
    store = await Neo4jGraphStore.open(NOWHERE, "neo4j", "secret word")
    assert NOWHERE in caplog.text
    for call in (store.cursor, store.counts, store.clear, lambda: store.apply(Batch(1))):
        with pytest.raises(GraphUnavailable, match=NOWHERE) as failure:
            await call()
        assert "secret word" not in str(failure.value)
    await store.close()


async def test_a_wrong_password_is_told_at_once(neo4j):
    with pytest.raises(ConfigurationError, match="password"):
        await Neo4jGraphStore.open(neo4j.uri, neo4j.auth[0], "wrong password")
    store = Neo4jGraphStore(neo4j.uri, neo4j.auth[0], "wrong password")
    with pytest.raises(GraphUnavailable):
        await store.cursor()
    await store.close()


def test_an_address_of_something_else_is_refused():
    with pytest.raises(ConfigurationError, match="neo4j://"):
        Neo4jGraphStore("ftp://localhost", "neo4j", "x")


async def test_a_database_of_a_newer_whence_is_refused(store, neo4j, ask):
    ask("MATCH (m:WhenceMeta) SET m.version = 99")
    try:
        with pytest.raises(ConfigurationError, match=r"newer Whence \(format 99"):
            await Neo4jGraphStore.open(neo4j.uri, *neo4j.auth)
    finally:
        ask("MATCH (m:WhenceMeta) SET m.version = $version", version=len(MIGRATIONS))


async def test_migrations_may_run_again(store, neo4j, ask):
    await Changes(store).add(event("COMPLETE", "10:00:00", inputs=["a"]))
    before = await dump(store)
    ask("MATCH (m:WhenceMeta) SET m.version = 0")
    again = await Neo4jGraphStore.open(neo4j.uri, *neo4j.auth)
    assert await dump(again) == before
    assert ask("MATCH (m:WhenceMeta) RETURN m.version").records[0][0] == len(MIGRATIONS)
    await again.close()


async def test_a_clear_that_was_cut_short_is_finished(store, neo4j, ask):
    await Changes(store).add(event("COMPLETE", "10:00:00", inputs=["a"]))
    ask("MATCH (m:WhenceMeta) SET m.cursor = 0, m.clearing = true")
    again = await Neo4jGraphStore.open(neo4j.uri, *neo4j.auth)
    assert await dump(again) == []
    await again.close()


async def test_an_emptied_database_is_prepared_again(store, ask):
    await Changes(store).add(event("COMPLETE", "10:00:00", inputs=["a"]))
    ask("MATCH (n) DETACH DELETE n")
    with pytest.raises(GraphUnavailable, match="emptied"):
        await store.cursor()
    assert await store.cursor() == 0
    await Changes(store).add(event("COMPLETE", "10:00:00", inputs=["a"]))


async def test_what_stands_on_nothing_is_refused_as_a_whole(store):
    edge = EdgeId("Jx", EdgeKind.READS, "Jx", "Dx")
    with pytest.raises(GraphUnavailable, match="1 of 1 rows refer to nodes"):
        await store.apply(Batch(1, edges={edge: Since(1, None)}))
    assert (await store.cursor(), await dump(store)) == (0, [])


async def test_of_two_projectors_one_wins(store, neo4j):
    other = await Neo4jGraphStore.open(neo4j.uri, *neo4j.auth)
    batch = await Changes(store).add(event("COMPLETE", "10:00:00", inputs=["a"]))
    once = await dump(store)
    await store.clear()
    await asyncio.gather(*(one.apply(batch) for one in (store, other, store, other)))
    assert await dump(store) == once
    with pytest.raises(GraphUnavailable, match="another projector"):
        await other.apply(Batch(9, start=0))
    await other.close()


async def test_many_large_facets_fit_into_one_batch(store):
    facets = {f"f{number}": {"text": f"{number}" * 1_500_000} for number in range(10)}
    await Changes(store).add(event("COMPLETE", "10:00:00", job_facets=facets))
    assert len([row for row in await dump(store) if row[0] == "facet"]) == 10


@pytest.mark.parametrize("sampled", ["before", "after"])
async def test_statements_go_by_index(store, ask, sampled):
    """... whether the planner's statistics of the indexes are those of the empty graph or new ones."""
    jobs = (event("COMPLETE", f"10:{n % 60:02}:00", f"job {n}", n, inputs=[f"a{n}"], outputs=["b"]) for n in range(300))
    if sampled == "before":
        ask("CALL db.prepareForReplanning()")
    await Changes(store).add(*jobs)
    ask("CALL db.prepareForReplanning()" if sampled == "after" else "CALL db.clearQueryCaches()")
    kinds = {"add_nodes": "Job", "add_edges": "READS"} | dict.fromkeys(USES, "CONSUMED")
    setup = {"meta_constraint", "await_indexes", *(name for names in MIGRATIONS for name in names)}
    whole = {"clear_relationships", "clear_nodes", "counts"}
    lists = ("rows", "keys", "owners", "kinds", "targets", "edges", "places", "pairs", "entities", "names")
    texts = ("name", "key", "place", "text", "job", "dataset", "unit", "namespace")
    numbers = ("as_of", "declared", "window", "limit", "until", "at", "number", "cursor", "version", "after")
    lists += ("spans", "values")
    parameters = {**{name: [] for name in lists}, **dict.fromkeys(texts, ""), **dict.fromkeys(numbers, 1)}
    for name in load_queries("neo4j.cypher"):
        if name in setup | whole or name.startswith("dump_"):
            continue
        text = module._text(name, kinds.get(name, "|".join(EdgeKind)))
        operators = set(_operators(ask(f"EXPLAIN {text}", parameters).summary.plan))
        assert not operators & (SCANS | SORTS), name


def _operators(plan):
    """Names of all operators of a plan, without the database's name."""
    yield plan["operatorType"].partition("@")[0]
    for child in plan.get("children", ()):
        yield from _operators(child)
