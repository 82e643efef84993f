"""Lineage through GraphQL: answers that were worked out by hand from the samples."""

import pytest

from tests.build import NS, columns, dataset, dataset_event, event, job_event, run_id

LINEAGE = """
query ($of: LineageStart!, $direction: Direction! = BOTH, $depth: Int! = 20, $granularity: Granularity,
       $asOf: DateTime, $window: Int! = 10, $maxNodes: Int! = 10000) {
  lineage(of: $of, direction: $direction, depth: $depth, granularity: $granularity, asOf: $asOf, window: $window,
          maxNodes: $maxNodes) {
    truncated truncatedBy notes nodeCount edgeCount asOf logSize cursor
    start { id kind name }
    nodes { id kind namespace name field distance
      ... on Run { runId state } ... on DatasetVersion { label complete } ... on Dataset { names { name } } }
    edges { source target kind by basis declared observed seen { attempts of failed } firstSeen lastSeen
      transformations { type subtype description masking } }
  }
}
"""


def label(node):
    name = node["name"].rpartition("/")[2]
    match node["kind"]:
        case "COLUMN":
            return f"{name}.{node['field']}"
        case "RUN":
            return f"run {node['runId'][-6:]}"
        case "DATASET_VERSION":
            return f"version of {name}"
    return name


async def ask(client, of, **variables):
    answer = (await client.ask(LINEAGE, of=of, **variables))["lineage"]
    labels = {node["id"]: label(node) for node in answer["nodes"]}
    answer["labels"] = set(labels.values())
    answer["links"] = {(labels[e["source"]], e["kind"], labels[e["target"]]) for e in answer["edges"]}
    answer["edge"] = {(labels[e["source"]], labels[e["target"]]): e for e in answer["edges"]}
    assert (answer["nodeCount"], answer["edgeCount"]) == (len(answer["nodes"]), len(answer["edges"]))
    return answer


def named(name, namespace=NS):
    return {"dataset": {"namespace": namespace, "name": name}}


DUCKDB = "duckdb:///srv/trades/dbt/w.duckdb"
MODEL = "w.main.tradesdbt."
PROCESSED, DAILY, SHARE = (f"{MODEL}{name}.build.run" for name in ("processed_trades", "daily_metrics", "v_share"))
RAW, PROCESSED_TRADES, DAILY_METRICS, V_SHARE = (
    f"w.main.{name}" for name in ("raw_trades", "processed_trades", "daily_metrics", "v_share")
)
DBT_UPSTREAM = {
    (SHARE, "WRITES", V_SHARE),
    (SHARE, "READS", PROCESSED_TRADES),
    (SHARE, "READS", DAILY_METRICS),
    (DAILY, "WRITES", DAILY_METRICS),
    (DAILY, "READS", PROCESSED_TRADES),
    (PROCESSED, "WRITES", PROCESSED_TRADES),
    (PROCESSED, "READS", RAW),
}


async def test_dbt_datasets(sample):
    client = await sample("dbt_ol_build")
    up = await ask(client, named(V_SHARE, DUCKDB), direction="UPSTREAM")
    assert up["links"] == DBT_UPSTREAM
    assert up["labels"] == {V_SHARE, DAILY_METRICS, PROCESSED_TRADES, RAW, SHARE, DAILY, PROCESSED}
    distances = {label(node): node["distance"] for node in up["nodes"]}
    assert (distances[V_SHARE], distances[SHARE]) == (0, 1)
    assert (distances[PROCESSED_TRADES], distances[RAW]) == (1, 2)
    assert (up["truncated"], up["truncatedBy"], up["notes"], up["start"]["name"]) == (False, None, [], V_SHARE)
    assert (up["logSize"], up["cursor"]) == (14, 14)

    down = await ask(client, named(RAW, DUCKDB), direction="DOWNSTREAM")
    tests = {f"{MODEL}{name}.build.test" for name in ("processed_trades", "daily_metrics")}
    assert down["labels"] == up["labels"] | tests | {"test.tradesdbt.no_negative"}
    one = await ask(client, named(RAW, DUCKDB), direction="DOWNSTREAM", depth=1)
    assert one["labels"] == {RAW, PROCESSED, PROCESSED_TRADES}
    both = await ask(client, named(DAILY_METRICS, DUCKDB))
    assert both["labels"] == down["labels"] - {f"{MODEL}processed_trades.build.test"}


