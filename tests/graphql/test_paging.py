"""Paging: forward to the end, each once, whatever the names hold."""

import pytest

from tests.build import JOBS, NS, dataset, dataset_event, event, run_id

ODD_NAMES = [
    "a" * 3_000,
    "a" * 2_999 + "b",
    "nul\x00in",
    "nul",
    "emoji 😀",
    "Ünï",
    "ünï",
    '"quoted"',
    "line\nbreak",
    " ",
]


async def pages(client, query, path, first, **variables):
    """All nodes, page by page; the pages must be full but for the last."""
    found, after = [], None
    while True:
        data = await client.ask(query, first=first, after=after, **variables)
        for step in path:
            data = data[step]
        nodes = [edge["node"] for edge in data["edges"]]
        found += nodes
        assert data["pageInfo"]["hasPreviousPage"] == (after is not None)
        if not data["pageInfo"]["hasNextPage"]:
            return found
        assert len(nodes) == first
        assert data["pageInfo"]["endCursor"] == data["edges"][-1]["cursor"]
        after = data["pageInfo"]["endCursor"]


def page(fields):
    return f"edges {{ cursor node {{ {fields} }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}"


SEARCH = f"""
query ($first: Int!, $after: String, $text: String = "", $kinds: [NodeKind!] = [DATASET, JOB]) {{
  search(text: $text, kinds: $kinds, first: $first, after: $after) {{ {page("id kind namespace name")} }} }}"""


@pytest.mark.parametrize("first", [1, 2, 3, 7, 500])
async def test_search_of_odd_names(graph, first):
    namespaces = ["", "n\x00", "N", "😀" * 400]
    events = [dataset_event("10:00:00", name, namespace) for name in ODD_NAMES for namespace in namespaces]
    client = await graph(*events, *(event("START", "10:00:00", name, n) for n, name in enumerate(ODD_NAMES)))
    found = await pages(client, SEARCH, ["search"], first)
    datasets = [(node["namespace"], node["name"]) for node in found if node["kind"] == "DATASET"]
    assert len(datasets) == len(set(datasets)) == len(ODD_NAMES) * len(namespaces)
    assert set(datasets) == {(namespace, name) for namespace in namespaces for name in ODD_NAMES}
    assert {node["name"] for node in found if node["kind"] == "JOB"} == set(ODD_NAMES)
    assert len(found) == len(ODD_NAMES) * (len(namespaces) + 1)


async def test_search_finds_by_part_in_any_case_and_by_kind(samples):
    found = await pages(samples, SEARCH, ["search"], 500, text="TRADES", kinds=["DATASET"])
    assert found
    assert all("trades" in (node["namespace"] + node["name"]).lower() for node in found)
    assert {node["kind"] for node in found} == {"DATASET"}
    both = await pages(samples, SEARCH, ["search"], 500, kinds=["JOB", "JOB", "RUN"])
    assert {node["kind"] for node in both} == {"JOB", "RUN"}
    assert len({node["id"] for node in both}) == len(both)
    assert await pages(samples, SEARCH, ["search"], 10, text="no such thing") == []
    assert await pages(samples, SEARCH, ["search"], 10, kinds=[]) == []


RUNS = f"""query ($first: Int!, $after: String, $states: [RunState!] = []) {{
  job(namespace: "{JOBS}", name: "etl") {{
    runs(first: $first, after: $after, states: $states) {{ {page("runId state attempts { number }")} }} }} }}"""


@pytest.mark.parametrize("first", [1, 2, 3, 100])
async def test_runs_by_their_newest_attempt_each_once(graph, first):
    """Runs 1 to 9 start one after the other; the first ones are tried again at the end, two at the same time."""
    events = [event("START", f"10:0{n}:00", run=n) for n in range(1, 10)]
    events += [event("FAIL", f"10:0{n}:30", run=n) for n in range(1, 10)]
    events += [event("START", "11:00:00", run=n) for n in (1, 2)] + [event("START", "11:01:00", run=3)]
    client = await graph(*events)
    found = await pages(client, RUNS, ["job", "runs"], first)
    order = [3, 2, 1, 9, 8, 7, 6, 5, 4]
    assert [node["runId"] for node in found if node["runId"] not in (run_id(1), run_id(2))] == [
        run_id(n) for n in order if n > 2
    ]
    assert {node["runId"] for node in found[1:3]} == {run_id(1), run_id(2)}
    assert len(found) == 9
    failed = await pages(client, RUNS, ["job", "runs"], first, states=["FAIL"])
    assert [node["runId"] for node in failed] == [run_id(n) for n in (9, 8, 7, 6, 5, 4)]


