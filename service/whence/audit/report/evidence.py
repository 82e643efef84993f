"""Kinds of evidence: each turns what is recorded into a finding. Frameworks name them, with parameters.

A finding says what is recorded and what is not. It judges nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from whence.audit.recorded import INFERRED, NAMED, UNKNOWN
from whence.audit.report.content import SHOWN, Cell, Cut, EntryLink, Finding, Gap, LogState, Table, counted, shown_time
from whence.audit.report.survey import ANSWER, MODEL, DatasetSurvey, JobSurvey, Survey
from whence.audit.report.trace import Dependent, Origin, RunOf, Trace
from whence_schemas.times import DAY

MAX_FAILURES = 1_000
"""Events that the graph could not take, of which a report knows."""
BASIS = {NAMED: "named", INFERRED: "inferred", UNKNOWN: "not known"}
"""How a version is known, in words."""


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


_Function = Callable[..., Finding]
EVIDENCE: dict[str, _Function] = {}
"""The kinds of evidence by name. Each takes the `Records` and its parameters, by keyword."""


def _evidence(function: _Function) -> _Function:
    EVIDENCE[function.__name__] = function
    return function


# Models


@_evidence
def model_inventory(records: Records) -> Finding:
    """The models in scope, and how many datasets of which type there are."""
    survey = records.survey
    models = [(key, survey.datasets[key]) for key in survey.of_type(MODEL)]
    rows = [(str(m.place), f"{m.versions:,}", f"{m.named:,}", _last(m), ", ".join(m.owners)) for _, m in models]
    answers = len(survey.of_type(ANSWER))
    return Finding(
        "Inventory of models and datasets",
        f"Recorded in scope: {counted(len(models), 'model')}, {counted(answers, 'answer')} and "
        f"{counted(len(survey.datasets) - len(models) - answers, 'other dataset')}, used by "
        f"{counted(len(survey.jobs), 'job')}. A model is a dataset of the type {MODEL}.",
        _tables(("Model", "Versions", "of these named", "Last used", "Owners"), rows),
        [
            *Gap.of("No owner is recorded", (str(m.place) for _, m in models if not m.owners)),
            *Gap.of("No run that wrote it is recorded", (str(m.place) for _, m in models if not m.has_writer)),
            *_no_models(records),
        ],
    )


def _last(dataset: DatasetSurvey) -> str:
    return shown_time(dataset.last) if dataset.last is not None else ""


def _no_models(records: Records) -> list[Gap]:
    if records.survey.of_type(MODEL):
        return []
    return [Gap(f"No dataset in scope has the type {MODEL}", ["send the `datasetType` facet with the model's output"])]


@_evidence
def training_data(records: Records) -> Finding:
    """Every dataset version upstream of each model's last version."""
    rows = [(trace, origin) for trace in records.traces for origin in trace.origins]
    cells = [
        (str(trace.place), *origin_cells(origin), str(origin.checks), ", ".join(origin.owners))
        for trace, origin in rows
    ]
    return Finding(
        "Origin of training data",
        _per_trace(records, lambda t: f"{counted(len(t.origins), 'dataset version')} upstream of {_title(t)}"),
        _by_model(records, ("Dataset", "Version", "Version is", "Written by", "Entry", "Checks", "Owners"), cells),
        [*origin_gaps([origin for _, origin in rows]), *_cut(records), *_no_models(records)],
    )


def origin_cells(origin: Origin) -> tuple[Cell, ...]:
    """Dataset, version, how it is known, the job that wrote it and the log entry of that."""
    by = origin.by
    return (
        str(origin.place),
        origin.version,
        BASIS[origin.basis],
        by.job.name if by else "not recorded",
        entry_of(by),
    )


def entry_of(run: RunOf | None) -> Cell:
    """The last log entry of a run."""
    return EntryLink(run.entry) if run is not None and run.entry is not None else ""


def origin_gaps(origins: Iterable[Origin], limit: int = SHOWN) -> list[Gap]:
    """What is not recorded of datasets that went into a model, each list cut at `limit`."""
    origins = list(origins)
    unchecked = _distinct(o for o in origins if not _checked(o))
    return [
        *Gap.of("No run that wrote it is recorded", _distinct(o for o in origins if o.by is None), limit),
        *Gap.of("No data-quality check of this version is recorded", unchecked, limit),
        *Gap.of("No owner is recorded", _distinct(o for o in origins if not o.owners), limit),
    ]


def _checked(origin: Origin) -> bool:
    return bool(origin.checks.passed + origin.checks.failed)


def _distinct(origins: Iterable[Origin]) -> Iterator[str]:
    return iter(dict.fromkeys(str(origin.place) for origin in origins))


