"""Prefect's assets and artifacts as datasets."""

import json
from collections.abc import Mapping
from typing import Any

from whence_collector.naming import DatasetName, dataset_name

from .datasets import Dataset

ARTIFACTS = "prefect://artifacts"
"""The namespace of artifacts: an artifact's key is its name there, its id the version."""


def asset(resource: Mapping[str, str], metadata: Mapping[str, Any] | None = None) -> Dataset:
    """The dataset that an asset is.

    Args:
        resource: the asset as Prefect's events have it.
        metadata: what `add_asset_metadata` added; `rows` (a number), `partition` (a value, or values by column),
            `version` and `type` (such as MODEL) are understood.

    Raises:
        ValueError: the asset's key is no URI.
    """
    said = metadata or {}
    rows, partition, version = said.get("rows"), said.get("partition"), said.get("version")
    owners = json.loads(resource.get("prefect.asset.owners", "[]"))
    return Dataset(
        name=dataset_name(resource["prefect.resource.id"]),
        version=None if version is None else str(version),
        partitions=() if partition is None else (partition if isinstance(partition, Mapping) else str(partition),),
        rows=rows if isinstance(rows, int) else None,
        type=said.get("type"),
        description=resource.get("prefect.asset.description"),
        owners=tuple(owners),
    )


def artifact(resource: Mapping[str, str], payload: Mapping[str, Any]) -> Dataset:
    """The dataset that an artifact with a key is."""
    return Dataset(
        name=DatasetName(ARTIFACTS, payload["key"]),
        version=resource["prefect.resource.id"].removeprefix("prefect.artifact."),
        type="ARTIFACT",
        subtype=payload.get("type"),
        description=payload.get("description"),
    )
