"""What a store keeps of its answers stays right while the graph changes.

Events come and go in random orders; every answer in between is compared with that of a graph built anew of the events
that are there then, which has kept nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import JOBS, NS, at, dataset, event, job_event, run_id
from tests.changes import Changes
from tests.property.stores import run_on_neo4j, run_on_sqlite
from whence.graph.facts import EdgeKind, Role
from whence.graph.live import footprints_of, live_of
from whence.graph.port import Around, GraphStore
from whence.graph.sqlite import SQLiteGraphStore
from whence_schemas.identity import dataset_key, job_key, run_key, version_key

DATASETS = "abcdef"
KEYS = [dataset_key(NS, name) for name in DATASETS]
RUNS = [run_key(run_id(number)) for number in range(4)]
VERSIONS = [version_key(key, "v1") for key in KEYS]
TARGETS = [*KEYS, job_key(JOBS, "j0"), dataset_key(NS, "none")]
TIMES = [f"{hour}:00:00" for hour in range(10, 15)]
AROUND = [
    Around([EdgeKind.WRITES], themselves=True, onward=[EdgeKind.READS]),
    Around([EdgeKind.READS, EdgeKind.DERIVED_FROM], onward=[EdgeKind.WRITES]),
    Around([EdgeKind.PART_OF]),
]


class Step(NamedTuple):
    """An event that comes or goes, and what is asked then: around the targets one after the other."""

    event: int
    comes: bool
    targets: list[str]
    time: str
    window: int


class Fact(NamedTuple):
    """What an event says. said: the value of a facet, or that it is deleted; version: of all that it reads and writes;
    linked: another name of what it writes."""

    job: int
    reads: list[str]
    writes: list[str]
    time: str
    kind: str
    said: str
    version: str
    linked: str


def _event(number: int, fact: Fact):
    facets = {"mine": {"q": fact.said}} if fact.said else {"mine": {"_deleted": True}}
    if fact.version:
        facets["version"] = {"datasetVersion": fact.version}
    if fact.linked:
        facets["symlinks"] = {"identifiers": [{"namespace": NS, "name": fact.linked, "type": "TABLE"}]}
    inputs = [dataset(name, **{k: v for k, v in facets.items() if k != "symlinks"}) for name in fact.reads]
    outputs = [dataset(name, **facets) for name in fact.writes]
    if not fact.kind:
        return job_event(fact.time, f"j{fact.job}", inputs, outputs)
    return event(fact.kind, fact.time, f"j{fact.job}", number % 4, inputs=inputs, outputs=outputs)


names = st.sets(st.sampled_from(DATASETS), max_size=2).map(sorted)
facts = st.builds(
    Fact,
    st.integers(0, 2),
    names,
    names,
    st.sampled_from(TIMES),
    st.sampled_from(["COMPLETE", "COMPLETE", "COMPLETE", "FAIL", ""]),
    st.sampled_from(["x", "y", ""]),
    st.sampled_from(["", "", "v1"]),
    st.sampled_from(["", "", "", "a", "f"]),
)
steps = st.builds(
    Step,
    st.integers(0, 5),
    st.booleans(),
    st.permutations(TARGETS).map(lambda targets: targets[:4]),
    st.sampled_from(TIMES),
    st.integers(1, 2),
)
worlds = st.tuples(st.lists(facts, min_size=6, max_size=6), st.lists(steps, min_size=1, max_size=8))


async def check(store: GraphStore, world):
    events = [_event(number, fact) for number, fact in enumerate(world[0])]
    graph = Changes(store)
    await graph.add(*events[:3])
    there = {0, 1, 2}
    for step in world[1]:
        await (graph.add if step.comes else graph.withdraw)(events[step.event])
        (there.add if step.comes else there.discard)(step.event)
        async with _new([events[number] for number in sorted(there)]) as new:
            for target, (around, hops) in zip(step.targets, product(AROUND[:2], [1, 3]), strict=True):
                await _compare_around(store, new, target, around._replace(hops=hops), at(step.time), step.window)
            await _compare_facts(store, new, at(step.time))


@asynccontextmanager
async def _new(events) -> AsyncIterator[GraphStore]:
    store = SQLiteGraphStore(None)
    try:
        await Changes(store).add(*events)
        yield store
    finally:
        await store.close()


async def _compare_around(store, new, target, around, *when):
    found = await store.neighbours([target], around, *when)
    edges = await new.owners(list(found.into), around.kinds)
    assert target in found.into
    assert {key: sorted(into) for key, into in found.into.items()} == {
        key: sorted(edge for edge in edges if edge.target == key) for key in found.into
    }
    owners = {edge.owner for edge in edges}.union(found.into if around.themselves else ())
    assert found.live.keys() >= owners
    said = await new.activities(sorted(found.live), *when)
    live = live_of(found.live, said, await new.footprints(sorted(footprints_of(said.values()))))
    assert {owner: _shown(one) for owner, one in found.live.items()} == {
        owner: _shown(one) for owner, one in live.items()
    }
    names = {name for one in live.values() if one for name in one.datasets()}
    aliases = await new.aliases(sorted(names))
    assert {name: sorted(found.aliases[name]) for name in names} == {
        name: sorted(edge for edge in aliases if name in (edge.source, edge.target)) for name in names
    }


def _shown(live):
    if live is None:
        return None
    return [(f.key, live.seen(lambda one, f=f: one is f)) for f in sorted(live.footprints(), key=lambda f: f.key)]


async def _compare_facts(store, new, as_of):
    for facets in (["mine"], ["mine", "version"]):
        assert await store.facets([*KEYS, *KEYS], [*facets, *facets], as_of) == await new.facets(KEYS, facets, as_of)
    assert await store.aliases(KEYS) == await new.aliases(KEYS)
    for kinds in ([EdgeKind.WRITES, EdgeKind.READS], [EdgeKind.ALIAS]):
        for keys in (TARGETS[-2:], TARGETS):
            assert sorted(await store.owners(keys, kinds)) == sorted(await new.owners(keys, kinds))
            assert await store.edges_from(keys, kinds) == await new.edges_from(keys, kinds)
    assert await store.nodes(TARGETS) == await new.nodes(TARGETS)
    for roles in ([Role.CONSUMED], tuple(Role)):
        assert await store.uses_of_versions(VERSIONS, roles) == await new.uses_of_versions(VERSIONS, roles)
        uses = await new.uses_of_runs(RUNS, roles)
        assert await store.uses_of_runs(RUNS, roles) == uses
    made = [use for use in uses if use.role == Role.PRODUCED]
    read = [use for use in uses if use.role == Role.CONSUMED]
    assert await store.last_produced(read) == await new.last_produced(read)
    for use in made:
        assert await store.read_since([use]) == await new.read_since([use])
    assert await store.read_since(made) == await new.read_since(made)


@settings(deadline=None, max_examples=200)
@given(worlds)
def test_on_sqlite(world):
    run_on_sqlite(check, world)


@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds)
def test_on_neo4j(neo4j, world):
    run_on_neo4j(neo4j, check, world)
