"""A lineage as trees for people: one upstream, one downstream."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from whence.cli.flow import Edge, Flow, Line, Node
from whence.cli.places import Places, place_name
from whence.cli.tables import moment

_FAILED = ("FAIL", "ABORT")
_GUIDE = 4
"""Columns that rich needs for each level of a tree."""


def lineage_trees(lineage: dict[str, Any], directions: Iterable[str], width: int) -> RenderableType:
    """The `lineage` of a GraphQL answer, in these directions, for a terminal of this many columns."""
    flow = Flow(lineage)
    labels = Labels(flow, width)
    parts: list[RenderableType] = [labels.head(lineage["start"])]
    for direction in directions:
        trees = trees_of(flow, labels, upstream=direction == "UPSTREAM")
        parts += ["", Text(direction.capitalize(), "bold"), *(trees or [Text("nothing is known", "dim")])]
    return Group(*parts)


def trees_of(flow: Flow, labels: "Labels", *, upstream: bool) -> list[RenderableType]:
    """A tree for each root that has something below it."""
    children = flow.upstream if upstream else flow.downstream
    roots = [root for root in flow.roots(upstream=upstream) if root.actor or next(children(root), None)]
    trees = [Tree(labels.label(root, 0), guide_style="dim") for root in roots]
    seen = {root.subject for root in roots}
    for root, tree in zip(roots, trees, strict=True):
        todo: list[tuple[Tree, Iterator[Line]]] = [(tree, children(root))]
        while todo:  # a stack of its own, as lineage may be deeper than Python's
            branch, lines = todo[-1]
            line = next(lines, None)
            if line is None:
                todo.pop()
            elif line.subject in seen and next(children(line), None):
                branch.add(labels.label(line, len(todo), known=True))
            else:
                seen.add(line.subject)
                todo.append((branch.add(labels.label(line, len(todo))), children(line)))
    return [*trees]


class Labels:
    """Texts of lines."""

    def __init__(self, flow: Flow, width: int) -> None:
        self.nodes = flow.nodes
        self._width = width
        self.places = Places(flow.nodes.values())

    def head(self, start: Node) -> Text:
        """What the lineage is of, and the usual namespaces."""
        text = Text.assemble((place_name(start), "bold"), "  ", (start["kind"].lower().replace("_", " "), "dim"))
        self.places.add(start)
        for line in self.places.lines():
            text.append(f"\n{line}", "dim")
        return text

    def label(self, line: Line, level: int, *, known: bool = False) -> RenderableType:
        """A line at a level of the tree, and a hint where it is `known` from above. A long one goes on below."""
        node = self._marked(self.node(line.node), line.edges) if line.node else Text()
        actor = Text()
        if line.actor:
            is_maker = line.node or any(edge["kind"] in ("WRITES", "PRODUCED") for edge in line.by)
            actor.append("← " if is_maker else "→ ", "dim").append_text(
                self._marked(self.node(line.actor), line.by, actor=True)
            )
        (actor or node).append("  (see above)" if known else "", "dim")
        if not (node and actor):
            return node or actor
        if _GUIDE * level + node.cell_len + 1 + actor.cell_len <= self._width:
            return node.append(" ").append_text(actor)
        return Group(node, Padding(actor, (0, 0, 0, 2), expand=False))

    def node(self, id_: str) -> Text:
        """A node's name, and what is noteworthy of it."""
        node = self.nodes[id_]
        text = self.places.text(node)
        if node["kind"] == "RUN":
            text.append(f" {node['runId']}", "dim")
            if node["state"]:
                text.append(f" {node['state'].lower()}", "red" if node["state"] in _FAILED else "dim")
        if node["kind"] == "DATASET_VERSION":
            text.append(f" {node['label'] or moment(node['producedAt'])}", "dim")
            text.append("" if node["complete"] else "  may be incomplete", "red")
        return text

    def _marked(self, text: Text, edges: Iterable[Edge], *, actor: bool = False) -> Text:
        """The text of a node or an actor, with what is noteworthy of its edges."""
        for mark, style in dict.fromkeys(mark for edge in edges for mark in self.marks(edge, actor)):
            text.append(f"  {mark}", style)
        return text

    def marks(self, edge: Edge, actor: bool) -> Iterator[tuple[str, str]]:
        """What is noteworthy of an edge, each with its style."""
        yield from _marks(edge, actor)


def _marks(edge: Edge, actor: bool) -> Iterator[tuple[str, str]]:
    if edge["kind"] not in ("CONSUMED", "PRODUCED"):  # there the run's own state tells more
        yield from _support(edge)
        if actor or edge["kind"] != "READS":  # that its reader failed is no matter of a dataset's
            yield from _failures(edge["seen"])
    if edge["basis"] == "INFERRED":
        yield "version inferred", "dim"
    if how := ", ".join(dict.fromkeys(map(transformation, edge["transformations"]))):
        yield how, "dim"


def _support(edge: Edge) -> Iterator[tuple[str, str]]:
    """What is missing in the support of an edge."""
    seen = edge["seen"]
    if edge["declared"] and not edge["observed"]:
        yield "declared only", "yellow"
    elif seen["attempts"] < seen["of"]:
        yield f"{seen['attempts']} of {seen['of']} runs", "yellow"


def _failures(seen: dict[str, int]) -> Iterator[tuple[str, str]]:
    if seen["failed"]:
        yield "failed" if seen["failed"] == seen["attempts"] else f"{seen['failed']} failed", "red"


def transformation(said: dict[str, Any]) -> str:
    """How a source column becomes its target, in a few words."""
    words = (said["subtype"] or said["type"] or said["description"] or "").lower().replace("_", " ")
    indirect = f"{words} (indirect)" if said["type"] == "INDIRECT" and said["subtype"] else words
    return f"{indirect}, masked" if said["masking"] else indirect
