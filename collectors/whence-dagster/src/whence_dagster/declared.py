"""Definitions -> declared lineage: a JobEvent for each step that makes an asset, a DatasetEvent for what none makes."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from openlineage.client.event_v2 import DatasetEvent, Job, JobEvent, StaticDataset
from openlineage.client.serde import Serde

from whence_dagster import facets
from whence_dagster.datasets import Datasets, Written
from whence_dagster.definitions import Repository
from whence_dagster.facts import AssetFacts, Key, Read

_FIXED = "1970-01-01T00:00:00Z"


def events(repository: Repository, datasets: Datasets, at: datetime) -> list[JobEvent | DatasetEvent]:
    """What a repository declares, as of a time."""
    return list(_events(repository, datasets, at.isoformat()))


def digest(repository: Repository, datasets: Datasets) -> str:
    """A digest of what a repository declares, whenever that is."""
    said = [Serde.to_dict(event) for event in _events(repository, datasets, _FIXED)]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _events(repository: Repository, datasets: Datasets, at: str) -> Iterator[JobEvent | DatasetEvent]:
    namespace = datasets.names.jobs(repository.name, repository.location)
    steps: dict[tuple[str, str], list[AssetFacts]] = defaultdict(list)
    for asset in repository.assets.values():
        for job, step in asset.steps.items():
            steps[(job, step)].append(asset)
        if not asset.steps:
            yield _dataset_event(asset, datasets, at)
    for (job, step), assets in sorted(steps.items(), key=lambda item: item[0]):
        yield _step_event(namespace, f"{job}.{step}", assets, datasets, at)
    for found in repository.jobs:
        said: dict[str, Any] = {"jobType": facets.job_type("JOB", snapshot=False)}
        if found.description:
            said["documentation"] = facets.standard("DocumentationJobFacet", description=found.description)
        yield JobEvent(eventTime=at, job=Job(namespace, found.name, said), producer=facets.PRODUCER)


def _dataset_event(asset: AssetFacts, datasets: Datasets, at: str) -> DatasetEvent:
    found = datasets.input(asset.key, Read(), ())
    dataset = StaticDataset(found.namespace, found.name, facets=found.facets)
    return DatasetEvent(eventTime=at, dataset=dataset, producer=facets.PRODUCER)


def _step_event(namespace: str, name: str, assets: list[AssetFacts], datasets: Datasets, at: str) -> JobEvent:
    made = {asset.key: asset for asset in assets if not asset.observable}
    looked_at = [asset.key for asset in assets if asset.observable]
    sources = sorted({parent for asset in made.values() for parent in asset.parents} - made.keys())
    said: dict[str, Any] = {"jobType": facets.job_type("ASSET", snapshot=False)}
    if made:
        entries = [_entry(asset, datasets) for _, asset in sorted(made.items())]
        said["lineage"] = facets.standard("LineageJobFacet", entries=entries)
    if owners := dict.fromkeys(owner for asset in assets for owner in asset.owners):
        said["ownership"] = facets.ownership("OwnershipJobFacet", owners)
    if texts := [asset.description for asset in assets if asset.description]:
        said["documentation"] = facets.standard("DocumentationJobFacet", description="\n\n".join(texts))
    return JobEvent(
        eventTime=at,
        job=Job(namespace, name, said),
        inputs=[datasets.input(key, Read(), ()) for key in (*looked_at, *sources)],
        outputs=[datasets.output(key, Written(), ()) for key in sorted(made)],
        producer=facets.PRODUCER,
    )


def _entry(asset: AssetFacts, datasets: Datasets) -> facets.Facet:
    def named(key: Key) -> facets.Facet:
        return dict(zip(("namespace", "name"), datasets.name(key), strict=True)) | {"type": "DATASET"}

    return named(asset.key) | {"inputs": [named(parent) for parent in asset.parents]}
