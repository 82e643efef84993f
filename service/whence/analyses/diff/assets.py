"""What facets say differently of datasets and jobs at two times: columns, code, and whatever else."""

from collections.abc import Iterable
from typing import TypeVar

from whence.analyses.diff.schemas import compare_schemas, schema_of
from whence.analyses.diff.values import TEXTS, code_of, compare_texts, same
from whence.graph.port import CurrentFacet, GraphStore, Value
from whence_schemas.diff import (
    AssetDiffs,
    Code,
    CodeDiff,
    ColumnDiff,
    Difference,
    DiffQuestion,
    FacetDiff,
    SaidAt,
    TextDiff,
)
from whence_schemas.identity import Kind, attempt_id, dataset_key
from whence_schemas.lineage import Granularity, LineageGraph
from whence_schemas.times import EVER

LOCATION, CODE = "sourceCodeLocation", "whence_code"
_TOLD = frozenset({"lineage", "symlinks", "version", LOCATION, *TEXTS})
"""Facets that the diff tells in another way; a dataset's version is another after every run."""
_PORTION = 1_000

_Row = TypeVar("_Row", ColumnDiff, CodeDiff, FacetDiff)
_Values = dict[tuple[str, str], CurrentFacet]
"""Values of facets by entity and facet."""


async def compare_assets(
    store: GraphStore, question: DiffQuestion, graphs: tuple[LineageGraph, LineageGraph]
) -> AssetDiffs:
    """What differs, nearest first."""
    before, after = (_assets(graph) for graph in graphs)
    distances = {entity: min(before[entity], after[entity]) for entity in before.keys() & after.keys()}
    compared = _Compared(store, question, distances)
    ordered = sorted(distances)
    for start in range(0, len(ordered), _PORTION):
        await compared.add(ordered[start : start + _PORTION])
    return await compared.answer()


def _assets(graph: LineageGraph) -> dict[str, int]:
    """Keys of the datasets, under all their names, and of the jobs in a lineage, with their distance."""
    found: dict[str, int] = {}
    for node in graph.nodes.values():
        names = [(node.namespace, node.name), *node.names]
        for key in [node.key] if node.key[0] == Kind.JOB else [dataset_key(*name) for name in names]:
            found[key] = min(node.distance, found.get(key, node.distance))
    for edge in graph.edges.values():
        if edge.by[:1] == Kind.JOB:
            distance = max(graph.nodes[edge.source].distance, graph.nodes[edge.target].distance)
            found[edge.by] = min(distance, found.get(edge.by, distance))
    return found