@_evidence
def transformations(records: Records) -> Finding:
    """The runs that prepared each model's data, and trained it, with their code."""
    rows = [(trace, run) for trace in records.traces for run in trace.runs]
    cells = [
        (
            str(trace.place),
            str(run.job),
            run.run_id,
            shown_time(run.attempt.start),
            run.code or "not recorded",
            entry_of(run),
        )
        for trace, run in rows
    ]
    return Finding(
        "Preparation steps and their code",
        _per_trace(records, lambda t: f"{counted(len(t.runs), 'run')} led to {_title(t)}"),
        _by_model(records, ("Job", "Run", "Started", "Code", "Entry"), cells),
        [
            *Gap.of("No code is recorded of this job's run", dict.fromkeys(str(r.job) for _, r in rows if not r.code)),
            *_no_models(records),
        ],
    )


@_evidence
def approvals(records: Records) -> Finding:
    """Decisions on each model's last version."""
    decided = [(trace, decision) for trace in records.traces for decision in trace.decisions]
    rows = [
        (str(t.place), t.version, d.approval.decision, d.approval.approver, d.at, d.approval.reference or "", link)
        for t, d in decided
        for link in [entry_of(d.by)]
    ]
    return Finding(
        "Approvals",
        _per_trace(records, lambda t: f"{counted(len(t.decisions), 'decision')} on {_title(t)}"),
        _by_model(records, ("Version", "Decision", "By", "When", "Reference", "Entry"), rows),
        [
            *Gap.of("No decision on the last version is recorded", (_title(t) for t in _undecided(records))),
            *Gap.of(
                "A decision names another version than its run read", (_title(t) for t, d in decided if not d.agrees)
            ),
            *_no_models(records),
        ],
    )


def _undecided(records: Records) -> Iterator[Trace]:
    return (trace for trace in records.traces if not trace.decisions)


@_evidence
def answers(records: Records) -> Finding:
    """What rests on each model's last version: answers first, then other datasets."""
    rows = [(trace, dependent) for trace in records.traces for dependent in trace.dependents]
    cells = [(str(trace.place), *dependent_cells(dependent)) for trace, dependent in rows]
    return Finding(
        "What rests on the models",
        _per_trace(records, lambda t: f"{_dependents(t)} on {_title(t)}"),
        _by_model(records, ("Dataset", "Kind", "Written", "By", "Entry"), cells),
        [*_cut(records), *_no_models(records)],
    )


def dependent_cells(dependent: Dependent) -> tuple[Cell, ...]:
    """Dataset, kind, time, job and log entry of what rests on a model."""
    return (
        str(dependent.place),
        "answer" if dependent.is_answer else "dataset",
        shown_time(dependent.written),
        dependent.by.job.name if dependent.by else "not recorded",
        entry_of(dependent.by),
    )


def _dependents(trace: Trace) -> str:
    found = sum(dependent.is_answer for dependent in trace.dependents)
    others = len(trace.dependents) - found
    return f"{counted(found, 'answer')} and {counted(others, 'other dataset version')} rest"


def _title(trace: Trace) -> str:
    return f"{trace.place} {trace.version}"


def _per_trace(records: Records, said: Callable[[Trace], str]) -> str:
    if not records.traces:
        return "No version of a model that was written completely is recorded in scope."
    shown = [said(trace) for trace in records.traces[:5]]
    rest = len(records.traces) - len(shown)
    return "; ".join(shown) + (f"; and {rest} more models." if rest else ".")


def _cut(records: Records) -> list[Gap]:
    return Gap.of("The history is longer than a report follows", (_title(t) for t in records.traces if t.truncated))


# Datasets and jobs


@_evidence
def data_quality(records: Records) -> Finding:
    """Data-quality checks by dataset; those with failures first."""
    datasets = _datasets(records)
    checked = [d for d in datasets if d.checks.passed + d.checks.failed]
    checked.sort(key=lambda dataset: (-dataset.checks.failed, dataset.place))
    passed = sum(dataset.checks.passed for dataset in checked)
    failed = sum(dataset.checks.failed for dataset in checked)
    return Finding(
        "Data-quality checks",
        f"{counted(passed + failed, 'result')} of checks on {counted(len(checked), 'dataset')} are recorded: "
        f"{passed:,} passed and {failed:,} failed.",
        _tables(
            ("Dataset", "Passed", "Failed"),
            ((str(d.place), f"{d.checks.passed:,}", f"{d.checks.failed:,}") for d in checked),
        ),
        Gap.of("No check is recorded", (str(d.place) for d in datasets if not d.checks.passed + d.checks.failed)),
    )


