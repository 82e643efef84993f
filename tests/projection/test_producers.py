"""What real producers do, each with an event that shows it (and, where there is one, the recorded event)."""

import json
from pathlib import Path

from tests.build import NOW, NS, ask, columns, dataset, event, graph_of, job_event, run_id, schema
from whence_schemas.identity import attempt_id, column_key, dataset_key, job_key, run_key
from whence_schemas.times import parse_time

SAMPLES = Path(__file__).parents[1] / "samples"


def recorded(name: str) -> list[bytes]:
    return [line for line in (SAMPLES / f"{name}.ndjson").read_bytes().splitlines() if line.strip()]


async def attempts(store, run: int = 1):
    return (await store.attempts([run_key(run_id(run))]))[run_key(run_id(run))]


async def test_a_failure_is_not_undone_by_a_later_complete():
    store = await graph_of(event("START", "10:00:00"), event("FAIL", "10:00:01"), event("COMPLETE", "10:00:01.015"))
    (attempt,) = await attempts(store)
    assert attempt.state == "FAIL"


async def test_a_start_after_an_end_opens_a_new_attempt():
    store = await graph_of(
        event("START", "10:00:00"),
        event("FAIL", "10:00:01"),
        event("START", "10:00:02"),
        event("COMPLETE", "10:00:03", outputs=["daily_metrics"]),
    )
    assert [(a.number, a.state) for a in await attempts(store)] == [(0, "FAIL"), (1, "COMPLETE")]


async def test_a_second_start_before_the_end_is_the_same_attempt():
    store = await graph_of(event("START", "10:00:00"), event("START", "10:00:01"), event("COMPLETE", "10:00:02"))
    assert len(await attempts(store)) == 1


async def test_a_run_that_never_ends_is_shown_as_running():
    store = await graph_of(event("START", "10:00:00", outputs=["daily_metrics"]))
    (attempt,) = await attempts(store)
    assert (attempt.state, attempt.end) == ("RUNNING", None)


async def test_start_and_abort_at_one_time():
    store = await graph_of(event("ABORT", "10:00:00"), event("START", "10:00:00"))
    (attempt,) = await attempts(store)
    assert attempt.state == "ABORT"


async def test_the_same_run_ids_again_for_one_logical_date():
    """`airflow dags test` twice: the DAG run has no START, its tasks have two."""
    first, again = recorded("airflow_retail_daily"), recorded("airflow_retail_daily_rerun_same_logical_date")
    store = await graph_of(*first, *again)
    runs = [key async for key in _keys(store, "R")]
    counts = {run: len(found) for run, found in (await store.attempts(runs)).items()}
    assert max(counts.values()) == (1 if set(first) == set(again) else 2)


async def _keys(store, kind):
    for row in [row async for row in store.dump()]:
        if row[0] == "node" and row[2] == kind:
            yield row[1]


async def test_a_column_source_that_is_no_input_is_one_all_the_same():
    store = await graph_of(
        event("COMPLETE", "10:00:00", outputs=[dataset("daily_metrics", columnLineage=columns(v=[("seed", "x")]))])
    )
    assert ("etl", "READS", "seed") in (await ask(store, "daily_metrics", down=False)).edges


async def test_datasets_accumulate_over_an_attempt():
    store = await graph_of(
        event("START", "10:00:00", inputs=["raw_trades"]),
        event("RUNNING", "10:00:01", outputs=["processed_trades"]),
        event("COMPLETE", "10:00:02"),
    )
    assert (await ask(store, "processed_trades")).names == {"raw_trades", "etl", "processed_trades"}


async def test_a_complete_snapshot_replaces_what_the_attempt_said_before():
    snapshot = {
        "jobType": {
            "processingType": "STREAMING",
            "integration": "FLINK",
            "emissionPattern": {"eventTrigger": "PERIODIC", "eventContentMode": "COMPLETE_SNAPSHOT"},
        }
    }
    store = await graph_of(
        event("START", "10:00:00", inputs=["old"], outputs=["out"], job_facets=snapshot),
        event("RUNNING", "10:00:01", inputs=["new"], outputs=["out"], job_facets=snapshot),
    )
    assert (await ask(store, "out")).names == {"new", "etl", "out"}


