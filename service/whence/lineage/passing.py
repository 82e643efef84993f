"""The jobs (and datasets that declare their own sources) through which lineage passes from dataset to dataset."""

from collections.abc import Sequence

from whence.graph.facts import EdgeKind
from whence.graph.live import Live
from whence.graph.port import Around
from whence.lineage.live import LiveOwners

_UPSTREAM = Around([EdgeKind.WRITES], themselves=True, onward=[EdgeKind.READS])
_DOWNSTREAM = Around([EdgeKind.READS, EdgeKind.DERIVED_FROM], onward=[EdgeKind.WRITES])


async def passing(
    live: LiveOwners, datasets: Sequence[str], hops: int, *, upstream: bool
) -> dict[str, dict[str, Live]]:
    """For each dataset the owners that write (upstream) or read (downstream) it, in order, with what is live of them.

    hops: how many steps from dataset to dataset are still to come, this one included.
    """
    owners: dict[str, list[str]] = {dataset: [dataset] if upstream else [] for dataset in datasets}
    around = (_UPSTREAM if upstream else _DOWNSTREAM)._replace(hops=hops)
    for edge in await live.into(datasets, around):
        if edge.kind != EdgeKind.DERIVED_FROM or edge.owner == edge.source:
            owners[edge.target].append(edge.owner)
    return {dataset: _through(live, dataset, found, upstream=upstream) for dataset, found in owners.items()}


def _through(live: LiveOwners, dataset: str, candidates: list[str], *, upstream: bool) -> dict[str, Live]:
    """The owners through which lineage flows. A container that repeats what its children do is passed over."""
    touching: dict[str, Live] = {}
    containers: set[str] = set()
    for owner in sorted(candidates):
        found = live[owner]
        if found is not None and dataset in (found.writes() if upstream else found.reads()):
            touching[owner] = found
            if parents := found.parents():
                containers.update(parents)
    if not containers:
        return touching
    return {owner: found for owner, found in touching.items() if owner not in containers}
