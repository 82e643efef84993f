"""Which partitions there should be in a range of time, and how each stands."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from typing import NamedTuple

from whence.analyses.partitions.tries import Tries, Try
from whence.graph.facts import State
from whence.graph.port import GraphStore
from whence.lineage.names import Names
from whence.rhythm.cron import Cron
from whence.rhythm.steps import Steps, fitting, step_between
from whence.rhythm.zones import zone_of
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import Kind
from whence_schemas.lineage import Limit
from whence_schemas.partitions import (
    KeyRow,
    PartitionBasis,
    PartitionQuestion,
    PartitionRange,
    PartitionRow,
    PartitionState,
    PartitionStep,
    Tried,
)
from whence_schemas.times import DAY, LAST, SECOND

MAX_PARTITIONS = 100_000
MAX_WINDOW = 1_000
_NOTHING = Tried(PartitionState.MISSING, None, 0)
_Label = Callable[[int], str]
_Made = dict[int, dict[str, list[Try]]]
"""Tries by when the partition begins, and by its key."""


class _Rhythm(NamedTuple):
    """The points at which partitions begin."""

    points: Steps | Cron
    basis: PartitionBasis

    @property
    def said(self) -> str:
        """It in words."""
        if isinstance(self.points, Cron):
            return f"cron {self.points.text}"
        return f"every {self.points.step.lower()}"


async def partitions(
    store: GraphStore, question: PartitionQuestion, never_alias: Sequence[re.Pattern[str]] = ()
) -> PartitionRange:
    """The partitions of a dataset or job that begin in a range.

    Raises:
        NotFound: it is not in the graph.
        InvalidQuestion: it is neither dataset nor job; the range, zone or window makes no sense.
    """
    zone = _check(question)
    if question.of not in await store.nodes([question.of]):
        raise NotFound("what has the partitions is not in the graph: find its exact name with search")
    names = Names(store, question.as_of, never_alias)
    if question.of[0] == Kind.DATASET:
        await names.join([question.of])
    tries = Tries(store, names.members(question.of), question.as_of, question.start - DAY)
    await tries.begin()
    deadline = time.monotonic() + question.seconds
    while tries.more and time.monotonic() <= deadline:
        await tries.next()
    return _answer(question, tries, zone or _zone_said(tries.found), list(names.notes))


def _check(question: PartitionQuestion) -> tzinfo | None:
    if question.of[0] not in (Kind.DATASET, Kind.JOB):
        raise InvalidQuestion(
            "partitions are those of a dataset or job: ask for the run's job, or the column's dataset"
        )
    if question.end <= question.start:
        raise InvalidQuestion("the range ends before it begins: `from` must lie before `to`")
    if not 1 <= question.window <= MAX_WINDOW:
        raise InvalidQuestion(f"window is {question.window}, but must lie between 1 and {MAX_WINDOW}")
    try:
        return None if question.zone is None else zone_of(question.zone)
    except ValueError as error:
        raise InvalidQuestion(str(error)) from None


def _zone_said(found: Sequence[Try]) -> tzinfo:
    """The time zone of the newest schedule that tells one; else UTC."""
    schedules = (one.nominal.schedule for one in found)
    return next((schedule.zone for schedule in schedules if isinstance(schedule, Cron)), zone_of(""))


def _answer(question: PartitionQuestion, tries: Tries, zone: tzinfo, notes: list[str]) -> PartitionRange:
    found = tries.found
    made: _Made = {}
    forms: set[PartitionStep] = set()
    for one in found:
        for at, form, key in one.slices(zone):
            made.setdefault(at, {}).setdefault(key, []).append(one)
            forms |= {form} if form else set()
    rhythm = _rhythm(question, found, made, forms, zone)
    expected = dict.fromkeys(_expected(question, rhythm)) if rhythm else {}
    beside = [at for at in sorted(made) if question.start <= at < question.end and at not in expected]
    if rhythm is None:
        notes.append(_unknown(made))
    elif beside:
        notes.append(f"{len(beside):,} lie beside the steps: they are shown, but not expected")
    steps = rhythm.points if rhythm and isinstance(rhythm.points, Steps) else None
    label = (steps or Steps.through(PartitionStep.HOUR, [], zone)).label
    rows = list(_rows(list(expected), made, question, rhythm, label)) if rhythm else []
    rows += [_row(at, label(at), made[at], (), expected=False) for at in beside]
    rows.sort(key=lambda row: row.at)
    said, basis = (rhythm.said, rhythm.basis) if rhythm else ("", None)
    cut = Limit.TIME if tries.more else None
    return PartitionRange(rows, said, steps.step if steps else None, basis, str(zone), notes, cut)


def _unknown(made: _Made) -> str:
    if not made:
        return (
            "No run since then says for which time it was: none has a nominal time, or names partitions. "
            "With a step given, what there should be is shown all the same"
        )
    if len(made) == 1:
        return "One partition was seen, which shows no rhythm: give the step"
    return (
        f"The {len(made):,} partitions seen lie on no steps of one length: give the step, and the zone of their clocks"
    )


def _rhythm(
    question: PartitionQuestion, found: Sequence[Try], made: _Made, forms: set[PartitionStep], zone: tzinfo
) -> _Rhythm | None:
    """By the step given, the runs' schedule, the length of their nominal time, or what was seen."""
    scheduled = [at for at in made if at % SECOND == 0 and not all(o.nominal.manual for o in _every(made[at]))]
    points = scheduled or list(made)
    if question.step:
        return _Rhythm(Steps.through(question.step, points, zone), PartitionBasis.GIVEN)
    crons = [one.nominal.schedule for one in found if isinstance(one.nominal.schedule, Cron)]
    if crons and all(crons[0].before(at) == at for at in scheduled):
        return _Rhythm(crons[0], PartitionBasis.RECORDED)
    spans = {
        step_between(one.nominal.start, one.nominal.end, zone)
        for one in found
        if one.nominal.start is not None and one.nominal.end is not None and one.nominal.end > one.nominal.start
    }
    if len(spans) == 1 and (span := spans.pop()):
        return _Rhythm(Steps.through(span, points, zone), PartitionBasis.RECORDED)
    if steps := fitting(points, zone):
        return _Rhythm(steps, PartitionBasis.INFERRED)
    if len(points) == 1 and len(forms) == 1:
        return _Rhythm(Steps.through(forms.copy().pop(), points, zone), PartitionBasis.INFERRED)
    return None


