"""What the graph holds of a selection's runs, page by page: the common ground of PROV, tables and reports."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic_core import from_json

from whence.audit.selection import Selection
from whence.graph.facts import Attempt, Contribution, Role
from whence.graph.footprint import Footprint
from whence.graph.port import CurrentFacet, GraphStore
from whence.read.versions import VersionReader
from whence_schemas.facets import RUN_FACETS
from whence_schemas.facets.whence import APPROVAL
from whence_schemas.identity import Kind
from whence_schemas.read import Use
from whence_schemas.times import EVER, now

PAGE = 200
"""Runs that are read at once. What they say, facets included, is in memory together."""

NAMED, INFERRED, UNKNOWN = "NAMED", "INFERRED", "UNKNOWN"
"""How a version is known: somebody named it; it follows from which attempt wrote when; it is not known."""


class Place(NamedTuple):
    """Namespace and name of a dataset or a job."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Read(NamedTuple):
    """Which version a use consumed: the use that produced it, where one did, and how this is known."""

    version: str
    produced: Use | None
    basis: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs of a selection, with all that is recorded of them. Of a run whose events were all erased, nothing is.

    reads: which version each consumption was of. facets: of the datasets and jobs that the runs name, as they were at
    the selection's end: `ownership`, `tags`, `datasetType`, `jobType`. said: what the runs themselves said, of their
    attempts, inputs and outputs, and of datasets, by run. parents: attempts of the runs around these.
    """

    runs: Sequence[str]
    contributions: dict[str, Contribution]
    names: dict[str, Place]
    reads: dict[Use, Read]
    facets: list[CurrentFacet]
    said: dict[str, list[CurrentFacet]]
    parents: dict[str, list[Attempt]]

    def attempts(self) -> Iterator[Attempt]:
        """The attempts, by run and number."""
        for contribution in self.contributions.values():
            yield from sorted(contribution.rows.attempts)

    def uses(self) -> Iterator[Use]:
        """What the attempts consumed and produced."""
        for contribution in self.contributions.values():
            yield from sorted(contribution.rows.uses)

    def footprints(self) -> Iterator[tuple[str, str, int, Footprint]]:
        """What each attempt read and wrote, by job: (job, run, number, footprint)."""
        for contribution in self.contributions.values():
            for report in sorted(contribution.rows.reports):
                yield report.owner, report.run, report.number, contribution.footprints[report.footprint]

    def current(self, facet: str) -> Iterator[tuple[str, Any]]:
        """The values of a facet of datasets and jobs, at the selection's end."""
        for found in self.facets:
            if found.facet == facet:
                yield found.entity, from_json(found.body)


_CURRENT = ["ownership", "tags", "datasetType", "jobType"]
_SAID = {*RUN_FACETS, APPROVAL, "dataQualityAssertions", "inputStatistics", "outputStatistics"}
_SAID_OF_DATASETS = ["dataQualityAssertions"]


async def pages(
    graph: GraphStore, selection: Selection, never_alias: Sequence[re.Pattern[str]] = ()
) -> AsyncIterator[Page]:
    """All that is recorded of the selection's runs.

    Raises:
        GraphUnavailable: the graph store does not answer.
    """
    as_of = now() if selection.until is None else selection.until
    async for runs in selection.runs():
        for start in range(0, len(runs), PAGE):
            yield await read_runs(graph, runs[start : start + PAGE], as_of, never_alias)


async def read_runs(
    graph: GraphStore, runs: Sequence[str], as_of: int, never_alias: Sequence[re.Pattern[str]] = ()
) -> Page:
    """What is recorded of some runs, with the facets of their jobs and datasets at `as_of`.

    Raises:
        GraphUnavailable: the graph store does not answer.
    """
    contributions = {run: found for run, found in sorted((await graph.contributions(runs)).items()) if found.rows}
    parents = await graph.attempts(
        sorted({a.parent for c in contributions.values() for a in c.rows.attempts if a.parent})
    )
    uses = [use for found in contributions.values() for use in found.rows.uses]
    reads = await _reads(graph, [use for use in uses if use.role == Role.CONSUMED], as_of, never_alias)
    keys = sorted(_mentioned(contributions.values(), parents.values(), reads.values()))
    nodes = await graph.nodes(keys)
    names = {key: Place(node.namespace, node.name) for key, node in nodes.items()}
    facets = await graph.facets([key for key in keys if key[0] in (Kind.DATASET, Kind.JOB)], _CURRENT, as_of)
    return Page(runs, contributions, names, reads, facets, await _said(graph, contributions), parents)


async def _said(graph: GraphStore, contributions: dict[str, Contribution]) -> dict[str, list[CurrentFacet]]:
    """What runs said of their attempts, inputs and outputs, and of datasets."""
    said: dict[str, list[CurrentFacet]] = {run: [] for run in contributions}
    own: dict[str, set[str]] = {}  # entities by facet: few of them have each, and every pair asked for costs
    for contribution in contributions.values():
        for claim in contribution.rows.claims:
            if claim.facet in _SAID and claim.entity[0] == Kind.RUN:
                own.setdefault(claim.facet, set()).add(claim.entity)
    for facet, entities in sorted(own.items()):
        for found in await graph.facets(sorted(entities), [facet], EVER):
            said[found.unit].append(found)
    for run, contribution in contributions.items():
        datasets = _checked_as_datasets(contribution)
        said[run] += await graph.facets(datasets, _SAID_OF_DATASETS, EVER, run) if datasets else []
    return said


def _checked_as_datasets(contribution: Contribution) -> list[str]:
    """Datasets of which the run said something that some producers say of inputs: what is said of both counts once."""
    said = {claim.entity for claim in contribution.rows.claims if claim.facet in _SAID_OF_DATASETS}
    inputs = {entity.rpartition("<")[2] for entity in said if "<" in entity}
    return sorted(entity for entity in said - inputs if entity[0] == Kind.DATASET)


async def _reads(
    graph: GraphStore, uses: Sequence[Use], as_of: int, never_alias: Sequence[re.Pattern[str]]
) -> dict[Use, Read]:
    found = await VersionReader(graph, never_alias).read_by(uses, as_of)
    return {use: _read(use, found.get(use)) for use in uses}


def _read(use: Use, produced: Use | None) -> Read:
    if use.version:
        return Read(use.version, produced, NAMED)
    return Read(produced.version, produced, INFERRED) if produced else Read("", None, UNKNOWN)


def _mentioned(
    contributions: Iterable[Contribution], parents: Iterable[list[Attempt]], reads: Iterable[Read]
) -> Iterator[str]:
    """Keys of the nodes that have a name to show."""
    for contribution in contributions:
        yield contribution.unit
        yield from (attempt.job for attempt in contribution.rows.attempts)
        yield from (attempt.parent for attempt in contribution.rows.attempts if attempt.parent)
        yield from (use.dataset for use in contribution.rows.uses)
        yield from (edge.target for edge in contribution.edges if edge.target[0] in (Kind.CODE_VERSION, Kind.TAG))
        for footprint in contribution.footprints.values():
            yield from (*footprint.reads, *footprint.writes)
            yield from (key for edge in footprint.columns for key in (edge.output, edge.source))
    yield from (attempt.job for attempts in parents for attempt in attempts)
    yield from (read.produced.dataset for read in reads if read.produced)
