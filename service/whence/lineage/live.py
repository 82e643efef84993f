"""What is live at a time: the union of what an owner's last attempts, and its declaration, say."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

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
    """An owner's live reports, as the footprints in them; most owners' attempts all did the same, and have one."""

    __slots__ = ("_activity", "_all", "_footprints", "_groups", "_only", "_whole")

    def __init__(self, activity: Activity, footprints: dict[str, Footprint]) -> None:
        self._activity = activity
        self._all = footprints
        self._groups: tuple[list[_Group], _Group | None] | None = None
        said = activity.observed if activity.declared is None else [*activity.observed, activity.declared]
        keys = {report.footprint: None for report in said} if len(said) > 1 else (said[0].footprint,)
        self._footprints = [footprints[key] for key in keys]
        self._only = self._footprints[0] if len(keys) == 1 else None
        self._whole: Seen | None = None

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
