"""The fold of a run: its events -> attempts, what they read and wrote, and what they say of facets."""

from typing import TYPE_CHECKING, Any, TypeVar

from whence.graph.canonical import canonical_json
from whence.graph.derive import tag_node
from whence.graph.facts import Attempt, Contribution, EdgeId, EdgeKind, Node, Report, Role, Since, State
from whence.projection.builder import Builder
from whence.projection.claims import Claims
from whence.projection.io import MAX_COLUMN_EDGES, JobIO
from whence_schemas.events import InputDataset, OutputDataset, RunEvent
from whence_schemas.facets import BaseFacet, facet_problem, read_facet
from whence_schemas.facets.base import Tags
from whence_schemas.facets.dataset import ColumnLineage, DataQualityAssertions
from whence_schemas.facets.job import JobType, SourceCodeLocation
from whence_schemas.facets.lineage import JobLineage
from whence_schemas.facets.run import Parent, RunTests
from whence_schemas.facets.whence import APPROVAL, Approval
from whence_schemas.identity import (
    Kind,
    assertion_key,
    attempt_id,
    attempt_version_key,
    canonical_run_id,
    code_version_key,
    job_key,
    run_key,
    version_key,
)
from whence_schemas.read import Use

if TYPE_CHECKING:
    from whence.projection.fold import OrderedEvent

_ENDS = {"COMPLETE": State.COMPLETE, "ABORT": State.ABORT, "FAIL": State.FAIL}
_Facet = TypeVar("_Facet", bound=BaseFacet)
_SEVERITY = {state: severity for severity, state in enumerate(State)}


class RunFold:
    """Folds a run's events, taken in order."""

    def __init__(self, unit: str) -> None:
        self._run = unit
        self._run_id = ""
        self._attempts: list[_AttemptFold] = []
        self._claims = Claims()

    def add(self, event: "OrderedEvent") -> None:
        """Take the next event: a START after an end opens a new attempt."""
        assert isinstance(event.event, RunEvent)
        self._run_id = canonical_run_id(event.event.run.runId)
        if not self._attempts or (event.event.state == "START" and self._attempts[-1].ended):
            self._attempts.append(_AttemptFold(self._run, len(self._attempts), self._claims))
        self._attempts[-1].add(event.event, event.at)

    @property
    def open(self) -> bool:
        """Whether more events are to be expected: the last attempt has not ended."""
        return bool(self._attempts) and not self._attempts[-1].ended

    def contribution(self) -> Contribution:
        """What the events taken so far contribute."""
        builder = Builder(self._run, self._claims)
        builder.add_node(Node(self._run, Kind.RUN, "", self._run_id))
        for attempt in self._attempts:
            attempt.contribute(builder)
        return builder.build()


