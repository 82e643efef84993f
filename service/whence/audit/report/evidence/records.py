"""What findings are made from, and the tables that they show."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from whence.audit.report.content import Cell, Cut, LogState, Table, shown_time
from whence.audit.report.survey import DatasetSurvey, JobSurvey, Survey
from whence.audit.report.trace import Trace

MAX_FAILURES = 1_000
"""Events that the graph could not take, of which a report knows."""


@dataclass(frozen=True, slots=True)
class Records:
    """What findings are made from: the survey, the models' histories, the log, and the time of the report (µs).

    failures: events that could not be folded into the graph, of the whole log: index and reason. exports: of evidence,
    of the whole log: entry, time and key id.
    """

    survey: Survey
    traces: list[Trace]
    log: LogState
    failures: list[tuple[int, str]]
    exports: Cut[tuple[Cell, ...]]
    made: int


def last_of(dataset: DatasetSurvey) -> str:
    """When a dataset was used last, in words."""
    return shown_time(dataset.last) if dataset.last is not None else ""


def first_of(dataset: DatasetSurvey) -> str:
    """When a dataset was used first, in words."""
    return shown_time(dataset.first) if dataset.first is not None else ""


def datasets_of(records: Records) -> list[DatasetSurvey]:
    """The datasets, by name."""
    return sorted(records.survey.datasets.values(), key=lambda dataset: dataset.place)


def jobs_of(records: Records) -> list[JobSurvey]:
    """The jobs, by name."""
    return sorted(records.survey.jobs.values(), key=lambda job: job.place)


def cut_table(columns: tuple[str, ...], rows: Cut[tuple[Cell, ...]]) -> list[Table]:
    """A table of rows that were cut when they were counted; none without rows."""
    return [Table(columns, rows.shown, rows.more)] if len(rows) else []


def tables(columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> list[Table]:
    """A table of rows; none without rows."""
    table = Table.of(columns, rows)
    return [table] if table.rows else []
