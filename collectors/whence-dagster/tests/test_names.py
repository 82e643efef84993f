"""Names need no Dagster."""

import pytest

from whence_dagster.facts import AssetFacts
from whence_dagster.names import Names, by_uri, run_id, step_and_mapping_key, step_run_id, version_label

URIS = [
    ("s3a://lake/raw/trades", "", ("s3://lake", "raw/trades")),
    ("gcs://lake/raw", "", ("gs://lake", "raw")),
    ("abfss://box@account.dfs.core.windows.net/a/b", "", ("abfss://box@account.dfs.core.windows.net", "a/b")),
    ("file:///srv/a b.csv", "", ("file", "/srv/a b.csv")),
    ("/srv/a.csv", "", ("file", "/srv/a.csv")),
    ("postgresql://me:secret@db/shop/public/orders", "", ("postgres://db:5432", "shop.public.orders")),
    ("postgres://db:6543/shop", "shop.public.orders", ("postgres://db:6543", "shop.public.orders")),
    ("snowflake://org-account/DB/PUBLIC/T", "", ("snowflake://org-account", "DB.PUBLIC.T")),
    ("bigquery://project/set/table", "", ("bigquery", "project.set.table")),
    ("duckdb:///srv/w.duckdb", "w.main.t", ("duckdb:///srv/w.duckdb", "w.main.t")),
    ("https://example.org/data.csv", "", ("https://example.org", "data.csv")),
]


@pytest.mark.parametrize(("uri", "table", "name"), URIS)
def test_a_uri_gives_the_name_that_other_producers_give(uri, table, name):
    assert by_uri(uri, table) == name


def test_a_table_is_in_the_store_of_its_kind():
    names = Names(stores={"duckdb": "duckdb:///srv/w.duckdb"})
    asset = AssetFacts(("shop", "orders"), tags={"dagster/kind/dbt": "", "dagster/kind/duckdb": ""})
    assert names.dataset(asset, {"dagster/table_name": "w.main.orders"}) == ("duckdb:///srv/w.duckdb", "w.main.orders")
    assert Names().dataset(asset, {"dagster/table_name": "w.main.orders"}) == ("dagster://default", "shop/orders")


def test_namespaces_of_jobs():
    assert Names("set").jobs("named", "location") == "named"
    assert Names("set").jobs("__repository__", "location") == "set"
    assert Names().jobs("__repository__", "location") == "location"


def test_run_ids_are_the_same_for_everybody_and_differ_by_try():
    run = "f1338407-9cbb-4db5-bbef-167a877e2a25"
    assert run_id(run) == run
    assert run_id("my run") == run_id("my run") != run_id("other")
    assert len({step_run_id(run, step, attempt) for step in ("a", "b") for attempt in (0, 1)}) == 4


def test_mapping_keys_are_no_part_of_a_job():
    assert step_and_mapping_key("graph.load[k1]") == ("graph.load", "k1")
    assert step_and_mapping_key("load") == ("load", "")


def test_versions_of_partitions_differ():
    assert version_label("v", "") == "v"
    assert version_label("v", "2026-01-01") == "v@2026-01-01"
