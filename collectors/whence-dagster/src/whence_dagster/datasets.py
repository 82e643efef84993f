"""Datasets of events: an asset with what its definition and its materializations say of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openlineage.client.event_v2 import InputDataset, OutputDataset

from whence_dagster import facets
from whence_dagster.facts import AssetFacts, Key, Knowledge, Partition, Read
from whence_dagster.names import Names, version_label

_KIND = "dagster/kind/"


@dataclass
class Written:
    """What a step did to one asset, or was to do.

    Attributes:
        partitions: that it wrote, or was to write.
        sources: keys that it was made of, with the data version and time of each; None if that is not known.
        metadata, description: of the materializations; later ones win.
        data_version, code_version: empty if Dagster did not record them.
    """

    partitions: list[Partition] = field(default_factory=list)
    sources: dict[Key, tuple[str, float]] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    data_version: str = ""
    code_version: str = ""
    rows: int | None = None


@dataclass(frozen=True)
class Datasets:
    """Makes datasets of assets."""

    names: Names
    knowledge: Knowledge

    def name(self, key: Key, metadata: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """Namespace and name of an asset."""
        return self.names.dataset(self.knowledge.asset(key), metadata or {})

    def output(self, key: Key, written: Written, checks: Sequence[facets.Facet]) -> OutputDataset:
        """An asset that was written, or was to be."""
        asset = self.knowledge.asset(key)
        said = self._facets(asset, written.metadata, written.description)
        if lineage := self._column_lineage(asset, written.metadata):
            said["columnLineage"] = lineage
        if len(written.partitions) <= 1 and written.data_version:
            partition = written.partitions[0].key if written.partitions else ""
            said["version"] = _version(version_label(written.data_version, partition))
        if checks:
            said["dataQualityAssertions"] = _assertions(checks)
        output: dict[str, Any] = {}
        if written.partitions:
            output["subset"] = facets.subset("output", written.partitions)
        if written.rows is not None:
            output["outputStatistics"] = facets.standard("OutputStatisticsOutputDatasetFacet", rowCount=written.rows)
        return OutputDataset(*self.name(key, written.metadata), facets=said, outputFacets=output)

    def input(self, key: Key, read: Read, checks: Sequence[facets.Facet], rows: int | None = None) -> InputDataset:
        """An asset that was read, observed or checked."""
        said = self._facets(self.knowledge.asset(key), read.metadata, "")
        if read.version:
            said["version"] = _version(read.version)
        input_facets: dict[str, Any] = {}
        if read.partitions:
            input_facets["subset"] = facets.subset("input", read.partitions)
        if checks:
            input_facets["dataQualityAssertions"] = _assertions(checks)
        if rows is not None:
            input_facets["inputStatistics"] = facets.standard("InputStatisticsInputDatasetFacet", rowCount=rows)
        return InputDataset(*self.name(key, read.metadata), facets=said, inputFacets=input_facets)

    def _facets(self, asset: AssetFacts, metadata: Mapping[str, Any], description: str) -> dict[str, Any]:
        said: dict[str, Any] = {}
        columns = _columns({**asset.metadata, **metadata})
        if columns:
            said["schema"] = facets.standard("SchemaDatasetFacet", fields=[_field(column) for column in columns])
        if text := description or asset.description:
            said["documentation"] = facets.standard("DocumentationDatasetFacet", description=text)
        if asset.owners:
            said["ownership"] = facets.ownership("OwnershipDatasetFacet", asset.owners)
        if tags := [*_tags(asset), *_column_tags(columns)]:
            said["tags"] = facets.standard("TagsDatasetFacet", tags=tags)
        namespace, name = self.names.by_key(asset.key)
        if self.name(asset.key, metadata) != (namespace, name):
            identifier = {"namespace": namespace, "name": name, "type": "DAGSTER_ASSET"}
            said["symlinks"] = facets.standard("SymlinksDatasetFacet", identifiers=[identifier])
        return said

    def _column_lineage(self, asset: AssetFacts, metadata: Mapping[str, Any]) -> facets.Facet | None:
        lineage = _value({**asset.metadata, **metadata}, "dagster/column_lineage")
        if lineage is None:
            return None
        fields = {
            column: {"inputFields": [self._column(dep.asset_key.path, dep.column_name) for dep in deps]}
            for column, deps in sorted(lineage.deps_by_column.items())
        }
        return facets.standard("ColumnLineageDatasetFacet", fields=fields)

    def _column(self, path: Iterable[str], column: str) -> dict[str, str]:
        namespace, name = self.name(tuple(path))
        return {"namespace": namespace, "name": name, "field": column}


def rows(metadata: Mapping[str, Any]) -> int | None:
    """Rows of the partition that was written, or of the whole table where that is all that is said."""
    counts = (_value(metadata, name) for name in ("dagster/partition_row_count", "dagster/row_count"))
    return next((int(count) for count in counts if count is not None), None)


def _value(metadata: Mapping[str, Any], name: str) -> Any:
    found = metadata.get(name)
    return getattr(found, "value", found)


def _columns(metadata: Mapping[str, Any]) -> Sequence[Any]:
    schema = _value(metadata, "dagster/column_schema")
    return schema.columns if schema is not None else ()


def _field(column: Any) -> dict[str, str]:
    said = {"name": column.name, "type": column.type, "description": column.description}
    return {name: value for name, value in said.items() if value}


def _tags(asset: AssetFacts) -> Iterable[dict[str, str]]:
    if asset.group:
        yield {"key": "group", "value": asset.group, "source": "DAGSTER"}
    for key, value in sorted(asset.tags.items()):
        kind = key.startswith(_KIND)
        said = ("kind", key.removeprefix(_KIND)) if kind else (key, value)
        yield {"key": said[0], "value": said[1], "source": "DAGSTER"}


def _column_tags(columns: Sequence[Any]) -> Iterable[dict[str, str]]:
    for column in columns:
        for key, value in sorted((column.tags or {}).items()):
            yield {"key": key, "value": value, "source": "DAGSTER", "field": column.name}


def _version(label: str) -> facets.Facet:
    return facets.standard("DatasetVersionDatasetFacet", datasetVersion=label)


def _assertions(checks: Sequence[facets.Facet]) -> facets.Facet:
    return facets.standard("DataQualityAssertionsDatasetFacet", assertions=list(checks))
