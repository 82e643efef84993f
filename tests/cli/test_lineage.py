"""`whence lineage`: what a NAME means, and the trees."""

import json
import re

import pytest

from tests.build import columns, dataset, event, job_event, run_id, schema
from tests.cli.commands import run

FAILED_RUN = "01a1fd98-2916-7edd-a19d-eadc73a6e25a"
DBT = "duckdb:///srv/trades/dbt/w.duckdb"


def lines(answer):
    return [line.rstrip() for line in answer.out.splitlines()]


@pytest.fixture
def knowing(folder):
    """A command on stores that know some events."""

    def knowing(*events):
        (folder / "events.ndjson").write_text("\n".join(map(json.dumps, events)))
        run("ingest", "events.ndjson")
        return run

    return knowing


def test_both_trees_of_a_dataset(pipeline):
    assert lines(pipeline("lineage", "w.main.daily_metrics")) == [
        "w.main.daily_metrics  dataset",
        f"datasets in {DBT}",
        "jobs in dbt-ns",
        "",
        "Upstream",
        "w.main.daily_metrics ← w.main.tradesdbt.daily_metrics.build.run",
        "└── w.main.processed_trades ← w.main.tradesdbt.processed_trades.build.run",
        "    └── w.main.raw_trades",
        "",
        "Downstream",
        "w.main.daily_metrics",
        "├── → test.tradesdbt.no_negative",
        "├── w.main.bad_model ← w.main.tradesdbt.bad_model.build.run  failed",
        "├── → w.main.tradesdbt.daily_metrics.build.test",
        "└── w.main.v_share ← w.main.tradesdbt.v_share.build.run",
    ]


def test_one_direction_and_a_depth(pipeline):
    assert "Downstream" not in pipeline("lineage", "daily_metrics", "--up").out
    assert "raw_trades" not in pipeline("lineage", "daily_metrics", "--up", "--depth", "1").out
    down = pipeline("lineage", "raw_trades", "--down").out
    assert "Upstream" not in down
    assert "w.main.bad_model ← w.main.tradesdbt.bad_model.build.run  failed" in down


@pytest.mark.parametrize(
    "name",
    [
        ["w.main.v_share"],
        ["W.MAIN.V_SHARE"],
        ["v_share", "--kind", "dataset"],
        ["v_shar", "--kind", "dataset"],
        [f"{DBT}/w.main.v_share"],
        ["w.main.v_share", "--namespace", DBT],
    ],
)
def test_names_of_a_dataset(pipeline, name):
    assert lines(pipeline("lineage", *name))[0] == "w.main.v_share  dataset"


def test_a_job_and_what_it_contains(pipeline):
    found = lines(pipeline("lineage", "dbt-run-tradesdbt", "--up"))
    assert found[0] == "dbt-run-tradesdbt  job"
    assert "├── w.main.tradesdbt.daily_metrics.build.run" in found
    assert "│   └── w.main.daily_metrics ← w.main.tradesdbt.daily_metrics.build.run" in found


def test_candidates_of_an_ambiguous_name(pipeline):
    answer = pipeline("lineage", "daily_metrics.build", code=1)
    assert answer.out == ""
    assert "--kind, --namespace" in answer.err
    assert re.search(r"job +dbt-ns +w\.main\.tradesdbt\.daily_metrics\.build\.run", answer.err)
    assert re.search(r"job +dbt-ns +w\.main\.tradesdbt\.daily_metrics\.build\.test", answer.err)


def test_what_is_not_there(pipeline):
    assert "whence search" in pipeline("lineage", "nothing", code=1).err
    assert "in elsewhere" in pipeline("lineage", "w.main.v_share", "--namespace", "elsewhere", code=1).err
    assert pipeline("lineage", "01a1fd98-0000-7edd-a19d-eadc73a6e25a", code=1).err
    assert "it has share, symbol, total" in pipeline("lineage", "v_share", "--column", "nothing", code=1).err


def test_the_origin_of_a_column(pipeline):
    assert lines(pipeline("lineage", "v_share", "--column", "share", "--up"))[4:] == [
        "w.main.v_share.share",
        "├── w.main.daily_metrics.total",
        "│   └── w.main.processed_trades.notional",
        "│       ├── w.main.raw_trades.px",
        "│       └── w.main.raw_trades.qty",
        "└── w.main.processed_trades.notional  (see above)",
    ]


def test_all_columns_and_how_they_are_made(pipeline):
    out = pipeline("lineage", "mart/customer_totals", "--columns", "--up").out
    assert "mart/customer_totals.email_hash\n" in out
    assert "lake/customers.email  aggregation, masked" in out
    assert "lake/orders.amount  aggregation, filter (indirect)" in out


