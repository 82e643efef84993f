"""OpenLineage facets as plain objects.

They are written here, and not with the client's classes, so that they are the same whatever version of the client the
user's environment holds: an event that two collectors report is then one event. `tags` is the exception: the client
adds to it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from openlineage.client.facet_v2 import tags_run

from whence_dagster.facts import Partition

PRODUCER = "urn:whence:dagster:0.1.0"
"""`producer` of events and facets."""

Facet = dict[str, Any]

_VERSIONS = {
    "ColumnLineageDatasetFacet": "1-2-0",
    "DataQualityAssertionsDatasetFacet": "1-1-0",
    "DatasetVersionDatasetFacet": "1-0-1",
    "DocumentationDatasetFacet": "1-1-0",
    "DocumentationJobFacet": "1-1-0",
    "ErrorMessageRunFacet": "1-0-1",
    "InputStatisticsInputDatasetFacet": "1-0-0",
    "JobTypeJobFacet": "2-0-4",
    "NominalTimeRunFacet": "1-0-1",
    "OutputStatisticsOutputDatasetFacet": "1-0-2",
    "OwnershipDatasetFacet": "1-0-1",
    "OwnershipJobFacet": "1-0-1",
    "ParentRunFacet": "1-2-0",
    "SchemaDatasetFacet": "1-2-0",
    "SourceCodeLocationJobFacet": "1-1-0",
    "SymlinksDatasetFacet": "1-0-1",
    "TagsDatasetFacet": "1-0-0",
    "TestRunFacet": "1-0-1",
}
_FILES = {
    "LineageJobFacet": "1-0-0/LineageFacet.json",
    "InputSubsetInputDatasetFacet": "1-0-0/BaseSubsetDatasetFacet.json",
    "OutputSubsetOutputDatasetFacet": "1-0-0/BaseSubsetDatasetFacet.json",
}


def standard(name: str, **content: Any) -> Facet:
    """A facet of the specification by the name of its definition."""
    file = _FILES.get(name) or f"{_VERSIONS[name]}/{name}.json"
    url = f"https://openlineage.io/spec/facets/{file}#/$defs/{name}"
    return {"_producer": PRODUCER, "_schemaURL": url, **_without_none(content)}


def custom(name: str, **content: Any) -> Facet:
    """A facet of Whence's own, by the name of its definition in ``schemas/json``."""
    return {"_producer": PRODUCER, "_schemaURL": f"urn:whence:facets:1-0-0:{name}.json", **_without_none(content)}


def _without_none(content: Mapping[str, Any]) -> Facet:
    return {name: value for name, value in content.items() if value is not None}


def job_type(kind: str, *, snapshot: bool) -> Facet:
    """`jobType`; `snapshot` says that each event of a run holds all its datasets."""
    pattern = {"eventTrigger": "EVENT_BASED", "eventContentMode": "COMPLETE_SNAPSHOT"} if snapshot else None
    return standard(
        "JobTypeJobFacet", processingType="BATCH", integration="DAGSTER", jobType=kind, emissionPattern=pattern
    )


def parent(run: tuple[str, str, str], root: tuple[str, str, str]) -> Facet:
    """`parent`, of which each run is (run id, namespace, name of the job)."""

    def named(run_id: str, namespace: str, name: str) -> Facet:
        return {"run": {"runId": run_id}, "job": {"namespace": namespace, "name": name}}

    return standard("ParentRunFacet", **named(*run), root=named(*root))


def error(info: Any) -> Facet:
    """`errorMessage` of Dagster's SerializableErrorInfo: the message of the error that the user's code raised."""
    cause = info
    while cause.cause is not None:
        cause = cause.cause
    return standard(
        "ErrorMessageRunFacet",
        message=cause.message.strip(),
        programmingLanguage="PYTHON",
        stackTrace=info.to_string(),
    )


def run_tags(tags: Mapping[str, str]) -> tags_run.TagsRunFacet:
    """`tags` of a run."""
    said = [tags_run.TagsRunFacetFields(key=key, value=value, source="DAGSTER") for key, value in sorted(tags.items())]
    return tags_run.TagsRunFacet(tags=said, producer=PRODUCER)


def subset(name: str, partitions: Iterable[Partition]) -> Facet:
    """`subset` of an input or output (``input`` or ``output``): these partitions."""
    listed = [{"identifier": p.key, "dimensions": dict(p.dimensions)} for p in partitions]
    definition = {"input": "InputSubsetInputDatasetFacet", "output": "OutputSubsetOutputDatasetFacet"}[name]
    return standard(definition, **{f"{name}Condition": {"type": "partition", "partitions": listed}})


def nominal_time(start: str, end: str | None = None) -> Facet:
    """`nominalTime` from ISO 8601 times."""
    return standard("NominalTimeRunFacet", nominalStartTime=start, nominalEndTime=end)


def ownership(definition: str, owners: Iterable[str]) -> Facet:
    """`ownership` of a job or dataset: people by e-mail address, teams as ``team:name``."""
    return standard(definition, owners=[{"name": owner, "type": "OWNER"} for owner in owners])
