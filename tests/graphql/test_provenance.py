"""`provenance` as GraphQL offers it: pages, parameters, retrieval, budget, errors."""

import pytest

from tests.analyses.test_provenance import CODE, desk, git, named
from tests.build import JOBS, NS, dataset, event, run_id
from tests.graphql.conftest import LOOSE
from tests.graphql.test_paging import page, pages
from whence_graphql.limits import Limits
from whence_schemas.facets.whence import PARAMETERS, RETRIEVAL

HEAD = "asOf direction truncated truncatedBy notes logSize cursor counts { runs versions sources named inferred }"


def query(inner):
    """The question, with variables for a page where the fields asked for have some."""
    paged = ", $first: Int! = 100, $after: String" if "$first" in inner else ""
    return (
        f"query ($of: ProvenanceStart!, $direction: Direction! = UPSTREAM{paged}) "
        f"{{ provenance(of: $of, direction: $direction) {{ {inner} }} }}"
    )


def listed(field, inner):
    return query(f"{field}(first: $first, after: $after) {{ {page(inner)} }}")


def start(name, **more):
    return {"dataset": {"namespace": NS, "name": name, **more}}


def wide(n):
    """n attempts with code of their own make a model each, which are joined."""
    facets = {"run_facets": {CODE: {"dirty": True}}}
    made = [
        event("COMPLETE", "10:00:00", f"job{k}", k, ["a"], [typed(k)], job_facets=git(f"c{k}"), **facets)
        for k in range(n)
    ]
    decided = [event("COMPLETE", "10:30:00", "approve", 100 + k, [typed(k, input=approved())]) for k in range(n)]
    return [*made, *decided, event("COMPLETE", "11:00:00", "join", 99, [f"b{k}" for k in range(n)], ["end"])]


def typed(k, **more):
    return dataset(f"b{k}", datasetType={"datasetType": "MODEL"}, **more)


def approved():
    return {"whence_approval": {"approver": "role:x", "decision": "APPROVED"}}


@pytest.mark.parametrize(
    ("field", "inner", "count"),
    [
        ("attempts", "id distance run { name } attempt { number state } code { dirty commits { name } }", 8),
        ("versions", "id distance asset source dataset { name } version { label }", 9),
        ("used", "attempt version basis partitions", 14),
        ("generated", "attempt version partitions", 8),
        ("code", "distance attempts dirty commit { namespace name }", 7),
        ("decisions", "approver decision at agrees version { id } run { name }", 7),
        ("models", "distance trainedAt current dataset { name } version { id }", 7),
        ("gaps", "kind distance attempt { id } version { id }", 1),
    ],
)
async def test_pages(graph, field, inner, count):
    client = await graph(*wide(7))
    asked = listed(field, inner)
    whole = (await client.ask(asked, of=start("end")))["provenance"][field]["edges"]
    assert len(whole) == count
    for first in (1, 3):
        found = await pages(client, asked, ["provenance", field], first, of=start("end"))
        assert found == [edge["node"] for edge in whole]


async def test_the_start_may_be_said_in_many_ways(graph):
    client = await graph(*desk())
    asked = query(f"{HEAD} attempts {{ edges {{ node {{ distance run {{ name runId }} }} }} }}")

    async def nearest(**of):
        found = (await client.ask(asked, of=of))["provenance"]
        return found["attempts"]["edges"][0]["node"]["run"]["runId"]

    assert await nearest(**start("model")) == run_id(4)
    assert await nearest(**start("model", version="1")) == run_id(3)
    assert await nearest(**start("model", run=run_id(3).upper())) == run_id(3)
    assert await nearest(run=run_id(3)) == run_id(3)
    assert await nearest(job={"namespace": JOBS, "name": "train"}) == run_id(4)
    ids = 'query ($ns: String!) { dataset(namespace: $ns, name: "model") { versions { edges { node { id label } } } } }'
    versions = (await client.ask(ids, ns=NS))["dataset"]["versions"]["edges"]
    [old] = [edge["node"]["id"] for edge in versions if edge["node"]["label"] == "1"]
    assert await nearest(version=old) == run_id(3)


