"""Diffs of times and runs, and drift, as GraphQL offers them."""

from tests.build import JOBS, NS, dataset, event, job_event, run_id, schema

TIMES = """
query ($from: DateTime!, $to: DateTime, $first: Int! = 20, $after: String, $granularity: Granularity) {
  diff(of: {dataset: {namespace: "postgres://db:5432", name: "b"}}, from: $from, to: $to, granularity: $granularity) {
    from to window granularity truncated logSize cursor start { name } counts { edgesAppeared nodesAppeared }
    nodes(first: $first, after: $after) {
      edges { node { difference before { name } after { name } shown { first { at attempt run { runId } } reach } } }
      pageInfo { hasNextPage endCursor }
    }
    edges(first: $first, differences: [APPEARED]) {
      edges { node { difference by { name } source { name } target { name } after { kind observed } shown { reach } } }
    }
    columns { edges { node { dataset { name } path change before after said { at run { runId } } } } }
    code { edges { node { job { name } texts { diff } } } }
    facets { edges { node { name of { name } difference before after said { run { runId } } } } }
  }
}
"""


def pipeline(extra=6):
    more = [f"x{n}" for n in range(extra)]
    first = {"sql": {"query": "select 1"}, "documentation": {"description": "one"}}
    then = {"sql": {"query": "select 2"}, "documentation": {"description": "two"}}
    made = [dataset("b", schema=schema(*names)) for names in (["x"], ["x", "y"])]
    return [
        event("COMPLETE", "10:00:00", run=1, inputs=["a"], outputs=[made[0]], job_facets=first),
        event("COMPLETE", "11:00:00", run=2, inputs=["a", *more], outputs=[made[1]], job_facets=then),
    ]


async def test_a_diff_of_times_with_all_its_parts(graph):
    client = await graph(*pipeline(1))
    found = (await client.ask(TIMES, **{"from": "2026-01-01T10:30:00Z"}))["diff"]
    assert (found["window"], found["granularity"], found["logSize"], found["start"]["name"]) == (10, "DATASET", 2, "b")
    assert found["counts"] == {"edgesAppeared": 1, "nodesAppeared": 1}
    [node] = [edge["node"] for edge in found["nodes"]["edges"]]
    shown = {"first": {"at": "2026-01-01T11:00:00.000000Z", "attempt": 0, "run": {"runId": run_id(2)}}, "reach": False}
    assert node == {"difference": "APPEARED", "before": None, "after": {"name": "x0"}, "shown": shown}
    [edge] = [edge["node"] for edge in found["edges"]["edges"]]
    assert (edge["by"]["name"], edge["source"]["name"], edge["target"]["name"]) == ("etl", "etl", "x0")
    assert edge["after"] == {"kind": "READS", "observed": True}
    [column] = [edge["node"] for edge in found["columns"]["edges"]]
    assert (column["dataset"]["name"], column["path"], column["change"], column["after"]) == ("b", "y", "ADDED", "int")
    assert column["said"]["run"]["runId"] == run_id(2)
    [code] = [edge["node"] for edge in found["code"]["edges"]]
    assert code["texts"] == [{"diff": "@@ -1 +1 @@\n-select 1\n+select 2"}]
    [facet] = [edge["node"] for edge in found["facets"]["edges"]]
    assert (facet["name"], facet["before"]["description"], facet["after"]["description"]) == (
        "documentation",
        "one",
        "two",
    )


