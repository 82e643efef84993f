"""Datasets, jobs, runs, versions and what is said of them."""

import json

from tests.build import JOBS, NS, columns, dataset, dataset_event, event, job_event, run_id, schema
from tests.graphql.conftest import sample_lines
from whence_schemas.identity import dataset_key, job_key, run_key

FACETS = "facets { name value at }"


async def test_what_is_not_there_is_null(samples):
    data = await samples.ask(
        '{ dataset(namespace: "no", name: "no") { id } job(namespace: "no", name: "no") { id } run(id: "no") { id }'
        ' node(id: "") { id } nodes(ids: ["x", "Dxxxxxxxxxxxxxxxxxxxxxx", "Vxxxxxxxxxxxxxxxxxxxxxx"]) { id } }'
    )
    assert data == {"dataset": None, "job": None, "run": None, "node": None, "nodes": [None] * 3}


async def test_status(graph):
    client = await graph(event("START", "10:00:00"))
    client.size = 5
    assert (await client.ask("{ status { logSize cursor lag } }"))["status"] == {"logSize": 5, "cursor": 1, "lag": 4}


async def test_a_run_is_found_by_its_id_in_any_form_and_by_its_key(graph):
    client = await graph(event("COMPLETE", "10:00:00", run=7))
    plain = run_id(7)
    for named in (plain, plain.upper(), plain.replace("-", ""), run_key(plain)):
        run = (await client.ask("query ($id: ID!) { run(id: $id) { id runId name state } }", id=named))["run"]
        assert run == {"id": run_key(plain), "runId": plain, "name": "etl", "state": "COMPLETE"}


async def test_facets_come_back_as_they_were_sent_last(samples):
    """Value for value, every facet of every job and dataset, and of every run's only attempt."""
    last, events = {}, [json.loads(line) for line in sample_lines("*.ndjson")]
    for said in sorted(events, key=lambda said: said["eventTime"]):
        things = [(job_key(said["job"]["namespace"], said["job"]["name"]), said["job"])]
        things += [
            (dataset_key(d["namespace"], d["name"]), d) for d in said.get("inputs", []) + said.get("outputs", [])
        ]
        for key, thing in things:
            for name, value in thing.get("facets", {}).items():
                # Two events of one time may differ: the graph orders them by more than time.
                at, values = last.get((key, name), ("", []))
                now = said["eventTime"].replace("+00:00", "Z")
                last[key, name] = (now, [*values, value] if at == now else [value])
    keys = sorted({key for key, _ in last})
    data = await samples.ask(
        f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ... on Asset {{ {FACETS} }} }} }}", ids=keys
    )
    found = {(node["id"], facet["name"]): facet["value"] for node in data["nodes"] for facet in node["facets"]}
    assert found.keys() == last.keys()
    assert [key for key, value in found.items() if value not in last[key][1]] == []


async def test_facets_keep_integers_of_any_size_and_unknown_facets(graph):
    odd = {"big": 2**100, "small": -(2**63), "float": 1.5, "text": "\u0000😀\u2028", "nested": [[{"": None}]]}
    client = await graph(event("COMPLETE", "10:00:00", outputs=[dataset("t", my_facet=odd)], run_facets={"mine": odd}))
    data = await client.ask(
        f'{{ dataset(namespace: "{NS}", name: "t") {{ facets(names: ["my_facet", "none"]) {{ name value at }} }}'
        f' run(id: "{run_id(1)}") {{ facets {{ name value }} }} }}'
    )
    at = "2026-01-01T10:00:00.000000Z"
    assert data["dataset"]["facets"] == [{"name": "my_facet", "value": odd, "at": at}]
    assert data["run"]["facets"] == [{"name": "mine", "value": odd}]


async def test_facets_as_of_a_time_and_deleted_ones(graph):
    client = await graph(
        dataset_event("10:00:00", "t", documentation={"description": "one"}),
        dataset_event("11:00:00", "t", documentation={"description": "two"}),
        dataset_event("12:00:00", "t", documentation={"_deleted": True}),
    )
    query = 'query ($at: DateTime, $ns: String!) { dataset(namespace: $ns, name: "t") { documentation(asOf: $at) } }'
    for at, expected in (
        ("2026-01-01T09:59:59Z", None),
        ("2026-01-01T10:30:00Z", "one"),
        ("2026-01-01T12:30:00+01:00", "two"),
        ("2026-01-01 12:00", None),
        (None, None),
    ):
        assert (await client.ask(query, at=at, ns=NS))["dataset"]["documentation"] == expected