async def test_dbt_columns(sample):
    client = await sample("dbt_ol_build")
    column = {"column": {"namespace": DUCKDB, "name": V_SHARE, "field": "share"}}
    up = await ask(client, column, direction="UPSTREAM")
    assert up["links"] == {
        (f"{V_SHARE}.share", "DERIVED_FROM", f"{DAILY_METRICS}.total"),
        (f"{V_SHARE}.share", "DERIVED_FROM", f"{PROCESSED_TRADES}.notional"),
        (f"{DAILY_METRICS}.total", "DERIVED_FROM", f"{PROCESSED_TRADES}.notional"),
        (f"{PROCESSED_TRADES}.notional", "DERIVED_FROM", f"{RAW}.px"),
        (f"{PROCESSED_TRADES}.notional", "DERIVED_FROM", f"{RAW}.qty"),
    }
    assert up["start"]["kind"] == "COLUMN"
    down = await ask(client, {"column": {"namespace": DUCKDB, "name": RAW, "field": "symbol"}}, direction="DOWNSTREAM")
    assert down["labels"] == {
        f"{RAW}.symbol",
        f"{PROCESSED_TRADES}.symbol",
        f"{DAILY_METRICS}.symbol",
        f"{V_SHARE}.symbol",
    }
    whole = await ask(client, named(V_SHARE, DUCKDB), direction="UPSTREAM", granularity="COLUMN")
    assert {name for name in whole["labels"] if name.startswith(V_SHARE)} == {
        f"{V_SHARE}.{field}" for field in ("share", "symbol", "total")
    }
    as_datasets = await ask(client, column, direction="UPSTREAM", granularity="DATASET")
    assert as_datasets["links"] == DBT_UPSTREAM


async def test_dbt_runs(sample):
    client = await sample("dbt_ol_build")
    up = await ask(client, {"run": "01a1fd97-0ddd-7762-8c0d-4c99922ef5e4"}, direction="UPSTREAM")
    processed, daily, share = "run cdcdc3", "run db376e", "run 2ef5e4"
    assert up["links"] == {
        (share, "CONSUMED", f"version of {PROCESSED_TRADES}"),
        (share, "CONSUMED", f"version of {DAILY_METRICS}"),
        (daily, "PRODUCED", f"version of {DAILY_METRICS}"),
        (daily, "CONSUMED", f"version of {PROCESSED_TRADES}"),
        (processed, "PRODUCED", f"version of {PROCESSED_TRADES}"),
        (processed, "CONSUMED", RAW),
    }
    assert up["edge"][share, f"version of {DAILY_METRICS}"]["basis"] == "INFERRED"
    assert {node["state"] for node in up["nodes"] if node["kind"] == "RUN"} == {"COMPLETE"}
    root = await ask(client, {"run": "01a1fd96-ebe4-724d-9322-b2240b2811f6"}, direction="UPSTREAM")
    assert len([node for node in root["nodes"] if node["kind"] == "RUN"]) == 7  # itself and all that it contains


SPARK = "/srv/retail/data/1.53.0/"
TOTALS_JOB, LAKE_CUSTOMERS, LAKE_ORDERS, RAW_CUSTOMERS, RAW_ORDERS = (
    f"retail_etl.{name}"
    for name in (
        "adaptive_spark_plan.mart_customer_totals",
        *(
            f"execute_insert_into_hadoop_fs_relation_command.{name}"
            for name in ("lake_customers", "lake_orders", "raw_customers", "raw_orders")
        ),
    )
)


