"""Scalars and enumerations."""

from enum import StrEnum
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from whence_schemas.identity import Kind
from whence_schemas.impact import Certainty, Change, EndKind
from whence_schemas.lineage import Direction, Granularity, Limit
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
