"""Nodes with their identity, searches, names of datasets, and facets."""

import re
from collections.abc import Iterable, Sequence

from whence.graph.facts import Node, Role
from whence.graph.port import GraphStore, Place
from whence.lineage.names import Names
from whence_schemas.identity import Kind
from whence_schemas.read import FacetRow, NodeRow, SearchPlace


class CatalogReader:
    """Reads nodes and what is said of them."""

    def __init__(self, store: GraphStore, never_alias: Sequence[re.Pattern[str]]) -> None:
        self._store = store
        self._never_alias = never_alias

    async def nodes(self, keys: Sequence[str]) -> dict[str, NodeRow]:
        """Nodes of any kind by key."""
        found = await self._store.nodes([key for key in keys if key[:1] != Kind.DATASET_VERSION])
        rows = await self._rows(found.values())
        return rows | await self._versions([key for key in keys if key[:1] == Kind.DATASET_VERSION])

    async def search(
        self, text: str, kinds: Sequence[str], after: SearchPlace | None, limit: int, namespace: str | None
    ) -> list[tuple[SearchPlace, NodeRow]]:
        """Nodes whose name or namespace contains the text, by name."""
        found = await self._store.search(text, kinds, Place(*after) if after else None, limit, namespace)
        rows = await self._rows(node for _, node in found)
        return [(SearchPlace(*place), rows[node.key]) for place, node in found]

    async def names(self, datasets: Sequence[str], as_of: int) -> dict[str, list[NodeRow]]:
        """All names of each dataset, the one that stands for it first."""
        names = Names(self._store, as_of, self._never_alias)
        await names.join(datasets)
        rows = await self.nodes([member for dataset in datasets for member in names.members(dataset)])
        return {dataset: [rows[m] for m in names.members(dataset) if m in rows] for dataset in datasets}

    async def facets(
        self, entities: Sequence[str], names: Sequence[str] | None, as_of: int, unit: str | None
    ) -> dict[str, list[FacetRow]]:
        """Facets by entity, ordered by name."""
        found: dict[str, list[FacetRow]] = {}
        for facet in await self._store.facets(entities, names, as_of, unit):
            found.setdefault(facet.entity, []).append(FacetRow(facet.facet, facet.body, facet.at))
        return found

    async def _rows(self, nodes: Iterable[Node]) -> dict[str, NodeRow]:
        """Nodes with the identity of what they belong to: columns and checks to a dataset, runs to a job."""
        nodes = list(nodes)
        runs = [node.key for node in nodes if node.kind == Kind.RUN]
        attempts = await self._store.attempts(runs) if runs else {}
        last = {run: found[-1] for run, found in attempts.items()}
        around = {node.of for node in nodes if node.of} | {attempt.job for attempt in last.values()}
        places = await self._store.nodes(sorted(around)) if around else {}
        rows: dict[str, NodeRow] = {}
        for node in nodes:
            attempt = last.get(node.key)
            place = places.get(attempt.job if attempt else node.of)
            identity = (place.namespace, place.name) if place else ("", "")
            if node.kind in (Kind.COLUMN, Kind.ASSERTION, Kind.RUN):
                rows[node.key] = NodeRow(node.key, *identity, node.name, attempt.state if attempt else "")
            else:
                rows[node.key] = NodeRow(node.key, node.namespace, node.name)
        return rows

    async def _versions(self, keys: Sequence[str]) -> dict[str, NodeRow]:
        """Versions are not nodes of their own: those exist that a use names."""
        if not keys:
            return {}
        uses = await self._store.uses_of_versions(keys)
        datasets = await self._store.nodes(sorted({use.dataset for use in uses}))
        rows: dict[str, NodeRow] = {}
        for use in sorted(uses, key=lambda use: use.role == Role.PRODUCED):  # the producer's word goes last and holds
            if (dataset := datasets.get(use.dataset)) is not None:
                rows[use.version] = NodeRow(use.version, dataset.namespace, dataset.name, use.label)
        return rows
