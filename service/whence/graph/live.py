"""What is live of an owner at a time: the union of what its last attempts, and its declaration, say."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from whence.graph.facts import EdgeKind, Report, State
from whence.graph.footprint import Footprint
from whence_schemas.lineage import Seen


class Activity(NamedTuple):
    """What an owner's live reports say: the last ones observed, newest first, and the one declared."""

    observed: list[Report]
    declared: Report | None


def footprints_of(activities: Iterable[Activity]) -> set[str]:
    """Keys of the footprints that activities refer to."""
    keys = {report.footprint for activity in activities for report in activity.observed}
    return keys | {activity.declared.footprint for activity in activities if activity.declared is not None}


class _Group:
    """Reports with one footprint."""

    __slots__ = ("count", "failed", "first", "footprint", "last")

    def __init__(self, footprint: Footprint) -> None:
        self.footprint = footprint
        self.count = 0
        self.failed = 0
        self.first = 2**63
        self.last = -(2**63)

    def add(self, report: Report) -> None:
        """Count a report."""
        self.count += 1
        self.failed += report.state in (State.FAIL, State.ABORT)
        self.first = min(self.first, report.start)
        self.last = max(self.last, report.last)


class Live:
    """An owner's live reports, as the footprints in them; most owners' attempts all did the same, and have one."""

    __slots__ = ("_activity", "_all", "_datasets", "_footprints", "_groups", "_only", "_whole")

    def __init__(self, activity: Activity, footprints: dict[str, Footprint]) -> None:
        self._activity = activity
        self._all = footprints
        self._groups: tuple[list[_Group], _Group | None] | None = None
        said = activity.observed if activity.declared is None else [*activity.observed, activity.declared]
        keys = {report.footprint: None for report in said} if len(said) > 1 else (said[0].footprint,)
        self._footprints = [footprints[key] for key in keys]
        self._only = self._footprints[0] if len(keys) == 1 else None
        self._whole: Seen | None = None
        self._datasets: tuple[str, ...] | None = None

    def footprints(self) -> Sequence[Footprint]:
        """All that is live, each footprint once."""
        return self._footprints

    @property
    def mixes(self) -> bool:
        """Whether all that is read flows into all that is written."""
        return self._only is not None and not self._only.flows

    def seen(self, has: Callable[[Footprint], object]) -> Seen | None:
        """How well what `has` looks for is supported; None where nothing live has it."""
        if self._only is None:
            return self._seen(has)
        if not has(self._only):
            return None
        if self._whole is None:
            self._whole = self._seen(lambda _: True)
        return self._whole

    def _seen(self, has: Callable[[Footprint], object]) -> Seen | None:
        observed, declares = self._grouped()
        groups = [group for group in observed if has(group.footprint)]
        declared = declares if declares is not None and has(declares.footprint) else None
        every = [*groups, declared] if declared else groups
        if not every:
            return None
        return Seen(
            sum(group.count for group in groups),
            len(self._activity.observed),
            sum(group.failed for group in groups),
            declared is not None,
            min(group.first for group in every),
            max(group.last for group in every),
        )

    def _grouped(self) -> tuple[list[_Group], _Group | None]:
        """Observed reports by footprint, and the declared one."""
        if self._groups is None:
            groups: dict[str, _Group] = {}
            for report in self._activity.observed:
                if report.footprint not in groups:
                    groups[report.footprint] = _Group(self._all[report.footprint])
                groups[report.footprint].add(report)
            declared = None
            if self._activity.declared is not None:
                declared = _Group(self._all[self._activity.declared.footprint])
                declared.add(self._activity.declared)
            self._groups = list(groups.values()), declared
        return self._groups

    def reads(self) -> Collection[str]:
        """Everything read."""
        if self._only is not None:
            return self._only.reads
        return dict.fromkeys(key for footprint in self._footprints for key in footprint.reads)

    def writes(self) -> Collection[str]:
        """Everything written."""
        if self._only is not None:
            return self._only.writes
        return dict.fromkeys(key for footprint in self._footprints for key in footprint.writes)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return 200 * (1 + len(self._activity.observed)) + sum(footprint.size for footprint in self._footprints)

    def datasets(self) -> Collection[str]:
        """Everything read or written."""
        if self._datasets is None:
            self._datasets = tuple(dict.fromkeys([*self.reads(), *self.writes()]))
        return self._datasets

    def inputs_of(self, output: str) -> Iterable[str]:
        """What flows into an output."""
        return dict.fromkeys(
            key for footprint in self._footprints if output in footprint.writes for key in footprint.inputs_of(output)
        )

    def outputs_of(self, source: str) -> Collection[str]:
        """What something read flows into."""
        if self._only is not None and source in self._only.reads:
            return self._only.outputs_of(source)
        return dict.fromkeys(
            key for footprint in self._footprints if source in footprint.reads for key in footprint.outputs_of(source)
        )

    def parents(self) -> Collection[str]:
        """Jobs that contain this one."""
        if self._only is not None:
            return self._only.parents
        return {key for footprint in self._footprints for key in footprint.parents}


def live_of(
    owners: Iterable[str], activities: dict[str, Activity], footprints: dict[str, Footprint]
) -> dict[str, Live | None]:
    """What is live of each owner; None where nothing is."""
    return {owner: Live(activities[owner], footprints) if owner in activities else None for owner in owners}


def datasets_of(found: Iterable[Live | None]) -> list[str]:
    """What owners read or write, each once."""
    return list(dict.fromkeys(name for live in found if live for name in live.datasets()))


def onward(found: Iterable[Live | None], kinds: Sequence[EdgeKind]) -> Iterable[str]:
    """What owners lead to by edges of these kinds (READS, WRITES), each once."""
    known = [live for live in found if live]
    reads = (key for live in known for key in live.reads()) if EdgeKind.READS in kinds else ()
    writes = (key for live in known for key in live.writes()) if EdgeKind.WRITES in kinds else ()
    return dict.fromkeys([*reads, *writes])
