"""What the events of one attempt, or one declaration, say that a job read and wrote."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from whence.graph.canonical import canonical_json
from whence.graph.footprint import ColumnEdge, Footprint
from whence_schemas.events import Dataset
from whence_schemas.facets import read_facet
from whence_schemas.facets.dataset import (
    ColumnLineage,
    ColumnLineageField,
    DatasetVersion,
    LifecycleStateChange,
)
from whence_schemas.facets.input import Condition, InputSubset
from whence_schemas.facets.lineage import (
    DatasetLineage,
    JobLineage,
    LineageEntry,
    LineageField,
    LineageInput,
    Transformation,
)
from whence_schemas.facets.output import OutputSubset
from whence_schemas.identity import dataset_key

MAX_COLUMN_EDGES = 100_000
"""Of one output in one event. A facet with more is kept as a facet, and no edges are drawn from it."""


@dataclass(slots=True)
class Endpoint:
    """A dataset as an attempt saw it: the version that it named, the partitions meant, whether it was dropped."""

    version: str = ""
    partitions: str = ""
    dropped: bool = False


@dataclass(slots=True)
class _Target:
    """Explicit inputs of one output, from the `lineage` facet."""

    sources: dict[str, None] = field(default_factory=dict)
    columns: dict[ColumnEdge, None] = field(default_factory=dict)
    closed: bool = False  # `inputs: []`: no upstream, whatever else is said


class JobIO:
    """Inputs, outputs and column lineage of one job, accumulated over events."""

    def __init__(self, job: str) -> None:
        self.job = job
        self.parents: dict[str, None] = {}
        self.inputs: dict[str, Endpoint] = {}
        self.outputs: dict[str, Endpoint] = {}
        self.last_column_lineage: dict[str, str] = {}
        self._columns: dict[str, tuple[ColumnEdge, ...]] = {}
        self._targets: dict[str, _Target] = {}
        self._reads: dict[str, None] = {}
        self._writes: dict[str, None] = {}
        self.names: dict[str, tuple[str, str]] = {}

    def add_input(self, dataset: Dataset, facets: dict[str, Any]) -> str:
        """Record an input with its input facets; returns its key."""
        key = self._name(dataset.namespace, dataset.name)
        endpoint = self.inputs.setdefault(key, Endpoint())
        subset = read_facet(InputSubset, facets.get("subset"))
        _update(endpoint, dataset, _partitions(subset.inputCondition) if subset else "")
        return key

    def add_output(self, dataset: Dataset, facets: dict[str, Any]) -> str:
        """Record an output with its output facets; returns its key."""
        key = self._name(dataset.namespace, dataset.name)
        endpoint = self.outputs.setdefault(key, Endpoint())
        subset = read_facet(OutputSubset, facets.get("subset"))
        _update(endpoint, dataset, _partitions(subset.outputCondition) if subset else "")
        return key

    def add_column_lineage(self, output: str, facet: ColumnLineage) -> bool:
        """Take the `columnLineage` facet of an output; it replaces the one before. False if it is too large."""
        said = sum(len(field.inputFields) for field in facet.fields.values()) + len(facet.dataset)
        if said > MAX_COLUMN_EDGES:
            return False
        self._columns[output] = tuple(dict.fromkeys(self._column_edges(output, facet)))
        return True

    def add_lineage(self, facet: JobLineage, io_of: "JobsIO") -> None:
        """Take a job's `lineage` facet, which may also speak of other jobs; `io_of` gives theirs."""
        for entry in facet.entries:
            if entry.type == "JOB":
                reader = io_of(entry.namespace, entry.name) if entry.name else self
                for source in entry.inputs or ():
                    reader._add_source(source, io_of)
            elif entry.name:
                self._add_entry(entry, io_of)

    def _add_source(self, source: LineageInput, io_of: "JobsIO") -> None:
        if source.type == "JOB":
            self._reads[(io_of(source.namespace, source.name) if source.name else self).job] = None
        elif source.name:
            self._reads[self._name(source.namespace or "", source.name)] = None

    def _add_entry(self, entry: LineageEntry, io_of: "JobsIO") -> None:
        namespace, name = entry.namespace or "", entry.name or ""
        output = self._name(namespace, name)
        writers = [io_of(s.namespace, s.name) if s.name else self for s in entry.inputs or () if s.type == "JOB"]
        for writer in writers:
            writer._writes[writer._name(namespace, name)] = None
        if len(writers) < len(entry.inputs or ()) or not writers or output in self.outputs:
            self._writes[output] = None
            self._add_target(output, entry.inputs, entry.fields)

    def add_dataset_lineage(self, output: str, facet: DatasetLineage) -> None:
        """Take a dataset's own `lineage` facet."""
        self._writes[output] = None
        self._add_target(output, facet.inputs, facet.fields)

    def _add_target(self, output: str, inputs: list[LineageInput] | None, fields: dict[str, LineageField]) -> None:
        target = self._targets.setdefault(output, _Target())
        target.closed = target.closed or (inputs is not None and not inputs and not fields)
        rows = [("", source) for source in inputs or ()]
        rows += [(name, source) for name, entry in fields.items() for source in entry.inputs]
        for name, source in rows:
            if source.type == "JOB" or not source.name:
                continue
            key = self._name(source.namespace or "", source.name)
            target.sources[key] = None
            if name or source.field:
                said = _transformations(source.transformations)
                target.columns[ColumnEdge(output, name, key, source.field or "", said)] = None

    def _column_edges(self, output: str, facet: ColumnLineage) -> Iterable[ColumnEdge]:
        for name, entry in facet.fields.items():
            old_style = _old_transformation(entry)
            for source in entry.inputFields:
                if source.name:
                    key = self._name(source.namespace, source.name)
                    said = _transformations(source.transformations) if source.transformations else old_style
                    yield ColumnEdge(output, name, key, source.field, said)
        for source in facet.dataset:
            if source.name:
                key = self._name(source.namespace, source.name)
                yield ColumnEdge(output, "", key, source.field, _transformations(source.transformations))

    def _name(self, namespace: str, name: str) -> str:
        key = dataset_key(namespace, name)
        self.names[key] = (namespace, name)
        return key

    def footprint(self) -> Footprint:
        """Everything said, as one footprint.

        What a column or an output derives from is read, even if no input said so. The `lineage` facet goes before
        `columnLineage`, and that before inputs x outputs.
        """
        columns = self._effective_columns()
        sources = [edge.source for edges in columns.values() for edge in edges]
        explicit = [key for target in self._targets.values() for key in target.sources]
        reads = {*self.inputs, *self._reads, *sources, *explicit}
        writes = {*self.outputs, *self._writes}
        return Footprint(
            self.parents,
            reads,
            writes,
            dict(self._flows(reads, writes, columns)),
            (edge for edges in columns.values() for edge in edges),
        )

    def _effective_columns(self) -> dict[str, tuple[ColumnEdge, ...]]:
        columns = dict(self._columns)
        for output, target in self._targets.items():
            if target.columns or target.closed:
                columns[output] = tuple(target.columns)
        return columns

    def _flows(
        self, reads: set[str], writes: set[str], columns: dict[str, tuple[ColumnEdge, ...]]
    ) -> Iterable[tuple[str, set[str]]]:
        """Inputs by output where they are known better than "all". Column lineage tells the outputs of one
        job apart; an input that no output accounts for may flow into any of them."""
        by_output = {output: {e.source for e in columns[output]} for output in writes if columns.get(output)}
        for output, target in self._targets.items():
            by_output[output] = set(target.sources)
        attributed = set().union(*by_output.values())
        for output in writes:
            if output in self._targets:
                inputs = by_output[output]
            elif output in by_output and len(writes) > 1:
                inputs = by_output[output] | (reads - attributed)
            else:
                continue
            if len(inputs) < len(reads):
                yield output, inputs


