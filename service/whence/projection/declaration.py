"""The folds of declarations: JobEvents and DatasetEvents, which say what is meant to be, without a run."""

from typing import TYPE_CHECKING

from whence.graph.facts import Contribution, Node, Report, State
from whence.projection.builder import Builder
from whence.projection.claims import Claims
from whence.projection.io import JobIO
from whence_schemas.events import DatasetEvent, JobEvent
from whence_schemas.facets import read_facet
from whence_schemas.facets.dataset import ColumnLineage
from whence_schemas.facets.lineage import DatasetLineage, JobLineage
from whence_schemas.identity import Kind, job_key

if TYPE_CHECKING:
    from whence.projection.fold import OrderedEvent


class _DeclarationFold:
    """What job and dataset declarations have in common: each event is a report that holds until the next."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._claims = Claims()
        self._nodes: dict[str, Node] = {}
        self._reports: list[tuple[Report, JobIO]] = []

    open = False
    """Declarations may come at any time, or never again."""

    def _declare(self, io: JobIO, event: "OrderedEvent") -> None:
        report = Report(io.job, 1, 0, event.at, event.id, 0, "", State.OTHER, event.at)
        self._reports.append((report, io))

    def contribution(self) -> Contribution:
        """What the events taken so far contribute."""
        builder = Builder(self._unit, self._claims)
        for node in self._nodes.values():
            builder.add_node(node)
        for report, io in self._reports:
            builder.add_report(report, io)
        return builder.build()


class JobFold(_DeclarationFold):
    """Folds the JobEvents of one job, taken in order."""

    def add(self, event: "OrderedEvent") -> None:
        """Take the next event."""
        said = event.event
        assert isinstance(said, JobEvent)
        self._nodes[self._unit] = Node(self._unit, Kind.JOB, said.job.namespace, said.job.name)
        self._claims.say_all(self._unit, said.job.facets, event.at)
        jobs = {self._unit: JobIO(self._unit)}
        io = jobs[self._unit]
        for dataset in said.inputs:
            key = io.add_input(dataset, dataset.inputFacets)
            self._claims.say_all(key, dataset.facets, event.at)
            self._claims.say_all(f"{self._unit}<{key}", dataset.inputFacets, event.at)
        for output in said.outputs:
            key = io.add_output(output, output.outputFacets)
            if (columns := read_facet(ColumnLineage, output.facets.get("columnLineage"))) is not None:
                io.add_column_lineage(key, columns)
            self._claims.say_all(key, output.facets, event.at)
            self._claims.say_all(f"{self._unit}>{key}", output.outputFacets, event.at)

        def other_job(namespace: str | None, name: str) -> JobIO:
            key = job_key(namespace or "", name)
            self._nodes[key] = Node(key, Kind.JOB, namespace or "", name)
            return jobs.setdefault(key, JobIO(key))

        lineage = read_facet(JobLineage, said.job.facets.get("lineage"))
        if lineage is not None:
            io.add_lineage(lineage, other_job)
        for job_io in jobs.values():
            self._declare(job_io, event)


class DatasetFold(_DeclarationFold):
    """Folds the DatasetEvents of one dataset, taken in order."""

    def add(self, event: "OrderedEvent") -> None:
        """Take the next event."""
        said = event.event
        assert isinstance(said, DatasetEvent)
        dataset = said.dataset
        self._nodes[self._unit] = Node(self._unit, Kind.DATASET, dataset.namespace, dataset.name)
        self._claims.say_all(self._unit, dataset.facets, event.at)
        io = JobIO(self._unit)
        if (columns := read_facet(ColumnLineage, dataset.facets.get("columnLineage"))) is not None:
            io.add_column_lineage(self._unit, columns)
        lineage = read_facet(DatasetLineage, dataset.facets.get("lineage"))
        if lineage is not None:
            io.add_dataset_lineage(self._unit, lineage)
        self._declare(io, event)
