"""Evidence on models: what went into their last versions, who decided on them, and what rests on them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from whence.audit.recorded import INFERRED, NAMED, UNKNOWN
from whence.audit.report.content import SHOWN, Cell, EntryLink, Finding, Gap, Table, counted, shown_time
from whence.audit.report.evidence.records import Records, last_of, tables
from whence.audit.report.survey import ANSWER, MODEL
from whence.audit.report.trace import Dependent, Origin, RunOf, Trace

BASIS = {NAMED: "named", INFERRED: "inferred", UNKNOWN: "not known"}
"""How a version is known, in words."""


def model_inventory(records: Records) -> Finding:
    """The models in scope, and how many datasets of which type there are."""
    survey = records.survey
    models = [(key, survey.datasets[key]) for key in survey.of_type(MODEL)]
    rows = [(str(m.place), f"{m.versions:,}", f"{m.named:,}", last_of(m), ", ".join(m.owners)) for _, m in models]
    answers = len(survey.of_type(ANSWER))
    return Finding(
        "Inventory of models and datasets",
        f"Recorded in scope: {counted(len(models), 'model')}, {counted(answers, 'answer')} and "
        f"{counted(len(survey.datasets) - len(models) - answers, 'other dataset')}, used by "
        f"{counted(len(survey.jobs), 'job')}. A model is a dataset of the type {MODEL}.",
        tables(("Model", "Versions", "of these named", "Last used", "Owners"), rows),
        [
            *Gap.of("No owner is recorded", (str(m.place) for _, m in models if not m.owners)),
            *Gap.of("No run that wrote it is recorded", (str(m.place) for _, m in models if not m.has_writer)),
            *_no_models(records),
        ],
    )


def _no_models(records: Records) -> list[Gap]:
    if records.survey.of_type(MODEL):
        return []
    return [Gap(f"No dataset in scope has the type {MODEL}", ["send the `datasetType` facet with the model's output"])]


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


def _by_model(records: Records, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> list[Table]:
    """Rows that begin with their model, which need not be said where there is one only."""
    if len(records.traces) == 1:
        return tables(columns, (row[1:] for row in rows))
    return tables(("Model", *columns), rows)
