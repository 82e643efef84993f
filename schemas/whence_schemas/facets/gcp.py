"""Facets of Google Cloud, from OpenLineage's registry of vendors' facets."""

from .base import BaseFacet, Open


class ComposerJob(BaseFacet):
    """`gcp_composer_job` 1-0-0 (job): Cloud Composer's DAG or task; operator and task id are a task's."""

    environmentName: str
    dagId: str
    airflowVersion: str
    composerVersion: str
    operator: str | None = None
    taskId: str | None = None


class ComposerRun(BaseFacet):
    """`gcp_composer_run` 1-0-0 (run): the DAG run of Cloud Composer."""

    dagRunId: str


class Dataproc(BaseFacet):
    """`gcp_dataproc` 1-0-0 (run): the Dataproc job, batch or session, each with its own fields."""

    appId: str
    appName: str
    projectId: str
    batchId: str | None = None
    batchUuid: str | None = None
    clusterName: str | None = None
    clusterUuid: str | None = None
    jobId: str | None = None
    jobUuid: str | None = None
    queryNodeName: str | None = None
    jobType: str | None = None
    sessionId: str | None = None
    sessionUuid: str | None = None


class Origin(Open):
    """The system that reports: its type in Google's list, and its resource name unless the type is CUSTOM."""

    sourceType: str | None = None
    name: str | None = None


class GcpLineage(BaseFacet):
    """`gcp_lineage` 1-0-0 (job): how Google's Data Lineage shows the job."""

    displayName: str | None = None
    origin: Origin | None = None