async def test_lists_are_paged_and_nothing_is_said_twice(graph):
    client = await graph(*pipeline(6))
    names, after = [], None
    while True:
        page = (await client.ask(TIMES, **{"from": "2026-01-01T10:30:00Z"}, first=4, after=after))["diff"]["nodes"]
        names += [edge["node"]["after"]["name"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert sorted(names) == [f"x{n}" for n in range(6)]


async def test_a_page_costs_the_same_however_many_rows_it_has(graph):
    """Lists that are ready at one moment load their nodes in one call, else in one each: so the cheapest of some asks
    counts."""
    calls = []
    for extra in (1, 20):
        client = await graph(*pipeline(extra))
        asks = []
        for _ in range(8):
            client.store.calls.clear()
            await client.ask(TIMES, **{"from": "2026-01-01T10:30:00Z"}, first=100)
            asks.append(dict(client.store.calls))
        calls.append(min(asks, key=lambda made: sum(made.values())))
    assert calls[0] == calls[1]


async def test_what_a_diff_refuses(graph):
    client = await graph(*pipeline(1))
    variables = {"from": "2026-01-01T12:00:00Z", "to": "2026-01-01T11:00:00Z"}
    assert "exchange" in (await client.error(TIMES, **variables)).message
    variables = {"from": "2026-01-01T10:30:00Z", "granularity": "RUN"}
    assert "two runs" in (await client.error(TIMES, **variables)).message


RUNS = """
query ($before: RunChoice!, $after: RunChoice!) {
  runDiff(before: $before, after: $after) {
    notes before { runId } after { runId }
    datasets { edges { node { role difference dataset { name } before { rows } after { rows version { label } } } } }
    columns { edges { node { path change said { at } } } }
    code { texts { facet } }
    lineage { edges { node { difference source { name } target { name } before { type } after { type } } } }
    parameters { edges { node { name before after } } }
    facets { edges { node { name } } }
    parts { edges { node { job { name } } } }
  }
}
"""


async def test_a_diff_of_runs(graph):
    client = await graph(*pipeline(1))
    choices = {"before": {"run": run_id(1)}, "after": {"run": run_id(2)}}
    found = (await client.ask(RUNS, **choices))["runDiff"]
    assert (found["before"]["runId"], found["after"]["runId"]) == (run_id(1), run_id(2))
    [use] = [edge["node"] for edge in found["datasets"]["edges"]]
    assert (use["role"], use["difference"], use["dataset"]["name"], use["before"]) == (
        "CONSUMED",
        "APPEARED",
        "x0",
        None,
    )
    assert [edge["node"] for edge in found["columns"]["edges"]] == [{"path": "y", "change": "ADDED", "said": None}]
    assert found["code"] == {"texts": [{"facet": "sql"}]}
    assert [edge["node"]["name"] for edge in found["facets"]["edges"]] == ["documentation"]
    missing = {"before": {"run": run_id(1)}, "after": {"run": run_id(7)}}
    assert "there is no run" in (await client.error(RUNS, **missing)).message
    code = {"namespace": JOBS, "name": "etl", "commit": "abc"}
    assert "commit abc" in (await client.error(RUNS, before={"code": code}, after={"run": run_id(1)})).message


DRIFT = """
query ($job: NameInput, $namespace: String, $kinds: [DriftKind!]! = [], $first: Int! = 20, $after: String) {
  drift(job: $job, namespace: $namespace, kinds: $kinds, first: $first, after: $after) {
    asOf window examined truncated logSize cursor
    jobs {
      edges { node { job { name } declaredAt findings { edges { node {
        kind subject dataset { name } since runs silent lastShown { at }
        downstream { change granularity counts { datasets jobs } }
      } } } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


def drifting(count):
    for n in range(count):
        yield job_event("09:00:00", f"j{n}", inputs=["a", "gone"], outputs=[f"o{n}", "gone too"])
        yield event("COMPLETE", "10:00:00", f"j{n}", n, ["a"], [f"o{n}"])
        yield event("COMPLETE", "11:00:00", "reader", 100 + n, [f"o{n}"], [f"p{n}"])


async def test_drift_names_what_rests_on_a_broken_declaration(graph):
    client = await graph(*drifting(1))
    found = (await client.ask(DRIFT, job={"namespace": JOBS, "name": "j0"}))["drift"]
    [job] = [edge["node"] for edge in found["jobs"]["edges"]]
    assert (job["job"]["name"], job["declaredAt"]) == ("j0", "2026-01-01T09:00:00.000000Z")
    read, wrote = (edge["node"] for edge in job["findings"]["edges"])
    assert (read["kind"], read["subject"], read["dataset"]["name"], read["runs"]) == (
        "NOT_OBSERVED",
        "INPUT",
        "gone",
        1,
    )
    downstream = {"change": "VALUES", "granularity": "DATASET", "counts": {"datasets": 3, "jobs": 1}}
    assert read["downstream"] == downstream  # both outputs, what is declared too, and what is made of them
    assert (wrote["subject"], wrote["downstream"]["change"]) == ("OUTPUT", "DROP")


async def test_drift_is_paged_and_can_be_narrowed(graph):
    client = await graph(*drifting(5))
    names, after = [], None
    while True:
        page = (await client.ask(DRIFT, namespace=JOBS, first=2, kinds=["NOT_OBSERVED"], after=after))["drift"]
        names += [edge["node"]["job"]["name"] for edge in page["jobs"]["edges"]]
        after = page["jobs"]["pageInfo"]["endCursor"]
        if not page["jobs"]["pageInfo"]["hasNextPage"]:
            break
    assert names == [f"j{n}" for n in range(5)]
    undeclared = (await client.ask(DRIFT, kinds=["UNDECLARED"]))["drift"]["jobs"]["edges"]
    assert [edge["node"]["job"]["name"] for edge in undeclared] == ["reader"]
    assert undeclared[0]["node"]["findings"]["edges"][0]["node"]["downstream"] is None
    assert (await client.ask(DRIFT, namespace=NS))["drift"]["examined"] == 0
    assert "not in the graph" in (await client.error(DRIFT, job={"namespace": JOBS, "name": "none"})).message


async def test_search_in_a_namespace(graph):
    client = await graph(*drifting(1))
    query = """query ($in: String) { search(namespace: $in) { edges { node { name } } } }"""
    assert [e["node"]["name"] for e in (await client.ask(query, **{"in": JOBS}))["search"]["edges"]] == ["j0", "reader"]
    assert (await client.ask(query, **{"in": "none"}))["search"]["edges"] == []
