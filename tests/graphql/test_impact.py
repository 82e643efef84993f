"""`impact` as GraphQL offers it: pages, budget, errors."""

import pytest

from tests.build import NS, dataset, dataset_event, event
from tests.graphql.conftest import LOOSE
from tests.graphql.test_paging import page, pages
from whence_graphql.limits import Limits

IMPACT = f"""
query ($of: [LineageStart!]!, $kinds: [NodeKind!]! = [], $first: Int! = 100, $after: String) {{ impact(of: $of) {{
  asOf change granularity truncated truncatedBy notes logSize cursor starts {{ name }}
  counts {{ distance datasets jobs }}
  touched(kinds: $kinds, first: $first, after: $after) {{
    {page("distance certainty node { id kind name field } path { certainty node { name field } by { name } }")} }}
}} }}"""


def wide(n):
    """n jobs that read one dataset and write one each, of which each has an owner, a tag, and is a model."""
    facets = {
        "ownership": lambda k: {"owners": [{"name": f"o{k}"}]},
        "tags": lambda k: {"tags": [{"key": f"t{k}", "value": ""}]},
        "datasetType": lambda k: {"datasetType": "MODEL"},
    }
    return [
        event(
            "COMPLETE",
            "10:00:00",
            f"job{k}",
            k,
            ["a"],
            [dataset(f"b{k}", **{name: facet(k) for name, facet in facets.items()})],
        )
        for k in range(n)
    ]


def start(name="a"):
    return [{"dataset": {"namespace": NS, "name": name}}]


async def test_pages_of_what_is_touched(graph):
    client = await graph(*wide(10))
    whole = (await client.ask(IMPACT, of=start()))["impact"]
    assert whole["counts"] == {"distance": None, "datasets": 10, "jobs": 10}
    assert (whole["change"], whole["granularity"], whole["starts"]) == ("DROP", "DATASET", [{"name": "a"}])
    nodes = [edge["node"] for edge in whole["touched"]["edges"]]
    assert len(nodes) == 20
    for first in (1, 3, 20):
        assert await pages(client, IMPACT, ["impact", "touched"], first, of=start()) == nodes
    jobs = await pages(client, IMPACT, ["impact", "touched"], 4, of=start(), kinds=["JOB"])
    assert {node["node"]["kind"] for node in jobs} == {"JOB"}
    assert len(jobs) == 10


@pytest.mark.parametrize(
    ("field", "inner"),
    [
        ("owners", "owner { name } assets nearest { name } distance"),
        ("tags", "tag { name } certainty distance node { name } origin { name }"),
        ("ends", "kind word distance certainty node { name } path { node { name } }"),
    ],
)
async def test_pages_of_owners_tags_and_ends(graph, field, inner):
    client = await graph(*wide(7))
    query = (
        "query ($of: [LineageStart!]!, $first: Int!, $after: String) { impact(of: $of) { "
        f"{field}(first: $first, after: $after) {{ {page(inner)} }} }} }}"
    )
    assert len(await pages(client, query, ["impact", field], 3, of=start())) == 7


async def test_a_path_shows_nodes_jobs_and_transformations(graph):
    said = [{"type": "DIRECT", "subtype": "IDENTITY"}]
    inputs = [{"namespace": NS, "name": "a", "field": "x", "transformations": said}]
    facet = {"fields": {"y": {"inputFields": inputs}}}
    client = await graph(event("COMPLETE", "10:00:00", outputs=[dataset("b", columnLineage=facet)]))
    query = """query ($of: [LineageStart!]!) { impact(of: $of) { granularity touched(kinds: [COLUMN]) { edges { node {
        node { field } path { node { name field } by { name } transformations { subtype } } } } } } }"""
    found = (await client.ask(query, of=[{"column": {"namespace": NS, "name": "a", "field": "x"}}]))["impact"]
    assert found["granularity"] == "COLUMN"
    [edge] = found["touched"]["edges"]
    assert edge["node"]["path"] == [
        {"node": {"name": "a", "field": "x"}, "by": None, "transformations": []},
        {"node": {"name": "b", "field": "y"}, "by": {"name": "etl"}, "transformations": [{"subtype": "IDENTITY"}]},
    ]


async def test_nothing_downstream(graph):
    client = await graph(dataset_event("10:00:00", "a"))
    found = (await client.ask(IMPACT, of=start()))["impact"]
    assert found["counts"] == {"distance": None, "datasets": 0, "jobs": 0}
    assert found["touched"]["edges"] == []


async def test_it_is_cut_at_the_rows_that_are_left(graph):
    client = await graph(*wide(30))
    query = "query ($of: [LineageStart!]!) { impact(of: $of) { truncated truncatedBy counts { datasets jobs } } }"
    found = (await client.ask(query, Limits(rows=11), of=start()))["impact"]
    assert (found["truncated"], found["truncatedBy"]) == (True, "NODES")
    assert found["counts"] == {"datasets": 10, "jobs": 0}
    error = await client.error(IMPACT, Limits(rows=19), of=start())
    assert error.extensions["code"] == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("of", "more", "code"),
    [
        ([], "", "INVALID_QUESTION"),
        (start("nothing"), "", "NOT_FOUND"),
        ([{"run": "x"}], "", "INVALID_QUESTION"),
        (start(), ", granularity: RUN", "INVALID_QUESTION"),
        (start(), ", maxNodes: 0", "INVALID_QUESTION"),
        (start(), ", window: 0", "INVALID_QUESTION"),
        (501 * start(), "", "INVALID_QUESTION"),
    ],
)
async def test_wrong_questions(graph, of, more, code):
    client = await graph(*wide(1))
    error = await client.error(f"query ($of: [LineageStart!]!) {{ impact(of: $of{more}) {{ truncated }} }}", of=of)
    assert error.extensions["code"] == code


async def test_a_wrong_cursor_is_told(graph):
    error = await (await graph(*wide(1))).error(IMPACT, of=start(), after="x")
    assert "endCursor" in error.message


async def test_wide_answers_take_no_more_calls_than_narrow_ones(graph):
    query = """query ($of: [LineageStart!]!) { impact(of: $of) { counts { owners } byDistance { tags }
        touched(first: 500) { edges { node { node { name } path { node { name } by { name } } } } }
        owners(first: 500) { edges { node { nearest { name } } } } ends(first: 500) { edges { node { node { name } } } }
    } }"""
    calls = []
    for n in (2, 60):
        client = await graph(*wide(n))
        await client.ask(query, LOOSE, of=start())
        calls.append(dict(client.store.calls))
    assert calls[0] == calls[1]
    assert sum(calls[0].values()) < 20
