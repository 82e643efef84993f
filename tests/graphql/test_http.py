"""GraphQL and whole lineages over HTTP."""

import json

import httpx
import pytest
from fastapi import FastAPI

from tests.build import NS, columns, dataset, event, job_event, run_id
from whence.api.graphql import MAX_BYTES, graphql_router
from whence.api.lineage_graph import lineage_graph_router
from whence.api.problems import install_problems
from whence_graphql.ready import ready_made
from whence_graphql.schema import sdl
from whence_schemas.identity import dataset_key, run_key


def http(client):
    app = FastAPI()
    app.include_router(graphql_router(client.reader))
    app.include_router(lineage_graph_router(client.reader))
    install_problems(app)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def post(client, content):
    async with http(client) as web:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return await web.post("/graphql", content=body, headers={"Content-Type": "application/json"})


async def get(client, path, **parameters):
    async with http(client) as web:
        return await web.get(path, params=parameters)


async def test_a_query_with_variables(samples):
    query = "query Q($text: String!) { search(text: $text, first: 1) { edges { node { name } } } }"
    answer = await post(samples, {"query": query, "variables": {"text": "trades"}, "operationName": "Q"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert "trades" in answer.json()["data"]["search"]["edges"][0]["node"]["name"]
    assert "errors" not in answer.json()


async def test_integers_of_any_size_come_through(graph):
    client = await graph(event("COMPLETE", "10:00:00", outputs=[dataset("t", big={"n": 2**200, "text": "é\u0000"})]))
    query = 'query ($ns: String!) { dataset(namespace: $ns, name: "t") { facets { value } } }'
    answer = await post(client, {"query": query, "variables": {"ns": NS}})
    assert answer.json()["data"]["dataset"]["facets"] == [{"value": {"n": 2**200, "text": "é\u0000"}}]


async def test_errors_in_a_query(samples):
    wrong = (await post(samples, {"query": "{ nothing }"})).json()
    assert "data" not in wrong
    assert wrong["errors"][0]["extensions"] == {"code": "INVALID_QUERY", "status": 400}
    query = '{ status { lag } lineage(of: {run: "none"}) { nodeCount } }'
    answer = await post(samples, {"query": query})
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert answer.json()["errors"][0]["extensions"] == {"code": "NOT_FOUND", "status": 404}
    assert answer.json()["errors"][0]["path"] == ["lineage"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "no JSON"),
        (b"{", 400, "no JSON"),
        (b'{"query": "\xff"}', 400, "no JSON"),
        (b'{"query": "\\ud800"}', 400, "no JSON"),
        (b"[]", 422, "one per request"),
        (b'[{"query": "{ status { lag } }"}]', 422, "one per request"),
        (b"{}", 422, "query"),
        (b'{"query": 1}', 422, "query"),
        (b'{"query": "{ status { lag } }", "variables": []}', 200, ""),
        (b'{"query": "{ status { lag } }", "variables": [1]}', 422, "variables"),
        (b'{"query": "{ status { lag } }", "operationName": 1}', 422, "operationName"),
        (json.dumps({"query": "#" * MAX_BYTES}).encode(), 413, "several requests"),
    ],
)
async def test_bodies_that_are_no_request(samples, body, status, said):
    answer = await post(samples, body)
    assert answer.status_code == status
    assert said in answer.json().get("detail", "")


async def test_graphiql_is_there_and_gives_way_where_its_scripts_do_not_load(samples):
    answer = await get(samples, "/graphql")
    assert answer.headers["content-type"].startswith("text/html")
    assert "GraphiQL" in answer.text
    assert answer.text.count('integrity="sha384-') == answer.text.count("https://unpkg.com/")
    assert 'location.replace("/graphql/plain")' in answer.text


async def test_the_plain_page_needs_no_other_server(samples):
    answer = await get(samples, "/graphql/plain")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    begin = answer.text.index('id="queries">') + len('id="queries">')
    assert json.loads(answer.text[begin : answer.text.index("</script>", begin)]) == ready_made()


async def test_the_schema_for_tools(samples):
    answer = await get(samples, "/graphql/schema.graphql")
    assert answer.text == sdl()


GRAPH = "/api/v1/lineage/graph"
FIELDS = """truncated truncatedBy notes nodeCount edgeCount asOf logSize cursor start { id }
  nodes { id kind namespace name field distance
    ... on Run { runId state } ... on DatasetVersion { label } ... on Dataset { names { namespace name } } }
  edges { source target kind by basis observed declared seen { attempts of failed } firstSeen lastSeen
    transformations { type subtype description masking } }"""


