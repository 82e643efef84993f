"""`recovery` as GraphQL offers it: counts first, pages, errors."""

import pytest

from tests.build import JOBS, NS, dataset, event, run_id
from tests.graphql.test_paging import page, pages

OF = {"run": run_id(1)}


def wide(n):
    """A run, n jobs that read what it made, of which some ran again since, and one that names an unknown version."""
    unknown = dataset("a", version={"datasetVersion": "unknown"})
    old = dataset("b0", version={"datasetVersion": "7"})
    return [
        event("COMPLETE", "09:00:00", "load", 1, (), ["a"]),
        *(event("COMPLETE", "10:00:00", f"job{k}", 10 + k, ["a"], [dataset(f"b{k}") if k else old]) for k in range(n)),
        *(event("COMPLETE", "11:00:00", f"end{k}", 100 + k, [f"b{k}"], [f"c{k}"]) for k in range(n)),
        event("COMPLETE", "12:00:00", "stray", 300, [unknown], ["d"]),
    ]


PATH = "path { reason basis run { name } read { name ... on DatasetVersion { label } } }"
PARTS = {
    "stale": f"reason distance certainty current at partitions dataset {{ name }} version {{ id }} run {{ id }} {PATH}",
    "work": "id reason status certainty partition nominalStart replaced job { name } run { id } madeGoodBy { id } "
    + PATH,
    "steps": "wave orchestrator command commandLine waits hint cycle work { edges { node { job { name } } } }",
    "fallbacks": "goodNow producedAt partition dataset { name } version { id } run { id }",
    "good": "reason distance node { name } madeGoodBy { id }",
    "repairs": "reason dataset { name } jobs { name }",
    "unresolved": "label run { name } dataset { name }",
}
SIZES = {"stale": 15, "work": 15, "steps": 15, "fallbacks": 15, "good": 2, "repairs": 0, "unresolved": 1}


@pytest.mark.parametrize("part", PARTS)
async def test_every_list_is_paged(graph, part):
    client = await graph(*wide(7))
    query = (
        "query ($of: LineageStart!, $first: Int!, $after: String) { recovery(of: $of) { "
        f"{part}(first: $first, after: $after) {{ {page(PARTS[part])} }} }} }}"
    )
    whole = await pages(client, query, ["recovery", part], 100, of=OF)
    assert len(whole) == SIZES[part]
    for first in (1, 4):
        assert await pages(client, query, ["recovery", part], first, of=OF) == whole


async def test_counts_and_proofs(graph):
    client = await graph(*wide(2))
    query = f"""query ($of: LineageStart!) {{ recovery(of: $of) {{
      asOf since until late truncated truncatedBy notes logSize cursor start {{ kind name }}
      counts {{ stale current inferred open running done waves steps byHand repairs unresolved }}
      stale(current: true) {{ edges {{ node {{ {PARTS["stale"]} }} }} }}
      open: work(statuses: [OPEN]) {{ edges {{ node {{ {PARTS["work"]} }} }} }}
      done: work(statuses: [DONE]) {{ edges {{ node {{ id }} }} }}
    }} }}"""
    found = (await client.ask(query, of=OF))["recovery"]
    assert found["start"] == {"kind": "RUN", "name": "load"}
    assert found["counts"] == {
        "stale": 5,
        "current": 5,
        "inferred": 4,
        "open": 5,
        "running": 0,
        "done": 0,
        "waves": 3,
        "steps": 5,
        "byHand": 5,
        "repairs": 0,
        "unresolved": 1,
    }
    assert len(found["open"]["edges"]) == 5
    assert found["done"]["edges"] == []
    [end] = [edge["node"] for edge in found["stale"]["edges"] if edge["node"]["dataset"]["name"] == "c0"]
    assert end["path"] == [
        {"reason": "BAD", "basis": None, "run": {"name": "load"}, "read": None},
        {"reason": "STALE", "basis": "INFERRED", "run": {"name": "job0"}, "read": {"name": "a", "label": None}},
        {"reason": "STALE", "basis": "INFERRED", "run": {"name": "end0"}, "read": {"name": "b0", "label": "7"}},
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"of": {"run": run_id(99)}}, "not in the graph"),
        ({"of": {"dataset": {"namespace": NS, "name": "a"}}, "late": True}, "`late` goes with"),
        ({"of": {"job": {"namespace": JOBS, "name": "load"}}, "version": "x"}, "go with a dataset"),
        ({"of": {"column": {"namespace": NS, "name": "a", "field": "x"}}}, "of a column"),
        ({"of": OF, "maxNodes": 0}, "maxNodes"),
    ],
)
async def test_errors(graph, arguments, message):
    client = await graph(*wide(1))
    types = {"of": "LineageStart!", "late": "Boolean! = false", "version": "String", "maxNodes": "Int! = 100"}
    variables = ", ".join(f"${name}: {kind}" for name, kind in types.items())
    given = ", ".join(f"{name}: ${name}" for name in types)
    error = await client.error(f"query ({variables}) {{ recovery({given}) {{ asOf }} }}", **arguments)
    assert message in error.message
