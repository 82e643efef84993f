"""What one attempt or declaration of a job read and wrote, column by column.

Footprints are addressed by their content: runs of one job that do the same share one, so a job that ran 100,000 times
costs one footprint, and what lineage asks (which edges did the last attempts show?) is a union over a few of them.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

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


@dataclass(frozen=True)
class Footprint:
    """Reads and writes, by dataset key; sorted, so that equal footprints have equal keys.

    parents: keys of the jobs that contain this one.
    flows: for an output whose inputs are known more exactly than "all that was read", those inputs.
    """

    parents: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    flows: tuple[tuple[str, tuple[str, ...]], ...] = ()
    columns: tuple[ColumnEdge, ...] = ()

    @cached_property
    def document(self) -> str:
        """The footprint as JSON, each key and transformation once."""
        columns = self.columns
        datasets = _index(key for edge in columns for key in (edge.output, edge.source))
        transformations = _index(edge.transformations for edge in columns)
        edges = [
            [
                datasets[e.output],
                e.field,
                datasets[e.source],
                e.source_field,
                transformations[e.transformations],
            ]
            for e in columns
        ]
        document = {
            "parents": self.parents,
            "reads": self.reads,
            "writes": self.writes,
            "flows": dict(self.flows),
            "columns": {"datasets": list(datasets), "transformations": list(transformations), "edges": edges},
        }
        return canonical_json(document).decode()

    @cached_property
    def key(self) -> str:
        """Address of the content."""
        return digest(self.document)

    @staticmethod
    def load(document: str) -> "Footprint":
        """The footprint that a document holds."""
        value = json.loads(document)
        datasets, transformations = value["columns"]["datasets"], value["columns"]["transformations"]
        return Footprint(
            tuple(value["parents"]),
            tuple(value["reads"]),
            tuple(value["writes"]),
            tuple((output, tuple(inputs)) for output, inputs in value["flows"].items()),
            tuple(
                ColumnEdge(datasets[o], field, datasets[s], source_field, transformations[t])
                for o, field, s, source_field, t in value["columns"]["edges"]
            ),
        )

    @property
    def reports_datasets(self) -> bool:
        """Whether it names any dataset at all."""
        return bool(self.reads or self.writes)

    @cached_property
    def _flows(self) -> dict[str, tuple[str, ...]]:
        return dict(self.flows)

    def inputs_of(self, output: str) -> tuple[str, ...]:
        """What flows into one of the written datasets."""
        return self._flows.get(output, self.reads)

    def outputs_of(self, source: str) -> Iterator[str]:
        """The written datasets that something read flows into."""
        return (output for output in self.writes if source in self.inputs_of(output))

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


def _index(values: Iterable[str]) -> dict[str, int]:
    return {value: position for position, value in enumerate(dict.fromkeys(values))}


def _group(rows: Iterable[tuple[str, str, ColumnEdge]]) -> dict[tuple[str, str], list[ColumnEdge]]:
    groups: dict[tuple[str, str], list[ColumnEdge]] = {}
    for dataset, field, edge in rows:
        groups.setdefault((dataset, field), []).append(edge)
    return groups