async def test_it_says_what_graphql_says(graph):
    linked = {"symlinks": {"identifiers": [{"namespace": NS, "name": "a"}]}}
    lineage = columns(c=[("s", "d")])
    lineage["fields"]["c"]["inputFields"][0]["transformations"] = [
        {"type": "DIRECT", "subtype": "IDENTITY", "description": 'with "quotes"', "masking": False}
    ]
    client = await graph(
        event("COMPLETE", "10:00:00", run=1, outputs=["s"]),
        event("FAIL", "11:00:00", "copy", 2, ["s"], [dataset("t", columnLineage=lineage, **linked)]),
        event("COMPLETE", "12:00:00", "copy", 3, ["s"], [dataset("t", columnLineage=lineage)]),
        job_event("12:00:00", "report", ["a"], ["r"]),
    )
    for granularity, of, start in (
        ("DATASET", {"dataset": {"namespace": NS, "name": "t"}}, {"namespace": NS, "name": "t"}),
        (
            "COLUMN",
            {"column": {"namespace": NS, "name": "t", "field": "c"}},
            {"namespace": NS, "name": "t", "field": "c"},
        ),
        ("RUN", {"run": run_id(3)}, {"run": run_id(3).upper()}),
        ("RUN", {"run": run_key(run_id(3))}, {"run": run_key(run_id(3))}),
    ):
        query = "query ($of: LineageStart!, $at: DateTime) { lineage(of: $of, asOf: $at) { FIELDS } }"
        at = "2026-05-01T00:00:00.000000Z"
        expected = (await client.ask(query.replace("FIELDS", FIELDS), of=of, at=at))["lineage"]
        answer = await get(client, GRAPH, asOf=at, **start)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        found = answer.json()
        assert list(found)[:3] == ["nodes", "edges", "truncated"]
        found["edges"].sort(key=lambda edge: (edge["source"], edge["kind"], edge["target"], edge["by"]))
        expected["start"] = expected["start"]["id"]
        expected["nodes"] = [
            {key: value for key, value in node.items() if value is not None and not (key == "names" and len(value) < 2)}
            for node in expected["nodes"]
        ]
        for node in found["nodes"]:
            if node["kind"] == "COLUMN":  # in GraphQL these are asked of its dataset
                node.pop("names", None)
        for edge in found["edges"]:
            edge.setdefault("basis", None)
            edge.setdefault("transformations", [])
        assert found == expected
        assert {node["kind"] for node in found["nodes"]} & {granularity}
        assert found["edges"]


async def test_options(graph):
    client = await graph(*(event("COMPLETE", f"10:{n:02}:00", f"j{n}", n, [f"t{n}"], [f"t{n + 1}"]) for n in range(9)))
    start = {"namespace": NS, "name": "t4"}
    down = (await get(client, GRAPH, direction="downstream", depth="1", **start)).json()
    assert {node["name"] for node in down["nodes"]} == {"t4", "j4", "t5"}
    cut = (await get(client, GRAPH, maxNodes="3", **start)).json()
    assert (len(cut["nodes"]), cut["truncated"], cut["truncatedBy"]) == (3, True, "NODES")
    job = (await get(client, GRAPH, kind="job", namespace="trading", name="j0", direction="UPSTREAM")).json()
    assert {node["name"] for node in job["nodes"]} == {"j0", "t0"}
    runs = (await get(client, GRAPH, granularity="RUN", direction="UPSTREAM", **start)).json()
    assert {node["kind"] for node in runs["nodes"]} == {"RUN", "DATASET_VERSION", "DATASET"}
    assert runs["start"] == dataset_key(NS, "t4")


@pytest.mark.parametrize(
    ("parameters", "status", "said"),
    [
        ({}, 422, "namespace is missing"),
        ({"namespace": NS}, 422, "name is missing"),
        ({"kind": "column", "namespace": NS, "name": "t"}, 422, "field is missing"),
        ({"kind": "run"}, 422, "run is missing"),
        ({"kind": "table", "namespace": NS, "name": "t"}, 422, "dataset, job, run, column"),
        ({"namespace": NS, "name": "t", "asof": "x"}, 422, "'asof' is not known"),
        ({"namespace": NS, "name": "t", "asOf": "x"}, 422, "2026-01-31T09:30:00Z"),
        ({"namespace": NS, "name": "t", "depth": "-1"}, 422, "between 0 and"),
        ({"namespace": NS, "name": "t", "depth": "²"}, 422, "between 0 and"),
        ({"namespace": NS, "name": "t", "window": "0"}, 422, "between 1 and"),
        ({"namespace": NS, "name": "t", "maxNodes": "1" * 5_000}, 422, "between 1 and"),
        ({"namespace": NS, "name": "t", "direction": "sideways"}, 422, "UPSTREAM, DOWNSTREAM, BOTH"),
        ({"kind": "job", "namespace": "trading", "name": "etl", "granularity": "COLUMN"}, 422, "cannot start"),
        ({"namespace": NS, "name": "no such"}, 404, "search"),
        ({"run": "no such"}, 404, "search"),
        ({"run": dataset_key(NS, "t")}, 404, "search"),
    ],
)
async def test_questions_that_cannot_be_answered(graph, parameters, status, said):
    client = await graph(event("COMPLETE", "10:00:00", outputs=["t"]))
    answer = await get(client, GRAPH, **parameters)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


async def test_large_graphs_are_whole_json(graph):
    """Several chunks of nodes and of edges."""
    client = await graph(
        event(
            "COMPLETE", "10:00:00", inputs=[f"in{n}" for n in range(1_500)], outputs=[f"out{n}" for n in range(1_000)]
        )
    )
    found = (await get(client, GRAPH, kind="job", namespace="trading", name="etl")).json()
    assert len({node["id"] for node in found["nodes"]}) == found["nodeCount"] == 2_501
    assert len(found["edges"]) == found["edgeCount"] == 2_500
