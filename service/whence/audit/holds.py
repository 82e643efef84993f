"""Legal holds: what must not be erased, by whatever rule or request, until the hold is released.

Holds are records of the log itself, and what holds now is read from them. A hold on a namespace, dataset, job or run
covers whole units: all events of a run (or of a declaration) that contributes such a node to the graph, be it by one
event only. Holds go by the names that events use; an alias of a dataset is another name.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from whence.audit.trail import HOLD, Record, of_kind, record
from whence.eventlog.leaf import EVENT
from whence.eventlog.port import Entry, EventLog
from whence.projection.fold import OrderedEvent, in_order, new_fold, ordered
from whence_schemas.errors import NotFound, WhenceError
from whence_schemas.identity import Kind, dataset_key, job_key, run_key

_UNITS = 256


class Place(BaseModel):
    """The namespace and name of a dataset or job."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespace: str
    name: str


Index = Annotated[int, Field(ge=0, le=2**62)]


class HoldScope(BaseModel):
    """What a hold is on: just one of these. namespace: a pattern with * and ?. entries: first and last index."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespace: str | None = Field(default=None, min_length=1)
    dataset: Place | None = None
    job: Place | None = None
    run: str | None = Field(default=None, min_length=1)
    entries: tuple[Index, Index] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("name just one of namespace, dataset, job, run and entries")
        return self

    def __str__(self) -> str:
        """The scope in words."""
        if self.namespace is not None:
            return f"namespace {self.namespace}"
        if self.entries is not None:
            return f"entries {self.entries[0]} to {self.entries[1]}"
        if self.run is not None:
            return f"run {self.run}"
        kind, place = ("dataset", self.dataset) if self.dataset else ("job", self.job)
        return f"{kind} {place.namespace}/{place.name}" if place else ""

    @property
    def key(self) -> str:
        """The key of the node that it is on, or empty."""
        if self.run is not None:
            return run_key(self.run)
        if self.dataset:
            return dataset_key(self.dataset.namespace, self.dataset.name)
        return job_key(self.job.namespace, self.job.name) if self.job else ""


class Hold(BaseModel):
    """A hold: its record's index, what it is on, why, since when, and the id of the key it was added with."""

    index: int
    scope: HoldScope
    reason: str
    since: str
    by: str

    def __str__(self) -> str:
        """The hold in words."""
        return f"legal hold {self.index} on {self.scope} ({self.reason})"


async def add_hold(log: EventLog, scope: HoldScope, reason: str, sender: str = "") -> int:
    """Add a hold; its index.

    Raises:
        LogUnavailable: the log cannot be written now.
    """
    content = {"action": "add", "scope": scope.model_dump(mode="json", exclude_none=True), "reason": reason}
    return await record(log, HOLD, content, sender)


async def release_hold(log: EventLog, index: int, reason: str, sender: str = "") -> Hold:
    """Release a hold; the hold.

    Raises:
        NotFound: it does not hold now.
        LogUnavailable: the log cannot be written now.
    """
    for hold in await holds_in_force(log):
        if hold.index == index:
            await record(log, HOLD, {"action": "release", "hold": index, "reason": reason}, sender)
            return hold
    raise NotFound(f"no legal hold {index} is in force; `whence audit hold list` shows those that are")


async def holds_in_force(log: EventLog) -> list[Hold]:
    """The holds that were added and not released, by index."""
    released: set[int] = set()
    holds: list[Hold] = []
    async for found in of_kind(log, HOLD):
        if found.content is None:
            continue
        if found.content["action"] == "release":
            released.add(found.content["hold"])
        elif found.index not in released:
            holds.append(_hold(found, found.content))
    return holds[::-1]


def _hold(found: Record, content: Mapping[str, Any]) -> Hold:
    scope = HoldScope.model_validate(content["scope"])
    return Hold(index=found.index, scope=scope, reason=content["reason"], since=found.received or "", by=found.by)


class _Named(NamedTuple):
    """What a unit names: keys of nodes, and their namespaces."""

    keys: frozenset[str]
    namespaces: frozenset[str]


_NOTHING = _Named(frozenset(), frozenset())


async def held(log: EventLog, holds: Sequence[Hold], entries: Sequence[Entry]) -> dict[int, Hold]:
    """Which of these entries are held, each with one of the holds on it."""
    found = {entry.index: hold for entry in entries for hold in holds if entry.index == hold.index}
    named: dict[str, _Named] = {}
    wanted = sorted({entry.unit for entry in entries if entry.unit}) if any(not h.scope.entries for h in holds) else []
    size = await log.size()
    for start in range(0, len(wanted), _UNITS):
        units = await log.read_units(wanted[start : start + _UNITS], size)
        named |= await asyncio.to_thread(_named_by, units)
    for entry in entries:
        hold = next((hold for hold in holds if _covers(hold.scope, entry, named.get(entry.unit, _NOTHING))), None)
        if hold:
            found[entry.index] = hold
    return found


def _covers(scope: HoldScope, entry: Entry, named: _Named) -> bool:
    if scope.entries:
        return scope.entries[0] <= entry.index <= scope.entries[1]
    if scope.namespace is not None:
        pattern = scope.namespace
        return any(fnmatchcase(namespace, pattern) for namespace in named.namespaces)
    return scope.key in named.keys


def _named_by(units: Mapping[str, Sequence[Entry]]) -> dict[str, _Named]:
    return {unit: _named(unit, entries) for unit, entries in units.items()}


def _named(unit: str, entries: Sequence[Entry]) -> _Named:
    """What the unit's events contribute to the graph. One that cannot be folded contributes nothing."""
    fold = new_fold(unit)
    for event in in_order(_events(entries)):
        with suppress(Exception):
            fold.add(event)
    contribution = fold.contribution()
    ends = {key for edge in contribution.edges for key in (edge.source, edge.target)}
    return _Named(
        frozenset(ends | {node.key for node in contribution.nodes}),
        frozenset(node.namespace for node in contribution.nodes if node.kind in (Kind.DATASET, Kind.JOB)),
    )


def _events(entries: Sequence[Entry]) -> Iterator[OrderedEvent]:
    for entry in entries:
        if entry.payload is not None and entry.kind == EVENT:
            with suppress(WhenceError):
                yield ordered(entry.payload, entry.index)