async def test_versions_by_what_they_are_with_their_paths(graph):
    client = await graph(*desk())
    inner = "versions(assets: [ANSWER]) { edges { node { asset dataset { name } path { kind name } } } }"
    found = (await client.ask(query(inner), of=start("model"), direction="DOWNSTREAM"))["provenance"]["versions"]
    assert [edge["node"] for edge in found["edges"]] == [
        {
            "asset": "ANSWER",
            "dataset": {"name": "advice"},
            "path": [
                {"kind": "DATASET_VERSION", "name": "model"},
                {"kind": "RUN", "name": "advise"},
                {"kind": "DATASET_VERSION", "name": "advice"},
            ],
        }
    ]
    sources = await client.ask(
        query("versions(sources: true) { edges { node { source dataset { name } } } }"), of=start("advice")
    )
    names = [edge["node"]["dataset"]["name"] for edge in sources["provenance"]["versions"]["edges"]]
    assert sorted(names) == ["manual", "raw"]


async def test_parameters_and_retrieved_chunks(graph):
    parameters = {
        PARAMETERS: {"parameters": [{"name": "k", "value": [1, None]}, {"name": "q", "sha256": "ab"}]},
        "executionParameters": {"parameters": [{"key": "engine", "value": "x"}]},
    }
    chunks = {RETRIEVAL: {"collection": "library", "chunks": [{"id": "d#1", "score": 0.5, "rank": 1, "sha256": "cd"}]}}
    client = await graph(
        event("COMPLETE", "10:00:00", "answer", 1, [named("d", "1", input=chunks), "t"], ["out"], run_facets=parameters)
    )
    inner = """attempts { edges { node { parameters { name value sha256 } } } }
        used { edges { node { basis retrieval { collection chunks { id score rank sha256 } } } } }"""
    found = (await client.ask(query(inner), of=start("out")))["provenance"]
    assert found["attempts"]["edges"][0]["node"]["parameters"] == [
        {"name": "k", "value": [1, None], "sha256": None},
        {"name": "q", "value": None, "sha256": "ab"},
        {"name": "engine", "value": "x", "sha256": None},
    ]
    used = {edge["node"]["basis"]: edge["node"]["retrieval"] for edge in found["used"]["edges"]}
    retrieved = {"collection": "library", "chunks": [{"id": "d#1", "score": 0.5, "rank": 1, "sha256": "cd"}]}
    assert used == {"NAMED": retrieved, None: None}


async def test_wide_answers_take_no_more_calls_than_narrow_ones(graph):
    inner = """counts { dirty } attempts(first: 500) { edges { node {
            run { name } attempt { state } code { dirty commits { name } } parameters { name } path { name } } } }
        versions(first: 500) { edges { node { asset source dataset { name } version { label producedAt complete } } } }
        used(first: 500) { edges { node { retrieval { collection } } } }
        decisions { edges { node { run { name } } } } models { edges { node { trainedAt dataset { name } } } }"""
    calls = []
    for n in (2, 19):
        client = await graph(*wide(n))
        await client.ask(query(inner), LOOSE, of=start("end"))
        calls.append(sum(client.store.calls.values()))
    assert calls[1] <= calls[0] + 2  # loaders may group what they are asked for one way or another


async def test_it_is_cut_at_the_rows_that_are_left(graph):
    client = await graph(*wide(9))
    found = (await client.ask(query("truncated truncatedBy"), Limits(rows=5), of=start("end")))["provenance"]
    assert found == {"truncated": True, "truncatedBy": "NODES"}
    both = query("attempts { edges { cursor } } versions { edges { cursor } } used { edges { cursor } }")
    error = await client.error(both, Limits(rows=9), of=start("end"))
    assert error.extensions["code"] == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("of", "direction", "code"),
    [
        ({}, "UPSTREAM", None),
        ({"version": "Dnothing"}, "UPSTREAM", "INVALID_QUESTION"),
        ({"version": "Vnothing"}, "UPSTREAM", "NOT_FOUND"),
        (start("nothing"), "UPSTREAM", "NOT_FOUND"),
        (start("model", version="9"), "UPSTREAM", "NOT_FOUND"),
        (start("model", run="x"), "UPSTREAM", "NOT_FOUND"),
        ({"run": "x"}, "UPSTREAM", "NOT_FOUND"),
        (start("model"), "BOTH", "INVALID_QUESTION"),
    ],
)
async def test_wrong_questions(graph, of, direction, code):
    error = await (await graph(*desk())).error(query("truncated"), of=of, direction=direction)
    assert error.extensions.get("code") == code if code else "ProvenanceStart" in error.message