async def test_what_is_said_of_a_dataset(graph):
    client = await graph(
        dataset_event(
            "10:00:00",
            "t",
            schema={"fields": [{"name": "a", "type": "int", "description": "an a"}, {"name": "b"}]},
            ownership={"owners": [{"name": "team:data", "type": "MAINTAINER"}, {"name": "ann"}]},
            tags={"tags": [{"key": "pii", "value": "yes", "source": "USER", "field": "a"}, {"key": "k", "value": "v"}]},
            symlinks={"identifiers": [{"namespace": "hive", "name": "db.t", "type": "TABLE"}]},
            columnLineage=columns(a=[("s", "x")], c=[("s", "y")]),
        )
    )
    data = (
        await client.ask(
            f"""{{ dataset(namespace: "{NS}", name: "t") {{
            fields {{ name type description column {{ field type description dataset {{ name }} }} }}
            owners {{ name type kind }} tags {{ name value source field }}
            aliases {{ type dataset {{ namespace name }} }} names {{ namespace name }} }} }}"""
        )
    )["dataset"]
    assert [(f["name"], f["type"], f["description"]) for f in data["fields"]] == [
        ("a", "int", "an a"),
        ("b", None, None),
        ("c", None, None),
    ]
    assert data["fields"][0]["column"] == {
        "field": "a",
        "type": "int",
        "description": "an a",
        "dataset": {"name": "t"},
    }
    assert data["owners"] == [
        {"name": "team:data", "type": "MAINTAINER", "kind": "OWNER"},
        {"name": "ann", "type": None, "kind": "OWNER"},
    ]
    assert data["tags"] == [
        {"name": "pii", "value": "yes", "source": "USER", "field": "a"},
        {"name": "k", "value": "v", "source": None, "field": None},
    ]
    assert data["aliases"] == [{"type": "TABLE", "dataset": {"namespace": "hive", "name": "db.t"}}]
    assert data["names"] == [{"namespace": "hive", "name": "db.t"}, {"namespace": NS, "name": "t"}]


async def test_who_writes_and_reads_counts_attempts_names_and_declarations(graph):
    linked = dataset("path", symlinks={"identifiers": [{"namespace": NS, "name": "table"}]})
    client = await graph(
        event("COMPLETE", "10:00:00", "write", 1, outputs=[linked]),
        event("FAIL", "11:00:00", "write", 2, outputs=["path"]),
        event("COMPLETE", "12:00:00", "write", 3, outputs=["other"]),
        job_event("12:30:00", "report", inputs=["table"]),
        event("COMPLETE", "13:00:00", "old", 4, inputs=["table"]),
        event("COMPLETE", "14:00:00", "old", 5, inputs=["other"]),
    )
    query = """query ($window: Int!, $ns: String!) { dataset(namespace: $ns, name: "table") {
        writtenBy(window: $window) { ...L } readBy(window: $window) { ...L } } }
        fragment L on JobLink { node { name } observed declared seen { attempts of failed } firstSeen lastSeen }"""
    data = (await client.ask(query, window=10, ns=NS))["dataset"]
    assert data["writtenBy"] == [
        {
            "node": {"name": "write"},
            "observed": True,
            "declared": False,
            "seen": {"attempts": 2, "of": 3, "failed": 1},
            "firstSeen": "2026-01-01T10:00:00.000000Z",
            "lastSeen": "2026-01-01T11:00:00.000000Z",
        }
    ]
    assert [(found["node"]["name"], found["observed"], found["declared"]) for found in data["readBy"]] == [
        ("old", True, False),
        ("report", False, True),
    ]
    latest = (await client.ask(query, window=1, ns=NS))["dataset"]
    assert latest["writtenBy"] == []
    assert [found["node"]["name"] for found in latest["readBy"]] == ["report"]


def parent(run, job):
    return {"run": {"runId": run_id(run)}, "job": {"namespace": JOBS, "name": job}}


async def test_a_container_shows_what_its_children_do(graph):
    root = {**parent(2, "group"), "root": {"run": {"runId": run_id(1)}, "job": {"namespace": JOBS, "name": "dag"}}}
    client = await graph(
        event("START", "10:00:00", "dag", 1),
        event("START", "10:00:01", "group", 2, run_facets={"parent": parent(1, "dag")}),
        event("COMPLETE", "10:00:02", "group.task", 3, ["in"], ["out"], run_facets={"parent": root}),
    )
    data = await client.ask(
        f"""{{ job(namespace: "{JOBS}", name: "dag") {{
              children {{ name children {{ name parents {{ name }} }} }}
              inputs {{ node {{ kind name }} seen {{ attempts of }} }} outputs {{ node {{ name }} }} }}
            run(id: "{run_id(3)}") {{ parent {{ name }} root {{ name }} children {{ name }} }}
            top: run(id: "{run_id(1)}") {{ parent {{ name }} root {{ name }} children {{ name }} }}
            dataset(namespace: "{NS}", name: "out") {{ writtenBy {{ node {{ name }} }} }} }}"""
    )
    assert data["job"] == {
        "children": [{"name": "group", "children": [{"name": "group.task", "parents": [{"name": "group"}]}]}],
        "inputs": [{"node": {"kind": "DATASET", "name": "in"}, "seen": {"attempts": 1, "of": 1}}],
        "outputs": [{"node": {"name": "out"}}],
    }
    assert data["run"] == {"parent": {"name": "group"}, "root": {"name": "dag"}, "children": []}
    assert data["top"] == {"parent": None, "root": None, "children": [{"name": "group"}]}
    assert data["dataset"]["writtenBy"] == [{"node": {"name": "group.task"}}]