def _update(endpoint: Endpoint, dataset: Dataset, partitions: str) -> None:
    version = read_facet(DatasetVersion, dataset.facets.get("version"))
    if version is not None:
        endpoint.version = version.datasetVersion
    change = read_facet(LifecycleStateChange, dataset.facets.get("lifecycleStateChange"))
    if change is not None:
        endpoint.dropped = change.lifecycleStateChange.upper() == "DROP"
    endpoint.partitions = partitions or endpoint.partitions


def _partitions(condition: Condition) -> str:
    """The partitions that a condition lists, as a sorted JSON array; empty where it says it otherwise."""
    found: list[Any] = []
    if condition.type == "partition":
        found = [partition.dimensions or partition.identifier for partition in condition.partitions]
    elif condition.type == "location":
        found = list(condition.locations)
    return canonical_json(sorted(canonical_json(p).decode() for p in found)).decode() if found else ""


def _transformations(said: list[Transformation]) -> str:
    """As canonical JSON. There may be thousands in an event, mostly alike."""
    if len(said) == 1 and not said[0].model_extra:
        return _transformation(**{name: getattr(said[0], name) for name in said[0].model_fields_set})
    return canonical_json([transformation.model_dump(exclude_unset=True) for transformation in said]).decode()


@lru_cache(maxsize=256)
def _transformation(**said: Any) -> str:
    return canonical_json([said]).decode()


def _old_transformation(entry: ColumnLineageField) -> str:
    """The transformation that older producers name once per output field, in today's words."""
    kind, description = entry.transformationType, entry.transformationDescription
    if not kind and not description:
        return "[]"
    said: dict[str, Any] = {"type": "DIRECT"}
    if kind:
        said["subtype"] = kind
        said["masking"] = kind == "MASKED"
    if description:
        said["description"] = description
    return canonical_json([said]).decode()


JobsIO = Callable[[str | None, str], JobIO]
"""Gives what another job, by namespace and name, reads and writes."""
