"""Assets of Airflow as datasets."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from airflow.providers.openlineage import conf
from openlineage.client.event_v2 import Dataset, InputDataset, OutputDataset

from whence_airflow.naming import DatasetName, dataset_name
from whence_collector.standard import subset

PARTITION = "partition"
"""Key of an asset event's extra by which a task says which partition it wrote."""

Partition = dict[str, Any]
"""Values by the names of dimensions."""


def name_of(asset: Any) -> DatasetName:
    """Namespace and name of an asset: what a provider makes of its URI, else what the naming convention says; an asset
    whose URI is only a name is one of this Airflow."""
    if found := _by_provider(asset):
        return found
    try:
        return dataset_name(_with_authority(asset.uri))
    except ValueError:
        return DatasetName(f"airflow://{conf.namespace()}", asset.uri)


def _with_authority(uri: str) -> str:
    """``sqlite:///srv/t.db`` as it was written; Airflow makes ``sqlite:/srv/t.db`` of it."""
    return re.sub(r"^([a-z][\w+.-]*):/(?!/)", r"\1:///", uri)


def _by_provider(asset: Any) -> DatasetName | None:
    from airflow.providers.common.compat.openlineage.utils.utils import translate_airflow_asset

    found = translate_airflow_asset(asset, None)
    return DatasetName(found.namespace, found.name) if found else None


def to_openlineage(asset: Any, lineage_context: Any) -> Dataset:
    """The converter of those schemes for which Airflow knows no other."""
    return Dataset(*dataset_name(_with_authority(asset.uri)))


def inputs(assets: Iterable[Any], partitions: dict[DatasetName, list[Partition]]) -> list[InputDataset]:
    """Input datasets of what is an asset, each with the partitions that were read of it."""
    return [InputDataset(*name, inputFacets=_subset("input", partitions.get(name))) for name in _names(assets)]


def outputs(assets: Iterable[Any], partitions: dict[DatasetName, list[Partition]]) -> list[OutputDataset]:
    """Output datasets of what is an asset, each with the partitions that were written of it."""
    return [OutputDataset(*name, outputFacets=_subset("output", partitions.get(name))) for name in _names(assets)]


def _subset(side: str, partitions: list[Partition] | None) -> dict[str, Any]:
    return {"subset": subset(side, partitions)} if partitions else {}


def _names(assets: Iterable[Any]) -> Iterator[DatasetName]:
    yield from dict.fromkeys(name_of(asset) for asset in assets if is_asset(asset))


def asset(reference: Any) -> Any:
    """The asset that something with its name and its URI refers to."""
    from airflow.sdk import Asset

    return Asset(name=reference.name, uri=reference.uri)


def is_asset(thing: Any) -> bool:
    """Whether an inlet or outlet is an asset, and not an alias, a reference, or a dataset that the provider reads."""
    from airflow.sdk import Asset

    return isinstance(thing, Asset)


def partitions_of(key: str | None, extra: Any) -> list[Partition]:
    """The partition that an asset event or a run is of: as its extra says, else by its key."""
    said = extra.get(PARTITION) if isinstance(extra, dict) else None
    if isinstance(said, dict) and said:
        return [said]
    said = said if isinstance(said, str) and said else key
    return [{PARTITION: said}] if said else []
