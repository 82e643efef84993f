"""Assets of Airflow as datasets."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from airflow.providers.openlineage import conf
from openlineage.client.event_v2 import Dataset, InputDataset, OutputDataset

from whence_collector.naming import DatasetName, dataset_name
from whence_collector.standard import facet, subset

Partition = Mapping[str, Any]
"""Values by the names of dimensions."""


class Use(NamedTuple):
    """What is known of one use of an asset.

    Attributes:
        partitions: that were read or written; all if there are none.
        rows: that were written.
        version: that was written.
    """

    partitions: tuple[Partition, ...] = ()
    rows: int | None = None
    version: str | None = None


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


def inputs(used: Mapping[DatasetName, Use]) -> list[InputDataset]:
    """Input datasets, each with what was read of it."""
    return [InputDataset(*name, inputFacets=_partitions("input", use)) for name, use in used.items()]


def outputs(used: Mapping[DatasetName, Use]) -> list[OutputDataset]:
    """Output datasets, each with what was written of it."""
    return [_output(name, use) for name, use in used.items()]


def _output(name: DatasetName, use: Use) -> OutputDataset:
    facets: dict[str, Any] = {}
    output_facets = _partitions("output", use)
    if use.version is not None:
        facets["version"] = facet("DatasetVersionDatasetFacet", datasetVersion=use.version)
    if use.rows is not None:
        output_facets["outputStatistics"] = facet("OutputStatisticsOutputDatasetFacet", rowCount=use.rows)
    return OutputDataset(*name, facets=facets, outputFacets=output_facets)


def _partitions(side: str, use: Use) -> dict[str, Any]:
    return {"subset": subset(side, use.partitions)} if use.partitions else {}


def assets_among(things: Iterable[Any]) -> list[Any]:
    """Those inlets or outlets that are assets: not aliases, references, or datasets that the provider reads."""
    from airflow.sdk import Asset

    return [thing for thing in things if isinstance(thing, Asset)]


def asset(reference: Any) -> Any:
    """The asset that something with its name and its URI refers to."""
    from airflow.sdk import Asset

    return Asset(name=reference.name, uri=reference.uri)
