"""Answers questions about lineage."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from whence.graph.port import GraphStore
from whence.lineage.columns import ColumnTraversal
from whence.lineage.names import Names
from whence.lineage.runs import RunTraversal
from whence.lineage.traversal import DatasetTraversal
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import Kind, dataset_of_column
from whence_schemas.lineage import Granularity, LineageGraph, Question

MAX_DEPTH = 1_000_000
MAX_WINDOW = 1_000


async def lineage(store: GraphStore, question: Question, never_alias: Sequence[re.Pattern[str]] = ()) -> LineageGraph:
    """The lineage graph that answers a question.

    Raises:
        NotFound: the start is not in the graph.
        InvalidQuestion: depth or window is out of range, or the granularity does not fit the start.
    """
    check_reach(question.depth, question.window)
    question = replace(question, start=await _start(store, question))
    names = Names(store, question.as_of, never_alias)
    match question.granularity:
        case Granularity.DATASET:
            return await DatasetTraversal(store, names, question).run()
        case Granularity.COLUMN:
            return await ColumnTraversal(store, names, question).run()
        case Granularity.RUN:
            return await RunTraversal(store, names, question).run()


async def _start(store: GraphStore, question: Question) -> str:
    """The start at the question's granularity: a run's job and a column's dataset stand in for them."""
    start = question.start
    if start not in await store.nodes([start]):
        raise NotFound("the start of the lineage is not in the graph: find its exact name with search")
    kind = Kind(start[0])
    if question.granularity == Granularity.DATASET and kind == Kind.RUN:
        attempts = (await store.attempts([start])).get(start, [])
        return attempts[-1].job if attempts else _unfit(question, kind)
    if question.granularity == Granularity.DATASET and kind == Kind.COLUMN:
        return dataset_of_column(start)
    return start if kind in _STARTS[question.granularity] else _unfit(question, kind)


_STARTS = {
    Granularity.DATASET: (Kind.DATASET, Kind.JOB),
    Granularity.COLUMN: (Kind.COLUMN, Kind.DATASET),
    Granularity.RUN: (Kind.RUN, Kind.JOB, Kind.DATASET),
}


def _unfit(question: Question, kind: Kind) -> NoReturn:
    fitting = " or ".join(kind.name.lower() for kind in _STARTS[question.granularity])
    raise InvalidQuestion(
        f"lineage at granularity {question.granularity} cannot start from this {kind.name.lower()}: "
        f"ask `of` a {fitting}, or change `granularity`"
    )


def check_depth(depth: int) -> None:
    """Hold depth to its limits.

    Raises:
        InvalidQuestion: it is not within them.
    """
    if not 0 <= depth <= MAX_DEPTH:
        raise InvalidQuestion(f"depth is {depth}, but must lie between 0 and {MAX_DEPTH}")


def check_reach(depth: int, window: int) -> None:
    """Hold depth and window to their limits.

    Raises:
        InvalidQuestion: they are not within them.
    """
    check_depth(depth)
    if not 1 <= window <= MAX_WINDOW:
        raise InvalidQuestion(f"window is {window}, but must lie between 1 and {MAX_WINDOW}")
