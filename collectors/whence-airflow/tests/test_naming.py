"""Names of datasets, by OpenLineage's convention."""

import pytest

from whence_airflow.naming import dataset_name

NAMES = {
    "s3a://lake/raw/trades/": ("s3://lake", "raw/trades"),
    "gcs://lake/raw": ("gs://lake", "raw"),
    "abfs://box@store.dfs.core.windows.net/raw": ("abfss://box@store.dfs.core.windows.net", "raw"),
    "postgresql+psycopg://user:secret@db/trading/public/trades": ("postgres://db:5432", "trading.public.trades"),
    "mysql://db:3307/trading/trades": ("mysql://db:3307", "trading.trades"),
    "bigquery://project/dataset/trades": ("bigquery", "project.dataset.trades"),
    "snowflake://org-account/trading/public/trades": ("snowflake://org-account", "trading.public.trades"),
    "duckdb:///srv/warehouse.duckdb/trades": ("duckdb:///srv/warehouse.duckdb", "warehouse.main.trades"),
    "sqlite:///srv/trades.db/trades": ("sqlite:///srv/trades.db", "trades"),
    "file:///srv/trades.csv": ("file", "/srv/trades.csv"),
    "kafka://broker:9092/trades": ("kafka://broker:9092", "trades"),
    "x-model://trading/limits": ("x-model://trading", "limits"),
    "odd://somewhere": ("odd", "somewhere"),
    "/srv/trades.csv": ("file", "/srv/trades.csv"),
}


@pytest.mark.parametrize("uri", NAMES)
def test_a_uri_has_a_standard_name(uri):
    assert dataset_name(uri) == NAMES[uri]


def test_a_bare_name_is_no_uri():
    with pytest.raises(ValueError, match="names no dataset"):
        dataset_name("trades")
