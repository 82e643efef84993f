"""Scalars and enumerations."""

from enum import StrEnum
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from whence_schemas.completeness import Check
from whence_schemas.diff import ColumnChange, Difference
from whence_schemas.drift import DriftKind, DriftSubject
from whence_schemas.freshness import FreshnessState, RhythmBasis
from whence_schemas.history import HistoryRole
from whence_schemas.identity import Kind
from whence_schemas.impact import Certainty, Change, EndKind
from whence_schemas.lineage import Direction, Granularity, Limit
from whence_schemas.partitions import PartitionBasis, PartitionState, PartitionStep
from whence_schemas.provenance import Asset, GapKind
from whence_schemas.read import RunState
from whence_schemas.recovery import GoodReason, Reason, RepairReason, Status
from whence_schemas.times import format_time, parse_time

DateTime = NewType("DateTime", int)
"""Microseconds since the epoch; in GraphQL an ISO 8601 string."""

Long = NewType("Long", int)


class LineageEdgeKind(StrEnum):
    """What the source of an edge does: a job READS or WRITES a dataset, or is PART_OF a job; a column or dataset is
    DERIVED_FROM another; a run CONSUMED or PRODUCED a dataset version."""

    READS = "READS"
    WRITES = "WRITES"
    PART_OF = "PART_OF"
    DERIVED_FROM = "DERIVED_FROM"
    CONSUMED = "CONSUMED"
    PRODUCED = "PRODUCED"


class Basis(StrEnum):
    """How it is known which version was read: the run NAMED it, or it is INFERRED from times."""

    NAMED = "NAMED"
    INFERRED = "INFERRED"


