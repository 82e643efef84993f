"""A Prefect flow that runs Dagster and dbt: three collectors, one graph."""

import json
import shutil

import pytest

from tests.openlineage.validity import problems
from tests.orchestrators import dbt_project
from tests.orchestrators.environments import environment
from tests.orchestrators.graph_shape import Shape, shape_of
from tests.orchestrators.prefect_recording import lines_of
from tests.orchestrators.prefect_server import COLLECTORS, NEWEST, Prefect

DAY = "2026-11-02"
EXAMPLE = COLLECTORS / "whence-prefect/examples/hybrid"
OURS = tuple(COLLECTORS / name for name in ("whence-collector", "whence-dagster", "whence-prefect"))
PARTITION = {name: f'["{{\\"{name}\\":\\"{DAY}\\"}}"] complete' for name in ("day", "partition")}

EXPECTED = Shape(
    edges={
        # from end to end, through all three
        "hybrid.fetch WRITES /data/feed.csv",
        "load_trades.raw_trades READS /data/feed.csv",
        "load_trades.raw_trades WRITES trades.main.raw_trades",
        "load_trades.processed_trades READS trades.main.raw_trades",
        "load_trades.processed_trades WRITES trades.main.processed_trades",
        "trades.main.trading.daily_metrics.build.run READS trades.main.processed_trades",
        "trades.main.trading.daily_metrics.build.run WRITES trades.main.daily_metrics",
        "trades.main.trading.daily_metrics.build.test READS trades.main.daily_metrics",
        "hybrid.train READS trades.main.daily_metrics",
        "hybrid.train WRITES limit-breach",
        # columns, as Dagster's metadata and dbt's SQL say
        "trades.main.processed_trades.symbol DERIVED_FROM trades.main.raw_trades.symbol",
        "trades.main.processed_trades.notional DERIVED_FROM trades.main.raw_trades.px",
        "trades.main.processed_trades.notional DERIVED_FROM trades.main.raw_trades.qty",
        "trades.main.daily_metrics.day DERIVED_FROM trades.main.processed_trades.day",
        "trades.main.daily_metrics.total DERIVED_FROM trades.main.processed_trades.notional",
        # what is a part of what
        "hybrid.fetch PART_OF hybrid",
        "hybrid.load PART_OF hybrid",
        "hybrid.transform PART_OF hybrid",
        "hybrid.train PART_OF hybrid",
        "load_trades PART_OF hybrid.load",
        "load_trades.raw_trades PART_OF load_trades",
        "load_trades.processed_trades PART_OF load_trades",
        "dbt-run-trading PART_OF hybrid.transform",
        "trades.main.trading.daily_metrics.build.run PART_OF dbt-run-trading",
        "trades.main.trading.daily_metrics.build.test PART_OF dbt-run-trading",
    },
    runs={
        "hybrid": {"COMPLETE": 1},
        "hybrid.fetch": {"FAIL COMPLETE": 1},
        "hybrid.load": {"COMPLETE": 1},
        "hybrid.transform": {"COMPLETE": 1},
        "hybrid.train": {"COMPLETE": 1},
        "load_trades": {"COMPLETE": 1},
        "load_trades.raw_trades": {"COMPLETE": 1},
        "load_trades.processed_trades": {"COMPLETE": 1},
        "dbt-run-trading": {"COMPLETE": 1},
        "trades.main.trading.daily_metrics.build.run": {"COMPLETE": 1},
        "trades.main.trading.daily_metrics.build.test": {"COMPLETE": 1},
    },
    contained={
        "hybrid.fetch in hybrid": 1,
        "hybrid.load in hybrid": 1,
        "hybrid.transform in hybrid": 1,
        "hybrid.train in hybrid": 1,
        "load_trades in hybrid.load": 1,
        "load_trades.raw_trades in load_trades": 1,
        "load_trades.processed_trades in load_trades": 1,
        "dbt-run-trading in hybrid.transform": 1,
        "trades.main.trading.daily_metrics.build.run in dbt-run-trading": 1,
        "trades.main.trading.daily_metrics.build.test in dbt-run-trading": 1,
    },
    versions={
        "/data/feed.csv": {PARTITION["day"]},
        "trades.main.raw_trades": {PARTITION["partition"]},
        "trades.main.processed_trades": {PARTITION["partition"]},
        "trades.main.daily_metrics": {" complete"},
        "limit-breach": {f"{DAY} complete"},
    },
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """What is in the spool that all three share after a day, and after dbt's manifest was declared."""
    place = tmp_path_factory.mktemp("hybrid")
    shutil.copytree(EXAMPLE, place / "code")
    (place / "dagster").mkdir()
    (place / "dagster/dagster.yaml").write_text("telemetry: {enabled: false}\n")
    all_three = environment("hybrid", *NEWEST, "dagster==1.13.28", *dbt_project.LATEST, editable=OURS)
    with Prefect(all_three, place) as prefect:
        prefect.variables |= {
            "DAGSTER_HOME": str(place / "dagster"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "OPENLINEAGE_NAMESPACE": "trading",
            "PATH": f"{prefect.bin}:{prefect.variables['PATH']}",
            "PREFECT_PLUGINS_ENABLED": "true",
            "TRADING_HOME": str(place / "data"),
            "WHENCE_SHIPPER": "false",
            "WHENCE_SPOOL": str(place / "spool"),
        }
        dbt = ("--project-dir", place / "code/dbt", "--profiles-dir", place / "code/dbt")
        for command in (
            ("python", place / "code/pipeline.py", DAY),
            ("whence-dagster", "tail", "--once", "--state", place / "dagster/state.json"),
            ("whence-dbt-manifest", *dbt),
        ):
            done = prefect.run(*command)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return [json.loads(line.replace(str(place).encode(), b"")) for line in lines_of(place / "spool")]


async def test_three_collectors_make_one_graph(recorded):
    assert await shape_of(event for event in recorded if "run" in event) == EXPECTED


def test_all_name_a_dataset_alike(recorded):
    named = [one for event in recorded for one in (*event.get("inputs", ()), *event.get("outputs", ()))]
    named += [event["dataset"] for event in recorded if "dataset" in event]
    assert {(one["namespace"], one["name"]) for one in named} == {
        ("file", "/data/feed.csv"),
        ("duckdb:///data/trades.duckdb", "trades.main.raw_trades"),
        ("duckdb:///data/trades.duckdb", "trades.main.processed_trades"),
        ("duckdb:///data/trades.duckdb", "trades.main.daily_metrics"),
        ("models://trading", "limit-breach"),
    }


def test_the_flow_is_the_root_of_all(recorded):
    parents = [event["run"]["facets"].get("parent") for event in recorded if "run" in event]
    [flow_run] = {event["run"]["runId"] for event in recorded if "run" in event and event["job"]["name"] == "hybrid"}
    roots = {(parent["root"]["job"]["name"], parent["root"]["run"]["runId"]) for parent in parents if parent}
    assert roots == {("hybrid", flow_run)}


async def test_what_the_three_declare_is_what_ran(recorded):
    """All that is declared was seen; and what was seen of tables, but for the feed, which is said as it happens."""
    declared = await shape_of(event for event in recorded if "run" not in event)
    seen = {edge for edge in EXPECTED.edges if " PART_OF " not in edge and not edge.startswith("hybrid.fetch")}
    assert declared.edges <= seen
    assert {edge for edge in seen if " WRITES " in edge} <= declared.edges


def test_our_events_are_valid(recorded):
    ours = [event for event in recorded if not event["producer"].startswith("https://github.com/OpenLineage/")]
    assert len(ours) > 20
    assert [problem for event in ours for problem in problems(dbt_project.without_dbt(event))] == []
