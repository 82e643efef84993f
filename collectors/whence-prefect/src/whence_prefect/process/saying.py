"""`reads` and `writes`: one line by which a task or flow says what Prefect cannot know."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from whence_collector.naming import DatasetName, dataset_name

from ..datasets import READ, WRITTEN, Column, Dataset, Partition, payload_of

log = logging.getLogger("whence_prefect")

Named = str | Path | tuple[str, str]
"""A dataset: a URI, the path of a file, or OpenLineage's namespace and name."""


class Table:
    """What `reads` and `writes` give back: `table["price"]` is its column, for `columns` of what is written."""

    def __init__(self, name: DatasetName | None) -> None:
        self.name = name

    def __getitem__(self, column: str) -> Column | None:
        return Column(self.name, column) if self.name else None


def reads(
    dataset: Named,
    *,
    version: str | None = None,
    partition: Partition | Sequence[Partition] | None = None,
    rows: int | None = None,
    schema: Mapping[str, str] | None = None,
) -> Table:
    """Say that the run that calls this reads a dataset. Never raises, and returns at once.

    Args:
        dataset: a URI such as `postgres://host/db/schema/table`, the path of a file, or (namespace, name).
        version: which version of it.
        partition: which partitions: a value, values by column such as `{"date": "2026-01-31"}`, or a list of these.
        rows: how many rows.
        schema: types by column, in order.
    """
    return _say(READ, dataset, version=version, partition=partition, rows=rows, schema=schema)


def writes(
    dataset: Named,
    *,
    version: str | None = None,
    partition: Partition | Sequence[Partition] | None = None,
    rows: int | None = None,
    schema: Mapping[str, str] | None = None,
    type: str | None = None,
    columns: Mapping[str, Sequence[Column | None]] | None = None,
) -> Table:
    """Say that the run that calls this writes a dataset. Never raises, and returns at once.

    Args:
        dataset, version, partition, rows, schema: as of `reads`.
        type: what kind of dataset, such as MODEL.
        columns: for each column, those that it is made of, as `{"total": [trades["price"], trades["size"]]}` where
            `trades = reads(...)`.
    """
    made = {name: [source for source in sources if source] for name, sources in (columns or {}).items()}
    said = {"version": version, "partition": partition, "rows": rows, "schema": schema, "type": type}
    return _say(WRITTEN, dataset, **said, columns=made)


def _say(what: str, named: Named, **said: Any) -> Table:
    try:
        dataset = _dataset(named, **said)
        _hand_on(what, dataset)
    except Exception as error:
        log.warning("Whence: left out what was said of %r: %s", named, error)
        return Table(None)
    return Table(dataset.name)


def _dataset(
    named: Named,
    *,
    partition: Any,
    schema: Mapping[str, str] | None,
    columns: Mapping[str, Any] | None = None,
    **rest: Any,
) -> Dataset:
    if isinstance(named, tuple):
        name = DatasetName(*named)
    else:
        name = dataset_name(str(named.absolute()) if isinstance(named, Path) else named)
    several = isinstance(partition, Sequence) and not isinstance(partition, str)
    partitions = tuple(partition) if several else () if partition is None else (partition,)
    return Dataset(name=name, partitions=partitions, schema=schema or {}, columns=columns or {}, **rest)


def _hand_on(what: str, dataset: Dataset) -> None:
    """To the plugin where it watches this process; else, on Prefect's own event stream, to the sidecar."""
    from .emitter import EMITTER
    from .products import current
    from .seen import Used

    flow_run, task_run = current()
    if not (flow_run or task_run):
        log.warning("Whence: %s was said outside of flows and tasks, and is left out", dataset.name.name)
    elif EMITTER.active:
        side = {"reads" if what == READ else "writes": [dataset]}
        EMITTER.put(Used(flow_run=flow_run, task_run=task_run, at=datetime.now(UTC), **side))
    else:
        from prefect.events import emit_event

        resource = {"prefect.resource.id": f"whence.dataset.{dataset.name.namespace}/{dataset.name.name}"}
        emit_event(event=what, resource=resource, payload=payload_of(dataset))