async def test_a_run_of_several_attempts(graph):
    failed = {"errorMessage": {"message": "no disk", "programmingLanguage": "Python"}}
    done = {
        "nominalTime": {"nominalStartTime": "2026-01-01T00:00:00+01:00", "nominalEndTime": "soon"},
        "tags": {"tags": [{"key": "k", "value": "v"}]},
    }
    code = {"sourceCodeLocation": {"type": "git", "url": "u", "repoUrl": "https://git/r", "version": "abc"}}
    client = await graph(
        event("START", "10:00:00"),
        event("FAIL", "10:10:00", outputs=[dataset("out", schema=schema("a"))], run_facets=failed),
        event("START", "11:00:00", inputs=["in"]),
        event(
            "COMPLETE",
            "11:10:00",
            inputs=[dataset("in", input={"inputStatistics": {"rowCount": 1}})],
            outputs=[dataset("out", schema=schema("a", "b"), output={"outputStatistics": {"rowCount": 2}})],
            run_facets=done,
            job_facets={"sql": {"query": "select 1"}, **code},
        ),
    )
    data = await client.ask(
        f"""{{ run(id: "{run_id(1)}") {{
            state startedAt endedAt nominalStart nominalEnd tags {{ name value }} codeVersions {{ kind namespace name }}
            job {{ name }}
            facets {{ name }}
            inputs {{ dataset {{ name }} basis version {{ id }} inputFacets {{ name value }} facets {{ name }} }}
            outputs {{ version {{ complete }} facets(names: ["schema"]) {{ value }} outputFacets {{ name }} }}
            attempts {{ number state startedAt endedAt lastEventAt anomalies
                facets {{ name value }} jobFacets(names: ["sql"]) {{ value }}
                outputs {{ dataset {{ name }} facets {{ name value }} version {{ complete producedAt }} }} }} }} }}"""
    )
    run = data["run"]
    assert (run["state"], run["startedAt"], run["endedAt"]) == (
        "COMPLETE",
        "2026-01-01T11:00:00.000000Z",
        "2026-01-01T11:10:00.000000Z",
    )
    assert (run["nominalStart"], run["nominalEnd"]) == ("2025-12-31T23:00:00.000000Z", None)
    assert run["tags"] == [{"name": "k", "value": "v"}]
    assert run["codeVersions"] == [{"kind": "CODE_VERSION", "namespace": "https://git/r", "name": "abc"}]
    assert run["job"] == {"name": "etl"}
    assert [facet["name"] for facet in run["facets"]] == ["nominalTime", "tags"]
    assert run["inputs"] == [
        {
            "dataset": {"name": "in"},
            "basis": None,
            "version": None,
            "inputFacets": [{"name": "inputStatistics", "value": {"rowCount": 1}}],
            "facets": [],
        }
    ]
    assert run["outputs"][0]["version"] == {"complete": True}
    assert run["outputs"][0]["facets"] == [{"value": schema("a", "b")}]
    assert run["outputs"][0]["outputFacets"] == [{"name": "outputStatistics"}]
    first, second = run["attempts"]
    assert (first["number"], first["state"], first["anomalies"], first["jobFacets"]) == (0, "FAIL", [], [])
    assert first["facets"] == [{"name": "errorMessage", "value": failed["errorMessage"]}]
    assert first["outputs"] == [
        {
            "dataset": {"name": "out"},
            "facets": [{"name": "schema", "value": schema("a")}],
            "version": {"complete": False, "producedAt": "2026-01-01T10:10:00.000000Z"},
        }
    ]
    assert (second["number"], second["state"]) == (1, "COMPLETE")
    assert second["jobFacets"] == [{"value": {"query": "select 1"}}]


async def test_a_run_that_is_only_known_as_a_parent(graph):
    client = await graph(event("START", "10:00:00", "task", 2, run_facets={"parent": parent(1, "dag")}))
    run = (
        await client.ask(
            f'{{ run(id: "{run_id(1)}") {{ name namespace state job {{ name }} attempts {{ number }} startedAt'
            " inputs { basis } children { name } } }"
        )
    )["run"]
    assert run == {
        "name": "",
        "namespace": "",
        "state": None,
        "job": None,
        "attempts": [],
        "startedAt": None,
        "inputs": [],
        "children": [{"name": "task"}],
    }


