"""`freshness`, `history` and `partitions` as GraphQL offers them: pages, budget, errors."""

import pytest

from tests.build import JOBS, NS, dataset, event, run_id
from tests.graphql.conftest import LOOSE
from tests.graphql.test_paging import page, pages
from whence_graphql.limits import Limits

FRESHNESS = f"""
query ($rules: [FreshnessRuleInput!]! = [], $states: [FreshnessState!]! = [], $first: Int! = 100, $after: String,
  $of: [NameInput!]! = []) {{
  freshness(of: $of, rules: $rules, states: $states, first: $first, after: $after, asOf: "2026-01-09T00:00:00Z") {{
    asOf truncated truncatedBy notes logSize cursor counts {{ fresh late never dropped unknown truncatedBy }}
    datasets {{ {
    page(
        "dataset { name } state dueAt lateSeconds rhythm { basis said rule graceSeconds } "
        "lastProduced { at attempt state run { runId job { name } } } lastIncomplete { state run { runId } } "
        "holdsUp { datasets jobs truncatedBy }"
    )
} }} }} }}"""
HISTORY = f"""
query ($of: LineageStart!, $first: Int! = 100, $after: String) {{ history(of: $of, first: $first, after: $after) {{
  asOf threshold previous truncated truncatedBy notes logSize cursor of {{ name }}
  failing {{ edges {{ node {{ assertion column since times lastPassed exact severity dataset {{ name }} }} }} }}
  entries {{ {
    page(
        "at role attempt { number state startedAt endedAt durationSeconds run { runId } job { name } } "
        "measures { edges { node { facet name column value median of change changed dataset { name } } } } "
        "checks { edges { node { assertion column passed status severity dataset { name } } } }"
    )
} }} }} }}"""
PARTITIONS = f"""
query ($of: LineageStart!, $first: Int! = 100, $after: String, $states: [PartitionState!]! = []) {{
  partitions(of: $of, from: "2026-01-01T00:00:00Z", to: "2026-01-09T00:00:00Z") {{
    asOf step rhythm basis zone truncated truncatedBy notes logSize cursor of {{ name }}
    counts {{ expected present partial running failed missing beside }}
    partitions(states: $states, first: $first, after: $after) {{ {
    page(
        "at label state expected tries "
        "attempt { number state run { runId } job { name } } keys { edges { node { key state tries } } }"
    )
} }} }} }}"""
DATASET = {"dataset": {"namespace": NS, "name": "t0"}}


def daily(n=4, last=6):
    """Datasets that are made each day of January, of which each holds up another."""
    found = []
    for k in range(n):
        for day in range(1, last + 1):
            nominal = {"nominalTime": {"nominalStartTime": f"2026-01-{day:02}T00:00:00Z"}}
            checks = {
                "assertions": [{"assertion": "unique", "column": "x", "success": day != last, "severity": "warn"}]
            }
            facets = {"output": {"outputStatistics": {"rowCount": 10 * day}}, "dataQualityAssertions": checks}
            made = [dataset(f"t{k}", **facets)]
            at = f"2026-01-{day + 1:02}T02:00:00Z"
            found.append(event("COMPLETE", at, f"load {k}", 100 * k + day, outputs=made, run_facets=nominal))
        own = {"ownership": {"owners": [{"name": f"o{k}"}]}}
        found.append(event("COMPLETE", "10:00:00", f"use {k}", 100 * k, [f"t{k}"], [dataset(f"u{k}", **own)]))
    return found


async def test_freshness(graph):
    client = await graph(*daily(), event("FAIL", "2026-01-08T02:00:00Z", "load 0", 77, outputs=["t0"]))
    found = (await client.ask(FRESHNESS, states=["LATE"]))["freshness"]
    assert found["counts"] == {"fresh": 0, "late": 4, "never": 0, "dropped": 0, "unknown": 4, "truncatedBy": None}
    assert found["datasets"]["edges"][0]["node"] == {
        "dataset": {"name": "t0"},
        "state": "LATE",
        "dueAt": "2026-01-08T02:00:00.000000Z",
        "lateSeconds": 22 * 3_600,
        "rhythm": {"basis": "INFERRED", "said": "about every 1 d in 5 intervals", "rule": None, "graceSeconds": 43_200},
        "lastProduced": {
            "at": "2026-01-07T02:00:00.000000Z",
            "attempt": 0,
            "state": "COMPLETE",
            "run": {"runId": run_id(6), "job": {"name": "load 0"}},
        },
        "lastIncomplete": {"state": "FAIL", "run": {"runId": run_id(77)}},
        "holdsUp": {"datasets": 1, "jobs": 1, "truncatedBy": None},
    }
    rules = [{"id": "r", "names": ["u*"], "every": "P1M"}]
    found = (await client.ask(FRESHNESS, of=[{"namespace": NS, "name": "u1"}], rules=rules))["freshness"]
    [edge] = found["datasets"]["edges"]
    assert (edge["node"]["state"], edge["node"]["rhythm"]["rule"], edge["node"]["holdsUp"]) == ("FRESH", "r", None)
    assert found["counts"]["fresh"] == 1


async def test_pages(graph):
    client = await graph(*daily(7))
    for query, path, more in (
        (FRESHNESS, ["freshness", "datasets"], {}),
        (FRESHNESS, ["freshness", "datasets"], {"states": ["LATE"]}),
        (HISTORY, ["history", "entries"], {"of": DATASET}),
        (PARTITIONS, ["partitions", "partitions"], {"of": DATASET}),
    ):
        whole = await pages(client, query, path, 100, **more)
        assert len(whole) >= 6
        for first in (1, 3):
            assert await pages(client, query, path, first, **more) == whole