def _every(keys: dict[str, list[Try]]) -> Iterator[Try]:
    yield from (one for tries in keys.values() for one in tries)


def _expected(question: PartitionQuestion, rhythm: _Rhythm) -> Iterator[int]:
    for number, at in enumerate(rhythm.points.from_(question.start)):
        if at >= question.end:
            return
        if number == MAX_PARTITIONS:
            raise InvalidQuestion(f"the range has over {MAX_PARTITIONS:,} partitions: ask for a shorter one")
        yield at


def _rows(
    expected: Sequence[int], made: _Made, question: PartitionQuestion, rhythm: _Rhythm, label: _Label
) -> Iterator[PartitionRow]:
    """Those that something tried to make, and those whose time is over, as the next one has begun. Each has the keys
    that the last `window` partitions before it had."""
    had: list[set[str]] = []
    nexts = [*expected[1:], next(rhythm.points.from_(expected[-1] + 1), LAST)] if expected else []
    for at, following in zip(expected, nexts, strict=True):
        keys = made.get(at, {})
        over = following <= question.as_of
        if keys or over:
            wanted = sorted(set().union(*had[-question.window :])) if over else []
            yield _row(at, label(at), keys, wanted, expected=True)
        if present := {key for key, tries in keys.items() if key and _tried(tries).state == PartitionState.PRESENT}:
            had.append(present)


def _row(at: int, label: str, keys: dict[str, list[Try]], wanted: Sequence[str], *, expected: bool) -> PartitionRow:
    whole = keys.get("")
    apart = [] if whole and _tried(whole).state == PartitionState.PRESENT else wanted
    rows = [KeyRow(key, _tried(keys.get(key, ()))) for key in sorted({*keys, *apart} - {""})]
    tried = _tried(list(_every(keys)))
    if tried.state == PartitionState.PRESENT and {row.tried.state for row in rows} - {PartitionState.PRESENT}:
        tried = tried._replace(state=PartitionState.PARTIAL)
    return PartitionRow(at, label, tried, rows, expected)


def _tried(tries: Sequence[Try]) -> Tried:
    """How it came out: of the attempts that succeeded the last one says so; else of those that run, else of all."""
    for state, fits in _OUTCOMES:
        found = [one.attempt for one in tries if fits(one)]
        if found:
            attempts = {(one.attempt.run, one.attempt.number) for one in tries}
            return Tried(state, max(found, key=lambda a: (a.start, a.run, a.number)), len(attempts))
    return _NOTHING


_OUTCOMES = (
    (PartitionState.PRESENT, lambda one: one.done),
    (PartitionState.RUNNING, lambda one: one.attempt.state not in (State.FAIL, State.ABORT)),
    (PartitionState.FAILED, lambda one: True),
)