async def test_versions_named_and_inferred_with_their_consumers(graph):
    def version(name, label):
        return dataset(name, version={"datasetVersion": label})

    part = {"subset": {"outputCondition": {"type": "partition", "partitions": [{"dimensions": {"day": "1"}}]}}}
    client = await graph(
        event("COMPLETE", "10:00:00", "make", 1, outputs=[version("t", "v1")]),
        event("COMPLETE", "11:00:00", "make", 2, outputs=[version("t", "v2")]),
        event("START", "11:30:00", "read", 3, inputs=[version("t", "v1")]),
        event("START", "11:40:00", "guess", 4, inputs=["t"]),
        event("FAIL", "11:50:00", "make", 5, outputs=["t"]),
        event("COMPLETE", "11:55:00", "again", 6, outputs=[version("t", "v1")]),
        event("START", "11:56:00", "alien", 7, inputs=[version("t", "v0")]),
        event("COMPLETE", "11:57:00", "parts", 8, outputs=[dataset("p", output=part)]),
    )
    made = await client.ask(
        f"""{{ dataset(namespace: "{NS}", name: "t") {{ versions {{ edges {{ node {{
                id kind label complete dropped producedAt partitions dataset {{ name }}
                producedBy {{ name }} consumers {{ name }} }} }} pageInfo {{ hasNextPage }} }} }}
               p: dataset(namespace: "{NS}", name: "p") {{ versions {{ edges {{ node {{ partitions }} }} }} }} }}"""
    )
    nodes = [edge["node"] for edge in made["dataset"]["versions"]["edges"]]
    assert [
        (n["label"], n["complete"], n["producedBy"]["name"], [c["name"] for c in n["consumers"]]) for n in nodes
    ] == [
        ("v1", True, "again", ["read"]),  # produced twice: listed at its newest production
        (None, False, "make", []),
        ("v2", True, "make", ["guess"]),
    ]
    assert made["p"]["versions"]["edges"][0]["node"]["partitions"] == [{"day": "1"}]

    inputs = {}
    for number in (3, 4, 7):
        data = await client.ask(
            f'{{ run(id: "{run_id(number)}") {{ inputs {{ basis version {{ id label producedBy {{ name }} }} }} }} }}'
        )
        (found,) = data["run"]["inputs"]
        inputs[number] = (found["basis"], found["version"]["label"], found["version"]["producedBy"])
    assert inputs == {
        3: ("NAMED", "v1", {"name": "make"}),  # not the one that was made again after it was read
        4: ("INFERRED", "v2", {"name": "make"}),
        7: ("NAMED", "v0", None),
    }
    again = await client.ask(
        "query ($id: ID!) { node(id: $id) { kind name ... on DatasetVersion { label } } }", id=nodes[0]["id"]
    )
    assert again["node"] == {"kind": "DATASET_VERSION", "name": "t", "label": "v1"}


async def test_checks_with_their_results(sample):
    data = await (await sample("dbt_ol_build")).ask(
        """{ search(kinds: [RUN], first: 100) { edges { node { ... on Run {
            name checks { assertion { name dataset { name } } passed status severity } } } } } }"""
    )
    runs = {edge["node"]["name"]: edge["node"]["checks"] for edge in data["search"]["edges"]}
    found = {
        (check["assertion"]["name"], (check["assertion"]["dataset"] or {}).get("name"), check["passed"])
        for checks in runs.values()
        for check in checks
    }
    assert found == {
        ("not_null (total)", "w.main.daily_metrics", True),
        ("no_negative", "w.main.daily_metrics", True),
        ("not_null (symbol)", "w.main.processed_trades", True),
        ("unique (symbol)", "w.main.processed_trades", True),
        ("test.tradesdbt.no_negative", None, True),
    }


async def test_runs_by_state(sample):
    data = await (await sample("airflow_dagstest_conv_trades")).ask(
        """{ job(namespace: "air-ns", name: "trades.flaky") {
              all: runs { edges { node { state } } } failed: runs(states: [FAIL, ABORT]) { edges { node { runId } } }
              latestRun { state } before: latestRun(asOf: "2026-11-21T09:30:16Z") { state } } }"""
    )
    assert [edge["node"]["state"] for edge in data["job"]["all"]["edges"]] == ["COMPLETE", "FAIL"]
    assert [edge["node"]["runId"][-12:] for edge in data["job"]["failed"]["edges"]] == ["8c8fe1aa6174"]
    assert (data["job"]["latestRun"]["state"], data["job"]["before"]["state"]) == ("COMPLETE", "FAIL")