@_evidence
def third_parties(records: Records) -> Finding:
    """Datasets that are read and that no recorded job writes."""
    sources = [d for d in _datasets(records) if d.reads and not d.has_writer]
    rows = [(str(d.place), f"{d.reads:,}", _first(d), _last(d), ", ".join(d.owners)) for d in sources]
    return Finding(
        "Sources from outside",
        f"{counted(len(sources), 'dataset')} in scope {'is' if len(sources) == 1 else 'are'} read, and no recorded job "
        "writes them: they come from third parties, or from systems that do not report here.",
        _tables(("Dataset", "Times read", "First read", "Last read", "Owners"), rows),
        Gap.of("No owner is recorded", (str(d.place) for d in sources if not d.owners)),
    )


def _first(dataset: DatasetSurvey) -> str:
    return shown_time(dataset.first) if dataset.first is not None else ""


@_evidence
def owners(records: Records) -> Finding:
    """Owners of datasets and jobs."""
    datasets, jobs = _datasets(records), _jobs(records)
    named = [found.owners for found in datasets] + [found.owners for found in jobs]
    owned = {owner for found in named for owner in found}
    known = sum(map(bool, named))
    return Finding(
        "Owners",
        f"{counted(len(owned), 'owner')} of {known:,} of {counted(len(datasets), 'dataset')} and "
        f"{counted(len(jobs), 'job')} are recorded.",
        gaps=[
            *Gap.of("No owner of this dataset is recorded", (str(d.place) for d in datasets if not d.owners)),
            *Gap.of("No owner of this job is recorded", (str(j.place) for j in jobs if not j.owners)),
        ],
    )


@_evidence
def code_versions(records: Records) -> Finding:
    """The code versions that jobs ran, oldest first."""
    jobs = _jobs(records)
    rows = [
        (str(job.place), code, shown_time(first))
        for job in jobs
        for code, first in sorted(job.codes.items(), key=lambda item: item[1])
    ]
    attempts = records.survey.coverage.attempts
    without = sum(job.without_code for job in jobs)
    return Finding(
        "Code versions",
        f"{attempts - without:,} of {counted(attempts, 'attempt')} name the repository and commit that they ran: "
        f"{counted(len(rows), 'code version')} of {counted(sum(bool(job.codes) for job in jobs), 'job')}.",
        _tables(("Job", "Code", "Ran first"), rows),
        Gap.of("No commit is recorded of this job's runs", (str(j.place) for j in jobs if not j.codes)),
    )


@_evidence
def changes(records: Records) -> Finding:
    """What changed over time: versions and schemas of datasets, code and datasets of jobs."""
    datasets = [d for d in _datasets(records) if d.versions]
    jobs = [j for j in _jobs(records) if len(j.codes) > 1 or len(j.footprints) > 1]
    datasets.sort(key=lambda dataset: (-len(dataset.schemas), -dataset.versions, dataset.place))
    data = [(str(d.place), f"{d.versions:,}", f"{len(d.schemas):,}", _first(d), _last(d)) for d in datasets]
    work = [(str(j.place), f"{len(j.codes):,}", f"{len(j.footprints):,}") for j in jobs]
    return Finding(
        "Changes over time",
        f"{counted(sum(d.versions for d in datasets), 'version')} of {counted(len(datasets), 'dataset')} are recorded. "
        f"{counted(sum(len(d.schemas) > 1 for d in datasets), 'dataset')} changed in schema, and "
        f"{counted(len(jobs), 'job')} in code or in what it reads and writes.",
        [
            *_tables(("Dataset", "Versions", "Schemas", "First use", "Last use"), data),
            *_tables(("Job", "Code versions", "Sets of inputs and outputs"), work),
        ],
    )


# Records


@_evidence
def event_coverage(records: Records) -> Finding:
    """Whether each attempt of a run has its start and its end recorded."""
    coverage = records.survey.coverage
    ended = coverage.attempts - len(coverage.open)
    failures = [(EntryLink(index), reason) for index, reason in records.failures]
    return Finding(
        "Events recorded of each run",
        f"{counted(coverage.events, 'event')} of {counted(coverage.attempts, 'attempt')} of runs are recorded. The end "
        f"is recorded of {ended:,}, the start of {coverage.attempts - len(coverage.without_start):,}. "
        f"{counted(len(coverage.anomalies), 'anomaly', 'anomalies')} in them and, in the whole log, "
        f"{counted(len(failures), 'event')}{' or more' if len(failures) == MAX_FAILURES else ''} that the graph could "
        "not take are noted.",
        [
            *_cut_table(("Job", "Run", "Began", "State", "Entry"), coverage.open),
            *_cut_table(("Job", "Run", "Anomaly", "Entry"), coverage.anomalies),
            *_tables(("Entry", "Why the graph could not take it"), failures),
        ],
        [
            *_runs_gap("The end of this run is not recorded", coverage.open),
            *_runs_gap("The start of this run is not recorded", coverage.without_start),
        ],
    )


