"""One model version on one page: its training run, its data, its code, who approved it, and what rests on it."""

from collections.abc import Iterable, Sequence

from whence.audit.report.content import Cell, Cut, Finding, Gap, ModelPage, Table, counted, shown_time
from whence.audit.report.evidence.models import dependent_cells, entry_of, origin_cells, origin_gaps
from whence.audit.report.trace import Trace

_ROWS, _NAMES = 4, 2
"""Rows of a table and names in a list, so that the page remains one."""


def model_page(trace: Trace) -> ModelPage:
    """The page of a model version."""
    attempt = trace.training.attempt
    facts = [
        ("Version", f"{trace.version} ({'named by its producer' if trace.use.label else 'as its run wrote it'})"),
        ("Written", shown_time(trace.use.at)),
        ("Trained", f"{shown_time(attempt.start)} to {shown_time(attempt.end) if attempt.end else 'not recorded'}"),
        ("Owners", ", ".join(trace.owners) or "not recorded"),
    ]
    findings = [_training(trace), _data(trace), _code(trace), _approval(trace), _dependents(trace)]
    return ModelPage(str(trace.place), trace.version, facts, findings)


def _training(trace: Trace) -> Finding:
    run = trace.training
    row = (str(run.job), run.run_id, f"{run.attempt.number + 1}", run.attempt.state, entry_of(run))
    return Finding(
        "Which training run produced this model?",
        f"The run {run.run_id} of the job {run.job}.",
        [Table(("Job", "Run", "Attempt", "State", "Entry"), [row])],
    )


def _data(trace: Trace) -> Finding:
    rows = [(*origin_cells(origin), str(origin.checks)) for origin in trace.origins]
    direct = sum(origin.distance <= 1 for origin in trace.origins)
    cut = Gap.of("The history is longer than a report follows", [trace.version] if trace.truncated else [])
    return Finding(
        "On what data?",
        f"{counted(direct, 'dataset version')} read by the training run, "
        f"{counted(len(trace.origins) - direct, 'more', 'more')} upstream of them.",
        _table(("Dataset", "Version", "Version is", "Written by", "Entry", "Checks"), rows),
        [*origin_gaps(trace.origins, _NAMES), *cut],
    )


def _code(trace: Trace) -> Finding:
    """The training run's code, then that of the runs before it, each once."""
    runs = [trace.training, *trace.runs]
    seen = dict.fromkeys((str(run.job), run.code or "not recorded") for run in runs)
    entries = {(str(run.job), run.code or "not recorded"): entry_of(run) for run in trace.runs}
    missing = dict.fromkeys(str(run.job) for run in trace.runs if not run.code)
    return Finding(
        "With which code?",
        f"Trained by {trace.training.code}."
        if trace.training.code
        else "The code of the training run is not recorded.",
        _table(("Job", "Code", "Entry"), [(*key, entries[key]) for key in seen]),
        Gap.of("No code is recorded of this job's run", missing, _NAMES),
    )


def _approval(trace: Trace) -> Finding:
    rows = [
        (
            d.approval.decision,
            d.approval.approver,
            d.approval.version or trace.version,
            d.at,
            d.approval.reference or "",
            link,
        )
        for d in reversed(trace.decisions)
        for link in [entry_of(d.by)]
    ]
    last = trace.decisions[-1].approval if trace.decisions else None
    return Finding(
        "Approved by whom?",
        f"Last decision: {last.decision}, by {last.approver}." if last else "No decision on this version is recorded.",
        _table(("Decision", "By", "Version", "When", "Reference", "Entry"), rows),
        [
            *Gap.of("No decision is recorded", [] if trace.decisions else [trace.version]),
            *Gap.of(
                "A decision names another version than its run read",
                (d.approval.reference or d.at for d in trace.decisions if not d.agrees),
                _NAMES,
            ),
        ],
    )


def _dependents(trace: Trace) -> Finding:
    answers = sum(dependent.is_answer for dependent in trace.dependents)
    others = len(trace.dependents) - answers
    return Finding(
        "Which answers rest on it?",
        f"{counted(answers, 'answer')} and {counted(others, 'other dataset version')}, as far as recorded.",
        _table(("Dataset", "Kind", "Written", "By", "Entry"), [dependent_cells(d) for d in trace.dependents]),
    )


def _table(columns: tuple[str, ...], rows: Iterable[Sequence[Cell]]) -> list[Table]:
    cut = Cut(map(tuple, rows), _ROWS)
    return [Table(columns, cut.shown, cut.more)] if len(cut) else []
