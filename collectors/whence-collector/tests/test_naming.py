"""URIs get the names that OpenLineage's convention gives, as other producers use them."""

import pytest

from whence_collector.naming import dataset_name


@pytest.mark.parametrize(
    ("uri", "namespace", "name"),
    [
        ("s3://lake/raw/trades/", "s3://lake", "raw/trades"),
        ("s3a://lake/raw", "s3://lake", "raw"),
        ("gcs://lake/raw", "gs://lake", "raw"),
        ("abfss://c@account.dfs.core.windows.net/raw", "abfss://c@account.dfs.core.windows.net", "raw"),
        ("file:///srv/a%20b.csv", "file", "/srv/a b.csv"),
        ("file://host/srv/a.csv", "file://host", "/srv/a.csv"),
        ("/srv/a.csv", "file", "/srv/a.csv"),
        ("hdfs://nn:8020/a", "hdfs://nn:8020", "/a"),
        ("postgres://db/market/public/trades", "postgres://db:5432", "market.public.trades"),
        ("postgresql+psycopg://u:secret@db:6000/m.p.t", "postgres://db:6000", "m.p.t"),
        ("mysql://db/market/trades", "mysql://db:3306", "market.trades"),
        ("snowflake://org-acc/db/schema/t", "snowflake://org-acc", "db.schema.t"),
        ("bigquery://project/set/table", "bigquery", "project.set.table"),
        ("duckdb:///srv/w.duckdb/main/trades", "duckdb:///srv/w.duckdb", "w.main.trades"),
        ("duckdb:///srv/w.duckdb/trades", "duckdb:///srv/w.duckdb", "w.main.trades"),
        ("sqlite:///srv/t.db/trades", "sqlite:///srv/t.db", "trades"),
        ("kafka://broker:9092/ticks", "kafka://broker:9092", "ticks"),
        ("models://trading/limit-breach", "models://trading", "limit-breach"),
        ("https://u:p@host/a?b=c", "https://host", "a"),
        ("x-model://trading/limits", "x-model://trading", "limits"),
        ("thing://alone", "thing", "alone"),
    ],
)
def test_names(uri, namespace, name):
    assert dataset_name(uri) == (namespace, name)


@pytest.mark.parametrize("uri", ["raw_trades", "", "a/b", "mailto:x"])
def test_what_names_no_dataset_is_refused(uri):
    with pytest.raises(ValueError, match="names no dataset"):
        dataset_name(uri)
