"""The ways on from a dataset: what an owner that reads it makes of it, column by column where that is recorded."""

import json
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from whence.graph.footprint import ColumnEdge
from whence.graph.live import Live
from whence_schemas.identity import Kind


class Way(NamedTuple):
    """A way from a dataset's columns to a column of another (`field`; empty: to that dataset as a whole).

    said: the transformations, as JSON. recorded: False where nobody recorded which columns take it.
    """

    output: str
    field: str = ""
    said: str = "[]"
    recorded: bool = True


Ways = dict[str, list[Way]]
"""All ways on from a dataset through one owner, by the column that they are known for (empty: the dataset as a whole);
none if the owner only reads it."""


def ways_of(ways: Ways, field: str) -> list[tuple[str, Way]]:
    """Those that a column (or with an empty field any column) takes, each with the column that it is known for."""
    sources = ("", field) if field else ways
    return [(source, way) for source in sources for way in ways.get(source, ())]


def ways_of_datasets(owner: str, live: Live, dataset: str) -> Ways:
    """The ways from dataset to dataset."""
    outputs = _outputs(owner, live, dataset)
    return {"": [Way(output) for output in outputs]} if outputs else {}


def ways_of_columns(owner: str, live: Live, dataset: str) -> Ways:
    """The ways from column to column; to an output as a whole where no live report has column lineage for it."""
    edges: dict[str, dict[ColumnEdge, None]] = {output: {} for output in _outputs(owner, live, dataset)}
    for footprint in live.footprints():
        for edge in footprint.columns:
            if edge.source == dataset and edge.output in edges:
                edges[edge.output][edge] = None
    ways: Ways = {}
    for output, known in edges.items():
        for edge in known:
            ways.setdefault(edge.source_field, []).append(Way(output, edge.field, edge.transformations))
        if not known:
            ways.setdefault("", []).append(Way(output, recorded=False))
    return ways


def _outputs(owner: str, live: Live, dataset: str) -> Collection[str]:
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
