"""URIs of assets -> names of datasets, by OpenLineage's naming convention (https://openlineage.io/docs/spec/naming).

So an asset of an orchestrator and a table that dbt or Spark writes are one dataset. A URI of a scheme that the
convention does not know keeps what it says: scheme and authority are the namespace, the path is the name. User and
password go.
"""

from pathlib import PurePath, PurePosixPath
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit


class DatasetName(NamedTuple):
    """What identifies a dataset."""

    namespace: str
    name: str


_ALIASES = {
    "s3a": "s3",
    "s3n": "s3",
    "gcs": "gs",
    "abfs": "abfss",
    "wasb": "wasbs",
    "postgresql": "postgres",
    "sqlserver": "mssql",
    "mariadb": "mysql",
    "databricks": "unitycatalog",
}
_OBJECT_STORES = {"s3", "gs", "abfss", "wasbs", "kafka"}
_PATHS = {"hdfs", "dbfs"}
_DATABASES = {
    "cassandra": 9042,
    "crate": 5432,
    "db2": 50000,
    "hive": 10000,
    "mssql": 1433,
    "mysql": 3306,
    "oracle": 1521,
    "postgres": 5432,
    "redshift": 5439,
    "snowflake": None,
    "teradata": 1025,
    "trino": 8080,
    "unitycatalog": None,
}
_FILES = {"duckdb", "sqlite"}
SCHEMES = frozenset((*_ALIASES, *_OBJECT_STORES, *_PATHS, *_DATABASES, *_FILES, "bigquery"))
"""Schemes that have a convention of their own."""

_SUFFIXES = {".db", ".ddb", ".duckdb", ".sqlite", ".sqlite3"}


def dataset_name(uri: str) -> DatasetName:
    """The dataset that a URI, or the absolute path of a file, names.

    Raises:
        ValueError: it is neither.
    """
    if PurePath(uri).is_absolute():
        return DatasetName("file", uri)
    parts = urlsplit(uri)
    if not parts.scheme or "://" not in uri:
        raise ValueError(
            f"{uri!r} names no dataset: give a URI such as postgres://host/db/schema/table, or an absolute path"
        )
    scheme = parts.scheme.partition("+")[0]
    scheme = _ALIASES.get(scheme, scheme)
    path = unquote(parts.path).rstrip("/")
    if scheme == "file":
        return DatasetName(f"file://{parts.netloc}" if parts.netloc not in ("", "localhost") else "file", path or "/")
    if scheme in _FILES:
        return _in_file(scheme, path)
    if scheme == "bigquery":
        return DatasetName("bigquery", _dotted(f"{parts.netloc}{path}"))
    if scheme in _DATABASES:
        return DatasetName(f"{scheme}://{_host(parts, _DATABASES[scheme])}", _dotted(path))
    return _elsewhere(scheme, parts, path)


def _elsewhere(scheme: str, parts: SplitResult, path: str) -> DatasetName:
    """Object stores, file systems, topics, and what has no convention."""
    authority = parts.netloc if scheme in ("abfss", "wasbs") else parts.netloc.rpartition("@")[2]
    if scheme in _PATHS:
        return DatasetName(f"{scheme}://{authority}", path or "/")
    if not path.strip("/"):
        return (
            DatasetName(scheme, authority)
            if scheme not in _OBJECT_STORES
            else DatasetName(f"{scheme}://{authority}", "/")
        )
    return DatasetName(f"{scheme}://{authority}", path.lstrip("/"))


def _in_file(scheme: str, path: str) -> DatasetName:
    """A table of a database in a file: `duckdb:///srv/w.duckdb/main/trades` is `w.main.trades` there, as dbt has it."""
    steps = path.split("/")
    end = next((i for i, step in enumerate(steps, 1) if PurePosixPath(step).suffix in _SUFFIXES), len(steps))
    file, table = "/".join(steps[:end]), [step for step in steps[end:] if step]
    if scheme == "duckdb" and table:
        catalog = PurePosixPath(file).stem
        table = {1: [catalog, "main", *table], 2: [catalog, *table]}.get(len(table), table)
    return DatasetName(f"{scheme}://{file}", ".".join(table) or PurePosixPath(file).name)


def _host(parts: SplitResult, port: int | None) -> str:
    authority = parts.netloc.rpartition("@")[2]
    return authority if port is None or ":" in authority else f"{authority}:{port}"


def _dotted(path: str) -> str:
    return ".".join(step for step in path.split("/") if step)
