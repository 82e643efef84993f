"""dbt's models as Dagster's assets: what dagster-dbt tells joins what dbt-ol tells of the same project."""

import shutil
from pathlib import Path

import pytest

from tests.openlineage.validity import problems
from tests.orchestrators.graph_shape import shape_of

from .dagster_environment import ROOT, Deployment, environment_beside

pytestmark = pytest.mark.full
COLUMNS = {
    "processed_trades.day DERIVED_FROM raw_trades.day",
    "processed_trades.id DERIVED_FROM raw_trades.id",
    "processed_trades.notional DERIVED_FROM raw_trades.px",
    "processed_trades.notional DERIVED_FROM raw_trades.qty",
    "processed_trades.symbol DERIVED_FROM raw_trades.symbol",
    "daily_metrics.day DERIVED_FROM processed_trades.day",
    "daily_metrics.total DERIVED_FROM processed_trades.notional",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A project that Dagster built, and dbt-ol after it; all events lie in one spool."""
    folder = tmp_path_factory.mktemp("dbt")
    project = folder / "project"
    shutil.copytree(ROOT / "collectors/whence-collector/examples/dbt", project)
    database = project / "trades.duckdb"
    profile = project / "profiles.yml"
    profile.write_text(profile.read_text().replace("path: trades.duckdb", f"path: {database}"))
    deployment = Deployment(
        folder,
        environment_beside() / "bin",
        Path(__file__).parent / "code/dbt",
        DBT_PROJECT=str(project),
        DBT_SEND_ANONYMOUS_USAGE_STATS="false",
        WHENCE_DAGSTER_STORES=f"duckdb=duckdb://{database}",
        OPENLINEAGE__TRANSPORT__TYPE="whence_collector.SpoolTransport",
    )
    place = ("--project-dir", str(project), "--profiles-dir", str(project))
    deployment.run("dbt", "parse", *place)
    deployment.materialize("*")
    deployment.tail()
    deployment.run("dbt-ol", "build", *place)
    return deployment, f"duckdb://{database}"


def of(events, producer):
    """The events of a producer, and its datasets in DuckDB."""
    found = [event for event in events if producer in event["producer"]]
    datasets = {
        (dataset["namespace"], dataset["name"]) for event in found for dataset in (*event["inputs"], *event["outputs"])
    }
    return found, {dataset for dataset in datasets if dataset[0].startswith("duckdb:")}


def test_every_event_of_the_collector_is_valid(built):
    deployment, _ = built
    ours, _ = of(deployment.events(), "urn:whence:dagster")
    assert [problem for event in ours for problem in problems(event)] == []


async def test_tables_and_columns_are_those_of_dbt_ol(built):
    deployment, database = built
    dagsters, tables = of(deployment.events(), "urn:whence:dagster")
    dbts, same = of(deployment.events(), "/integration/dbt")
    named = {(database, f"trades.main.{name}") for name in ("raw_trades", "processed_trades", "daily_metrics")}
    assert tables == named
    assert same <= named
    for events in (dagsters, dbts):
        edges = (await shape_of(events)).edges
        assert {edge.replace("trades.main.", "") for edge in edges if "DERIVED_FROM" in edge} == COLUMNS


async def test_each_table_is_made_of_what_its_model_says(built):
    deployment, _ = built
    [built_by] = [
        event
        for event in deployment.events()
        if event.get("eventType") == "COMPLETE" and event["job"]["name"] == "__ASSET_JOB.models"
    ]
    entries = built_by["job"]["facets"]["lineage"]["entries"]
    flows = {(source["name"], entry["name"]) for entry in entries for source in entry["inputs"]}
    assert {(source.rpartition(".")[2], target.rpartition(".")[2]) for source, target in flows} == {
        ("raw_trades", "processed_trades"),
        ("processed_trades", "daily_metrics"),
    }
    checked = {
        output["name"]: output["facets"]["dataQualityAssertions"]["assertions"]
        for output in built_by["outputs"]
        if "dataQualityAssertions" in output["facets"]
    }
    assert checked == {
        "trades.main.processed_trades": [
            {"assertion": "not_null_processed_trades_notional", "success": True, "severity": "error"}
        ]
    }
