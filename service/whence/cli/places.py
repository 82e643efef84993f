"""Names of datasets, columns, jobs and runs. Where most have one namespace, it is told once, at the head."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from rich.text import Text

_Node = dict[str, Any]


class Places:
    """How nodes of a GraphQL answer are named; those of another than the usual namespace tell it."""

    def __init__(self, nodes: Iterable[_Node]) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for node in nodes:
            counts[_group(node)][node["namespace"]] += 1
        self._usual = {group: found.most_common(1)[0][0] for group, found in counts.items()}

    def add(self, node: _Node) -> None:
        """Take a node's namespace for the usual one, where its like is not there."""
        self._usual.setdefault(_group(node), node["namespace"])

    def lines(self) -> list[str]:
        """The usual namespaces."""
        return [f"{group} in {namespace or 'no namespace'}" for group, namespace in sorted(self._usual.items())]

    def text(self, node: _Node) -> Text:
        """A node's name."""
        group = _group(node)
        text = Text(place_name(node), "cyan" if group == "jobs" else "")
        return text.append(f" ({node['namespace']})", "dim") if node["namespace"] != self._usual[group] else text


def place_name(node: _Node) -> str:
    """The name without the namespace; of a column the dataset's and the field."""
    name = node["name"] or "(unknown)"
    return f"{name}.{node['field']}" if node["kind"] == "COLUMN" else name


def _group(node: _Node) -> str:
    return "jobs" if node["kind"] in ("JOB", "RUN") else "datasets"
