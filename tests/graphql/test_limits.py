"""Limits, errors, and that no list is read one by one."""

import asyncio
import logging
import time

import pytest

from tests.build import JOBS, dataset, event, schema
from tests.graphql.conftest import LOOSE
from whence_graphql.context import Context
from whence_graphql.limits import Limits
from whence_graphql.schema import execute
from whence_schemas.errors import GraphUnavailable


def nested(levels):
    return '{ job(namespace: "", name: "") ' + "{ children " * levels + "{ id }" + " }" * levels + " }"


async def test_depth(samples):
    assert not (await samples.result(nested(12))).errors
    error = await samples.error(nested(14))
    assert error.extensions == {"code": "LIMIT_EXCEEDED", "status": 422}
    assert "16 levels" in error.message


async def test_depth_through_fragments(samples):
    spread = "{ ...A } fragment A on Query { " + nested(14)[2:-2] + " }"
    assert (await samples.error(spread)).extensions["code"] == "LIMIT_EXCEEDED"


async def test_aliases_count_as_often_as_they_are_used(samples):
    def query(n):
        return "{ " + " ".join(f"a{i}: status {{ lag }}" for i in range(n)) + " }"

    assert not (await samples.result(query(30))).errors
    assert "31 aliases" in (await samples.error(query(31))).message
    doubled = (
        "fragment S on Status { x: lag y: cursor } { " + " ".join(f"b{i}: status {{ ...S }}" for i in range(11)) + " }"
    )
    assert "33 aliases" in (await samples.error(doubled)).message


async def test_tokens(samples):
    error = await samples.error("{ status { " + "lag " * 2_000 + "} }")
    assert error.extensions == {"code": "INVALID_QUERY", "status": 400}
    assert "tokens" in error.message


async def test_fragments_that_multiply_take_no_time(samples):
    """Each spreads the next one twice: 2 ** 150 fields, if one counts them one by one."""
    bomb = "{ ...F0 } " + " ".join(f"fragment F{i} on Query {{ ...F{i + 1} ...F{i + 1} }}" for i in range(150))
    bomb += " fragment F150 on Query { status { lag } }"
    began = time.perf_counter()
    await samples.result(bomb)
    fields = "{ ...F0 } " + " ".join(
        f"fragment F{i} on Query {{ a{i}: __typename ...F{i + 1} b{i}: __typename ...F{i + 1} }}" for i in range(100)
    )
    await samples.result(fields + " fragment F100 on Query { status { lag } }")
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    "query",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { status { lag } ...B } fragment B on Query { ...A }",
        "{ ...Missing }",
        "{",
        "",
        " # nothing",
        "{ nothing }",
        "{ status }",
        "mutation { x }",
        "subscription { x }",
        "{" * 900,
        "[" * 900,
        "query { " + "a { " * 450,
        "{ job(namespace: " + "[" * 900 + ") { id } }",
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
    ],
)
async def test_queries_that_are_wrong_are_the_client_s(samples, query, caplog):
    with caplog.at_level(logging.ERROR):
        result = await samples.result(query)
    assert result.data is None
    assert result.errors
    for error in result.errors:
        assert error.extensions["status"] in (400, 422), error
        assert "internal" not in error.message
    assert not caplog.records


async def test_an_operation_is_named(samples):
    query = "query A { status { lag } } query B { status { cursor } }"
    result = await execute(Context(samples.reader), query, operation="B")
    assert list(result.data["status"]) == ["cursor"]
    (error,) = (await execute(Context(samples.reader), query, operation="C")).errors
    assert (error.extensions["code"], "operationName" in error.message) == ("INVALID_QUESTION", True)


async def test_introspection_works(samples):
    from graphql import get_introspection_query

    data = await samples.ask(get_introspection_query())
    assert data["__schema"]["queryType"]["name"] == "Query"


async def test_rows_are_counted_over_all_lists(samples):
    query = "{ search(first: 100) { edges { node { ... on Asset { facets { name } } } } } }"
    whole = await samples.ask(query)
    rows = sum(1 + len(edge["node"]["facets"]) for edge in whole["search"]["edges"])
    assert rows > 200
    assert (await samples.ask(query, Limits(rows=rows))) == whole
    error = await samples.error("{ search(first: 100) { edges { node { id } } } }", Limits(rows=99))
    assert error.extensions == {"code": "LIMIT_EXCEEDED", "status": 422}
    assert "99 rows" in error.message


