"""Asset events: what a task says that it wrote, and what the runs before it said that triggered this one."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from whence_airflow.assets import Partition, Use, asset, name_of
from whence_collector.naming import DatasetName

PARTITION, ROWS, VERSION = "partition", "rows", "version"
"""Keys of an asset event's extra by which a task says what it wrote."""


class Update(NamedTuple):
    """What a task said of an asset by ``outlet_events``: the event's extra, and its partition keys."""

    asset: Any
    extra: dict[str, Any]
    keys: tuple[str, ...] = ()

    def use(self, run_key: str | None) -> Use:
        """What was written; `run_key` is the partition key of the DAG run, which holds unless others are said."""
        rows, version = self.extra.get(ROWS), self.extra.get(VERSION)
        said = partitions([None], self.extra) if PARTITION in self.extra else partitions(self.keys or [run_key])
        number = isinstance(rows, int) and not isinstance(rows, bool)
        return Use(said, rows if number else None, version if isinstance(version, str) else None)


def partitions(keys: Iterable[str | None], extra: Mapping[str, Any] | None = None) -> tuple[Partition, ...]:
    """Partitions as an event's extra says them, else by their keys."""
    said = (extra or {}).get(PARTITION)
    if isinstance(said, dict) and said:
        return (said,)
    keys = [said] if isinstance(said, str) else keys
    return tuple({PARTITION: key} for key in keys if key)


def updates(context: Mapping[str, Any]) -> list[Update]:
    """What the task said so far."""
    from airflow.sdk import Asset

    found = []
    accessors: Any = context.get("outlet_events") or {}
    for key in accessors:
        accessor = accessors[key]
        extra, keys = dict(accessor.extra or {}), tuple(sorted(getattr(accessor, "partition_keys", ())))
        if isinstance(key, Asset) and (extra or keys):
            found.append(Update(key, extra, keys))
        for event in getattr(accessor, "asset_alias_events", None) or ():
            found.append(Update(asset(event.dest_asset_key), dict(event.extra or {})))
    return found


def triggers(dag_run: Any) -> dict[DatasetName, tuple[Partition, ...]]:
    """Partitions of assets whose events triggered a run."""
    found: dict[DatasetName, list[Partition]] = {}
    for event in getattr(dag_run, "consumed_asset_events", None) or ():
        of_asset = found.setdefault(name_of(asset(event.asset)), [])
        said = partitions([getattr(event, "partition_key", None)], event.extra)
        of_asset.extend(partition for partition in said if partition not in of_asset)
    return {name: tuple(listed) for name, listed in found.items()}
