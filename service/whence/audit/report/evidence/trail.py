"""Evidence on the records themselves: whether they are whole, how far back they reach, what was erased and exported."""

from collections.abc import Iterable
from itertools import pairwise

from whence.audit.report.content import Cell, Cut, EntryLink, Finding, Gap, counted, shown_time
from whence.audit.report.evidence.records import MAX_FAILURES, Records, cut_table, tables
from whence_schemas.times import DAY


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
            *cut_table(("Job", "Run", "Began", "State", "Entry"), coverage.open),
            *cut_table(("Job", "Run", "Anomaly", "Entry"), coverage.anomalies),
            *tables(("Entry", "Why the graph could not take it"), failures),
        ],
        [
            *_runs_gap("The end of this run is not recorded", coverage.open),
            *_runs_gap("The start of this run is not recorded", coverage.without_start),
        ],
    )


def _runs_gap(what: str, runs: Cut[tuple[Cell, ...]]) -> list[Gap]:
    names = [f"{row[0]}, run {row[1]}" for row in runs]
    return [Gap(what, names, runs.more)] if names else []


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
        tables(
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


def erasures(records: Records) -> Finding:
    """Erasures, by their tombstones."""
    tombstones = records.survey.coverage.tombstones
    return Finding(
        "Erasures",
        f"{counted(len(tombstones), 'erasure')} of events in scope "
        f"{'is' if len(tombstones) == 1 else 'are'} recorded. A tombstone in the log names the entry, the reason, and "
        "the keys of who asked and who approved; the erased content is not recoverable from it.",
        cut_table(("Tombstone", "Erased entry", "Reason", "Asked by", "Approved by"), tombstones),
    )


def exports(records: Records) -> Finding:
    """Exports of evidence that the log records, of whatever scope."""
    rows = records.exports
    return Finding(
        "Exports of evidence",
        f"{counted(len(rows), 'export')} of evidence {'is' if len(rows) == 1 else 'are'} recorded in the whole log.",
        cut_table(("Entry", "When", "By key"), rows),
        [] if len(rows) else [Gap("No export is recorded", ["an export is sealed in the log when it is made"])],
    )


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