async def test_spark_datasets(sample):
    client = await sample("spark_1.53.0_etl")
    up = await ask(client, named(SPARK + "mart/customer_totals", "file"), direction="UPSTREAM")
    names = {node["id"]: node["name"].removeprefix(SPARK) for node in up["nodes"]}
    assert {(names[e["source"]], e["kind"], names[e["target"]]) for e in up["edges"]} == {
        (TOTALS_JOB, "WRITES", "mart/customer_totals"),
        (TOTALS_JOB, "READS", "lake/customers"),
        (TOTALS_JOB, "READS", "lake/orders"),
        (LAKE_CUSTOMERS, "WRITES", "lake/customers"),
        (LAKE_CUSTOMERS, "READS", "raw/customers"),
        (LAKE_ORDERS, "WRITES", "lake/orders"),
        (LAKE_ORDERS, "READS", "raw/orders"),
        (RAW_CUSTOMERS, "WRITES", "raw/customers"),
        (RAW_ORDERS, "WRITES", "raw/orders"),
    }
    down = await ask(client, named(SPARK + "raw/customers", "file"), direction="DOWNSTREAM")
    assert {node["name"].removeprefix(SPARK) for node in down["nodes"] if node["kind"] == "DATASET"} == {
        "raw/customers",
        "lake/customers",
        "mart/customer_totals",
        "export/Länder übersicht",
    }


async def test_spark_columns_with_all_their_transformations(sample):
    client = await sample("spark_1.53.0_etl")
    of = {"column": {"namespace": "file", "name": SPARK + "mart/customer_totals", "field": "email_hash"}}
    up = await ask(client, of, direction="UPSTREAM", depth=1)
    names = {node["id"]: f"{node['name'].removeprefix(SPARK)}.{node['field']}" for node in up["nodes"]}
    found = {
        names[edge["target"]]: {(t["type"], t["subtype"]) for t in edge["transformations"]} for edge in up["edges"]
    }
    join = {("INDIRECT", "JOIN"), ("INDIRECT", "FILTER")}
    assert found == {
        "lake/customers.email": {("DIRECT", "AGGREGATION")},
        "lake/customers.customer_id": join,
        "lake/customers.land": {("INDIRECT", "GROUP_BY")},
        "lake/orders.amount": {("INDIRECT", "FILTER")},
        "lake/orders.customer_id": join | {("INDIRECT", "GROUP_BY")},
    }
    of["column"]["field"] = "land"  # a value of its own source, which also groups the whole dataset
    land = await ask(client, of, direction="UPSTREAM", depth=1)
    edge = land["edge"]["customer_totals.land", "customers.land"]
    assert [(t["type"], t["subtype"], t["masking"]) for t in edge["transformations"]] == [
        ("DIRECT", "IDENTITY", False),
        ("INDIRECT", "GROUP_BY", False),
    ]
    roots = await ask(client, of, direction="UPSTREAM")
    assert {n["name"].removeprefix(SPARK) for n in roots["nodes"] if n["distance"] == 2} == {
        "raw/customers",
        "raw/orders",
    }


async def test_spark_runs(sample):
    client = await sample("spark_1.53.0_etl")
    up = await ask(client, {"job": {"namespace": "spark_prod", "name": TOTALS_JOB}}, granularity="RUN")
    totals, lake_customers, lake_orders, raw_customers, raw_orders = (
        f"run {end}" for end in ("505bca", "6fbee1", "3d568a", "3aeddc", "0fc24d")
    )
    runs = {(source, kind) for source, kind, _ in up["links"]}
    assert runs == {
        *((run, "PRODUCED") for run in (totals, lake_customers, lake_orders, raw_customers, raw_orders)),
        *((run, "CONSUMED") for run in (totals, lake_customers, lake_orders)),
    }
    assert len(up["edges"]) == 9
    assert all(node["complete"] for node in up["nodes"] if node["kind"] == "DATASET_VERSION")


TASKS = [f"trades.{name}" for name in ("bash", "fileio", "flaky", "metrics", "per_item", "process")]


