"""What is live at a time: the union of what an owner's last attempts, and its declaration, say."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from whence.graph.facts import EdgeId, EdgeKind, Report, State
from whence.graph.footprint import Footprint
from whence.graph.port import Activity, Around, GraphStore, datasets_of, footprints_of
from whence.lineage.names import Names
from whence_schemas.lineage import Seen


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
    """An owner's live reports, grouped by footprint."""

    def __init__(self, activity: Activity, footprints: dict[str, Footprint]) -> None:
        groups: dict[str, _Group] = {}
        for report in activity.observed:
            if report.footprint not in groups:
                groups[report.footprint] = _Group(footprints[report.footprint])
            groups[report.footprint].add(report)
        self._observed = list(groups.values())
        self._attempts = len(activity.observed)
        self._declared: _Group | None = None
        if activity.declared is not None:
            self._declared = _Group(footprints[activity.declared.footprint])
            self._declared.add(activity.declared)
        self._simple: Seen | None = None
        if len(self._observed) == 1 and self._declared is None:  # as most are: all attempts did the same
            group = self._observed[0]
            self._simple = Seen(group.count, group.count, group.failed, False, group.first, group.last)

    def footprints(self) -> Iterator[Footprint]:
        """All that is live, each footprint once."""
        yield from (group.footprint for group in self._observed)
        if self._declared is not None:
            yield self._declared.footprint

    def seen(self, has: Callable[[Footprint], object]) -> Seen | None:
        """How well what `has` looks for is supported; None where nothing live has it."""
        if self._simple is not None:
            return self._simple if has(self._observed[0].footprint) else None
        groups = [group for group in self._observed if has(group.footprint)]
        declared = self._declared if self._declared is not None and has(self._declared.footprint) else None
        every = [*groups, declared] if declared else groups
        if not every:
            return None
        return Seen(
            sum(group.count for group in groups),
            self._attempts,
            sum(group.failed for group in groups),
            declared is not None,
            min(group.first for group in every),
            max(group.last for group in every),
        )

    def reads(self) -> Iterable[str]:
        """Everything read."""
        if self._simple is not None:
            return self._observed[0].footprint.reads
        return dict.fromkeys(key for footprint in self.footprints() for key in footprint.reads)

    def writes(self) -> Iterable[str]:
        """Everything written."""
        if self._simple is not None:
            return self._observed[0].footprint.writes
        return dict.fromkeys(key for footprint in self.footprints() for key in footprint.writes)

    def inputs_of(self, output: str) -> Iterable[str]:
        """What flows into an output."""
        return dict.fromkeys(
            key for footprint in self.footprints() if output in footprint.writes for key in footprint.inputs_of(output)
        )

    def outputs_of(self, source: str) -> Iterable[str]:
        """What something read flows into."""
        return dict.fromkeys(
            key for footprint in self.footprints() if source in footprint.reads for key in footprint.outputs_of(source)
        )

    def parents(self) -> set[str]:
        """Jobs that contain this one."""
        return {key for footprint in self.footprints() for key in footprint.parents}


class LiveOwners:
    """Fetches owners' live reports at one time, each owner once; `names` learns on the way."""

    def __init__(self, store: GraphStore, as_of: int, window: int, names: Names | None = None) -> None:
        self._store = store
        self._names = names
        self._as_of = as_of
        self._window = window
        self._live: dict[str, Live | None] = {}
        self._into: dict[tuple[EdgeKind, ...], dict[str, list[EdgeId]]] = {}
        self._hops: dict[tuple[EdgeKind, ...], int] = {}

    async def fetch(self, owners: Iterable[str]) -> None:
        """Make owners known."""
        new = [owner for owner in dict.fromkeys(owners) if owner not in self._live]
        if new:
            activities = await self._store.activities(new, self._as_of, self._window)
            self._add(new, activities, await self._store.footprints(sorted(footprints_of(activities.values()))))

    async def into(self, targets: Sequence[str], around: Around) -> list[EdgeId]:
        """Edges into targets; their owners, and where asked for the targets, are known afterwards.

        Looking ahead is begun with two hops and doubled with every call, as long as `around` wants so many.
        """
        known = self._into.setdefault(tuple(around.kinds), {})
        new = [target for target in targets if target not in known]
        if new:
            found = await self._store.neighbours(new, self._look(around), self._as_of, self._window)
            if self._names is not None:
                self._names.learn(datasets_of(found.footprints.values()), found.aliases)
            owners = [edge.owner for edge in found.edges]
            self._add([*found.targets, *owners] if around.themselves else owners, found.activities, found.footprints)
            known.update((target, []) for target in found.targets)
            for edge in found.edges:
                known[edge.target].append(edge)
        return [edge for target in targets for edge in known[target]]

    def _look(self, around: Around) -> Around:
        kinds = tuple(around.kinds)
        self._hops[kinds] = 2 * self._hops.get(kinds, 1)
        return around._replace(hops=min(around.hops, self._hops[kinds]))

    def _add(self, owners: list[str], activities: dict[str, Activity], footprints: dict[str, Footprint]) -> None:
        for owner in owners:
            if owner not in self._live:
                activity = activities.get(owner)
                self._live[owner] = Live(activity, footprints) if activity else None

    def __getitem__(self, owner: str) -> Live | None:
        """What is live of a fetched owner; None where nothing is."""
        return self._live[owner]

    def known(self, owners: Sequence[str]) -> Iterator[tuple[str, Live]]:
        """Those of the fetched owners of which anything is live."""
        for owner in owners:
            live = self._live[owner]
            if live is not None:
                yield owner, live
