"""Facets of Apache Iceberg, from OpenLineage's registry of vendors' facets."""

from pydantic import Field

from .base import BaseFacet, Facets, Items, Number, Open


class ScanMetrics(Open):
    """Measures of a scan: `totalPlanningDuration` in milliseconds, sizes in bytes, the rest counts."""

    totalPlanningDuration: Number | None = None
    resultDataFiles: Number | None = None
    resultDeleteFiles: Number | None = None
    totalDataManifests: Number | None = None
    totalDeleteManifests: Number | None = None
    scannedDataManifests: Number | None = None
    skippedDataManifests: Number | None = None
    totalFileSizeInBytes: Number | None = None
    totalDeleteFileSizeInBytes: Number | None = None
    skippedDataFiles: Number | None = None
    skippedDeleteFiles: Number | None = None
    scannedDeleteManifests: Number | None = None
    skippedDeleteManifests: Number | None = None
    indexedDeleteFiles: Number | None = None
    equalityDeleteFiles: Number | None = None
    positionalDeleteFiles: Number | None = None


class ScanReport(BaseFacet):
    """`icebergScanReport` 1-0-1 (input): the snapshot that was read, and how its scan was planned."""

    snapshotId: Number | None = None
    filterDescription: str | None = None
    schemaId: Number | None = None
    projectedFieldNames: Items[str] = Field(default_factory=list)
    scanMetrics: ScanMetrics | None = None
    metadata: Facets = Field(default_factory=dict)


class CommitMetrics(Open):
    """Measures of a commit: `totalDuration` in milliseconds, sizes in bytes, the rest counts."""

    totalDuration: Number | None = None
    attempts: Number | None = None
    addedDataFiles: Number | None = None
    removedDataFiles: Number | None = None
    totalDataFiles: Number | None = None
    addedDeleteFiles: Number | None = None
    addedEqualityDeleteFiles: Number | None = None
    addedPositionalDeleteFiles: Number | None = None
    addedDVs: Number | None = None
    removedDeleteFiles: Number | None = None
    removedEqualityDeleteFiles: Number | None = None
    removedPositionalDeleteFiles: Number | None = None
    removedDVs: Number | None = None
    totalDeleteFiles: Number | None = None
    addedRecords: Number | None = None
    removedRecords: Number | None = None
    totalRecords: Number | None = None
    addedFilesSizeInBytes: Number | None = None
    removedFilesSizeInBytes: Number | None = None
    totalFilesSizeInBytes: Number | None = None
    addedPositionalDeletes: Number | None = None
    removedPositionalDeletes: Number | None = None
    totalPositionalDeletes: Number | None = None
    addedEqualityDeletes: Number | None = None
    removedEqualityDeletes: Number | None = None
    totalEqualityDeletes: Number | None = None


class CommitReport(BaseFacet):
    """`icebergCommitReport` 1-0-2 (output): the snapshot that was committed, and what changed in it."""

    snapshotId: Number | None = None
    sequenceNumber: Number | None = None
    operation: str | None = None
    commitMetrics: CommitMetrics | None = None
    metadata: Facets = Field(default_factory=dict)