class _AttemptFold:
    """One attempt of a run."""

    def __init__(self, run: str, number: int, claims: Claims) -> None:
        self._run = run
        self._number = number
        self._id = attempt_id(run, number)
        self._claims = claims
        self._nodes: dict[str, Node] = {}
        self._started: int | None = None
        self._first: int | None = None
        self._last = 0
        self._end: int | None = None
        self._state = State.OTHER
        self._job = ""
        self._parent = ""
        self._jobs: dict[str, JobIO] = {}
        self._own_jobs: dict[tuple[str, str], None] = {}
        self._anomalies: set[str] = set()
        self._edges: dict[EdgeId, None] = {}

    @property
    def ended(self) -> bool:
        """Whether a COMPLETE, ABORT or FAIL was seen."""
        return self._end is not None

    @property
    def start(self) -> int:
        """Time of the first START, or of the first event where there is none."""
        return self._started if self._started is not None else (self._first or 0)

    def add(self, event: RunEvent, at: int) -> None:
        """Take the next event."""
        self._advance(event.state, at)
        if event.time.zone_assumed:
            self._anomalies.add("an eventTime has no zone; UTC is assumed")
        self._job = job_key(event.job.namespace, event.job.name)
        self._own_jobs[(event.job.namespace, event.job.name)] = None
        self._name_job(self._job, event.job.namespace, event.job.name)
        io = self._io_of(event)
        self._contain(event, io)
        self._claims.say_all(self._id, event.run.facets, at)
        self._claims.say_all(self._job, event.job.facets, at)
        self._relate(event)
        self._add_datasets(event, io, at)

    def _advance(self, state: str, at: int) -> None:
        self._first = at if self._first is None else self._first
        self._last = at
        if state == "START":
            self._started = at if self._started is None else self._started
        end = _ENDS.get(state)
        reached = end or (State.RUNNING if state in ("START", "RUNNING") else State.OTHER)
        if _SEVERITY[reached] > _SEVERITY[self._state]:
            self._end = at if end else None
            self._state = reached

    def _io_of(self, event: RunEvent) -> JobIO:
        """The job's datasets so far; none where the event says that it is complete in itself."""
        job_type = read_facet(JobType, event.job.facets.get("jobType"))
        emission = job_type.emissionPattern if job_type else None
        snapshot = emission is not None and emission.eventContentMode == "COMPLETE_SNAPSHOT"
        if snapshot or self._job not in self._jobs:
            parents = self._jobs[self._job].parents if self._job in self._jobs else {}
            self._jobs[self._job] = JobIO(self._job)
            self._jobs[self._job].parents.update(parents)
        return self._jobs[self._job]

    def _contain(self, event: RunEvent, io: JobIO) -> None:
        """What contains this run: the `parent` facet's run and job, and its outermost run."""
        facet = self._read(Parent, "run", event.run.facets, "parent")
        if facet is None:
            return
        self._parent = self._relate_run(EdgeKind.CHILD_OF, facet.run.runId)
        key = job_key(facet.job.namespace, facet.job.name)
        if facet.job.name and key != self._job:
            io.parents[key] = None
            self._name_job(key, facet.job.namespace, facet.job.name)
        if facet.root is not None and facet.root.run is not None:
            self._relate_run(EdgeKind.ROOT, facet.root.run.runId)

    def _relate_run(self, kind: EdgeKind, run_id: str) -> str:
        key = run_key(run_id)
        if key == self._run:
            return ""
        self._nodes[key] = Node(key, Kind.RUN, "", canonical_run_id(run_id))
        self._edges[EdgeId(self._run, kind, self._run, key)] = None
        return key

    def _relate(self, event: RunEvent) -> None:
        """Code version, tags and tests of the run."""
        code = read_facet(SourceCodeLocation, event.job.facets.get("sourceCodeLocation"))
        if code is not None and code.version:
            repository = code.repoUrl or code.url
            key = code_version_key(repository, code.version)
            self._link(EdgeKind.EXECUTED, Node(key, Kind.CODE_VERSION, repository, code.version))
        tags = read_facet(Tags, event.run.facets.get("tags"))
        for tag in tags.tags if tags else ():
            self._link(EdgeKind.TAGGED, tag_node(tag.key, tag.value))
        tests = read_facet(RunTests, event.run.facets.get("test"))
        for test in tests.tests if tests else ():
            self._link(EdgeKind.CHECKED, Node(assertion_key("", test.name, ""), Kind.ASSERTION, "", test.name))

    def _link(self, kind: EdgeKind, node: Node) -> None:
        self._nodes[node.key] = node
        self._edges[EdgeId(self._run, kind, self._run, node.key)] = None

    def _add_datasets(self, event: RunEvent, io: JobIO, at: int) -> None:
        for dataset in event.inputs:
            key = io.add_input(dataset, dataset.inputFacets)
            self._claims.say_all(key, dataset.facets, at)
            self._claims.say_all(f"{self._id}<{key}", dataset.inputFacets, at)
            self._check(key, dataset)
            if read_facet(Approval, dataset.inputFacets.get(APPROVAL)) is not None:
                self._link(EdgeKind.DECIDED, Node(key, Kind.DATASET, dataset.namespace, dataset.name))
        for output in event.outputs:
            key = io.add_output(output, output.outputFacets)
            said = self._claims.say_all(key, output.facets, at).get("columnLineage")
            if said and io.last_column_lineage.get(key) != said:
                io.last_column_lineage[key] = said
                where = f"output {output.name[:100]}"
                columns = self._read(ColumnLineage, where, output.facets, "columnLineage")
                if columns is not None and not io.add_column_lineage(key, columns):
                    self._anomalies.add(f"{where}: over {MAX_COLUMN_EDGES} column edges are kept but not drawn")
            self._claims.say_all(f"{self._id}>{key}", output.outputFacets, at)
            self._check(key, output)
        lineage = self._read(JobLineage, "job", event.job.facets, "lineage")
        if lineage is not None:
            io.add_lineage(lineage, self._other_job)

    def _other_job(self, namespace: str | None, name: str) -> JobIO:
        key = job_key(namespace or "", name)
        self._name_job(key, namespace or "", name)
        return self._jobs.setdefault(key, JobIO(key))

    def _check(self, key: str, dataset: InputDataset | OutputDataset) -> None:
        """Data-quality checks of a dataset in this run."""
        facets = [dataset.facets.get("dataQualityAssertions")]
        if isinstance(dataset, InputDataset):
            facets.append(dataset.inputFacets.get("dataQualityAssertions"))
        for value in facets:
            facet = read_facet(DataQualityAssertions, value)
            for check in facet.assertions if facet else ():
                name = f"{check.assertion} ({check.column})" if check.column else check.assertion
                node = assertion_key(key, check.assertion, check.column or "")
                self._link(EdgeKind.CHECKED, Node(node, Kind.ASSERTION, "", name, key))

    def _read(self, model: type[_Facet], where: str, facets: dict[str, Any], name: str) -> _Facet | None:
        """A facet that lineage is read from; one that does not fit its model is noted."""
        value = facets.get(name)
        facet = read_facet(model, value)
        if facet is None and (problem := facet_problem(model, value)):
            self._anomalies.add(f"{where}: facet {name} is kept but not understood: {problem}")
        return facet

    def _name_job(self, key: str, namespace: str, name: str) -> None:
        self._nodes[key] = Node(key, Kind.JOB, namespace, name)

    def contribute(self, builder: Builder) -> None:
        """Give the attempt's rows, what they refer to, and its edges."""
        for node in self._nodes.values():
            builder.add_node(node)
        for edge in self._edges:
            builder.add_edge(edge, Since(self.start, None))
        builder.attempts.add(self._row())
        for job, io in self._jobs.items():
            report = Report(job, 0, 0, self.start, self._run, self._number, "", self._state, self._last)
            footprint = builder.add_report(report, io)
            for key in footprint.reads:
                if key[0] == Kind.DATASET:
                    builder.add_use(self._consumed(io, key))
            for key in footprint.writes:
                builder.add_use(self._produced(io, key))

    def _row(self) -> Attempt:
        anomalies = set(self._anomalies)
        if len(self._own_jobs) > 1:
            names = ", ".join(sorted(f"{namespace}/{name}" for namespace, name in self._own_jobs))
            anomalies.add(f"events of one run name several jobs: {names}")
        said = canonical_json(sorted(anomalies)).decode()
        return Attempt(
            self._run,
            self._number,
            self._job,
            self.start,
            self._end,
            self._state,
            self._last,
            self._parent,
            said,
        )

    def _consumed(self, io: JobIO, dataset: str) -> Use:
        endpoint = io.inputs.get(dataset)
        label, partitions = (endpoint.version, endpoint.partitions) if endpoint else ("", "")
        version = version_key(dataset, label) if label else ""
        done = int(self._state == State.COMPLETE)
        return Use(self._run, self._number, Role.CONSUMED, dataset, self.start, version, label, done, partitions)

    def _produced(self, io: JobIO, dataset: str) -> Use:
        endpoint = io.outputs.get(dataset)
        label, partitions = (endpoint.version, endpoint.partitions) if endpoint else ("", "")
        version = version_key(dataset, label) if label else attempt_version_key(dataset, self._id)
        done = int(self._state == State.COMPLETE)
        if done and endpoint and endpoint.dropped:
            done = -1
        at = self._end if self._end is not None else self._last
        return Use(self._run, self._number, Role.PRODUCED, dataset, at, version, label, done, partitions)
