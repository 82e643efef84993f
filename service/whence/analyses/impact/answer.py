"""The impact of a change: what is downstream of it, with proofs, and who is to be told."""

import re
from collections.abc import Sequence

from whence.analyses.impact.counts import count
from whence.analyses.impact.labels import Labels
from whence.analyses.impact.spread import Spread
from whence.analyses.once import Once
from whence.graph.port import GraphStore
from whence.lineage.answer import check_reach
from whence.lineage.names import Names
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import Kind
from whence_schemas.impact import Change, ImpactLabels, ImpactQuestion, Touched
from whence_schemas.lineage import Granularity, Limit

MAX_STARTS = 500
_NAMED = 5


class Impact:
    """The answer.

    Attributes:
        touched: what is downstream, nearest first, in an order that is always the same. What changes is not in it.
        truncated: the limit that cut it, if any. notes: what the reader should know.
    """

    def __init__(self, labels: Labels, touched: list[Touched], truncated: Limit | None, notes: list[str]) -> None:
        self._reader = labels
        self._labels = Once(self._read_labels)
        self.touched = touched
        self.truncated = truncated
        self.notes = notes

    async def labels(self) -> ImpactLabels:
        """What facets say of it, and how much it is: read once, when it is asked for."""
        return await self._labels.get()

    async def _read_labels(self) -> ImpactLabels:
        parts = await self._reader.read()
        return ImpactLabels(*parts, count(self.touched, *parts))


async def impact(store: GraphStore, question: ImpactQuestion, never_alias: Sequence[re.Pattern[str]] = ()) -> Impact:
    """What a change touches.

    Raises:
        NotFound: a start is not in the graph.
        InvalidQuestion: depth or window is out of range, the starts do not fit the granularity or the change.
    """
    _check(question)
    nodes = await store.nodes(question.starts)
    for number, start in enumerate(question.starts, 1):
        if start not in nodes:
            raise NotFound(f"start {number} of the impact is not in the graph: find its exact name with search")
    names = Names(store, question.as_of, never_alias)
    spread = Spread(store, names, question)
    await spread.run()
    touched = [found for found in spread.touched.values() if found.distance]
    notes = [*names.notes, *await _missing(store, list(spread.without_columns))]
    return Impact(Labels(store, names, spread, question.as_of), touched, spread.budget.reached, notes)


def _check(question: ImpactQuestion) -> None:
    check_reach(question.depth, question.window)
    if not 1 <= len(question.starts) <= MAX_STARTS:
        raise InvalidQuestion(f"{len(question.starts)} starts are given, but 1 to {MAX_STARTS} may be")
    if question.granularity == Granularity.RUN:
        raise InvalidQuestion("an impact has granularity DATASET or COLUMN; of a run, ask for the lineage")
    for start in question.starts:
        if start[0] not in (Kind.DATASET, Kind.COLUMN, Kind.JOB):
            raise InvalidQuestion("an impact starts from datasets, columns and jobs; of a run, ask for the lineage")
        if start[0] == Kind.JOB and question.change in (Change.RENAME, Change.RETYPE):
            raise InvalidQuestion(
                f"a job knows no {question.change}: its change is DROP (it stops) or VALUES (its code)"
            )


async def _missing(store: GraphStore, jobs: list[str]) -> list[str]:
    """That column lineage was missing, in a sentence."""
    if not jobs:
        return []
    nodes = await store.nodes(sorted(jobs)[:_NAMED])
    named = ", ".join(sorted(node.name for node in nodes.values())) + (" ..." if len(jobs) > _NAMED else "")
    return [
        f"{len(jobs):,} of the jobs on the way did not tell which columns they use ({named}): "
        "what they make of the dataset counts as a whole, and as INFERRED"
    ]
