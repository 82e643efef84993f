"""From what units contributed before and contribute now to one batch of changes."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

from whence.graph.derive import merge
from whence.graph.facts import Batch, Contribution, EdgeId, Rows, Since
from whence_schemas.identity import Kind

_Value = TypeVar("_Value")


def add_change(batch: Batch, old: Contribution, new: Contribution) -> None:
    """Add to the batch what turns a unit's old contribution into its new one."""
    _put(batch.removed, new.unit, old.rows.minus(new.rows))
    _put(batch.added, new.unit, new.rows.minus(old.rows))
    lost = {
        edge.owner for edge, since in old.edges.items() if edge not in new.edges or not new.edges[edge].covers(since)
    }
    batch.replaced |= lost
    merge(
        batch.edges,
        {
            edge: since
            for edge, since in new.edges.items()
            if edge.owner in lost or edge not in old.edges or not old.edges[edge].covers(since)
        },
    )
    batch.nodes.update((node.key, node) for node in new.nodes)
    batch.facets.update((value, body) for value, body in new.facets.items() if value not in old.facets)
    batch.footprints.update((k, v) for k, v in new.footprints.items() if k not in old.footprints)
    batch.released_facets.update(old.facets.keys() - new.facets.keys())
    batch.released_footprints.update(old.footprints.keys() - new.footprints.keys())
    batch.released_nodes.update(_keys(old) - _keys(new))


def _put(rows_by_unit: dict[str, Rows], unit: str, rows: Rows) -> None:
    if any(rows):
        rows_by_unit[unit] = rows


def _keys(contribution: Contribution) -> set[str]:
    """Keys of all nodes that a contribution names."""
    rows = contribution.rows
    keys = {key for attempt in rows.attempts for key in (attempt.run, attempt.job)}
    keys |= {report.owner for report in rows.reports} | {use.dataset for use in rows.uses}
    keys |= {c.entity for c in rows.claims if c.entity[0] in (Kind.JOB, Kind.DATASET) and len(c.entity) == 23}
    return keys | {key for edge in contribution.edges for key in (edge.source, edge.target)}


class Written:
    """What is known to be in the store already, so that it need not be written again. Bounded; it may forget
    anything at any time, and must be told when something may have gone."""

    def __init__(self, limit: int = 40_000) -> None:
        self._nodes: _Recent[str, bool] = _Recent(limit)
        self._facets: _Recent[str, bool] = _Recent(limit // 4)
        self._footprints: _Recent[str, bool] = _Recent(limit // 4)
        self._edges: _Recent[EdgeId, Since] = _Recent(limit)

    def trim(self, batch: Batch) -> None:
        """Leave out of a batch what is there already."""
        if batch.replaced:
            self._edges.clear()
        self._nodes.drop(batch.released_nodes)
        self._facets.drop(batch.released_facets)
        self._footprints.drop(batch.released_footprints)
        batch.nodes = {k: v for k, v in batch.nodes.items() if k not in self._nodes}
        batch.facets = {k: v for k, v in batch.facets.items() if k not in self._facets}
        batch.footprints = {k: v for k, v in batch.footprints.items() if k not in self._footprints}
        batch.edges = {
            edge: since
            for edge, since in batch.edges.items()
            if (known := self._edges.get(edge)) is None or not known.covers(since)
        }

    def committed(self, batch: Batch) -> None:
        """Remember what a batch wrote, after its commit."""
        self._nodes.update(dict.fromkeys(batch.nodes.keys() - batch.released_nodes, True))
        self._facets.update(dict.fromkeys(batch.facets.keys() - batch.released_facets, True))
        self._footprints.update(dict.fromkeys(batch.footprints.keys() - batch.released_footprints, True))
        if not batch.replaced:
            self._edges.update(batch.edges)

    def forget(self) -> None:
        """Know nothing any more (after a failed commit or a rebuild)."""
        for recent in (self._nodes, self._facets, self._footprints):
            recent.clear()
        self._edges.clear()


_Key = TypeVar("_Key", bound=Hashable)


class _Recent(Generic[_Key, _Value]):
    """A dictionary that forgets what was not touched for long, by halves."""

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._newer: dict[_Key, _Value] = {}
        self._older: dict[_Key, _Value] = {}

    def __contains__(self, key: _Key) -> bool:
        return self.get(key) is not None

    def get(self, key: _Key) -> _Value | None:
        value = self._newer.get(key)
        if value is None and (value := self._older.pop(key, None)) is not None:
            self._newer[key] = value
        return value

    def update(self, items: dict[_Key, _Value]) -> None:
        self._newer.update(items)
        if len(self._newer) > self._half:
            self._older, self._newer = self._newer, {}

    def drop(self, keys: Iterable[_Key]) -> None:
        for key in keys:
            self._newer.pop(key, None)
            self._older.pop(key, None)

    def clear(self) -> None:
        self._newer.clear()
        self._older.clear()
