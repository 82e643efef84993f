"""A lineage's edges by the nodes at their ends, and the lines of the trees that they make.

A dataset's line names the job that writes it, ``orders ← load_orders``, so that a chain of ten datasets is ten levels
deep and not twenty. With runs and dataset versions it is the same; columns have lines of their own.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

Edge = dict[str, Any]
Node = dict[str, Any]


class Line(NamedTuple):
    """A line of a tree.

    node: the id of what it shows; empty where it shows the actor alone. actor: the job or run that makes the node, or
    that only takes what is above it. edges: what leads from the line above to the node. by: the actor's own edges.
    """

    node: str
    actor: str = ""
    edges: Sequence[Edge] = ()
    by: Sequence[Edge] = ()

    @property
    def subject(self) -> str:
        """What the lines below it depend on."""
        return self.node or self.actor


_ENDS = {
    "READS": ("reads", "readers"),
    "CONSUMED": ("reads", "readers"),
    "WRITES": ("writes", "writers"),
    "PRODUCED": ("writes", "writers"),
    "DERIVED_FROM": ("sources", "derived"),
    "PART_OF": ("whole", "parts"),
}
"""What an edge makes its target to its source, and its source to its target."""


class Flow:
    """The `lineage` of a GraphQL answer, to walk through."""

    def __init__(self, lineage: dict[str, Any]) -> None:
        self.nodes: dict[str, Node] = {node["id"]: node for node in lineage["nodes"]}
        self._ends: dict[str, dict[str, dict[str, list[Edge]]]] = defaultdict(lambda: defaultdict(dict))
        for edge in sorted(lineage["edges"], key=self._names):  # in one order, whatever the store
            to_source, to_target = _ENDS[edge["kind"]]
            self._ends[to_source][edge["source"]].setdefault(edge["target"], []).append(edge)
            self._ends[to_target][edge["target"]].setdefault(edge["source"], []).append(edge)

    def _names(self, edge: Edge) -> list[tuple[str, ...]]:
        ends = self.nodes[edge["target"]], self.nodes[edge["source"]]
        return [tuple(end[part] or "" for part in ("namespace", "name", "field", "id")) for end in ends]

    def roots(self, *, upstream: bool) -> list[Line]:
        """The first line of each tree: one, or one for each column of a dataset, or for each run in a run."""
        starts = {id_ for id_, node in self.nodes.items() if node["distance"] == 0}
        return [
            self._source(id_) if upstream else Line(id_)
            for id_ in self.nodes
            if id_ in starts and not self._of("whole", id_).keys() & starts
        ]

    def upstream(self, line: Line) -> Iterator[Line]:
        """The lines below one, towards the sources."""
        for actor in filter(None, (line.actor, line.node)):
            for node, edges in self._of("reads", actor).items():
                yield self._source(node, edges)
        if not line.actor:
            for actor, edges in self._of("writers", line.node).items():
                yield Line("", actor, by=edges)
        for node, edges in self._of("sources", line.node).items():
            yield self._source(node, edges)
        for node in self._of("parts", line.node):
            yield Line(node)

    def downstream(self, line: Line) -> Iterator[Line]:
        """The lines below one, towards what is made of it."""
        for actor, edges in self._of("readers", line.node).items():
            made = self._of("writes", actor)
            for node, more in made.items():
                yield Line(node, actor, by=[min([*edges, *more], key=_attempts)])
            if not made:
                yield Line("", actor, by=edges)
        for kind in ("writes", "derived"):
            for node, edges in self._of(kind, line.node).items():
                yield Line(node, edges=edges)
        for node in self._of("parts", line.node):
            yield Line(node)

    def _source(self, node: str, edges: Sequence[Edge] = ()) -> Line:
        """A line upstream; a sole writer stands in it, several have lines of their own below."""
        writers = self._of("writers", node)
        if len(writers) != 1:
            return Line(node, edges=edges)
        [(actor, by)] = writers.items()
        return Line(node, actor, edges, by)

    def _of(self, what: str, node: str) -> dict[str, list[Edge]]:
        return self._ends[what].get(node, {})


def _attempts(edge: Edge) -> int:
    """How many attempts support an edge."""
    attempts: int = edge["seen"]["attempts"]
    return attempts