async def test_airflow_datasets(sample):
    client = await sample("airflow_dagstest_conv_trades")
    of = {"job": {"namespace": "air-ns", "name": "trades"}}
    answer = await ask(client, of, depth=1)
    expected = {(task, "PART_OF", "trades") for task in [*TASKS, "trades.extract"]}
    expected |= {(task, "READS", name) for task in TASKS for name in ("in", "out.txt")}
    expected |= {(task, "WRITES", name) for task in TASKS for name in ("out", "out.txt")}
    assert answer["links"] == {*expected, ("trades.extract", "WRITES", "trades")}
    flaky = answer["edge"]["trades.flaky", "in"]
    assert flaky["seen"] == {"attempts": 1, "of": 1, "failed": 0}  # the failed one reported no datasets
    assert answer["edge"]["trades.per_item", "in"]["seen"] == {"attempts": 5, "of": 5, "failed": 0}
    assert {node["kind"] for node in answer["nodes"]} == {"JOB", "DATASET"}
    refused = await client.error(LINEAGE, of=of, granularity="COLUMN")
    assert refused.extensions == {"code": "INVALID_QUESTION", "status": 422}
    assert "cannot start from this job" in refused.message


async def test_airflow_runs(sample):
    client = await sample("airflow_dagstest_conv_trades")
    process = {
        "run": "019b76da-a800-7698-82f1-d95c3d3b0d1c"
    }  # extract: it reads nothing, and nobody reads what it wrote
    answer = await ask(client, process)
    assert answer["links"] == {("run 3b0d1c", "PRODUCED", "version of trades")}
    bash = await ask(client, {"run": "019b76da-a800-7948-99c6-f78712c9b454"}, direction="UPSTREAM", depth=1)
    assert bash["links"] == {
        ("run c9b454", "CONSUMED", "in"),
        ("run c9b454", "CONSUMED", "version of out.txt"),
        ("run 37bf6a", "PRODUCED", "version of out.txt"),  # metrics, which ended just before
    }
    whole = await ask(client, {"job": {"namespace": "air-ns", "name": "trades"}}, granularity="RUN")
    assert len([node for node in whole["nodes"] if node["kind"] == "RUN"]) == 13  # all runs of the DAG run


async def test_as_of_and_window(graph):
    client = await graph(
        event("COMPLETE", "10:00:00", run=1, inputs=["a"], outputs=["t"]),
        event("FAIL", "11:00:00", run=2, inputs=["b"], outputs=["t"]),
        job_event("11:30:00", inputs=["c"], outputs=["t"]),
    )

    async def sources(**variables):
        answer = await ask(client, named("t"), direction="UPSTREAM", **variables)
        return {node["name"] for node in answer["nodes"] if node["kind"] == "DATASET"} - {"t"}, answer

    assert (await sources())[0] == {"a", "b", "c"}
    assert (await sources(window=1))[0] == {"b", "c"}
    assert (await sources(asOf="2026-01-01T11:00:00Z"))[0] == {"a", "b"}
    assert (await sources(asOf="2026-01-01T10:59:59.999999Z"))[0] == {"a"}
    names, before = await sources(asOf="2025-01-01T00:00:00Z")
    assert (names, before["asOf"]) == (set(), "2025-01-01T00:00:00.000000Z")
    edge = (await sources())[1]["edge"]["etl", "b"]
    assert (edge["observed"], edge["declared"], edge["seen"]) == (True, False, {"attempts": 1, "of": 2, "failed": 1})
    edge = (await sources())[1]["edge"]["etl", "c"]
    assert (edge["observed"], edge["declared"], edge["firstSeen"]) == (False, True, "2026-01-01T11:30:00.000000Z")


async def test_what_is_asked_of_a_lineage_is_asked_at_its_time(graph):
    client = await graph(
        event("COMPLETE", "10:00:00", outputs=["t"], job_facets={"documentation": {"description": "then"}}),
        event("COMPLETE", "12:00:00", run=2, outputs=["t"], job_facets={"documentation": {"description": "now"}}),
    )
    query = """query ($at: DateTime, $ns: String!) { lineage(of: {dataset: {namespace: $ns, name: "t"}}, asOf: $at) {
        nodes { ... on Job { documentation latestRun { runId } } } } }"""
    for at, said, run in (("2026-01-01T11:00:00Z", "then", 1), (None, "now", 2)):
        nodes = (await client.ask(query, at=at, ns=NS))["lineage"]["nodes"]
        assert {"documentation": said, "latestRun": {"runId": run_id(run)}} in nodes


