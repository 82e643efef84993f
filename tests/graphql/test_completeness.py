"""`completeness` as GraphQL offers it: pages, nodes, limits, errors."""

import pytest

from tests.build import JOBS, NS, dataset, event
from tests.graphql.conftest import LOOSE
from tests.graphql.test_paging import page, pages

FINDING = """check certainty since missing of why mend others { name }
  node { id kind namespace name ... on Run { runId state } }"""
FINDINGS = f"""query ($checks: [CompletenessCheck!]! = [], $only: [CompletenessCheck!]! = [],
    $namespace: String, $owner: String, $first: Int! = 100, $after: String) {{
  completeness(checks: $checks, namespace: $namespace, owner: $owner) {{
    asOf score truncated truncatedBy notes logSize cursor scores {{ check known countable score }}
    findings(checks: $only, first: $first, after: $after) {{ {page(FINDING)} }} }} }}"""


def world(n):
    """n jobs without code, each of which writes a dataset of a namespace and an owner of its own, and never ends."""
    return [
        event(
            "START",
            f"1{k % 10}:00:00",
            f"job{k}",
            k,
            ["a"],
            [dataset(f"b{k}", f"ns{k}", ownership={"owners": [{"name": f"o{k}"}]})],
        )
        for k in range(n)
    ]


async def test_findings_name_nodes_reasons_and_remedies(graph):
    client = await graph(*world(2))
    found = (await client.ask(FINDINGS))["completeness"]
    assert (found["truncated"], found["truncatedBy"], found["notes"]) == (False, None, [])
    scores = {score["check"]: (score["known"], score["countable"], score["score"]) for score in found["scores"]}
    assert scores["DATASET_ORIGIN"] == (2, 3, pytest.approx(2 / 3))
    assert scores["RUN_END"] == (0, 2, 0)
    assert scores["COLLECTOR"] == (0, 0, None)
    shares = [share for _, _, share in scores.values() if share is not None]
    assert found["score"] == pytest.approx(sum(shares) / len(shares))
    nodes = [edge["node"] for edge in found["findings"]["edges"]]
    assert {node["certainty"] for node in nodes} == {"RECORDED"}
    [run] = [node for node in nodes if node["check"] == "RUN_END" and node["node"]["name"] == "job0"]
    assert run["node"]["kind"] == "RUN"
    assert run["node"]["state"] == "RUNNING"
    assert run["since"] == "2026-01-01T10:00:00.000000Z"
    assert run["why"].startswith("It started at 2026-01-01 10:00Z")
    assert all(node["mend"] and node["why"] for node in nodes)


async def test_pages(graph):
    client = await graph(*world(7))
    whole = [e["node"] for e in (await client.ask(FINDINGS))["completeness"]["findings"]["edges"]]
    assert len(whole) == 1 + 7 + 7 + 1
    for first in (1, 3, 20):
        assert await pages(client, FINDINGS, ["completeness", "findings"], first) == whole
    only = await pages(client, FINDINGS, ["completeness", "findings"], 4, only=["RUN_CODE"])
    assert [node["check"] for node in only] == 7 * ["RUN_CODE"]
    for field, names in (
        ("byNamespace", {JOBS, NS, *(f"ns{k}" for k in range(7))}),
        ("byOwner", {None, *(f"o{k}" for k in range(7))}),
    ):
        query = (
            "query ($first: Int!, $after: String) { completeness { "
            f"{field}(first: $first, after: $after) {{ {page('name score scores { check }')} }} }} }}"
        )
        found = await pages(client, query, ["completeness", field], 3)
        assert {node["name"] for node in found} == names
        assert len(found) == len(names)
        assert [node["score"] for node in found] == sorted(node["score"] for node in found)


async def test_twins_name_each_other_and_are_inferred(graph):
    client = await graph(event("COMPLETE", "10:00:00", outputs=["T", "t"]))
    found = (await client.ask(FINDINGS, checks=["DATASET_NAME"]))["completeness"]
    assert [score["check"] for score in found["scores"]] == ["DATASET_NAME"]
    twins = [edge["node"] for edge in found["findings"]["edges"]]
    assert {(node["certainty"], node["node"]["name"], *(o["name"] for o in node["others"])) for node in twins} == {
        ("INFERRED", "T", "t"),
        ("INFERRED", "t", "T"),
    }


async def test_of_a_namespace_and_of_an_owner(graph):
    client = await graph(*world(3))
    for how, known in (({"namespace": "ns1"}, 1), ({"owner": "o1"}, 1), ({"namespace": "ns1", "owner": "o2"}, 0)):
        found = (await client.ask(FINDINGS, **how))["completeness"]
        scores = {score["check"]: score["countable"] for score in found["scores"]}
        assert (scores["DATASET_OWNER"], scores["RUN_CODE"]) == (known, 0)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ completeness(window: 0) { truncated } }", "window is 0"),
        ("{ completeness(checks: [NOTHING]) { truncated } }", "NOTHING"),
        ("{ completeness { findings(first: 501) { edges { cursor } } } }", "first is 501"),
        ('{ completeness { byOwner(after: "x") { edges { cursor } } } }', "endCursor"),
    ],
)
async def test_wrong_questions(graph, query, message):
    assert message in (await (await graph(*world(1))).error(query)).message


async def test_more_things_take_no_more_calls(graph):
    calls = []
    for n in (6, 60):
        client = await graph(*world(n))
        await client.ask(FINDINGS, LOOSE)
        calls.append(dict(client.store.calls))
    assert calls[0] == calls[1]
    assert sum(calls[0].values()) < 30
