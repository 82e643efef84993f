"""Models of OpenLineage's standard facets (core and registry, as of client 1.54.0), by what they are on.

In events a facet stays the JSON value that was sent: `read_facet` gives it a type where that helps. Keys that
are not in these registries are custom facets, as good as any other.
"""

from collections.abc import Mapping
from types import MappingProxyType

from . import dataset, gcp, iceberg, input, job, lineage, output, run
from .base import (
    BaseFacet,
    Documentation,
    Ownership,
    Tags,
    facet_problem,
    is_deleted,
    read_facet,
)

Registry = Mapping[str, type[BaseFacet]]

RUN_FACETS: Registry = MappingProxyType(
    {
        "environmentVariables": run.EnvironmentVariables,
        "errorMessage": run.ErrorMessage,
        "executionParameters": run.ExecutionParameters,
        "externalQuery": run.ExternalQuery,
        "extractionError": run.ExtractionError,
        "gcp_composer_run": gcp.ComposerRun,
        "gcp_dataproc": gcp.Dataproc,
        "jobDependencies": run.JobDependencies,
        "nominalTime": run.NominalTime,
        "parent": run.Parent,
        "processing_engine": run.ProcessingEngine,
        "tags": Tags,
        "test": run.RunTests,
    }
)

JOB_FACETS: Registry = MappingProxyType(
    {
        "documentation": Documentation,
        "gcp_composer_job": gcp.ComposerJob,
        "gcp_lineage": gcp.GcpLineage,
        "jobType": job.JobType,
        "lineage": lineage.JobLineage,
        "ownership": Ownership,
        "sourceCode": job.SourceCode,
        "sourceCodeLocation": job.SourceCodeLocation,
        "sql": job.Sql,
        "tags": Tags,
    }
)

DATASET_FACETS: Registry = MappingProxyType(
    {
        "catalog": dataset.Catalog,
        "columnLineage": dataset.ColumnLineage,
        "dataQualityAssertions": dataset.DataQualityAssertions,
        "dataQualityMetrics": dataset.DataQualityMetrics,
        "dataSource": dataset.DataSource,
        "datasetType": dataset.DatasetType,
        "documentation": Documentation,
        "hierarchy": dataset.Hierarchy,
        "lifecycleStateChange": dataset.LifecycleStateChange,
        "lineage": lineage.DatasetLineage,
        "ownership": Ownership,
        "schema": dataset.Schema,
        "storage": dataset.Storage,
        "symlinks": dataset.Symlinks,
        "tags": Tags,
        "version": dataset.DatasetVersion,
    }
)

INPUT_FACETS: Registry = MappingProxyType(
    {
        "dataQualityAssertions": dataset.DataQualityAssertions,
        "dataQualityMetrics": dataset.DataQualityMetrics,
        "icebergScanReport": iceberg.ScanReport,
        "inputStatistics": input.InputStatistics,
        "subset": input.InputSubset,
    }
)

OUTPUT_FACETS: Registry = MappingProxyType(
    {
        "icebergCommitReport": iceberg.CommitReport,
        "outputStatistics": output.OutputStatistics,
        "subset": output.OutputSubset,
    }
)

__all__ = [
    "DATASET_FACETS",
    "INPUT_FACETS",
    "JOB_FACETS",
    "OUTPUT_FACETS",
    "RUN_FACETS",
    "BaseFacet",
    "Registry",
    "facet_problem",
    "is_deleted",
    "read_facet",
]