async def test_names_of_one_dataset_are_one_node(graph):
    linked = {"symlinks": {"identifiers": [{"namespace": NS, "name": "a_table"}]}}
    client = await graph(
        event("COMPLETE", "10:00:00", "write", 1, outputs=["path"]),
        dataset_event("10:00:00", "path", **linked),
        event("COMPLETE", "11:00:00", "read", 2, inputs=["a_table"]),
    )
    answer = await ask(client, named("path"))
    assert answer["links"] == {("write", "WRITES", "a_table"), ("read", "READS", "a_table")}
    (node,) = [node for node in answer["nodes"] if node["kind"] == "DATASET"]
    assert [other["name"] for other in node["names"]] == ["a_table", "path"]


async def test_cut_answers_say_so(graph):
    client = await graph(
        *(event("COMPLETE", f"10:{n:02}:00", f"job{n}", n, [f"t{n}"], [f"t{n + 1}"]) for n in range(30))
    )
    cut = await ask(client, named("t0"), maxNodes=5)
    assert (cut["truncated"], cut["truncatedBy"], len(cut["nodes"])) == (True, "NODES", 5)
    assert {node["name"] for node in cut["nodes"]} == {"t0", "job0", "t1", "job1", "t2"}
    whole = await ask(client, named("t0"), depth=1_000)
    assert (whole["truncated"], len(whole["nodes"])) == (False, 61)


@pytest.mark.parametrize(
    "of",
    [
        named("no such"),
        {"job": {"namespace": "no", "name": "such"}},
        {"run": "no such"},
        {"run": run_id(99)},
        {"column": {"namespace": NS, "name": "t", "field": "no such"}},
    ],
)
async def test_an_unknown_start_is_told(graph, of):
    client = await graph(event("COMPLETE", "10:00:00", outputs=["t"]))
    error = await client.error(LINEAGE, of=of)
    assert error.extensions == {"code": "NOT_FOUND", "status": 404}
    assert "search" in error.message


@pytest.mark.parametrize(
    ("variables", "code", "said"),
    [
        ({"of": {}}, "INVALID_QUERY", "exactly one key"),
        ({"of": {**named("t"), "run": "x"}}, "INVALID_QUERY", "exactly one key"),
        ({"depth": -1}, "INVALID_QUESTION", "depth is -1"),
        ({"window": 0}, "INVALID_QUESTION", "window is 0"),
        ({"maxNodes": 0}, "INVALID_QUESTION", "maxNodes is 0"),
        ({"asOf": "yesterday"}, "INVALID_QUERY", "such as 2026-01-31T09:30:00Z"),
        ({"asOf": 5}, "INVALID_QUERY", "such as 2026-01-31T09:30:00Z"),
        ({"direction": "SIDEWAYS"}, "INVALID_QUERY", "SIDEWAYS"),
    ],
)
async def test_bad_questions_are_told_what_to_change(graph, variables, code, said):
    client = await graph(event("COMPLETE", "10:00:00", outputs=["t"]))
    error = await client.error(LINEAGE, **{"of": named("t"), **variables})
    assert error.extensions["code"] == code
    assert said in error.message


async def test_both_ways_to_ask_for_nodes(graph):
    output = dataset("t", columnLineage=columns(a=[("s", "b")]))
    client = await graph(event("COMPLETE", "10:00:00", inputs=["s"], outputs=[output]))
    query = """query ($g: Granularity, $ns: String!) {
        lineage(of: {dataset: {namespace: $ns, name: "t"}}, granularity: $g) {
            truncated nodes { NODES } edges { source target kind } } }"""
    fragments = """id kind ... on Dataset { namespace name } ... on Job { namespace name } ... on Run { namespace name }
        ... on Column { namespace name field } ... on DatasetVersion { namespace name label }"""
    for granularity in ("DATASET", "COLUMN", "RUN"):
        flat = await client.ask(query.replace("NODES", "id kind namespace name"), g=granularity, ns=NS)
        shaped = await client.ask(query.replace("NODES", fragments), g=granularity, ns=NS)
        for node in shaped["lineage"]["nodes"]:
            node.pop("field", None)
            node.pop("label", None)
        assert flat == shaped
        assert flat["lineage"]["edges"]