def _runs_gap(what: str, runs: Cut[tuple[Cell, ...]]) -> list[Gap]:
    names = [f"{row[0]}, run {row[1]}" for row in runs]
    return [Gap(what, names, runs.more)] if names else []


@_evidence
def retention(records: Records, *, months: int) -> Finding:
    """How far back the retained events reach, and days without any. A month counts as 31 days."""
    coverage = records.survey.coverage
    if coverage.oldest is None or coverage.newest is None:
        return Finding("Retained events", "No event whose time of receipt is known is retained in scope.")
    oldest, newest = coverage.oldest, coverage.newest
    age = (records.made - oldest[0]) // DAY
    short = [f"the oldest was received {counted(age, 'day')} ago"] if age < months * 31 else []
    return Finding(
        "Retained events",
        f"The oldest retained event in scope was received at {shown_time(oldest[0])} UTC, {counted(age, 'day')} before "
        f"this report, the newest at {shown_time(newest[0])} UTC. Of {counted(coverage.erased, 'event')} the content "
        "was erased.",
        _tables(
            ("What", "Value", "Entry"),
            [
                ("Oldest retained event received", shown_time(oldest[0]), EntryLink(oldest[1])),
                ("Newest retained event received", shown_time(newest[0]), EntryLink(newest[1])),
                ("Days on which events were received", f"{len(coverage.days):,}", ""),
                ("Longest time without an event", counted(_silence(coverage.days), "whole day"), ""),
                ("Events whose content was erased", f"{coverage.erased:,}", ""),
            ],
        ),
        Gap.of(f"The events in scope do not reach back {months} months", short),
    )


def _silence(days: Iterable[int]) -> int:
    """The most days in a row that are missing."""
    return max((later - earlier - 1 for earlier, later in pairwise(sorted(days))), default=0)


@_evidence
def erasures(records: Records) -> Finding:
    """Erasures, by their tombstones."""
    tombstones = records.survey.coverage.tombstones
    return Finding(
        "Erasures",
        f"{counted(len(tombstones), 'erasure')} of events in scope "
        f"{'is' if len(tombstones) == 1 else 'are'} recorded. A tombstone in the log names the entry, the reason, and "
        "the keys of who asked and who approved; the erased content is not recoverable from it.",
        _cut_table(("Tombstone", "Erased entry", "Reason", "Asked by", "Approved by"), tombstones),
    )


@_evidence
def exports(records: Records) -> Finding:
    """Exports of evidence that the log records, of whatever scope."""
    rows = records.exports
    return Finding(
        "Exports of evidence",
        f"{counted(len(rows), 'export')} of evidence {'is' if len(rows) == 1 else 'are'} recorded in the whole log.",
        _cut_table(("Entry", "When", "By key"), rows),
        [] if len(rows) else [Gap("No export is recorded", ["an export is sealed in the log when it is made"])],
    )


@_evidence
def record_integrity(records: Records) -> Finding:
    """What shows that the records were not altered."""
    log = records.log
    covered = log.checkpoint_size
    behind = log.size - log.cursor
    return Finding(
        "Integrity of the records",
        f"The log has {counted(log.size, 'entry', 'entries')}, numbered without gaps, in a Merkle tree (RFC 6962). "
        + (
            f"The checkpoint in this report is signed over the first {covered:,}. A proof from the log shows for any "
            "entry that it is one of them."
            if covered is not None
            else "No checkpoint was published yet."
        ),
        gaps=[
            *Gap.of(
                "No signed checkpoint covers the log",
                ["publish one before this report is handed on"] if covered is None else [],
            ),
            *Gap.of("Entries are not in the graph yet", [counted(behind, "entry", "entries")] if behind else []),
        ],
    )


def _datasets(records: Records) -> list[DatasetSurvey]:
    return sorted(records.survey.datasets.values(), key=lambda dataset: dataset.place)


def _jobs(records: Records) -> list[JobSurvey]:
    return sorted(records.survey.jobs.values(), key=lambda job: job.place)


def _by_model(records: Records, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> list[Table]:
    """Rows that begin with their model, which need not be said where there is one only."""
    if len(records.traces) == 1:
        return _tables(columns, (row[1:] for row in rows))
    return _tables(("Model", *columns), rows)


def _cut_table(columns: tuple[str, ...], rows: Cut[tuple[Cell, ...]]) -> list[Table]:
    return [Table(columns, rows.shown, rows.more)] if len(rows) else []


def _tables(columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> list[Table]:
    table = Table.of(columns, rows)
    return [table] if table.rows else []
