"""What changed: each value against the median of those before it, and checks that fail, since when."""

from collections import deque
from collections.abc import Iterable, Sequence
from statistics import median

from whence.analyses.history.measuring import Found
from whence.graph.facts import State
from whence_schemas.history import CheckKey, CheckResult, Failing, HistoryEntry, Measure, MeasureKey
from whence_schemas.read import AttemptRow

NEWEST = 100
"""Entries among which the last result of a check is looked for: one that was not made since is no longer made."""


def compare(history: Sequence[tuple[AttemptRow, Found]], previous: int, threshold: float) -> list[list[Measure]]:
    """The measures of each attempt, newest first, as the history is: against those of the same job's last successful
    attempts. What an attempt that did not succeed measured is not compared: it may be a part."""
    before: dict[str, deque[Found]] = {}
    compared: list[list[Measure]] = []
    for attempt, found in reversed(history):
        earlier = before.setdefault(attempt.job, deque(maxlen=previous))
        good = attempt.state == State.COMPLETE
        compared.append(
            [
                _against(key, value, [e.measures[key] for e in earlier if key in e.measures] if good else [], threshold)
                for key, value in sorted(found.measures.items())
            ]
        )
        if good:
            earlier.append(found)
    return compared[::-1]


def _against(key: MeasureKey, value: float, values: list[float], threshold: float) -> Measure:
    if not values:
        return Measure(key, value)
    usual = float(median(values))
    change = (value - usual) / abs(usual) if usual else (None if value else 0.0)
    return Measure(key, value, usual, len(values), change, abs(value - usual) > threshold * abs(usual))


class Streaks:
    """Failures in a row of each check, from the newest result on."""

    def __init__(self) -> None:
        self._made: set[CheckKey] = set()
        self._seen = 0
        self._failing: dict[CheckKey, Failing] = {}
        self._open: set[CheckKey] = set()

    @property
    def open(self) -> bool:
        """Whether older entries can still tell something."""
        return self._seen < NEWEST or bool(self._open)

    def add(self, entries: Iterable[HistoryEntry]) -> None:
        """Take older entries, newest first."""
        for entry in entries:
            for check in entry.checks:
                if check.passed is not None:
                    self._add(entry.at, check)
            self._seen += 1

    def _add(self, at: int, check: CheckResult) -> None:
        if check.key in self._open:
            known = self._failing[check.key]
            if check.passed:
                self._failing[check.key] = known._replace(passed=at)
                self._open.discard(check.key)
            else:
                self._failing[check.key] = known._replace(since=at, times=known.times + 1)
        elif check.key not in self._made and self._seen < NEWEST and not check.passed:
            self._failing[check.key] = Failing(check.key, check.severity, at, 1, None, False)
            self._open.add(check.key)
        self._made.add(check.key)

    def failing(self, whole: bool) -> list[Failing]:
        """The checks that fail now, longest first; whole: whether the history was read to its beginning."""
        found = [one._replace(whole=whole or one.passed is not None) for one in self._failing.values()]
        return sorted(found, key=lambda one: (one.since, one.key))
