"""How lineage, schemas and code differ between two times."""

import re
from collections import defaultdict
from collections.abc import Sequence

from whence.analyses.diff.assets import compare_assets
from whence.analyses.diff.evidence import earliest_of, evidence_of
from whence.analyses.diff.graphs import compare_edges, compare_nodes
from whence.analyses.once import Once
from whence.graph.port import GraphStore
from whence.lineage.answer import lineage
from whence_schemas.diff import AssetDiffs, Difference, DiffQuestion, EdgeDiff, Evidence, NodeDiff
from whence_schemas.errors import InvalidQuestion
from whence_schemas.lineage import Granularity, Limit, LineageGraph, LineageNode, Question


class Diff:
    """The answer.

    Attributes:
        nodes, edges: what differs, nearest first, in an order that is always the same.
        truncated: the limit that cut one of the lineages, if any. notes: what the reader should know.
    """

    def __init__(self, store: GraphStore, question: DiffQuestion, graphs: tuple[LineageGraph, LineageGraph]) -> None:
        self._store = store
        self._question = question
        self._graphs = graphs
        self._assets = Once(self._compare)
        self.nodes: list[NodeDiff] = compare_nodes(*graphs)
        self.edges: list[EdgeDiff] = compare_edges(*graphs)
        self.truncated: Limit | None = graphs[0].truncated or graphs[1].truncated
        self.notes: list[str] = list(dict.fromkeys([*graphs[0].notes, *graphs[1].notes]))
        if self.truncated:
            self.notes.append("one of the lineages is cut: what lies beyond is not compared")

    def ends(self, row: EdgeDiff) -> tuple[LineageNode, LineageNode]:
        """Source and target of an edge."""
        nodes = self._graphs[row.after is not None].nodes
        return nodes[row.edge.source], nodes[row.edge.target]

    async def edge_evidence(self, rows: Sequence[EdgeDiff]) -> list[Evidence]:
        """What first showed each of these edges, or showed it last."""
        return await evidence_of(self._store, self._question, self._graphs, rows)

    async def node_evidence(self, rows: Sequence[NodeDiff]) -> list[Evidence]:
        """What first showed each of these nodes, or showed it last: by the edges to it that differ."""
        wanted = {row.key for row in rows if row.difference != Difference.CHANGED}
        around: dict[str, list[int]] = defaultdict(list)
        edges = [row for row in self.edges if not wanted.isdisjoint((row.edge.source, row.edge.target))]
        for place, row in enumerate(edges):
            for end in {row.edge.source, row.edge.target}:
                around[end].append(place)
        found = await self.edge_evidence(edges)
        return [
            earliest_of((found[n] for n in around[row.key] if edges[n].difference == row.difference), row.difference)
            if row.key in wanted
            else Evidence()
            for row in rows
        ]

    async def assets(self) -> AssetDiffs:
        """What facets say differently of what is in both lineages: read once, when it is asked for."""
        return await self._assets.get()

    async def _compare(self) -> AssetDiffs:
        return await compare_assets(self._store, self._question, self._graphs)


async def diff(store: GraphStore, question: DiffQuestion, never_alias: Sequence[re.Pattern[str]] = ()) -> Diff:
    """How the lineage of something differs between two times.

    Raises:
        NotFound: the start is not in the graph.
        InvalidQuestion: the times are in the wrong order, depth or window is out of range, or the granularity does not
            fit.
    """
    if question.earlier > question.later:
        raise InvalidQuestion("`from` is later than `to`: exchange them")
    if question.granularity == Granularity.RUN:
        raise InvalidQuestion("times are compared at granularity DATASET or COLUMN; of two runs, ask for their diff")
    before, after = [
        await lineage(store, _at(question, moment), never_alias) for moment in (question.earlier, question.later)
    ]
    return Diff(store, question, (before, after))


def _at(question: DiffQuestion, moment: int) -> Question:
    return Question(
        question.start,
        moment,
        question.direction,
        question.granularity,
        question.depth,
        question.window,
        question.max_nodes,
        question.seconds / 3,
    )