class _Compared:
    """What differs, entity by entity."""

    def __init__(self, store: GraphStore, question: DiffQuestion, distances: dict[str, int]) -> None:
        self._store = store
        self._question = question
        self._distances = distances
        self._columns: list[ColumnDiff] = []
        self._code: list[CodeDiff] = []
        self._facets: list[FacetDiff] = []

    async def add(self, entities: list[str]) -> None:
        """Compare some."""
        earlier, later = self._question.earlier, self._question.later
        was, now = [await self._values(entities, moment) for moment in (earlier, later)]
        for key in sorted(was.keys() | now.keys()):
            before, after = was.get(key), now.get(key)
            if (before and before.value) != (after and after.value):
                self._compare(*key, before.body if before else None, after.body if after else None)
        jobs = [entity for entity in entities if entity[0] == Kind.JOB]
        told = [await self._told(jobs, moment) for moment in (earlier, later)]
        for job in jobs:
            bodies = [
                ({name: found[job, name].body for name in (LOCATION, *TEXTS) if (job, name) in found}, said.get(job))
                for found, said in zip((was, now), told, strict=True)
            ]
            self._compare_code(job, *bodies)

    async def _values(self, entities: list[str], moment: int) -> _Values:
        return {(row.entity, row.facet): row for row in await self._store.facets(entities, None, moment)}

    async def _told(self, jobs: list[str], moment: int) -> dict[str, bytes]:
        """What each job's newest attempt that counts told of its code."""
        activities = await self._store.activities(jobs, moment, 1)
        newest = {
            attempt_id(activity.observed[0].run, activity.observed[0].number): job
            for job, activity in activities.items()
            if activity.observed
        }
        return {newest[row.entity]: row.body for row in await self._store.facets(list(newest), [CODE], EVER)}

    def _compare(self, entity: str, facet: str, before: bytes | None, after: bytes | None) -> None:
        by_column = self._question.granularity == Granularity.COLUMN
        if facet in _TOLD or (facet == "columnLineage" and by_column):
            return
        if before is not None and after is not None and same(before, after):
            return
        distance = self._distances[entity]
        was, now = schema_of(before), schema_of(after)
        if facet == "schema" and was is not None and now is not None:
            self._columns += [
                ColumnDiff(f"{entity}:{found.path}:{found.change}", distance, entity, *found, None)
                for found in compare_schemas(was, now)
            ]
            return
        difference = Difference.CHANGED
        if before is None or after is None:
            difference = Difference.APPEARED if before is None else Difference.VANISHED
        self._facets.append(FacetDiff(f"{entity}:{facet}", distance, entity, facet, difference, before, after, None))

    def _compare_code(
        self, job: str, was: tuple[dict[str, bytes], bytes | None], now: tuple[dict[str, bytes], bytes | None]
    ) -> None:
        found = compare_code(was, now)
        if found is not None:
            before, after, texts = found
            self._code.append(CodeDiff(job, self._distances[job], job, before, after, texts, None))

    async def answer(self) -> AssetDiffs:
        """All that differs, with who said so first."""
        wanted = {(row.dataset, "schema") for row in self._columns} | {(row.entity, row.facet) for row in self._facets}
        wanted |= {(row.job, facet) for row in self._code for facet in (LOCATION, *TEXTS)}
        said = await self._said(sorted(wanted))
        return AssetDiffs(
            _ordered(row._replace(said=said.get((row.dataset, "schema"))) for row in self._columns),
            _ordered(row._replace(said=_code_said(row, said)) for row in self._code),
            _ordered(row._replace(said=said.get((row.entity, row.facet))) for row in self._facets),
        )

    async def _said(self, wanted: list[tuple[str, str]]) -> dict[tuple[str, str], SaidAt]:
        """Who said the later values first, after the earlier time."""
        earlier, later = self._question.earlier, self._question.later
        found: dict[tuple[str, str], SaidAt] = {}
        for start in range(0, len(wanted), _PORTION):
            portion = wanted[start : start + _PORTION]
            entities, facets = {entity for entity, _ in portion}, {facet for _, facet in portion}
            rows = await self._store.facets(sorted(entities), sorted(facets), later)
            now = {(row.entity, row.facet): row.value for row in rows}
            values = [Value(*key, now.get(key, "")) for key in portion]
            for value, said in (await self._store.first_said(values, earlier, later)).items():
                found[value.entity, value.facet] = SaidAt(*said)
        return found


def compare_code(
    was: tuple[dict[str, bytes], bytes | None], now: tuple[dict[str, bytes], bytes | None]
) -> tuple[Code, Code, tuple[TextDiff, ...]] | None:
    """How a job's code differs; None where it does not. Given are its facets, and what an attempt told of it."""
    before, after = (code_of(facets.get(LOCATION), told) for facets, told in (was, now))
    texts = [compare_texts(facet, was[0].get(facet), now[0].get(facet)) for facet in TEXTS]
    differing = tuple(text for text in texts if text is not None)
    return (before, after, differing) if before != after or differing else None


def _code_said(row: CodeDiff, said: dict[tuple[str, str], SaidAt]) -> SaidAt | None:
    """Who said first what differs in a job's code."""
    facets = [text.facet for text in row.texts]
    if row.before[:4] != row.after[:4]:
        facets.append(LOCATION)
    return min((said[row.job, facet] for facet in facets if (row.job, facet) in said), default=None)


def _ordered(rows: Iterable[_Row]) -> list[_Row]:
    return sorted(rows, key=lambda row: (row.distance, row.key))
