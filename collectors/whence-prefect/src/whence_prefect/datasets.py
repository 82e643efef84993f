"""What a run read and wrote -> OpenLineage's inputs and outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    base_subset_dataset,
    column_lineage_dataset,
    dataset_type_dataset,
    dataset_version_dataset,
    documentation_dataset,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
    ownership_dataset,
    schema_dataset,
)

from whence_collector.naming import DatasetName

from .facets import PRODUCER

READ, WRITTEN = "whence.dataset.read", "whence.dataset.written"
"""Names of the Prefect events by which a process says what it read and wrote, where no plugin sends that itself."""

Partition = str | Mapping[str, Any]
"""A partition: an identifier, or values by partition column."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a dataset."""

    dataset: DatasetName
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset as a run read or wrote it.

    Attributes:
        columns: of an output: for each of its columns, those that it is made of.
        schema: the columns' types by name, in order.
        type, subtype: such as MODEL, or ARTIFACT and markdown.
    """

    name: DatasetName
    version: str | None = None
    partitions: Sequence[Partition] = ()
    rows: int | None = None
    columns: Mapping[str, Sequence[Column]] = field(default_factory=dict)
    schema: Mapping[str, str] = field(default_factory=dict)
    type: str | None = None
    subtype: str | None = None
    description: str | None = None
    owners: Sequence[str] = ()


def payload_of(dataset: Dataset) -> dict[str, Any]:
    """The dataset as JSON: the payload of a Prefect event."""
    found = {name: value for name, value in asdict(dataset).items() if value not in (None, (), [], {})}
    return {**found, "name": dataset.name._asdict()}


def dataset_of(payload: Mapping[str, Any]) -> Dataset:
    """The dataset that `payload_of` made a payload of.

    Raises:
        ValueError: it is none.
    """
    try:
        columns = {
            name: [Column(DatasetName(*source["dataset"]), source["name"]) for source in sources]
            for name, sources in payload.get("columns", {}).items()
        }
        return Dataset(**{**payload, "name": DatasetName(**payload["name"]), "columns": columns})
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{payload!r} describes no dataset: {error}") from error


def as_input(dataset: Dataset) -> InputDataset:
    """The dataset as an input."""
    found: dict[str, Any] = {}
    if dataset.partitions:
        found["subset"] = base_subset_dataset.InputSubsetInputDatasetFacet(
            inputCondition=_partitions(dataset), producer=PRODUCER
        )
    if dataset.rows is not None:
        found["inputStatistics"] = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=dataset.rows, producer=PRODUCER
        )
    return InputDataset(*dataset.name, facets=_facets(dataset), inputFacets=found)


def as_output(dataset: Dataset) -> OutputDataset:
    """The dataset as an output."""
    found: dict[str, Any] = {}
    if dataset.partitions:
        found["subset"] = base_subset_dataset.OutputSubsetOutputDatasetFacet(
            outputCondition=_partitions(dataset), producer=PRODUCER
        )
    if dataset.rows is not None:
        found["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=dataset.rows, producer=PRODUCER
        )
    facets = _facets(dataset)
    if dataset.columns:
        facets["columnLineage"] = _column_lineage(dataset.columns)
    return OutputDataset(*dataset.name, facets=facets, outputFacets=found)


def _partitions(dataset: Dataset) -> base_subset_dataset.PartitionSubsetCondition:
    found = [
        base_subset_dataset.Partition(dimensions={}, identifier=partition)
        if isinstance(partition, str)
        else base_subset_dataset.Partition(dimensions=dict(partition))
        for partition in dataset.partitions
    ]
    return base_subset_dataset.PartitionSubsetCondition(partitions=found)


def _facets(dataset: Dataset) -> dict[str, DatasetFacet]:
    found: dict[str, DatasetFacet] = {}
    if dataset.version:
        found["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=dataset.version, producer=PRODUCER
        )
    if dataset.schema:
        fields = [
            schema_dataset.SchemaDatasetFacetFields(name=name, type=kind) for name, kind in dataset.schema.items()
        ]
        found["schema"] = schema_dataset.SchemaDatasetFacet(fields=fields, producer=PRODUCER)
    if dataset.type:
        found["datasetType"] = dataset_type_dataset.DatasetTypeDatasetFacet(
            datasetType=dataset.type, subType=dataset.subtype, producer=PRODUCER
        )
    if dataset.description:
        found["documentation"] = documentation_dataset.DocumentationDatasetFacet(
            description=dataset.description, producer=PRODUCER
        )
    if dataset.owners:
        owners = [ownership_dataset.Owner(name=owner) for owner in dataset.owners]
        found["ownership"] = ownership_dataset.OwnershipDatasetFacet(owners=owners, producer=PRODUCER)
    return found


def _column_lineage(columns: Mapping[str, Sequence[Column]]) -> DatasetFacet:
    fields = {
        name: column_lineage_dataset.Fields(
            inputFields=[
                column_lineage_dataset.InputField(
                    namespace=source.dataset.namespace, name=source.dataset.name, field=source.name
                )
                for source in sources
            ]
        )
        for name, sources in columns.items()
    }
    return column_lineage_dataset.ColumnLineageDatasetFacet(fields=fields, producer=PRODUCER)