async def test_times_without_zone_are_taken_as_utc_and_say_so():
    store = await graph_of(event("START", "2026-01-01T10:00:00"), event("COMPLETE", "2026-01-01T10:00:01.123456789"))
    (attempt,) = await attempts(store)
    assert attempt.last - attempt.start == 1_123_456
    assert "no zone" in attempt.anomalies


async def test_null_facets_and_facets_without_producer_are_no_trouble():
    store = await graph_of(
        event("COMPLETE", "10:00:00", outputs=[dataset("out", schema=None, dataSource={"name": "db", "uri": "file"})])
    )
    (facet,) = await store.facets([dataset_key(NS, "out")], None, NOW)
    assert (facet.facet, json.loads(facet.body)) == ("dataSource", {"name": "db", "uri": "file"})


async def test_facet_keys_with_dots_and_hyphens_come_back():
    facets = {"spark.exception": {"message": "x"}, "environment-properties": {"a": {"b": [1, 2.5, None]}}}
    store = await graph_of(event("FAIL", "10:00:00", run_facets=facets))
    found = await store.facets([attempt_id(run_key(run_id(1)), 0)], None, NOW)
    assert {f.facet: json.loads(f.body) for f in found} == facets


async def test_a_job_with_400_columns():
    store = await graph_of(*recorded("spark_1.53.0_wide"))
    wide = [row async for row in store.dump() if row[0] == "edge" and row[2] == "DERIVED_FROM"]
    assert len(wide) >= 400


async def test_a_container_does_not_count_twice_and_shows_the_union_of_what_it_holds():
    parent = {"parent": {"run": {"runId": run_id(9)}, "job": {"namespace": "trading", "name": "dag"}}}
    store = await graph_of(
        event("START", "10:00:00", job="dag", run=9),
        event("COMPLETE", "10:00:01", job="dag.one", inputs=["a"], outputs=["b"], run_facets=parent),
        event("COMPLETE", "10:00:02", job="dag.two", run=2, inputs=["b"], outputs=["c"], run_facets=parent),
        event("COMPLETE", "10:00:03", job="dag", run=9),
    )
    assert (await ask(store, "c", down=False)).names == {"c", "dag.two", "b", "dag.one", "a"}
    whole = await ask(store, job="dag")
    assert {"a", "b", "c", "dag", "dag.one", "dag.two"} == whole.names
    assert ("dag.one", "PART_OF", "dag") in whole.edges


async def test_a_container_that_repeats_its_children_is_passed_over():
    parent = {"parent": {"run": {"runId": run_id(9)}, "job": {"namespace": "trading", "name": "app"}}}
    store = await graph_of(
        event("COMPLETE", "10:00:03", job="app", run=9, inputs=["a", "x"], outputs=["b", "y"]),
        event("COMPLETE", "10:00:01", job="app.one", inputs=["a"], outputs=["b"], run_facets=parent),
        event("COMPLETE", "10:00:02", job="app.two", run=2, inputs=["x"], outputs=["y"], run_facets=parent),
    )
    assert (await ask(store, "b", down=False)).names == {"b", "app.one", "a"}


async def test_children_are_found_by_the_parents_own_events_though_the_hint_names_another_job():
    parent = {"parent": {"run": {"runId": run_id(9)}, "job": {"namespace": "trading", "name": "hint"}}}
    store = await graph_of(
        event("COMPLETE", "10:00:03", job="dag", run=9),
        event("COMPLETE", "10:00:01", job="dag.one", inputs=["a"], outputs=["b"], run_facets=parent),
    )
    assert {"a", "b", "dag.one"} < (await ask(store, job="dag")).names


async def test_self_loops_are_normal():
    store = await graph_of(event("COMPLETE", "10:00:00", job="merge", inputs=["t", "s"], outputs=["t"]))
    assert (await ask(store, "t")).edges == {
        ("merge", "READS", "t"),
        ("merge", "WRITES", "t"),
        ("merge", "READS", "s"),
    }


async def test_events_without_datasets_make_nodes_all_the_same():
    store = await graph_of(event("COMPLETE", "10:00:00", job="drop_table"))
    assert job_key("trading", "drop_table") in await store.nodes([job_key("trading", "drop_table")])


async def test_one_run_under_two_job_names_is_noted():
    store = await graph_of(
        event("START", "10:00:00", job="app.unknown", inputs=["a"]),
        event("COMPLETE", "10:00:01", job="app.insert", outputs=["b"]),
    )
    (attempt,) = await attempts(store)
    assert attempt.job == job_key("trading", "app.insert")
    assert "app.unknown" in attempt.anomalies


