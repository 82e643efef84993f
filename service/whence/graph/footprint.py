"""What one attempt or declaration of a job read and wrote, column by column.

Footprints are addressed by their content: runs of one job that do the same share one, so a job that ran 100,000 times
costs one footprint, and what lineage asks (which edges did the last attempts show?) is a union over a few of them.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from whence.graph.canonical import canonical_json
from whence_schemas.identity import column_key, digest


class ColumnEdge(NamedTuple):
    """A column (or, with an empty field, the dataset as a whole) that derives from another.

    Datasets are keys. `transformations` is the canonical JSON of what the producer said of them.
    """

    output: str
    field: str
    source: str
    source_field: str
    transformations: str


class Footprint:
    """Reads and writes, by dataset key. Equal footprints have equal keys.

    Its columns are JSON inside JSON, for they are most of it, and few questions need them.

    Attributes:
        parents: keys of the jobs that contain this one.
        reads: what was read. writes: what was written.
        flows: for an output whose inputs are known more exactly than "all that was read", those inputs.
    """

    def __init__(
        self,
        parents: Iterable[str] = (),
        reads: Iterable[str] = (),
        writes: Iterable[str] = (),
        flows: dict[str, Iterable[str]] | None = None,
        columns: Iterable[ColumnEdge] = (),
    ) -> None:
        self.parents = tuple(sorted(parents))
        self.reads = tuple(sorted(reads))
        self.writes = tuple(sorted(writes))
        self.flows = {output: tuple(sorted(inputs)) for output, inputs in (flows or {}).items()}
        self._columns = canonical_json(_pack(sorted(columns))).decode()

    @staticmethod
    def load(document: str) -> "Footprint":
        """The footprint that a document holds."""
        value = orjson.loads(document)
        footprint = Footprint.__new__(Footprint)  # all is in order already
        footprint.parents = tuple(value["parents"])
        footprint.reads = tuple(value["reads"])
        footprint.writes = tuple(value["writes"])
        footprint.flows = {output: tuple(inputs) for output, inputs in value["flows"].items()}
        footprint._columns = value["columns"]
        return footprint

    @cached_property
    def document(self) -> str:
        """The footprint as JSON."""
        value = {
            "parents": self.parents,
            "reads": self.reads,
            "writes": self.writes,
            "flows": self.flows,
            "columns": self._columns,
        }
        return canonical_json(value).decode()

    @cached_property
    def key(self) -> str:
        """Address of the content."""
        return digest(self.document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Footprint) and self.document == other.document

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def columns(self) -> tuple[ColumnEdge, ...]:
        """Column lineage."""
        packed = orjson.loads(self._columns)
        datasets, said = packed["datasets"], packed["transformations"]
        return tuple(
            ColumnEdge(datasets[output], field, datasets[source], source_field, said[transformation])
            for output, field, source, source_field, transformation in packed["edges"]
        )

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        named = len(self.parents) + len(self.reads) + len(self.writes) + sum(map(len, self.flows.values()))
        return 300 + 80 * named + len(self._columns)

    @property
    def reports_datasets(self) -> bool:
        """Whether it names any dataset at all."""
        return bool(self.reads or self.writes)

    def inputs_of(self, output: str) -> tuple[str, ...]:
        """What flows into one of the written datasets."""
        return self.flows.get(output, self.reads)

    def outputs_of(self, source: str) -> tuple[str, ...]:
        """The written datasets that something read flows into."""
        if not self.flows:
            return self.writes if source in self.reads else ()
        return tuple(output for output in self.writes if source in self.inputs_of(output))

    @cached_property
    def by_output(self) -> dict[tuple[str, str], list[ColumnEdge]]:
        """Column edges by (output, field)."""
        return _group((edge.output, edge.field, edge) for edge in self.columns)

    @cached_property
    def by_source(self) -> dict[tuple[str, str], list[ColumnEdge]]:
        """Column edges by (source, source field)."""
        return _group((edge.source, edge.source_field, edge) for edge in self.columns)


def end_of(dataset: str, field: str) -> str:
    """Key of a column edge's end: the column, or the dataset where the field is empty."""
    return column_key(dataset, field) if field else dataset


def _pack(columns: list[ColumnEdge]) -> dict[str, Any]:
    """Column edges with each dataset and each transformation said once."""
    datasets = _index(key for edge in columns for key in (edge.output, edge.source))
    said = _index(edge.transformations for edge in columns)
    return {
        "datasets": list(datasets),
        "transformations": list(said),
        "edges": [
            [datasets[e.output], e.field, datasets[e.source], e.source_field, said[e.transformations]] for e in columns
        ],
    }


def _index(values: Iterable[str]) -> dict[str, int]:
    return {value: position for position, value in enumerate(dict.fromkeys(values))}


def _group(rows: Iterable[tuple[str, str, ColumnEdge]]) -> dict[tuple[str, str], list[ColumnEdge]]:
    groups: dict[tuple[str, str], list[ColumnEdge]] = {}
    for dataset, field, edge in rows:
        groups.setdefault((dataset, field), []).append(edge)
    return groups