VERSIONS = f"""query ($first: Int!, $after: String) {{
  dataset(namespace: "{NS}", name: "table") {{
    versions(first: $first, after: $after) {{ {page("id name producedAt")} }} }} }}"""


@pytest.mark.parametrize("first", [1, 2, 3, 100])
async def test_versions_under_several_names_each_once(graph, first):
    """Each of ten runs produces under both names of the dataset at once."""
    linked = dataset("path", symlinks={"identifiers": [{"namespace": NS, "name": "table"}]})
    client = await graph(
        *(event("COMPLETE", f"10:0{n}:00", run=n, outputs=[linked, "table", f"other{n}"]) for n in range(10)),
        *(event("COMPLETE", "10:05:00", run=20 + n, outputs=[linked]) for n in range(3)),
    )
    found = await pages(client, VERSIONS, ["dataset", "versions"], first)
    assert len(found) == len({node["id"] for node in found}) == 23
    times = [node["producedAt"] for node in found]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    "after", ["", "x", "W10=", "WzFd", "WyJhIiwiYiIsImMiXQ==xx", "bnVsbA==", "WzEsMiwzXQ==", "W251bGwsIiIsIiJd", "é"]
)
async def test_what_is_no_cursor_is_refused(samples, after):
    error = await samples.error(SEARCH, first=1, after=after)
    assert error.extensions == {"code": "INVALID_QUESTION", "status": 422}
    assert "endCursor" in error.message


async def test_a_cursor_of_another_list_is_refused(samples):
    data = await samples.ask(SEARCH, first=1, after=None)
    cursor = data["search"]["pageInfo"]["endCursor"]
    error = await samples.error(
        'query ($at: String) { job(namespace: "air-ns", name: "trades") { runs(after: $at) { edges { cursor } } } }',
        at=cursor,
    )
    assert error.extensions["code"] == "INVALID_QUESTION"


@pytest.mark.parametrize("first", [-1, 501])
async def test_pages_have_a_size(samples, first):
    error = await samples.error(SEARCH, first=first, after=None)
    assert "between 0 and 500" in error.message


async def test_an_empty_page(samples):
    data = await samples.ask(SEARCH, first=0, after=None)
    assert data["search"]["edges"] == []
    assert data["search"]["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


async def test_lineage_in_pages_is_the_whole(samples):
    query = """query ($first: Int, $n: ID, $e: ID, $asOf: DateTime) {
      lineage(of: {job: {namespace: "air-ns", name: "trades"}}, asOf: $asOf) {
        nodeCount edgeCount asOf nodes(first: $first, after: $n) { id } edges(first: $first, after: $e) { id } } }"""
    whole = (await samples.ask(query))["lineage"]
    assert (len(whole["nodes"]), len(whole["edges"])) == (whole["nodeCount"], whole["edgeCount"])
    nodes, edges = [], []
    while len(nodes) < whole["nodeCount"] or len(edges) < whole["edgeCount"]:
        last = {"n": nodes[-1]["id"] if nodes else None, "e": edges[-1]["id"] if edges else None}
        page = (await samples.ask(query, first=4, asOf=whole["asOf"], **last))["lineage"]
        assert page["nodes"] or page["edges"]
        nodes += page["nodes"]
        edges += page["edges"]
    assert (nodes, edges) == (whole["nodes"], whole["edges"])
    assert len({edge["id"] for edge in edges}) == len(edges)
    error = await samples.error(query, n="none")
    assert "no id in this answer" in error.message
    assert "below 0" in (await samples.error(query, first=-1)).message
