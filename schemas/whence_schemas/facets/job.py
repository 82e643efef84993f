"""Job facets of OpenLineage's core specification."""

from .base import BaseFacet, Number, Open


class EmissionPattern(Open):
    """How a job reports.

    Attributes:
        eventTrigger: EVENT_BASED or PERIODIC.
        eventContentMode: ACCUMULATIVE (events add up) or COMPLETE_SNAPSHOT (each replaces the ones before).
        windowDuration: of periodic events, in seconds.
    """

    eventTrigger: str | None = None
    eventContentMode: str | None = None
    windowDuration: Number | None = None


class JobType(BaseFacet):
    """`jobType` 2-0-4: BATCH, STREAMING or SERVICE, and the integration with its own type of job."""

    processingType: str
    integration: str
    jobType: str | None = None
    emissionPattern: EmissionPattern | None = None


class Sql(BaseFacet):
    """`sql` 1-1-0: the query that the job runs."""

    query: str
    dialect: str | None = None


class SourceCode(BaseFacet):
    """`sourceCode` 1-0-1: the code that the job runs."""

    language: str
    sourceCode: str


class SourceCodeLocation(BaseFacet):
    """`sourceCodeLocation` 1-1-0: where the job's code is.

    Attributes:
        type: the source control system, such as ``git``.
        url: full URL of the file; `repoUrl` and `path` are its two parts.
        version: the very version deployed, such as a commit; not a branch.
    """

    type: str
    url: str
    repoUrl: str | None = None
    path: str | None = None
    version: str | None = None
    tag: str | None = None
    branch: str | None = None
    pullRequestNumber: str | None = None
