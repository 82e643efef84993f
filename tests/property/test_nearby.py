"""What is around nodes stays right while the graph changes: what a store keeps of its answers is what it would find.

Events come and go in random orders; every answer in between is compared with those of the port's plain questions.
"""

from itertools import product
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import JOBS, NS, at, dataset, event, job_event
from tests.changes import Changes
from tests.property.stores import run_on_neo4j, run_on_sqlite
from whence.graph.facts import EdgeKind
from whence.graph.live import footprints_of, live_of
from whence.graph.port import Around, GraphStore
from whence_schemas.identity import dataset_key, job_key

DATASETS = "abcdef"
TARGETS = [*(dataset_key(NS, name) for name in DATASETS), job_key(JOBS, "j0"), dataset_key(NS, "none")]
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


def _event(number, job, reads, writes, time, declared, linked):
    facets = {"symlinks": {"identifiers": [{"namespace": NS, "name": linked, "type": "TABLE"}]}} if linked else {}
    outputs = [dataset(name, **facets) for name in writes]
    if declared:
        return job_event(time, f"j{job}", list(reads), outputs)
    return event("COMPLETE", time, f"j{job}", number % 4, inputs=list(reads), outputs=outputs)


names = st.sets(st.sampled_from(DATASETS), max_size=2).map(sorted)
linked = st.sampled_from(["", "", "", "a", "f"])
said = st.tuples(st.integers(0, 2), names, names, st.sampled_from(TIMES), st.booleans(), linked)
steps = st.builds(
    Step,
    st.integers(0, 5),
    st.booleans(),
    st.permutations(TARGETS).map(lambda targets: targets[:4]),
    st.sampled_from(TIMES),
    st.integers(1, 2),
)
worlds = st.tuples(st.lists(said, min_size=6, max_size=6), st.lists(steps, min_size=1, max_size=8))


async def check(store: GraphStore, world):
    facts, steps = world
    events = [_event(number, *fact) for number, fact in enumerate(facts)]
    graph = Changes(store)
    await graph.add(*events[:3])
    for step in steps:
        await (graph.add if step.comes else graph.withdraw)(events[step.event])
        for target, (around, hops) in zip(step.targets, [*product(AROUND[:2], [1, 3])], strict=True):
            await _compare(store, target, around._replace(hops=hops), at(step.time), step.window)


async def _compare(store, target, around, *when):
    found = await store.neighbours([target], around, *when)
    edges = await store.owners(list(found.into), around.kinds)
    assert target in found.into
    assert {key: sorted(into) for key, into in found.into.items()} == {
        key: sorted(edge for edge in edges if edge.target == key) for key in found.into
    }
    owners = {edge.owner for edge in edges}.union(found.into if around.themselves else ())
    assert found.live.keys() >= owners
    said = await store.activities(sorted(found.live), *when)
    live = live_of(found.live, said, await store.footprints(sorted(footprints_of(said.values()))))
    assert {owner: _shown(one) for owner, one in found.live.items()} == {
        owner: _shown(one) for owner, one in live.items()
    }
    names = {name for one in live.values() if one for name in one.datasets()}
    aliases = await store.aliases(sorted(names))
    assert {name: sorted(found.aliases[name]) for name in names} == {
        name: sorted(edge for edge in aliases if name in (edge.source, edge.target)) for name in names
    }


def _shown(live):
    if live is None:
        return None
    return [(f.key, live.seen(lambda one, f=f: one is f)) for f in sorted(live.footprints(), key=lambda f: f.key)]


@settings(deadline=None, max_examples=250)
@given(worlds)
def test_on_sqlite(world):
    run_on_sqlite(check, world)


@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds)
def test_on_neo4j(neo4j, world):
    run_on_neo4j(neo4j, check, world)
