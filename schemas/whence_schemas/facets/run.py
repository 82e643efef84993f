"""Run facets of OpenLineage's core specification."""

from typing import Any

from pydantic import Field

from .base import BaseFacet, Facets, Items, JobRef, Number, Open, RunRef


class EnvironmentVariable(Open):
    """One environment variable of a run."""

    name: str
    value: str


class EnvironmentVariables(BaseFacet):
    """`environmentVariables` 1-0-0: those that the producer chose to report."""

    environmentVariables: Items[EnvironmentVariable]


class ErrorMessage(BaseFacet):
    """`errorMessage` 1-0-1: why the run failed, in the words of the system observed."""

    message: str
    programmingLanguage: str
    stackTrace: str | None = None


class ExecutionParameter(Open):
    """One parameter; `value` is a string by the specification, and any JSON value from lenient producers."""

    key: str
    name: str | None = None
    description: str | None = None
    value: Any = None


class ExecutionParameters(BaseFacet):
    """`executionParameters` 1-0-0: what was passed to the job at run time."""

    parameters: Items[ExecutionParameter] = Field(default_factory=list)


class ExternalQuery(BaseFacet):
    """`externalQuery` 1-0-2: the id of the query in the system `source` that ran it."""

    externalQueryId: str
    source: str


class ExtractionFailure(Open):
    """One task whose lineage could not be extracted; `taskNumber` counts from 0."""

    errorMessage: str
    stackTrace: str | None = None
    task: str | None = None
    taskNumber: Number | None = None


class ExtractionError(BaseFacet):
    """`extractionError` 1-1-2: in how many tasks, such as SQL statements, finding lineage failed."""

    totalTasks: Number
    failedTasks: Number
    errors: Items[ExtractionFailure]


class JobDependency(Open):
    """A job, or one run of it, before or after this run."""

    job: JobRef
    run: RunRef | None = None
    dependency_type: str | None = None
    sequence_trigger_rule: str | None = None
    status_trigger_rule: str | None = None


class JobDependencies(BaseFacet):
    """`jobDependencies` 1-0-1: what must complete before this run, and what starts after it."""

    upstream: Items[JobDependency] = Field(default_factory=list)
    downstream: Items[JobDependency] = Field(default_factory=list)
    trigger_rule: str | None = None


class NominalTime(BaseFacet):
    """`nominalTime` 1-0-1: the interval that the run is for, start included, end excluded (ISO 8601)."""

    nominalStartTime: str
    nominalEndTime: str | None = None


class Root(Open):
    """The outermost run and its job. Either may be missing: it is a hint only."""

    run: RunRef | None = None
    job: JobRef | None = None


class Parent(BaseFacet):
    """`parent` 1-2-0: the run that contains this one. What it says beyond identity is a hint."""

    run: RunRef
    job: JobRef
    root: Root | None = None


class ProcessingEngine(BaseFacet):
    """`processing_engine` 1-1-1: what executes the run, such as Spark or Airflow, in which version."""

    version: str
    name: str | None = None
    openlineageAdapterVersion: str | None = None


class RunTest(Open):
    """One test and its result.

    Attributes:
        status: pass, fail or skip, whatever the severity.
        severity: error (a failure blocks) or warn.
    """

    name: str
    status: str
    severity: str | None = None
    type: str | None = None
    description: str | None = None
    expected: Any = None
    actual: Any = None
    content: str | None = None
    contentType: str | None = None
    params: Facets = Field(default_factory=dict)


class RunTests(BaseFacet):
    """`test` 1-0-1: the tests that the run executed."""

    tests: Items[RunTest]
