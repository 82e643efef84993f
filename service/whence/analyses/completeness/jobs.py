"""Checks of jobs and their last runs: what they read and write, which code ran, how runs ended."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from pydantic_core import from_json

from whence.analyses.completeness.tally import Place, Tally
from whence.analyses.completeness.words import count, moment
from whence.graph.facts import Attempt, EdgeKind, Node
from whence.graph.port import EARLIEST, CurrentFacet, GraphStore
from whence.lineage.live import LiveOwners
from whence_schemas.completeness import Check, CompletenessQuestion, Finding
from whence_schemas.facets import BaseFacet, read_facet
from whence_schemas.facets.base import Ownership
from whence_schemas.facets.job import JobType
from whence_schemas.facets.lineage import JobLineage
from whence_schemas.identity import attempt_id
from whence_schemas.times import HOUR

_Facet = TypeVar("_Facet", bound=BaseFacet)

UNENDED_AFTER = 24 * HOUR
"""A run that has not ended and sent no event for so long is taken for one that never ended."""

_WRITES_NOTHING = frozenset({"TEST", "APPROVAL", "REPORT", "DASHBOARD", "CHART", "EXPOSURE"})
"""Words in `jobType`: such a job reads only."""


class JobFacts(NamedTuple):
    """What is known of a job by the time asked about.

    kind, processing, integration: of its `jobType`, in upper case, or empty. reads, writes: whether a live report says
    so. sourceless: whether it declares that an output has no inputs. container: whether it only holds others. attempts:
    the last ones, newest first; coded: those of their runs whose code version is known. since: of the oldest live
    report, or else attempt.
    """

    key: str
    namespace: str
    owners: frozenset[str]
    kind: str
    processing: str
    integration: str
    reads: bool
    writes: bool
    sourceless: bool
    container: bool
    attempts: list[Attempt]
    coded: frozenset[str]
    since: int

    @property
    def place(self) -> Place:
        """Where it counts."""
        return Place(self.namespace, self.owners)


def check_job(tally: Tally, job: JobFacts, as_of: int) -> None:
    """Count a job, its last runs, and what is not known of them."""
    if not job.container:
        tally.add(job.place, Check.JOB_INPUTS, 1, _inputs(job))
        if job.kind not in _WRITES_NOTHING:
            tally.add(job.place, Check.JOB_OUTPUTS, 1, _outputs(job))
        tally.add(job.place, Check.RUN_CODE, len({attempt.run for attempt in job.attempts}), _code(job))
    unended = list(_unended(job, as_of))
    ended = sum(attempt.end is not None and attempt.end <= as_of for attempt in job.attempts)
    tally.add(job.place, Check.RUN_END, ended + len(unended), unended)


def _inputs(job: JobFacts) -> Iterator[Finding]:
    if not job.reads and not job.sourceless:
        yield Finding(
            Check.JOB_INPUTS,
            job.key,
            job.since,
            1,
            1,
            f"Its last runs tell no inputs{'' if job.writes else ', and no outputs either'}.",
            "Let its integration extract them, or name them by hand. If it reads no dataset, declare that: a JobEvent "
            "with the facet `lineage` and an entry for its output with `inputs: []`.",
        )


def _outputs(job: JobFacts) -> Iterator[Finding]:
    if not job.writes:
        yield Finding(
            Check.JOB_OUTPUTS,
            job.key,
            job.since,
            1,
            1,
            f"Its last runs tell no outputs{'' if job.reads else ', and no inputs either'}.",
            "Let its integration extract them, or name them by hand. If it writes nothing, say so by its `jobType`: "
            "TEST, APPROVAL, REPORT, DASHBOARD, CHART or EXPOSURE.",
        )


def _code(job: JobFacts) -> Iterator[Finding]:
    missing = {attempt.run: attempt.start for attempt in job.attempts if attempt.run not in job.coded}
    if missing:
        runs = len({attempt.run for attempt in job.attempts})
        yield Finding(
            Check.RUN_CODE,
            job.key,
            min(missing.values()),
            len(missing),
            runs,
            f"{len(missing)} of its last {count(runs, 'run')}: no code version is known.",
            "Send `sourceCodeLocation` with the commit as `version`, from the job or from the run that holds it.",
        )


def _unended(job: JobFacts, as_of: int) -> Iterator[Finding]:
    for attempt in job.attempts:
        if attempt.end is None and attempt.last <= as_of - UNENDED_AFTER and job.processing != "STREAMING":
            yield Finding(
                Check.RUN_END,
                attempt.run,
                attempt.last,
                1,
                1,
                f"It started at {moment(attempt.start)} and never ended: its last event is of {moment(attempt.last)}.",
                "See in the orchestrator what became of it. If it ended, its last event was lost: its process was "
                "killed, or its collector does not spool.",
            )


class JobReader:
    """Reads facts of jobs in batches."""

    def __init__(self, store: GraphStore, question: CompletenessQuestion) -> None:
        self._store = store
        self._question = question

    async def read(self, nodes: Sequence[Node]) -> list[JobFacts]:
        """Facts of those that ran or were declared by the time asked about."""
        as_of, window = self._question.as_of, self._question.window
        keys = [node.key for node in nodes]
        live = LiveOwners(self._store, as_of, window)
        attempts, said, _ = await asyncio.gather(
            self._store.runs_of_jobs(keys, EARLIEST, as_of, window),
            self._store.facets(keys, ["jobType", "lineage", "ownership"], as_of),
            live.fetch(keys),
        )
        facets: dict[str, dict[str, CurrentFacet]] = {key: {} for key in keys}
        for row in said:
            facets[row.entity][row.facet] = row
        empty = [key for key in keys if live[key] is None]
        holding, coded = await asyncio.gather(self._holding(empty, attempts), self._coded(attempts))

        def facts(node: Node) -> JobFacts:
            reports, runs = live[node.key], attempts.get(node.key, [])
            job_type = _read(JobType, facets[node.key].get("jobType"))
            ownership = _read(Ownership, facets[node.key].get("ownership"))
            lineage = _read(JobLineage, facets[node.key].get("lineage"))
            seen = reports.seen(lambda _: True) if reports else None
            return JobFacts(
                node.key,
                node.namespace,
                frozenset(owner.name for owner in ownership.owners) if ownership else frozenset(),
                (job_type.jobType or "").upper() if job_type else "",
                job_type.processingType.upper() if job_type else "",
                job_type.integration.upper() if job_type else "",
                bool(reports and any(footprint.reads for footprint in reports.footprints())),
                bool(reports and any(footprint.writes for footprint in reports.footprints())),
                bool(lineage and any(entry.inputs == [] and not entry.fields for entry in lineage.entries)),
                node.key in holding,
                runs,
                frozenset(attempt.run for attempt in runs if attempt.run in coded),
                seen.first if seen else runs[-1].start,
            )

        return [facts(node) for node in nodes if node.key in attempts or live[node.key] is not None]

    async def _holding(self, jobs: list[str], attempts: dict[str, list[Attempt]]) -> set[str]:
        """Those of the jobs that contain others, or whose last runs do."""
        runs = {attempt.run: job for job in jobs for attempt in attempts.get(job, ())}
        hinted, seen = await asyncio.gather(
            self._store.owners(jobs, [EdgeKind.PART_OF]), self._store.owners(list(runs), [EdgeKind.CHILD_OF])
        )
        return {edge.target for edge in hinted} | {runs[edge.target] for edge in seen}

    async def _coded(self, attempts: dict[str, list[Attempt]]) -> set[str]:
        """Those of the runs whose code version is known: said of the run, or of one that it names as around it."""
        if not self._question.asks(Check.RUN_CODE):
            return set()
        runs = {attempt.run: {attempt.parent} - {""} for found in attempts.values() for attempt in found}
        versions = set()
        for edge in await self._store.edges_from(list(runs), [EdgeKind.EXECUTED, EdgeKind.ROOT]):
            if edge.kind == EdgeKind.EXECUTED:
                versions.add(edge.source)
            else:
                runs[edge.source].add(edge.target)
        around = sorted({outer for found in runs.values() for outer in found} - versions)
        versions |= {edge.source for edge in await self._store.edges_from(around, [EdgeKind.EXECUTED])}
        coded = {run for run, outer in runs.items() if run in versions or outer & versions}
        ids = {attempt_id(a.run, a.number): a.run for found in attempts.values() for a in found if a.run not in coded}
        said = await self._store.facets(list(ids), ["whence_code"], self._question.as_of)
        return coded | {ids[row.entity] for row in said if _names_code(row)}


def _names_code(row: CurrentFacet) -> bool:
    """Whether a `whence_code` facet names a version: the orchestrator's, or a hash of the source."""
    value = from_json(row.body)
    return isinstance(value, dict) and bool(value.get("version") or value.get("sourceSha256"))


def _read(model: type[_Facet], row: CurrentFacet | None) -> _Facet | None:
    return read_facet(model, from_json(row.body)) if row else None
