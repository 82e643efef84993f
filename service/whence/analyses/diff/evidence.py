"""What first showed an edge that appeared, and what last showed one that vanished."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from whence.analyses.diff.graphs import Shows, shows, shows_more
from whence.graph.facts import Report
from whence.graph.footprint import Footprint
from whence.graph.live import Activity, footprints_of
from whence.graph.port import GraphStore, Span, Stretch
from whence_schemas.diff import Difference, DiffQuestion, EdgeDiff, Evidence, Showing
from whence_schemas.lineage import LineageGraph, Seen


class History:
    """What owners reported: what was live at the earlier and at the later time, and what came in between."""

    def __init__(self, store: GraphStore, question: DiffQuestion) -> None:
        self._store = store
        self._question = question
        self._at: dict[int, dict[str, Activity]] = {}
        self._between: dict[bool, dict[Span, list[Stretch]]] = {}
        self._footprints: dict[str, Footprint] = {}

    async def read(self, owners: Sequence[str]) -> None:
        """Make owners known, and no others."""
        earlier, later, window = self._question.earlier, self._question.later, self._question.window
        for moment in (earlier, later):
            self._at[moment] = await self._store.activities(owners, moment, window)
        spans = [Span(owner, earlier) for owner in owners]
        for declared in (False, True):
            self._between[declared] = await self._store.stretches(spans, declared, later)
        keys = {key for activities in self._at.values() for key in footprints_of(activities.values())}
        keys |= {s.first.footprint for found in self._between.values() for some in found.values() for s in some}
        self._footprints = await self._store.footprints(sorted(keys))

    def live(self, owner: str, moment: int, declared: bool) -> list[Report]:
        """Reports that count at one of the two times, oldest first."""
        activity = self._at[moment].get(owner)
        if activity is None:
            return []
        return [activity.declared] if declared and activity.declared else [] if declared else activity.observed[::-1]

    def gained(self, owner: str, showing: Shows, declared: bool) -> Showing | None:
        """What first showed something after the earlier time."""
        between = self._stretches(owner, declared)
        return next((_showing(s.first) for s in between if self._shows(s.first, showing)), None)

    def lost(self, owner: str, showing: Shows, declared: bool) -> tuple[Showing | None, Showing | None]:
        """What last showed something, and the first after that which counts and did not."""
        last = without = None
        for first, final in self._reports(owner, declared):
            if self._shows(first, showing):
                last, without = final, None
            elif last is not None and without is None:
                without = first
        return (_showing(last) if last else None), (_showing(without) if without else None)

    def shown(self, owner: str, showing: Shows, moment: int) -> bool:
        """Whether something is shown by what counts at one of the two times."""
        return any(self._shows(r, showing) for declared in (False, True) for r in self.live(owner, moment, declared))

    def _reports(self, owner: str, declared: bool) -> Iterator[tuple[Report, Report]]:
        """The first and last of reports with one footprint that follow each other, oldest first."""
        yield from ((report, report) for report in self.live(owner, self._question.earlier, declared))
        yield from ((stretch.first, stretch.last) for stretch in self._stretches(owner, declared))

    def _stretches(self, owner: str, declared: bool) -> Iterable[Stretch]:
        found = self._between[declared].get(Span(owner, self._question.earlier), ())
        return (stretch for stretch in found if stretch.first.reported)

    def _shows(self, report: Report, showing: Shows) -> bool:
        return showing(self._footprints[report.footprint])


async def evidence_of(
    store: GraphStore, question: DiffQuestion, graphs: tuple[LineageGraph, LineageGraph], rows: Sequence[EdgeDiff]
) -> list[Evidence]:
    """What each of the edges that differ rests on. The cost grows with these, and with the reports of their owners
    between the two times."""
    history = History(store, question)
    await history.read(sorted({_owner(row) for row in rows}))
    return [_OF[row.difference](history, question, graphs, row) for row in rows]


def _owner(row: EdgeDiff) -> str:
    return row.edge.by or row.edge.source


_Graphs = tuple[LineageGraph, LineageGraph]


def _appeared(history: History, question: DiffQuestion, graphs: _Graphs, row: EdgeDiff) -> Evidence:
    owner, showing = _owner(row), shows(row.edge, graphs[1])
    if history.shown(owner, showing, question.earlier):
        return Evidence(reach=True)
    return Evidence(first=_earliest(history.gained(owner, showing, declared) for declared in (False, True)))


def _vanished(history: History, question: DiffQuestion, graphs: _Graphs, row: EdgeDiff) -> Evidence:
    owner, showing = _owner(row), shows(row.edge, graphs[0])
    if history.shown(owner, showing, question.later):
        return Evidence(reach=True)
    return Evidence(None, *_latest(history.lost(owner, showing, declared) for declared in (False, True)))


def _changed(history: History, question: DiffQuestion, graphs: _Graphs, row: EdgeDiff) -> Evidence:
    """Of an edge that is in both: what gained, or lost, a sort of support or a transformation."""
    assert row.before is not None
    assert row.after is not None
    owner = _owner(row)
    gained: list[Showing | None] = []
    lost: list[tuple[Showing | None, Showing | None]] = []
    for declared in (False, True):
        was, now = _supported(row.before.seen, declared), _supported(row.after.seen, declared)
        if now and not was:
            gained.append(history.gained(owner, shows(row.after, graphs[1]), declared))
        if was and not now:
            lost.append(history.lost(owner, shows(row.before, graphs[0]), declared))
        gained.append(history.gained(owner, shows_more(row.after, graphs[1], row.before.transformations), declared))
        lost.append(history.lost(owner, shows_more(row.before, graphs[0], row.after.transformations), declared))
    found = Evidence(_earliest(gained), *_latest(lost))
    return found if any((found.first, found.last)) else Evidence(reach=True)


_OF: dict[Difference, Callable[[History, DiffQuestion, _Graphs, EdgeDiff], Evidence]] = {
    Difference.APPEARED: _appeared,
    Difference.VANISHED: _vanished,
    Difference.CHANGED: _changed,
}


def _supported(seen: Seen, declared: bool) -> bool:
    return seen.declared if declared else seen.attempts > 0


def _earliest(found: Iterable[Showing | None]) -> Showing | None:
    return min((one for one in found if one is not None), default=None)


def _latest(
    found: Iterable[tuple[Showing | None, Showing | None]],
) -> tuple[Showing | None, Showing | None]:
    """Of what was lost in two ways, the one that was there longest."""
    return max((one for one in found if one[0] is not None), key=lambda one: one[0] or Showing(0), default=(None, None))


def _showing(report: Report) -> Showing:
    return Showing(report.start) if report.declared else Showing(report.start, report.run, report.number)


def earliest_of(evidence: Iterable[Evidence], difference: Difference) -> Evidence:
    """What a node that appeared or vanished rests on: of its edges, that which was first (or last) there."""
    found = [one for one in evidence if not one.reach]
    if difference == Difference.APPEARED:
        shown = [one for one in found if one.first is not None]
        return min(shown, key=lambda one: one.first or Showing(0), default=Evidence(reach=True))
    shown = [one for one in found if one.last is not None]
    return max(shown, key=lambda one: one.last or Showing(0), default=Evidence(reach=True))
