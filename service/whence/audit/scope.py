"""The scope of an export: what is asked for.

A **run** is in scope if it is named, ran a job that is named, used a dataset that is named, is contained in such a
run, or lies upstream. With a time range, only if one of its events was *received* in it. Then all of its events are in
scope, so that no run is shown in half, and so are all declarations of its job and its datasets. Tombstones of these
entries are in scope, and so are the records by which one key of the log vouches for the next. `selecting` finds them.

Receipt times, not event times: receipt is what this log witnessed itself and committed to in the leaf, while an
event's time is its producer's claim. An event that arrives late, or is dated back, belongs to the range in which it
came; so exports of one quarter after the other leave no gap between them.
"""

from dataclasses import dataclass
from typing import Any

from whence.audit.subject import received
from whence.eventlog.leaf import EVENT
from whence.eventlog.port import Entry
from whence.graph.facts import Node
from whence.graph.port import GraphStore
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import KIND_NAMES, Kind
from whence_schemas.times import format_time

SCOPED_KINDS = (Kind.DATASET, Kind.JOB, Kind.RUN)
"""What a scope can name."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an export is asked to hold; everything, where nothing is named.

    nodes, upstream_of: keys of datasets, jobs and runs. since, until: receipt times in microseconds since the epoch,
    from and before.
    """

    nodes: tuple[str, ...] = ()
    upstream_of: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            InvalidQuestion: it names what is neither dataset, job nor run, or its time range is empty.
        """
        for key in (*self.nodes, *self.upstream_of):
            if key[:1] not in SCOPED_KINDS:
                raise InvalidQuestion(f"{key[:80]!r} is no id of a dataset, job or run: GraphQL gives it as `id`")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise InvalidQuestion("the time range is empty: `since` must come before `until`")

    @property
    def names_nodes(self) -> bool:
        """Whether it is limited to what is named or lies upstream."""
        return bool(self.nodes or self.upstream_of)

    @property
    def is_everything(self) -> bool:
        """Whether nothing limits it."""
        return not self.names_nodes and self.since is None and self.until is None

    def holds(self, entry: Entry) -> bool:
        """Whether the entry was received in the time range. Of what was erased that cannot be told: it is not."""
        if self.since is None and self.until is None:
            return True
        at = received(entry) if entry.kind == EVENT else None
        if at is None:
            return False
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    async def describe(self, graph: GraphStore) -> dict[str, Any]:
        """The scope as JSON, with names.

        Raises:
            NotFound: it names what is not in the graph.
        """
        found = await graph.nodes([*self.nodes, *self.upstream_of])
        for key in (*self.nodes, *self.upstream_of):
            if key not in found:
                raise NotFound(f"{key} is not in the graph: find what you mean with search")
        return {
            "everything": self.is_everything,
            "nodes": [_described(found[key]) for key in self.nodes],
            "upstreamOf": [_described(found[key]) for key in self.upstream_of],
            "receivedSince": None if self.since is None else format_time(self.since),
            "receivedBefore": None if self.until is None else format_time(self.until),
        }


def _described(node: Node) -> dict[str, str]:
    return {"kind": KIND_NAMES[node.kind].lower(), "id": node.key, "namespace": node.namespace, "name": node.name}