async def test_exact_duplicates_count_once():
    lines = recorded("spark_1.53.0_etl")
    once, twice = await graph_of(*lines), await graph_of(*lines, *lines)
    assert [r async for r in once.dump()] == [r async for r in twice.dump()]


async def test_an_unknown_event_type_is_kept():
    store = await graph_of(event("MOON", "10:00:00", run_facets={"x": {"y": 1}}))
    (attempt,) = await attempts(store)
    assert attempt.state == "OTHER"
    assert [f.facet for f in await store.facets([attempt_id(run_key(run_id(1)), 0)], None, NOW)] == ["x"]


async def test_jobs_whose_inputs_vary_per_run_keep_their_edges():
    events = [event("COMPLETE", f"1{n}:00:00", run=n, inputs=[f"part_{n % 3}"], outputs=["out"]) for n in range(1, 7)]
    store = await graph_of(*events)
    answer = await ask(store, "out", down=False)
    assert {"part_0", "part_1", "part_2"} < answer.names
    assert answer.edge("etl", "part_0").seen[:2] == (2, 6)
    assert (await ask(store, "out", down=False, window=1)).names == {"out", "etl", "part_0"}


async def test_an_empty_last_run_wipes_nothing():
    store = await graph_of(
        event("COMPLETE", "10:00:00", run=1, inputs=["a"], outputs=["b"]), event("COMPLETE", "11:00:00", run=2)
    )
    assert (await ask(store, "b", window=1)).names == {"a", "etl", "b"}


async def test_a_failed_output_does_not_become_the_current_version():
    store = await graph_of(
        event("COMPLETE", "10:00:00", run=1, outputs=["t"]),
        event("FAIL", "11:00:00", run=2, outputs=["t"]),
        event("COMPLETE", "12:00:00", job="reader", run=3, inputs=["t"]),
    )
    assert ("run 1", "PRODUCED", "t") in (await ask(store, run=3, down=False)).edges
    assert "run 2" not in (await ask(store, run=3, down=False)).names


async def test_delta_runs_of_one_application_are_one_graph():
    store = await graph_of(*recorded("spark_1.53.0_delta"))
    assert (await store.counts())["J"] >= 12


async def test_deleted_facets_are_gone_whatever_else_they_say():
    store = await graph_of(
        event("COMPLETE", "10:00:00", run=1, outputs=[dataset("t", schema=schema("a"))]),
        event("COMPLETE", "11:00:00", run=2, outputs=[dataset("t", schema={"_deleted": True, "fields": 5})]),
    )
    assert await store.facets([dataset_key(NS, "t")], ["schema"], NOW) == []
    earlier = parse_time("2026-01-01T10:30:00Z").micros
    (before,) = await store.facets([dataset_key(NS, "t")], ["schema"], earlier)
    assert json.loads(before.body) == schema("a")


async def test_a_misfitting_standard_facet_is_kept_and_noted():
    odd = {"fields": {"v": {"inputFields": "everything"}}}
    store = await graph_of(event("COMPLETE", "10:00:00", outputs=[dataset("t", columnLineage=odd)]))
    (facet,) = await store.facets([dataset_key(NS, "t")], None, NOW)
    assert json.loads(facet.body) == odd
    (attempt,) = await attempts(store)
    assert "columnLineage" in attempt.anomalies


async def test_columns_of_the_schema_become_nodes():
    store = await graph_of(job_event("10:00:00", outputs=[dataset("t", schema=schema("a", "b"))]))
    key = dataset_key(NS, "t")
    assert set(await store.nodes([column_key(key, "a"), column_key(key, "b")])) == {
        column_key(key, "a"),
        column_key(key, "b"),
    }


async def test_a_facet_with_too_many_column_edges_is_kept_and_not_drawn():
    many = columns(**{f"c{n}": [("t", f"x{m}") for m in range(11)] for n in range(10_000)})
    store = await graph_of(event("COMPLETE", "10:00:00", outputs=[dataset("wide", columnLineage=many)]))
    (attempt,) = await attempts(store)
    assert "not drawn" in attempt.anomalies
    assert [f.facet for f in await store.facets([dataset_key(NS, "wide")], None, NOW)] == ["columnLineage"]
