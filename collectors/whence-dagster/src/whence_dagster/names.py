"""Names: of jobs as the official integration had them, of runs, and of datasets as other producers name them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid5

from whence_dagster.facts import AssetFacts, Key

_RUNS = UUID("5b1e0c0e-7a0e-5d0b-9d0a-2f6d1f3f8a51")
"""Namespace of run ids that are made of names."""

_ANONYMOUS = "__repository__"
_MAPPING = re.compile(r"\[([^\]]*)\]$")
_STORES = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}
_OBJECTS = {"s3", "gs", "abfss", "abfs", "wasbs", "hdfs", "dbfs"}
_PORTS = {"postgres": 5432, "redshift": 5439, "mysql": 3306, "mssql": 1433, "trino": 8080, "oracle": 1521}
_DATABASES = {"postgresql": "postgres"}
_FILES = {"duckdb", "sqlite"}


def run_id(dagster_run_id: str) -> str:
    """The run id of a Dagster run: its own, or one made of it where a test or script chose something else."""
    try:
        return str(UUID(dagster_run_id))
    except ValueError:
        return str(uuid5(_RUNS, dagster_run_id))


def step_run_id(dagster_run_id: str, step: str, attempt: int) -> str:
    """The run id of one attempt (from 0) of a step, which is the same whoever reports it."""
    return str(uuid5(UUID(run_id(dagster_run_id)), f"{step}/{attempt}"))


def backfill_run_id(backfill: str) -> str:
    """The run id of a backfill, whose own id is no UUID."""
    return str(uuid5(_RUNS, f"backfill/{backfill}"))


def step_and_mapping_key(step_key: str) -> tuple[str, str]:
    """A step key without its mapping key, and that key: ``load[k1]`` is step ``load``, mapped by ``k1``."""
    found = _MAPPING.search(step_key)
    return (step_key[: found.start()], found[1]) if found else (step_key, "")


def version_label(data_version: str, partition: str) -> str:
    """A dataset version: Dagster's data version, with ``@partition``, for partitions may have the same one."""
    return f"{data_version}@{partition}" if partition and data_version else data_version


@dataclass(frozen=True)
class Names:
    """The naming of a deployment.

    Attributes:
        namespace: `OPENLINEAGE_NAMESPACE`, or empty.
        stores: OpenLineage namespace by kind of storage, for assets that tell only the name of their table.
    """

    namespace: str = ""
    stores: Mapping[str, str] = field(default_factory=dict)

    def jobs(self, repository: str, location: str) -> str:
        """Namespace of jobs: the repository if it has a name, as in the official integration; else the one that is
        set; else the code location, for two of them may have jobs of one name."""
        named = repository if repository != _ANONYMOUS else ""
        return named or self.namespace or location or "default"

    def by_key(self, key: Key) -> tuple[str, str]:
        """The name of an asset by its key, which is unique in a Dagster deployment, not in a code location."""
        return f"dagster://{self.namespace or 'default'}", "/".join(key)

    def dataset(self, asset: AssetFacts, metadata: Mapping[str, Any]) -> tuple[str, str]:
        """Namespace and name of an asset: those of its storage if `metadata` or the definition tell, else its key."""
        said = {**asset.metadata, **metadata}
        uri, table = _text(said, "dagster/uri"), _text(said, "dagster/table_name", "dagster/relation_identifier")
        if uri:
            return by_uri(uri, table)
        kinds = [_text(said, "dagster/storage_kind"), *(t.removeprefix(_KIND) for t in asset.tags if _KIND in t)]
        store = next((self.stores[kind] for kind in kinds if kind in self.stores), "")
        return (store, table) if store and table else self.by_key(asset.key)


_KIND = "dagster/kind/"


def _text(metadata: Mapping[str, Any], *names: str) -> str:
    found = next((metadata[name] for name in names if name in metadata), "")
    return str(getattr(found, "value", found) or "")


def by_uri(uri: str, table: str = "") -> tuple[str, str]:
    """OpenLineage's name for what a URI names, without user and password; `table` is the name in a database.

    Source: OpenLineage's naming conventions, https://openlineage.io/docs/spec/naming.
    """
    parts = urlsplit(uri)
    scheme = _STORES.get(parts.scheme, _DATABASES.get(parts.scheme, parts.scheme))
    place, path = parts.netloc.rpartition("@")[2], unquote(parts.path)
    if scheme in _OBJECTS:
        at = parts.netloc if scheme in ("abfss", "abfs", "wasbs") else place
        return f"{scheme}://{at}", path.strip("/") or "/"
    if scheme in ("", "file"):
        return (f"file://{place}" if place else "file"), path
    if scheme in _FILES:
        return f"{scheme}://{path}", table or parts.fragment or path.rpartition("/")[2]
    name = table or path.strip("/").replace("/", ".")
    if scheme == "bigquery":
        return scheme, name if table else ".".join(filter(None, (place, name)))
    if scheme in _PORTS and parts.port is None:
        place = f"{place}:{_PORTS[scheme]}"
    return f"{scheme}://{place}", name if scheme in _PORTS or scheme == "snowflake" or table else path.strip("/")