strawberry.enum(Kind, name="NodeKind", description="Kinds of nodes.")
strawberry.enum(Direction, description="Where to look from the start.")
strawberry.enum(
    Granularity, description="What the lineage is made of: datasets and jobs, columns, or runs and dataset versions."
)
strawberry.enum(Limit, name="LineageLimit", description="Why a lineage was cut: too many nodes, or too little time.")
strawberry.enum(
    Change,
    name="ImpactChange",
    description="What happens to the datasets, columns or jobs that are asked about. "
    "DROP: it goes away, a job stops; it touches every use, DIRECT (values flow) or INDIRECT (filter, join, grouping), "
    "at any distance. "
    "RENAME: only who reads it by its name, and what they write; not of a job. "
    "RETYPE: every use, and on from there where values flow (DIRECT); not of a job. "
    "VALUES: its values or meaning, or a job's code, change; every use, at any distance.",
)
strawberry.enum(
    Certainty, description="RECORDED: producers said so. INFERRED: it follows from what they said; nobody said it."
)
strawberry.enum(EndKind, name="ImpactEndKind", description="What people meet at the end of a lineage.")
strawberry.enum(
    Check,
    name="CompletenessCheck",
    description="What should be known, and what counts. "
    "COLLECTOR: that collectors (a namespace and integration of jobs) that report regularly still do; collectors. "
    "RUN_END: how runs ended; jobs' last runs, without those that go on and streams. "
    "DATASET_NAME: that a dataset has one name, or names that are joined; datasets. "
    "DATASET_ORIGIN: who writes a dataset, or that it is a declared source; datasets. "
    "JOB_INPUTS: what a job reads, or that it declares to read nothing; jobs without containers. "
    "JOB_OUTPUTS: what a job writes; jobs without containers, tests, approvals and reports. "
    "COLUMN_LINEAGE: what a column is made of; columns of datasets that live jobs write from inputs. "
    "RUN_CODE: which code version ran; jobs' last runs, without those of containers. "
    "DATASET_OWNER: who owns a dataset; datasets.",
)
strawberry.enum(Difference, description="How something differs from before.")
strawberry.enum(ColumnChange, description="How a dataset's columns differ.")
strawberry.enum(
    DriftKind,
    description="How a declaration and runs differ. "
    "NOT_OBSERVED: declared, and no run that counts showed it. "
    "NOT_DECLARED: runs showed it since the declaration holds, which does not name it. "
    "TYPE: a column is declared with another type. "
    "UNCONFIRMED: since the job declared something, no run told any datasets: nothing can be said of it. "
    "UNDECLARED: the job declares nothing at all.",
)
strawberry.enum(DriftSubject, description="What differs between a declaration and runs.")
strawberry.enum(
    FreshnessState,
    description="FRESH: no production is due, or within its grace. LATE: one was due, and its grace is over. "
    "NEVER: a policy or a tag expects it, and it was never seen produced. DROPPED: it was dropped after its last "
    "production. UNKNOWN: no rhythm is known.",
)
strawberry.enum(
    RhythmBasis,
    description="Where a rhythm is known from. POLICY: a rule of the question. TAG: a tag `freshness` of the dataset, "
    "or of the job that produced it last. SCHEDULE: the schedule in a facet of its run, or of a run around that. "
    "INFERRED: the intervals between its last productions; nobody said it.",
)
strawberry.enum(
    HistoryRole,
    description="PRODUCED: the attempt produced the dataset, or tried to. CHECKED: it read the dataset, and measured "
    "or checked it. RAN: it is an attempt of the job.",
)
strawberry.enum(PartitionStep, description=PartitionStep.__doc__)
strawberry.enum(
    PartitionBasis,
    description="How it is known which partitions there should be. GIVEN: the question gives the step. RECORDED: the "
    "run's schedule, or the length of its nominal time, says so. INFERRED: all that were seen lie on such steps.",
)
strawberry.enum(
    PartitionState,
    description="PRESENT: an attempt that succeeded made it, with all keys that are expected. PARTIAL: some of these "
    "are not there. RUNNING: none succeeded, and one is running. FAILED: all failed or were aborted. MISSING: nothing "
    "tried to make it.",
)
strawberry.enum(
    Asset,
    name="AssetKind",
    description="What a dataset is, by its `datasetType` facet, whose type or subtype may say so. ML_MODEL is a MODEL.",
)
strawberry.enum(
    GapKind,
    name="ProvenanceGapKind",
    description="What is not known. NO_PRODUCER: others write the dataset, but which attempt generated this version is "
    "not known. NO_CODE: neither commit nor version nor hash of the attempt's code is recorded. INCOMPLETE: the "
    "attempt that generated the version failed, or has not ended.",
)
strawberry.enum(
    Reason,
    name="RecoveryReason",
    description="Why a version is not to be relied on, or a job has to run again. "
    "BAD: it is what was asked about, or made that. "
    "FAILED: it is what was asked about, and did not complete. "
    "STALE: it was built on something bad. "
    "LATE: it was built on an older version than there should have been. "
    "MISSING: it should have been made, and was not. "
    "WAITING: it should have run after a job of the same container that failed, and did not.",
)
strawberry.enum(
    Status,
    name="RecoveryStatus",
    description="How far work is. DONE: it ran again, to the end, on good versions only.",
)
strawberry.enum(
    RepairReason,
    description="Why a dataset has to be put right by hand. "
    "NO_PRODUCER: no run is known that produced what is bad. "
    "UNWRITTEN: no job that the plan runs writes it nowadays. "
    "CYCLE: the jobs that write it read it, and would build on the bad version again.",
)
strawberry.enum(
    GoodReason,
    description="Why something downstream need not run again. UNTOUCHED: it was not built on anything bad. AGAIN: it "
    "was, and has been made again since.",
)
strawberry.enum(RunState, description=RunState.__doc__)
strawberry.enum(LineageEdgeKind, description=LineageEdgeKind.__doc__)
strawberry.enum(Basis, description=Basis.__doc__)


def _parse(value: Any) -> DateTime:
    if not isinstance(value, str):
        raise GraphQLError("a time is a string such as 2026-01-31T09:30:00Z")
    try:
        return DateTime(parse_time(value).micros)
    except ValueError as error:
        raise GraphQLError(str(error)) from None


CONFIG = StrawberryConfig(
    scalar_map={
        DateTime: strawberry.scalar(
            name="DateTime",
            description="A time in ISO 8601, such as 2026-01-31T09:30:00.000000Z; without a zone it is UTC.",
            serialize=format_time,
            parse_value=_parse,
        ),
        Long: strawberry.scalar(
            name="Long", description="An integer of up to 64 bits.", serialize=int, parse_value=int
        ),
    }
)