def test_exact_runs(pipeline):
    found = lines(pipeline("lineage", FAILED_RUN))
    assert found[0] == "w.main.tradesdbt.bad_model.build.run  run"
    assert f"w.main.tradesdbt.bad_model.build.run {FAILED_RUN} fail" in found
    assert "└── w.main.bad_model 2026-11-21 10:12:48Z  may be incomplete" in found
    assert "version inferred ← w.main.tradesdbt.daily_metrics.build.run" in found[6]
    assert "complete" in pipeline("lineage", "w.main.daily_metrics", "--runs").out


def test_the_answer_as_json(pipeline):
    answer = pipeline("lineage", "w.main.v_share", "--json").json["lineage"]
    assert {"w.main.raw_trades", "w.main.v_share"} <= {node["name"] for node in answer["nodes"]}
    assert {edge["kind"] for edge in answer["edges"]} == {"READS", "WRITES"}


def test_as_it_was_then(pipeline):
    before = pipeline("lineage", "daily_metrics", "--down", "--as-of", "2026-11-21T10:12:00Z").out
    assert "v_share" in before
    assert "bad_model" not in before
    assert "ISO 8601" in pipeline("lineage", "daily_metrics", "--as-of", "then", code=2).err


def test_marks(knowing):
    whence = knowing(
        event("COMPLETE", "10:00:00", "load", run=1, inputs=["a", "b"], outputs=["c"]),
        event("FAIL", "11:00:00", "load", run=2, inputs=["a"], outputs=["c"]),
        job_event("10:00:00", "plan", inputs=["c"], outputs=["d"]),
    )
    assert lines(whence("lineage", "c", "--namespace", "postgres://db:5432"))[4:] == [
        "Upstream",
        "c ← load  1 failed",
        "├── a",
        "└── b  1 of 2 runs",
        "",
        "Downstream",
        "c",
        "└── d ← plan  declared only",
    ]
    assert "b" not in lines(whence("lineage", "load", "--window", "1", "--up"))[-1]


def test_cycles_several_writers_and_repeated_nodes(knowing):
    whence = knowing(
        event("COMPLETE", "10:00:00", "one", run=1, inputs=["a"], outputs=["b"]),
        event("COMPLETE", "10:00:00", "two", run=2, inputs=["b", dataset("x", "s3://lake")], outputs=["a"]),
        event("COMPLETE", "10:00:00", "three", run=3, inputs=["b"], outputs=["a"]),
    )
    assert lines(whence("lineage", "a", "--kind", "dataset", "--up"))[4:] == [
        "Upstream",
        "a",
        "├── ← three",
        "│   └── b ← one",
        "│       └── a  (see above)",
        "└── ← two",
        "    ├── b ← one  (see above)",
        "    └── x (s3://lake)",
    ]


def test_nothing_above_and_a_column_beside(knowing):
    whence = knowing(event("COMPLETE", "10:00:00", outputs=[dataset("a", schema=schema("x", "y"))]))
    assert lines(whence("lineage", "a", "--kind", "dataset"))[3:] == [
        "",
        "Upstream",
        "a ← etl",
        "",
        "Downstream",
        "nothing is known",
    ]
    assert lines(whence("lineage", "a", "--columns"))[-1] == "nothing is known"


def test_long_lines_go_on_below_on_a_terminal(knowing, monkeypatch):
    name = "schema.of.a.table.with.quite.a.long.name"
    knowing(event("COMPLETE", "10:00:00", "job_" + name, inputs=["a"], outputs=[name]))
    monkeypatch.setattr("whence.cli.console._UNBOUNDED", 60)
    assert lines(run("lineage", name, "--kind", "dataset", "--up"))[5:] == [
        name,
        f"  ← job_{name}",
        "└── a",
    ]


def test_what_a_dataset_declares_it_derives_from_is_a_tree_too(knowing):
    found = columns(x=[("source", "x")])
    whence = knowing(
        event("COMPLETE", "10:00:00", outputs=[dataset("copy", columnLineage=found, schema=schema("x"))]),
    )
    assert "└── source.x" in lines(whence("lineage", "copy", "--column", "x", "--up"))


def test_a_run_by_its_id_in_any_form(knowing):
    whence = knowing(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    written = run_id(1).upper().replace("-", "")
    assert lines(whence("lineage", written))[0] == "etl  run"
    assert "no job" in whence("lineage", written, "--kind", "job", code=1).err
