"""What jobs read, write and contain, and which jobs touch a dataset."""

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence

from whence.graph.facts import EdgeId, EdgeKind
from whence.graph.footprint import Footprint
from whence.graph.live import Live
from whence.graph.port import Around, GraphStore
from whence.lineage.containers import contained_pairs
from whence.lineage.live import LiveOwners
from whence.lineage.names import Names
from whence.lineage.traversal import since_first
from whence_schemas.lineage import Seen
from whence_schemas.read import LinkRow

_Side = Callable[[Footprint], Sequence[str]]
_MAX_CONTAINED = 10_000


def _reads(footprint: Footprint) -> Sequence[str]:
    return footprint.reads


def _writes(footprint: Footprint) -> Sequence[str]:
    return footprint.writes


class JobReader:
    """Reads live edges between jobs and datasets."""

    def __init__(self, store: GraphStore, never_alias: Sequence[re.Pattern[str]]) -> None:
        self._store = store
        self._never_alias = never_alias

    async def inputs(self, jobs: Sequence[str], as_of: int, window: int) -> dict[str, list[LinkRow]]:
        """What each job reads; a container what the jobs in it do."""
        return await self._datasets(jobs, as_of, window, EdgeKind.READS, _reads)

    async def outputs(self, jobs: Sequence[str], as_of: int, window: int) -> dict[str, list[LinkRow]]:
        """What each job writes; a container what the jobs in it do."""
        return await self._datasets(jobs, as_of, window, EdgeKind.WRITES, _writes)

    async def writers(self, datasets: Sequence[str], as_of: int, window: int) -> dict[str, list[LinkRow]]:
        """The jobs that write each dataset."""
        return await self._touching(datasets, as_of, window, EdgeKind.WRITES, _writes)

    async def readers(self, datasets: Sequence[str], as_of: int, window: int) -> dict[str, list[LinkRow]]:
        """The jobs that read each dataset."""
        return await self._touching(datasets, as_of, window, EdgeKind.READS, _reads)

    async def children(self, jobs: Sequence[str], as_of: int, window: int) -> dict[str, list[str]]:
        """The jobs that each job contains."""
        found: dict[str, list[str]] = {}
        for child, parent in await contained_pairs(self._store, list(jobs), as_of, window):
            found.setdefault(parent, []).append(child)
        return found

    async def parents(self, jobs: Sequence[str], as_of: int, window: int) -> dict[str, list[str]]:
        """The jobs that contain each job: those of the runs around its last runs, else those that it names."""
        runs = await asyncio.gather(*(self._store.runs_of_job(job, as_of, None, window) for job in jobs))
        last = dict(zip(jobs, runs, strict=True))
        around = sorted({attempt.parent for attempts in last.values() for attempt in attempts if attempt.parent})
        outer = await self._store.attempts(around) if around else {}
        hints: dict[str, list[str]] = {job: [] for job in jobs}
        for edge, since in (await self._store.edges_from(jobs, [EdgeKind.PART_OF])).items():
            if since.by(as_of):
                hints[edge.source].append(edge.target)
        return {
            job: sorted({a.job for attempt in attempts for a in outer.get(attempt.parent, ())} - {job}) or hints[job]
            for job, attempts in last.items()
        }

    async def _datasets(
        self, jobs: Sequence[str], as_of: int, window: int, kind: EdgeKind, side: _Side
    ) -> dict[str, list[LinkRow]]:
        inner = await self._contained(jobs, as_of, window)
        owners = sorted({job for found in inner.values() for job in found})
        live = LiveOwners(self._store, as_of, window)
        await live.fetch(owners)
        first = await self._store.edges_from(owners, [kind])
        found: dict[str, list[LinkRow]] = {}
        for job, parts in inner.items():
            links: dict[str, Seen] = {}
            for owner, reports in live.known(parts):
                for key in dict.fromkeys(key for footprint in reports.footprints() for key in side(footprint)):
                    seen = _seen(reports, side, key)
                    _keep(links, key, since_first(seen, first.get(EdgeId(owner, kind, owner, key))))
            found[job] = [LinkRow(key, seen) for key, seen in links.items()]
        return found

    async def _contained(self, jobs: Sequence[str], as_of: int, window: int) -> dict[str, list[str]]:
        """Each job with all jobs in it, to any depth."""
        children: dict[str, list[str]] = {}
        frontier = list(dict.fromkeys(jobs))
        while frontier and len(children) < _MAX_CONTAINED:
            children.update((job, []) for job in frontier)
            children.update(await self.children(frontier, as_of, window))
            frontier = sorted({child for job in frontier for child in children[job]} - children.keys())
        return {job: _closure(job, children) for job in jobs}

    async def _touching(
        self, datasets: Sequence[str], as_of: int, window: int, kind: EdgeKind, side: _Side
    ) -> dict[str, list[LinkRow]]:
        names = Names(self._store, as_of, self._never_alias)
        await names.join(datasets)
        members = list(dict.fromkeys(member for dataset in datasets for member in names.members(dataset)))
        live = LiveOwners(self._store, as_of, window)
        edges = await live.into(members, Around([kind]))
        first = await self._store.since(edges)
        found: dict[str, list[LinkRow]] = {}
        for dataset in datasets:
            links: dict[str, Seen] = {}
            here = [edge for edge in edges if edge.target in names.members(dataset)]
            for edge in here:
                reports = live[edge.owner]
                if reports is not None and any(edge.target in side(f) for f in reports.footprints()):
                    _keep(links, edge.owner, since_first(_seen(reports, side, edge.target), first.get(edge)))
            containers = {parent for job in links if (reports := live[job]) for parent in reports.parents()}
            found[dataset] = [LinkRow(job, seen) for job, seen in sorted(links.items()) if job not in containers]
        return found


def _seen(reports: Live, side: _Side, key: str) -> Seen:
    seen = reports.seen(lambda footprint: key in side(footprint))
    assert seen is not None  # the key comes from one of the footprints
    return seen


def _keep(links: dict[str, Seen], key: str, seen: Seen) -> None:
    """Where several jobs, or names of a dataset, make one link, the better seen stands for it."""
    if key not in links or seen.attempts > links[key].attempts:
        links[key] = seen


def _closure(job: str, children: dict[str, list[str]]) -> list[str]:
    found: dict[str, None] = {job: None}
    todo: list[str] = [job]
    while todo:
        new: Iterable[str] = [child for child in children.get(todo.pop(), ()) if child not in found]
        found.update(dict.fromkeys(new))
        todo += new
    return list(found)
