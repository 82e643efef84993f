"""The trees of a provenance: one side of GraphQL's answer as a graph of runs and versions, and its lines' texts."""

import re
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from whence.cli.connections import nodes_of
from whence.cli.flow import Edge, Flow
from whence.cli.tables import moment
from whence.cli.tree import Labels

_Json = dict[str, Any]
_COMMIT = 10
"""Characters of a commit that are shown: enough to find it by."""
_CHUNKS = 5
_HASH = re.compile(r"[0-9a-f]{40,}")
_ONCE = {"attempts": 1, "of": 1, "failed": 0}


class Side:
    """What the start rests on, or what rests on it.

    Attributes:
        part: the answer. attempts, versions: what is in it, by id. starts: the nodes that the question is of.
    """

    def __init__(self, part: _Json, of_run: bool, width: int) -> None:
        self.part = part
        self.upstream = part["direction"] == "UPSTREAM"
        self.attempts = {found["id"]: found for found in nodes_of(part["attempts"])}
        self.versions = {found["id"]: found for found in nodes_of(part["versions"])}
        of = self.attempts if of_run else self.versions
        self.starts = [found for found in of.values() if not found["distance"]]
        self.flow = Flow({"nodes": list(self._nodes()), "edges": list(self._edges())})
        self.labels = ProvenanceLabels(self.flow, width)

    def _nodes(self) -> Iterator[_Json]:
        starts = {found["id"] for found in self.starts}
        decisions = {
            found["version"]["id"]: found["decision"] for found in nodes_of(self.part["decisions"])
        }  # the last
        for id_, found in self.attempts.items():
            run = {**found["run"], "kind": "RUN", "attempt": found["attempt"], "code": found["code"]}
            run["field"] = (found["attempt"] or {}).get("startedAt")  # by which runs of one job are sorted
            yield {**run, "id": id_, "distance": None if id_ not in starts else 0}
        for id_, found in self.versions.items():
            kind = "DATASET_VERSION" if found["version"] else "DATASET"
            node = {**found["dataset"], "kind": kind, "version": found["version"], "source": found["source"]}
            node["decision"] = decisions.get(id_)
            yield {**node, "id": id_, "distance": None if id_ not in starts else 0}

    def _edges(self) -> Iterator[_Json]:
        for kind, name in (("CONSUMED", "used"), ("PRODUCED", "generated")):
            for edge in nodes_of(self.part[name]):
                if edge["attempt"] in self.attempts and edge["version"] in self.versions:
                    yield {**edge, "source": edge["attempt"], "target": edge["version"], "kind": kind, "seen": _ONCE}


class ProvenanceLabels(Labels):
    """Texts of lines: versions with what they are called, runs with their code."""

    def node(self, id_: str) -> Text:
        """A node's name, and what is noteworthy of it."""
        node = self.nodes[id_]
        text = self.places.text(node)
        if node["kind"] == "RUN":
            text.append(short_code(node["code"]), "dim")
            for mark, style in attempt_marks(node):
                text.append(f"  {mark}", style)
        elif node["version"]:
            text.append(f" {version_label(node['version'])}", "bold" if node["version"]["label"] else "dim")
            text.append("" if node["version"]["complete"] or node["source"] else _doubt(node), "red")
        if node.get("source"):
            text.append("  source", "dim")
        if decision := node.get("decision"):
            text.append(f"  {decision.lower()}", "green" if decision == "APPROVED" else "red")
        return text

    def marks(self, edge: Edge, actor: bool) -> Iterator[tuple[str, str]]:
        """What is noteworthy of an edge, each with its style."""
        if edge["kind"] == "CONSUMED":
            if edge["basis"] == "INFERRED":
                yield "version inferred", "dim"
            elif edge["basis"] is None:
                yield "version not known", "yellow"
            if edge["retrieval"]:
                yield _retrieved(edge["retrieval"]), "dim"


def _doubt(node: _Json) -> str:
    return "  may be incomplete" if node["version"]["producedAt"] else "  its run is not known"


def _retrieved(retrieval: _Json) -> str:
    ids = [chunk["id"] for chunk in retrieval["chunks"]]
    more = f" and {len(ids) - _CHUNKS} more" if len(ids) > _CHUNKS else ""
    return f"{'chunk' if len(ids) == 1 else 'chunks'} {', '.join(ids[:_CHUNKS])}{more}"


def version_label(version: _Json) -> str:
    """What a version is called, a hash by its beginning; where nothing calls it, when it was written."""
    label = version["label"] or ""
    if _HASH.fullmatch(label):
        return f"{label[:_COMMIT]}…"
    return label or f"of {moment(version['producedAt'])}"


def attempt_marks(found: _Json) -> Iterator[tuple[str, str]]:
    """What is noteworthy of an attempt, each with its style."""
    attempt, code = found["attempt"], found["code"]
    if code and code["dirty"]:
        yield "uncommitted changes", "yellow"
    if attempt and attempt["number"]:
        yield f"attempt {attempt['number'] + 1}", "dim"
    if attempt and attempt["state"] != "COMPLETE":
        yield attempt["state"].lower(), "red" if attempt["state"] in ("FAIL", "ABORT") else "yellow"


def short_code(code: _Json | None) -> str:
    """The code of an attempt in a word, after a space; empty where none is known."""
    commits = [f" @{commit['name'][:_COMMIT]}" for commit in code["commits"]] if code else []
    if commits or code is None:
        return ",".join(commits)
    return f" {code['version']}" if code["version"] else f" @{(code['sourceSha256'] or '')[:_COMMIT]}"
