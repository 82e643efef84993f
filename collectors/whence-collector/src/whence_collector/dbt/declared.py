"""A project -> its declared lineage: JobEvents for dbt-ol's jobs and for exposures, DatasetEvents for the rest."""

from collections.abc import Iterator
from typing import Any

from openlineage.client.event_v2 import (
    Dataset,
    DatasetEvent,
    InputDataset,
    Job,
    JobEvent,
    OutputDataset,
    StaticDataset,
)

from ..standard import PRODUCER, Facets, facet
from .manifest import Manifest
from .wrapper import Project, Reported

Event = JobEvent | DatasetEvent


def events(project: Project) -> list[Event]:
    """What a project declares, as of when dbt wrote it down: the same files give the same events, to the byte."""
    return list(_Declaration(project).events())


class _Declaration:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._content = project.compiled_manifest
        self._manifest = Manifest(self._content, project.options.project_dir)
        catalog = (project.catalog or {}).get("metadata") or {}
        self._at = max(self._content["metadata"]["generated_at"], catalog.get("generated_at", ""))

    def events(self) -> Iterator[Event]:
        """All of them."""
        reported = list(self._project.reported())
        for job in reported:
            yield self._job(job)
        written = {(output.namespace, output.name): job for job in reported for output in job.outputs}
        for name in self._project.tables:
            dataset = self._project.dataset(name)
            yield from self._dataset(name, dataset, written.get((dataset.namespace, dataset.name)))
        for name, exposure in (self._content.get("exposures") or {}).items():
            yield self._exposure(name, exposure)

    def _job(self, reported: Reported) -> JobEvent:
        """A job as dbt-ol reports it, without what only a run can know."""
        job = reported.job
        node = self._content["nodes"].get(reported.node) or self._content["sources"][reported.node]
        return self._job_event(
            (job.namespace, job.name),
            {**self._manifest.of_job(node), **(job.facets or {})},
            inputs=[InputDataset(one.namespace, one.name, facets=_declared(one)) for one in reported.inputs],
            outputs=[
                OutputDataset(one.namespace, one.name, facets={**self._manifest.of_dataset(node), **_declared(one)})
                for one in reported.outputs
            ],
        )

    def _dataset(self, name: str, dataset: Dataset, writer: Reported | None) -> Iterator[DatasetEvent]:
        """What no job of dbt-ol says of a dataset.

        Of one that is written: only what it is made of besides what dbt-ol names, so that lineage is whole and what is
        declared of the job is still what its runs show. Of others, such as sources, seeds and ephemeral models: all.
        """
        known = writer.named if writer else set()
        parents = {(one.namespace, one.name) for one in map(self._project.dataset, self._manifest.parents(name))}
        said: Facets = {}
        if writer is None:
            said = {**self._manifest.of_dataset(self._project.tables[name]), **_declared(dataset)}
        if more := sorted(parents - known):
            inputs = [{"namespace": namespace, "name": table, "type": "DATASET"} for namespace, table in more]
            said["lineage"] = facet("LineageDatasetFacet", inputs=inputs)
        if said:
            declared = StaticDataset(dataset.namespace, dataset.name, facets=said)
            yield DatasetEvent(eventTime=self._at, producer=PRODUCER, dataset=declared)

    def _exposure(self, name: str, exposure: dict[str, Any]) -> JobEvent:
        """What uses tables outside of dbt: a report, at the end of lineage."""
        kind = "DASHBOARD" if exposure["type"] == "dashboard" else "EXPOSURE"
        about = facet("JobTypeJobFacet", processingType="BATCH", integration="DBT", jobType=kind)
        parents = [self._project.dataset(parent) for parent in self._manifest.parents(name)]
        return self._job_event(
            (self._project.job_namespace, name),
            {**self._manifest.of_job(exposure), "jobType": about},
            inputs=[InputDataset(one.namespace, one.name) for one in parents],
            outputs=[],
        )

    def _job_event(
        self, name: tuple[str, str], facets: Facets, inputs: list[InputDataset], outputs: list[OutputDataset]
    ) -> JobEvent:
        job = Job(*name, facets=facets)
        return JobEvent(eventTime=self._at, producer=PRODUCER, job=job, inputs=inputs, outputs=outputs)


def _declared(dataset: Dataset) -> Facets:
    """Its facets without results of tests, of which none was made."""
    return {name: said for name, said in (dataset.facets or {}).items() if name != "dataQualityAssertions"}
