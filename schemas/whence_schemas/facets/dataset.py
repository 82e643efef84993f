"""Dataset facets of OpenLineage's core specification."""

from __future__ import annotations

from typing import Any

from pydantic import Field, StrictBool

from .base import BaseFacet, DatasetRef, Facets, Items, Number, Open, Table
from .lineage import Transformation


class SchemaField(Open):
    """A column or nested field; `ordinal_position` counts from 1."""

    name: str
    type: str | None = None
    description: str | None = None
    ordinal_position: Number | None = None
    fields: Items[SchemaField] = Field(default_factory=list)


class Schema(BaseFacet):
    """`schema` 1-2-0: the dataset's columns."""

    fields: Items[SchemaField] = Field(default_factory=list)


class InputField(DatasetRef):
    """A column of a source dataset."""

    field: str
    transformations: Items[Transformation] = Field(default_factory=list)


class ColumnLineageField(Open):
    """The source columns of one column.

    Attributes:
        transformationType: IDENTITY or MASKED: until 1-0-2 said here, since then of each source.
        transformationDescription: likewise.
    """

    inputFields: Items[InputField] = Field(default_factory=list)
    transformationType: str | None = None
    transformationDescription: str | None = None


class ColumnLineage(BaseFacet):
    """`columnLineage` 1-2-0.

    Attributes:
        fields: source columns by the dataset's own column.
        dataset: source columns that affect the whole dataset, such as those of filters and joins.
    """

    fields: Table[ColumnLineageField] = Field(default_factory=dict)
    dataset: Items[InputField] = Field(default_factory=list)


class Catalog(BaseFacet):
    """`catalog` 1-1-0: the catalog in which the dataset is registered, such as Glue, Hive or Unity."""

    framework: str
    type: str
    name: str
    metadataUri: str | None = None
    warehouseUri: str | None = None
    source: str | None = None
    catalogProperties: Facets = Field(default_factory=dict)


class AssertionResult(Open):
    """A check of a dataset, or of its `column`.

    Attributes:
        assertion: the kind of check, such as not_null.
        success: whether no issue was found, whatever the severity.
        severity: error (a failure blocks) or warn.
        expected: a string by the specification, and any JSON value from lenient producers; likewise `actual`.
    """

    assertion: str
    success: StrictBool
    column: str | None = None
    severity: str | None = None
    name: str | None = None
    description: str | None = None
    expected: Any = None
    actual: Any = None
    content: str | None = None
    contentType: str | None = None
    params: Facets = Field(default_factory=dict)


class DataQualityAssertions(BaseFacet):
    """`dataQualityAssertions` 1-1-0: results of checks. Sent as a dataset facet and as an input facet."""

    assertions: Items[AssertionResult]


class ColumnMetrics(Open):
    """Measures of one column: counts of rows, statistics in its own unit, quantiles by 0.1, 0.5 ..."""

    nullCount: Number | None = None
    distinctCount: Number | None = None
    sum: Number | None = None
    count: Number | None = None
    min: Number | None = None
    max: Number | None = None
    quantiles: Table[Number | None] = Field(default_factory=dict)


class DataQualityMetrics(BaseFacet):
    """`dataQualityMetrics` 1-0-0 of a dataset, 1-0-3 of an input: sizes (bytes) and measures by column."""

    rowCount: Number | None = None
    bytes: Number | None = None
    fileCount: Number | None = None
    lastUpdated: str | None = None
    columnMetrics: Table[ColumnMetrics]


class DatasetType(BaseFacet):
    """`datasetType` 1-0-1: such as TABLE, VIEW, FILE or TOPIC; `subType` such as MATERIALIZED."""

    datasetType: str
    subType: str | None = None


class DatasetVersion(BaseFacet):
    """`version` 1-0-1: the version of the dataset that was read or written, as its store names it."""

    datasetVersion: str


class DataSource(BaseFacet):
    """`dataSource` 1-0-1: the store; `uri` is not always a URI."""

    name: str | None = None
    uri: str | None = None


class HierarchyLevel(Open):
    """One level of a hierarchy."""

    type: str
    name: str


class Hierarchy(BaseFacet):
    """`hierarchy` 1-0-0: such as DATABASE, SCHEMA, TABLE, from the highest level to the lowest."""

    hierarchy: Items[HierarchyLevel]


class LifecycleStateChange(BaseFacet):
    """`lifecycleStateChange` 1-0-1: ALTER, CREATE, DROP, OVERWRITE, TRUNCATE, or RENAME from another name."""

    lifecycleStateChange: str
    previousIdentifier: DatasetRef | None = None


class Storage(BaseFacet):
    """`storage` 1-0-1: the layer, such as iceberg or delta, and the format of the files."""

    storageLayer: str
    fileFormat: str | None = None


class Symlink(DatasetRef):
    """Another name of the dataset; `type`, such as TABLE or LOCATION, need not be said here."""

    type: str | None = None


class Symlinks(BaseFacet):
    """`symlinks` 1-0-1: other names of the same dataset."""

    identifiers: Items[Symlink] = Field(default_factory=list)
