"""What a run has read, written and checked so far."""

from collections.abc import Iterable, Mapping
from typing import Any

from openlineage.client.event_v2 import InputDataset, OutputDataset

from .checks import Assertion
from .datasets import Column, Dataset
from .facets import RETRIEVAL, Chunk, WhenceRetrievalInputDatasetFacet
from .standard import Facets, facet, subset
from .tables import schema_of


class _Use:
    """One dataset, as the run reads or writes it. What is said of it several times is united."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.facets = dataset.known_facets()
        self.own: Facets = {}  # input or output facets
        self.partitions: list[Mapping[str, Any]] = []

    def add(
        self,
        schema: Any,
        partitions: Iterable[Mapping[str, Any]],
        facets: Mapping[str, Any] | None,
        own: Mapping[str, Any] | None,
    ) -> None:
        """What `Run.read` and `Run.write` have in common."""
        self.facets |= facets or {}
        self.own |= own or {}
        self.partitions += [partition for partition in partitions if partition not in self.partitions]
        if schema is not None and (found := schema_of(schema)):
            self.facets["schema"] = found


class Read(_Use):
    """A dataset that the run reads."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        self._chunks: list[Chunk] = []

    def retrieve(self, collection: str, chunks: list[Chunk]) -> None:
        """Add parts that were retrieved from it."""
        self._chunks += chunks
        self.own[RETRIEVAL] = WhenceRetrievalInputDatasetFacet(collection, self._chunks)

    def as_input(self, checked: list[Assertion]) -> InputDataset:
        own = dict(self.own)
        if self.partitions:
            own["subset"] = subset("input", self.partitions)
        if checked:
            own["dataQualityAssertions"] = _checked(checked)
        return InputDataset(self.dataset.namespace, self.dataset.name, facets=dict(self.facets), inputFacets=own)


class Write(_Use):
    """A dataset that the run writes."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        self.sources: list[Dataset] | None = None
        self._rows: int | None = None
        self._size: int | None = None
        self._columns: dict[str, list[Column]] = {}

    def count(self, rows: int | None, size: int | None) -> None:
        """Say how much was written."""
        self._rows = self._rows if rows is None else int(rows)
        self._size = self._size if size is None else int(size)

    def derive(self, columns: Mapping[str, list[Column]], sources: list[Dataset] | None) -> None:
        """Say what it and its columns are made from."""
        self._columns |= columns
        self.sources = self.sources if sources is None else (self.sources or []) + sources

    def as_output(self, checked: list[Assertion]) -> OutputDataset:
        facets, own = dict(self.facets), dict(self.own)
        if self._columns:
            by_name = {name: {"inputFields": _fields(made)} for name, made in self._columns.items() if name != "*"}
            every = _fields(self._columns.get("*", ())) or None
            facets["columnLineage"] = facet("ColumnLineageDatasetFacet", fields=by_name, dataset=every)
        if checked:
            facets["dataQualityAssertions"] = _checked(checked)
        if self.partitions:
            own["subset"] = subset("output", self.partitions)
        if self._rows is not None or self._size is not None:
            own["outputStatistics"] = facet("OutputStatisticsOutputDatasetFacet", rowCount=self._rows, size=self._size)
        return OutputDataset(self.dataset.namespace, self.dataset.name, facets=facets, outputFacets=own)

    def as_lineage(self) -> dict[str, Any]:
        """Its entry in the facet `lineage`, which says exactly what it is made from."""
        entry = {"type": "DATASET", "namespace": self.dataset.namespace, "name": self.dataset.name}
        every = [{"type": "DATASET", **column.as_source()} for column in self._columns.get("*", ())]
        fields = {
            name: {"inputs": [{"type": "DATASET", **column.as_source()} for column in made]}
            for name, made in self._columns.items()
            if name != "*"
        }
        whole = [{"type": "DATASET", "namespace": one.namespace, "name": one.name} for one in self.sources or ()]
        return {**entry, "inputs": whole + every, **({"fields": fields} if fields else {})}


class Footprint:
    """The datasets of one run."""

    def __init__(self) -> None:
        self._reads: dict[Dataset, Read] = {}
        self._writes: dict[Dataset, Write] = {}
        self._checks: dict[tuple[str, str], list[Assertion]] = {}

    def reads(self, dataset: Dataset) -> Read:
        """The dataset as it is read."""
        return self._reads.setdefault(dataset, Read(dataset))

    def writes(self, dataset: Dataset) -> Write:
        """The dataset as it is written."""
        return self._writes.setdefault(dataset, Write(dataset))

    def check(self, dataset: Dataset, found: list[Assertion]) -> None:
        """Add checks of a dataset; what is neither read nor written otherwise is read by them."""
        self._checks.setdefault((dataset.namespace, dataset.name), []).extend(found)

    def inputs(self) -> list[InputDataset]:
        """What was read, with the checks of what was not written too."""
        written = {_name(dataset) for dataset in self._writes}
        read = {_name(dataset): dataset for dataset in self._reads}
        for namespace, name in self._checks.keys() - written - read.keys():
            self.reads(Dataset(namespace, name))
        return [use.as_input(self._of(_name(use.dataset), written)) for use in self._reads.values()]

    def outputs(self) -> list[OutputDataset]:
        """What was written."""
        return [use.as_output(self._checks.get(_name(use.dataset), [])) for use in self._writes.values()]

    def lineage(self) -> dict[str, Any] | None:
        """The facet `lineage`, if it was said which inputs some output is made from."""
        entries = [use.as_lineage() for use in self._writes.values() if use.sources is not None]
        return facet("LineageJobFacet", entries=entries) if entries else None

    def _of(self, name: tuple[str, str], written: set[tuple[str, str]]) -> list[Assertion]:
        return [] if name in written else self._checks.get(name, [])


def _name(dataset: Dataset) -> tuple[str, str]:
    return dataset.namespace, dataset.name


def _fields(columns: Iterable[Column]) -> list[dict[str, Any]]:
    return [column.as_source() for column in columns]


def _checked(found: list[Assertion]) -> dict[str, Any]:
    return facet("DataQualityAssertionsDatasetFacet", assertions=found)