async def test_cycles_run_out_of_rows(samples):
    cycle = "writtenBy { node { outputs { node { ... on Dataset { %s } } } } }"
    query = "id"
    for _ in range(6):
        query = cycle % query
    query = f'{{ dataset(namespace: "s3://lake", name: "hooked/out") {{ {query} }} }}'
    result = await samples.result(query, Limits(depth=100, rows=5_000))
    assert {error.extensions["code"] for error in result.errors} == {"LIMIT_EXCEEDED"}


async def test_lineage_is_cut_at_the_rows_that_are_left(samples):
    query = '{ lineage(of: {job: {namespace: "air-ns", name: "trades"}}) { truncated nodeCount nodes { id } } }'
    data = await samples.ask(query, Limits(rows=7))
    assert data["lineage"]["truncated"] is True
    assert data["lineage"]["nodeCount"] == len(data["lineage"]["nodes"]) == 7


async def test_time(samples, monkeypatch):
    async def slow():
        await asyncio.sleep(30)

    monkeypatch.setattr(samples.reader, "freshness", slow)
    began = time.perf_counter()
    error = await samples.error("{ status { lag } }", Limits(seconds=0.1))
    assert time.perf_counter() - began < 5
    assert error.extensions == {"code": "OUT_OF_TIME", "status": 503}
    assert "0.1 s" in error.message


async def test_unexpected_errors_are_masked_and_logged(samples, monkeypatch, caplog):
    async def broken():
        raise KeyError("secret")

    monkeypatch.setattr(samples.reader, "freshness", broken)
    with caplog.at_level(logging.ERROR):
        error = await samples.error("{ status { lag } }")
    assert (error.message, error.extensions) == ("internal error", {"code": "INTERNAL_ERROR", "status": 500})
    assert "secret" not in str(error.formatted)
    assert "secret" in caplog.text


async def test_errors_of_whence_are_told(samples, monkeypatch, caplog):
    async def away():
        raise GraphUnavailable("the graph store does not answer")

    monkeypatch.setattr(samples.reader, "freshness", away)
    error = await samples.error("{ status { lag } }")
    assert error.message == "the graph store does not answer"
    assert error.extensions == {"code": "GRAPH_UNAVAILABLE", "status": 503}
    assert not caplog.records


async def test_what_fails_leaves_the_rest(samples):
    result = await samples.result(
        '{ status { lag } job(namespace: "air-ns", name: "trades") { runs(first: 501) { edges { cursor } } } }'
    )
    assert result.data == {"status": {"lag": 0}, "job": None}
    assert [error.path for error in result.errors] == [["job", "runs"]]


EVERYTHING = """{ search(first: 500) { edges { node { id
  ... on Dataset {
    names { name } facets { name } documentation owners { name } tags { name } aliases { type }
    fields { name column { type } } writtenBy { node { name latestRun { state } } } readBy { node { name } } }
  ... on Job { documentation owners { name } children { name } inputs { node { name } } outputs { node { name } } }
} } } }"""


def chains(n):
    return [
        event(
            "COMPLETE",
            f"10:{i:02}:00",
            f"job{i}",
            i,
            [f"s{i}"],
            [dataset(f"t{i}", schema=schema("a"), ownership={"owners": [{"name": "o"}]})],
        )
        for i in range(n)
    ]


async def test_wide_answers_take_no_more_calls_than_narrow_ones(graph):
    """But for what the store can only be asked one by one: the last runs of a job."""
    calls = []
    for n in (2, 40):
        client = await graph(*chains(n))
        await client.ask(EVERYTHING, LOOSE)
        calls.append(dict(client.store.calls))
    narrow, wide = calls
    assert wide.pop("runs_of_job") > narrow.pop("runs_of_job")
    assert wide.pop("nodes") <= narrow.pop("nodes") + 3  # as the resolvers happen to meet
    assert wide == narrow
    assert sum(wide.values()) < 60


async def test_runs_with_inputs_and_outputs_are_read_together(graph):
    client = await graph(
        *(event("COMPLETE", f"10:{n:02}:00", run=n, inputs=["s"], outputs=["t"]) for n in range(40)),
    )
    query = """query ($first: Int!, $ns: String!) {
        job(namespace: $ns, name: "etl") { runs(first: $first) { edges { node {
        facets { name } startedAt attempts { facets { name } inputs { dataset { name } inputFacets { name } }
          outputs { version { producedAt } outputFacets { name } } } parent { id } root { id } children { id }
        codeVersions { id } tags { name } } } } } }"""
    await client.ask(query, first=2, ns=JOBS)
    narrow = dict(client.store.calls)
    await client.ask(query, first=40, ns=JOBS)
    assert client.store.calls == narrow
    assert sum(narrow.values()) < 20
