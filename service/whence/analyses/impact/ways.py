"""The ways on from a dataset: what an owner that reads it makes of it, column by column where that is recorded."""

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from whence.graph.footprint import ColumnEdge
from whence.lineage.live import Live
from whence_schemas.identity import Kind


class Way(NamedTuple):
    """A way from a dataset's columns to a column of another (`field`; empty: to that dataset as a whole).

    said: the transformations, as JSON. recorded: False where nobody recorded which columns take it.
    """

    output: str
    field: str = ""
    said: str = "[]"
    recorded: bool = True


class Ways:
    """All ways on from a dataset through one owner; none if it only reads it."""

    def __init__(self, ways: Iterable[tuple[str, Way]]) -> None:
        self._by_field: dict[str, list[Way]] = {}
        for field, way in ways:
            self._by_field.setdefault(field, []).append(way)

    def __bool__(self) -> bool:
        return bool(self._by_field)

    def of(self, field: str) -> Iterator[tuple[str, Way]]:
        """Those that a column (or with an empty field any column) takes, each with the column that it is known for."""
        for source in ("", field) if field else self._by_field:
            for way in self._by_field.get(source, ()):
                yield source, way


def ways_of_datasets(owner: str, live: Live, dataset: str) -> Ways:
    """The ways from dataset to dataset."""
    return Ways(("", Way(output)) for output in _outputs(owner, live, dataset))


def ways_of_columns(owner: str, live: Live, dataset: str) -> Ways:
    """The ways from column to column; to an output as a whole where no live report has column lineage for it."""
    edges: dict[str, dict[ColumnEdge, None]] = {output: {} for output in _outputs(owner, live, dataset)}
    for footprint in live.footprints():
        for edge in footprint.columns:
            if edge.source == dataset and edge.output in edges:
                edges[edge.output][edge] = None
    return Ways(
        found
        for output, known in edges.items()
        for found in (
            [(edge.source_field, Way(output, edge.field, edge.transformations)) for edge in known]
            or [("", Way(output, recorded=False))]
        )
    )


def _outputs(owner: str, live: Live, dataset: str) -> Iterable[str]:
    """What the dataset flows into; a dataset that declares its own sources is its own output."""
    return [owner] if owner[0] == Kind.DATASET else live.outputs_of(dataset)


@lru_cache(maxsize=1_024)
def is_direct(said: str) -> bool:
    """Whether values flow by transformations (JSON); so it is taken where nothing is said."""
    return any(one.get("type") != "INDIRECT" for one in _transformations(said))


@lru_cache(maxsize=1_024)
def shows_source(said: str) -> bool:
    """Whether the source can be seen in the target: values flow, and at least one way is not masked."""
    return any(one.get("type") != "INDIRECT" and not one.get("masking") for one in _transformations(said))


def _transformations(said: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(said)
    return found or [{}]