@pytest.mark.parametrize("inner", ["nearest", "owners"])
async def test_pages_of_what_is_held_up(graph, inner):
    own = {"ownership": {"owners": [{"name": "x"}]}}
    chain = [
        event(
            "COMPLETE",
            "10:00:00",
            f"j{k}",
            500 + k,
            ["t0"],
            [dataset(f"v{k}", ownership={"owners": [{"name": f"p{k}"}]})],
        )
        for k in range(5)
    ]
    client = await graph(*daily(1), *chain, event("COMPLETE", "10:00:00", "z", 600, ["v1"], [dataset("w", **own)]))
    field = {"nearest": "distance dataset { name }", "owners": "distance assets owner { name }"}[inner]
    query = f"""query ($first: Int!, $after: String) {{
      freshness(states: [LATE], asOf: "2026-01-09T00:00:00Z") {{ datasets {{ edges {{ node {{
        holdsUp {{ {inner}(first: $first, after: $after) {{ {page(field)} }} }} }} }} }} }} }}"""
    found = []
    after = None
    while True:
        data = await client.ask(query, first=2, after=after)
        [edge] = data["freshness"]["datasets"]["edges"]
        rows = edge["node"]["holdsUp"][inner]
        found += [row["node"] for row in rows["edges"]]
        if not rows["pageInfo"]["hasNextPage"]:
            break
        after = rows["pageInfo"]["endCursor"]
    assert [row["distance"] for row in found] == sorted(row["distance"] for row in found)
    assert len({str(row) for row in found}) == len(found) == 7


async def test_history(graph):
    client = await graph(*daily())
    found = (await client.ask(HISTORY, of=DATASET))["history"]
    newest = found["entries"]["edges"][0]["node"]
    assert newest["attempt"]["run"] == {"runId": run_id(6)}
    assert newest["role"] == "PRODUCED"
    [rows] = [edge["node"] for edge in newest["measures"]["edges"] if edge["node"]["name"] == "rowCount"]
    assert rows == {
        "facet": "outputStatistics",
        "name": "rowCount",
        "column": None,
        "value": 60,
        "median": 30,
        "of": 5,
        "change": 1,
        "changed": True,
        "dataset": None,
    }
    assert newest["checks"]["edges"][0]["node"]["passed"] is False
    [failing] = found["failing"]["edges"]
    assert (failing["node"]["since"], failing["node"]["lastPassed"]) == (
        "2026-01-07T02:00:00.000000Z",
        "2026-01-06T02:00:00.000000Z",
    )
    found = (await client.ask(HISTORY, of={"job": {"namespace": JOBS, "name": "load 0"}}))["history"]
    assert found["failing"]["edges"][0]["node"]["dataset"] == {"name": "t0"}
    assert found["of"] == {"name": "load 0"}


async def test_partitions(graph):
    client = await graph(*daily(1))
    found = (await client.ask(PARTITIONS, of=DATASET, states=["MISSING"]))["partitions"]
    assert (found["rhythm"], found["step"], found["basis"], found["zone"]) == ("every day", "DAY", "INFERRED", "UTC")
    assert found["counts"] == {
        "expected": 8, "present": 6, "partial": 0, "running": 0, "failed": 0, "missing": 2, "beside": 0,
    }  # fmt: skip
    [one, _] = [edge["node"] for edge in found["partitions"]["edges"]]
    assert (one["label"], one["state"], one["attempt"]) == ("2026-01-07", "MISSING", None)


async def test_wide_answers_take_no_more_calls_than_narrow_ones(graph):
    for query, variables in ((FRESHNESS, {}), (HISTORY, {"of": DATASET}), (PARTITIONS, {"of": DATASET})):
        calls = []
        for n, last in ((2, 2), (40, 20)):
            client = await graph(*daily(n, last))
            await client.ask(query, LOOSE, **variables)
            calls.append(dict(client.store.calls))
        assert calls[0] == calls[1]
        assert sum(calls[0].values()) < 40


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ freshness(of: [{namespace: "x", name: "y"}]) { asOf } }', "NOT_FOUND"),
        ('{ freshness(rules: [{id: "r"}]) { asOf } }', "INVALID_QUESTION"),
        ("{ freshness(first: 501) { asOf } }", "INVALID_QUESTION"),
        ("{ freshness(window: 0) { asOf } }", "INVALID_QUESTION"),
        ('{ freshness(after: "x") { asOf } }', "INVALID_QUESTION"),
        ('{ history(of: {run: "x"}) { asOf } }', "INVALID_QUESTION"),
        ('{ history(of: {job: {namespace: "x", name: "y"}}) { asOf } }', "NOT_FOUND"),
        ('{ history(of: {job: {namespace: "trading", name: "load 0"}}, threshold: -1) { asOf } }', "INVALID_QUESTION"),
        ('{ partitions(of: {job: {namespace: "x", name: "y"}}, from: "2026-01-01T00:00:00Z") { asOf } }', "NOT_FOUND"),
        (
            '{ partitions(of: {job: {namespace: "trading", name: "load 0"}}, from: "2036-01-01T00:00:00Z") { asOf } }',
            "INVALID_QUESTION",
        ),
    ],
)
async def test_wrong_questions(graph, query, code):
    client = await graph(*daily(1))
    error = await client.error(query)
    assert error.extensions["code"] == code


async def test_rows_count_against_the_budget(graph):
    client = await graph(*daily(10))
    error = await client.error(FRESHNESS, Limits(rows=15))
    assert error.extensions["code"] == "LIMIT_EXCEEDED"
