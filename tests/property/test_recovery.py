"""Recovery against a brute-force oracle on random worlds: cycles, diamonds, self-loops, other names, containers, late
events, several attempts, partitions, dates, named versions. The oracle reads what was drawn, not the graph, and looks
at every attempt again and again until nothing changes. Then the plan is played as events: all has to be good after it.
"""

import json
import random
from collections import defaultdict
from typing import Any, NamedTuple

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.build import JOBS, NS, dataset, dataset_event, event, run_id
from tests.changes import Changes
from tests.property.stores import run_on_neo4j, run_on_sqlite
from whence.analyses.recovery.answer import Recovery, recovery
from whence.graph.port import GraphStore
from whence_schemas.identity import dataset_key, job_key, run_key
from whence_schemas.recovery import Reason, RecoveryQuestion, Status, Work
from whence_schemas.times import parse_time

DATASETS = [f"d{number}" for number in range(4)]
JOB_NAMES = [f"j{number}" for number in range(4)]
TOGETHER = {"j0", "j1", "j2"}
"""Jobs that one command can run together."""
BOX, BOX_RUN, HAND = "box", 950, "hand"
LATEST = 5

on_sqlite = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
on_neo4j = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


class Drawn(NamedTuple):
    """One attempt of a job. reads: dataset and the version that it names, if any. part: that it writes; of all: None;
    narrow: whether it reads that part only. date: its logical date. apart: whether it tells what flows into what, if it
    reads and writes two: the first into the first, the second into the second."""

    job: str
    hour: int
    state: str
    again: bool
    reads: frozenset[tuple[str, str | None]]
    writes: frozenset[str]
    label: str | None
    part: str | None
    narrow: bool
    date: int | None
    inside: bool
    apart: bool

    def flows(self, source: str) -> set[str]:
        """What a dataset that it reads flows into."""
        reads = [name for name, _ in sorted(self.reads, key=str)]
        told = self.apart and len(reads) == len(self.writes) == 2
        return {sorted(self.writes)[reads.index(source)]} if told else set(self.writes)


class World(NamedTuple):
    """What happened, and what is asked of it."""

    attempts: list[Drawn]
    box: Drawn
    aliases: list[tuple[str, str]]
    ask: str
    choice: int
    at: str
    since: int
    window: int
    order: int


@st.composite
def attempts(draw: st.DrawFn) -> Drawn:
    """An attempt. Most complete."""
    names = draw(st.lists(st.sampled_from(DATASETS), max_size=2, unique=True))
    reads = frozenset((name, draw(st.sampled_from([None, None, None, "v1", "v2"]))) for name in names)
    writes = draw(st.frozensets(st.sampled_from(DATASETS), max_size=2))
    state = draw(st.sampled_from(["COMPLETE"] * 5 + ["FAIL", "FAIL", "RUNNING"]))
    return Drawn(
        draw(st.sampled_from(JOB_NAMES)),
        draw(st.integers(0, LATEST)),
        state,
        state != "RUNNING" and draw(st.booleans()),
        reads,
        writes,
        draw(st.sampled_from([None, None, "v1", "v2"])),
        draw(st.sampled_from([None, None, "p1", "p2"])),
        draw(st.booleans()),
        draw(st.sampled_from([None, None, 1, 2])),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A random world. No two attempts of a job start at one time: their order would be that of their run ids."""
    made = draw(st.lists(attempts(), min_size=1, max_size=10, unique_by=lambda one: (one.job, one.hour)))
    pairs = st.tuples(st.sampled_from(DATASETS), st.sampled_from(DATASETS)).filter(lambda pair: pair[0] < pair[1])
    box = draw(attempts())._replace(
        job=BOX, hour=0, again=False, part=None, date=None, inside=False, label=None, narrow=False
    )
    # A question's time is not before what it asks about.
    kind = draw(st.sampled_from(["run", "run", "run", "version", "current", "since", "job", "job since", "late"]))
    return World(
        made,
        box if draw(st.booleans()) else box._replace(reads=frozenset(), writes=frozenset()),
        draw(st.lists(pairs, max_size=1)),
        kind,
        draw(st.integers(0, 30)),
        draw(st.sampled_from(["24:00", "24:00", "24:00", "05:45", "04:15"])),
        draw(st.integers(0, 2)),
        draw(st.sampled_from([1, 2, 10, 10])),
        draw(st.integers(0, 30)),
    )


def micros(clock: str, day: int = 1) -> int:
    """A clock time; 24:00 is late."""
    clock = "23:59" if clock == "24:00" else clock
    return parse_time(f"2026-01-{day:02}T{clock}:00Z").micros


def run_of(world: World, index: int) -> int:
    """The number of an attempt's run: one of a job's attempts has all that are `again`."""
    one = world.attempts[index]
    return 500 + JOB_NAMES.index(one.job) if one.again else index + 1


def events_of(world: World) -> list[Any]:
    """The world as events, in a random order: late ones too. Everything that a question may name is there."""
    others = defaultdict(list)
    for name, other in world.aliases:
        others[name].append({"namespace": NS, "name": other, "type": "TABLE"})
    found = [
        dataset_event("00:00:00", name, **({"symlinks": {"identifiers": others[name]}} if others[name] else {}))
        for name in DATASETS
    ]
    found += [job_event_of(name) for name in [*JOB_NAMES, BOX]]
    found += _events(world.box, BOX_RUN, "00:30", "23:30")
    for index, one in enumerate(world.attempts):
        found += _events(one, run_of(world, index), f"{one.hour + 1:02}:00", f"{one.hour + 1:02}:30")
    random.Random(world.order).shuffle(found)
    return found


def job_event_of(name: str) -> Any:
    """What makes a job known, without any dataset."""
    facets = {"jobType": {"integration": "DBT", "jobType": "MODEL"}, "dbt_node": {"unique_id": f"model.p.{name}"}}
    at = "2026-01-01T00:00:00Z"
    return {"eventTime": at, "job": {"namespace": JOBS, "name": name, "facets": facets if name in TOGETHER else {}}}


def _events(one: Drawn, run: int, start: str, end: str, day: int = 1) -> list[Any]:
    parent = {"run": {"runId": run_id(BOX_RUN)}, "job": {"namespace": JOBS, "name": BOX}}
    facets: dict[str, Any] = {"parent": parent} if one.inside else {}
    if one.date is not None:
        facets["nominalTime"] = {"nominalStartTime": f"2025-12-{one.date:02}T00:00:00Z"}
    parts = {"type": "partition", "partitions": [{"identifier": one.part}]}
    inputs = [
        dataset(
            name,
            **({"version": {"datasetVersion": label}} if label else {}),
            **({"input": {"subset": {"inputCondition": parts}}} if one.part and one.narrow else {}),
        )
        for name, label in sorted(one.reads, key=str)
    ]
    outputs = [
        dataset(
            name,
            **({"version": {"datasetVersion": one.label}} if one.label else {}),
            **({"output": {"subset": {"outputCondition": parts}}} if one.part else {}),
            **({"columnLineage": {"fields": {"c": {"inputFields": _columns(one, name)}}}} if one.apart else {}),
        )
        for name in sorted(one.writes)
    ]
    begin, finish = (f"2026-01-{day:02}T{clock}:00Z" for clock in (start, end))
    if one.state == "RUNNING":
        finish = begin.replace(":00:00Z", ":10:00Z").replace(":30:00Z", ":40:00Z")
    return [
        event("START", begin, one.job, run, run_facets=facets),
        event(one.state, finish, one.job, run, inputs, outputs, facets),
    ]


def _columns(one: Drawn, output: str) -> list[Any]:
    """The columns that flow into an output."""
    sources = [name for name, _ in sorted(one.reads, key=str) if output in one.flows(name)]
    return [{"namespace": NS, "name": name, "field": "c"} for name in sources]


class Attempt(NamedTuple):
    """An attempt as the oracle sees it."""

    index: int  # -1: the box
    run: int
    number: int
    start: int
    end: int | None
    last: int
    drawn: Drawn


class Made(NamedTuple):
    """A production."""

    dataset: str
    name: str
    index: int
    at: int
    complete: bool
    label: str | None
    part: str | None


class Read(NamedTuple):
    """A reading."""

    dataset: str
    name: str
    index: int
    at: int
    label: str | None
    part: str | None


class Mark(NamedTuple):
    """What should have been made since a time."""

    dataset: str
    part: str | None
    since: int
    job: str
    origin: int | None
    boxed: bool


class Oracle:
    """The answer, by looking at everything again until nothing changes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.as_of = micros(world.at)
        self.names = {name: self._component(name) for name in DATASETS}
        every = [self._attempt(index, one) for index, one in enumerate(world.attempts)]
        box = Attempt(-1, BOX_RUN, 0, micros("00:30"), *self._ends(world.box, "00:30", "23:30"), world.box)
        self.attempts = {one.index: one for one in [*every, box] if one.start <= self.as_of}
        self.reads, self.made = self._uses()

    def _component(self, name: str) -> str:
        joined = {name}
        for _ in DATASETS:
            joined |= {end for pair in self.world.aliases if joined & set(pair) for end in pair}
        return min(joined)

    def _ends(self, one: Drawn, start: str, end: str) -> tuple[int | None, int]:
        if one.state == "RUNNING":
            return None, micros(start) + 600_000_000
        return micros(end), micros(end)

    def _attempt(self, index: int, one: Drawn) -> Attempt:
        run = run_of(self.world, index)
        before = [o for i, o in enumerate(self.world.attempts) if run_of(self.world, i) == run and o.hour < one.hour]
        start, end = f"{one.hour + 1:02}:00", f"{one.hour + 1:02}:30"
        return Attempt(index, run, len(before), micros(start), *self._ends(one, start, end), one)

    def _uses(self) -> tuple[list[Read], list[Made]]:
        reads, made = [], []
        for one in self.attempts.values():
            drawn = one.drawn
            for name, label in drawn.reads:
                part = drawn.part if drawn.narrow else None
                reads.append(Read(self.names[name], name, one.index, one.start, label, part))
            at = one.end or one.last
            for name in drawn.writes:
                if at <= self.as_of:
                    done = drawn.state == "COMPLETE"
                    made.append(Made(self.names[name], name, one.index, at, done, drawn.label, drawn.part))
        inside = [one.index for one in self.attempts.values() if one.drawn.inside]
        repeated_reads = {read.dataset for read in reads if read.index in inside}
        repeated_made = {one.dataset for one in made if one.index in inside}
        self.box_made = [one for one in made if one.index == -1 and one.dataset in repeated_made]
        self.inner_made = [one for one in made if one.index in inside]
        self.box_reads = [one for one in reads if one.index == -1 and one.dataset in repeated_reads]
        self.inner_reads = [one for one in reads if one.index in inside]
        reads = [one for one in reads if one not in self.box_reads]
        made = [one for one in made if one not in self.box_made]
        return reads, made

    def instead(self, one: Made) -> set[Made]:
        """What the box says that it made is made by what is in it."""
        return {inner for inner in self.inner_made if inner.dataset == one.dataset} if one in self.box_made else {one}

    def all_made(self, index: int, source: str | None = None) -> set[Made]:
        """What an attempt made; of one dataset that it read, if that is given."""
        found = {one for one in [*self.made, *self.box_made] if one.index == index}
        if source is not None:
            found = {one for one in found if one.name in self.attempts[index].drawn.flows(source)}
        return {inner for one in found for inner in self.instead(one)}

    # What holds of attempts

    def state(self, index: int, at: int | None = None) -> str:
        one = self.attempts[index]
        return one.drawn.state if one.end is not None and one.end <= (at or self.as_of) else "RUNNING"

    def key(self, made: Made) -> tuple[Any, ...]:
        one = self.attempts[made.index]
        return made.at, run_key(run_id(one.run)), one.number, dataset_key(NS, made.name)

    def current(self, name: str, at: int, part: str | None, reader: int | None = None) -> list[Made]:
        """What makes up a dataset, or a partition of it."""
        own = (self.attempts[reader].run, self.attempts[reader].number) if reader is not None else None
        found: list[Made] = []
        for one in sorted((m for m in self.made if m.dataset == name), key=self.key, reverse=True):
            place = self.attempts[one.index].run, self.attempts[one.index].number
            if one.at > at or not one.complete or place == own:
                continue
            if any(newer.part in (None, part or one.part) for newer in found):
                continue
            if one.part is None or part in (None, one.part):
                found.append(one)
        return found

    def read(self, read: Read) -> list[Made]:
        """What a reading read."""
        if read.label is None:
            return self.current(read.dataset, read.at, read.part, read.index)
        same = [m for m in self.made if m.dataset == read.dataset and m.label == read.label]
        before = [one for one in same if one.at <= read.at]
        return [max(before or same, key=self.key)] if same else []

    def missing(self, mark: Mark, at: int, part: str | None, reader: int | None = None) -> bool:
        newest = self.current(mark.dataset, at, part, reader)
        return not newest or newest[0].at < mark.since

    def behind(self, mark: Mark, read: Read) -> bool:
        if read.dataset != mark.dataset or read.at < mark.since:
            return False
        if read.label is not None:
            made = self.read(read)
            return bool(made) and made[0].at < mark.since
        if mark.part and read.part and mark.part != read.part:
            return False
        return self.missing(mark, read.at, mark.part, read.index)

    # Jobs now

    def live(self, job: str) -> list[Drawn]:
        said = [one for one in self.attempts.values() if one.drawn.job == job and (one.drawn.reads or one.drawn.writes)]
        said.sort(key=lambda one: (one.start, run_key(run_id(one.run)), one.number))
        return [one.drawn for one in said[-self.world.window :]]

    def raw(self, job: str, *, writes: bool) -> set[str]:
        return {n for one in self.live(job) for n in (one.writes if writes else {name for name, _ in one.reads})}

    def job_writes(self, job: str) -> set[str]:
        return {self.names[name] for name in self.raw(job, writes=True)}

    def job_reads(self, job: str) -> set[str]:
        return {self.names[name] for name in self.raw(job, writes=False)}

    def boxed(self, job: str) -> bool:
        return any(one.inside for one in self.live(job))

    def touching(self, dataset_name: str, *, writes: bool) -> set[str]:
        """Jobs that read or write a dataset; the box not by a name by which what is in it does."""
        found = set()
        for name in (name for name in DATASETS if self.names[name] == dataset_name):
            jobs = {job for job in [*JOB_NAMES, BOX] if name in self.raw(job, writes=writes)}
            if any(self.boxed(job) for job in jobs):
                jobs.discard(BOX)
            found |= jobs
        return found

    # Slots

    def slots(self, index: int) -> set[tuple[str | None, int | None]]:
        one = self.attempts[index]
        part = self._part(index)
        return {(part, None if part else one.drawn.date)}

    def _part(self, index: int) -> str | None:
        drawn = self.attempts[index].drawn
        made = self.attempts[index].end or self.attempts[index].last
        if drawn.writes and made <= self.as_of:
            return drawn.part
        return drawn.part if drawn.narrow and drawn.reads else None

    def covers(self, index: int, slot: Any) -> bool:
        if slot == "any":
            return True
        part, date = slot
        own, own_date = self._part(index), self.attempts[index].drawn.date
        if own is not None:
            return part == own
        return part is not None or date is None or own_date is None or date == own_date

    # The start

    def start(self) -> None:
        """What the question says: `bad` versions, `affected` attempts, `sources` read, `marks`."""
        self.bad: dict[Made, str] = {}
        self.affected: dict[int, str] = {}
        self.bad_reads: set[Read] = set()
        self.marks: dict[Mark, None] = {}
        self.waiting: set[tuple[str, Any, int, int | None]] = set()
        self.followed: set[tuple[int, str | None]] = set()
        self.sources: set[str] = set()
        getattr(self, f"_start_{self.world.ask.replace(' ', '_')}")()
        self.followed |= {(index, None) for index, why in self.affected.items() if why == "FAILED"}

    def _take(self, indices: list[int], why: str) -> None:
        outer = -1 in indices and any(self.attempts[i].drawn.inside for i in indices)
        for index in indices:
            if not (outer and index == -1):
                self.affected[index] = why
            for one in self.all_made(index):
                self.bad.setdefault(one, why)

    def asked_run(self) -> int:
        runs = [run_of(self.world, index) for index in range(len(self.world.attempts))] + [BOX_RUN]
        return runs[self.world.choice % len(runs)]

    def _start_run(self) -> None:
        run = self.asked_run()
        own = [i for i, one in self.attempts.items() if one.run == run]
        runs = {run} | ({one.run for one in self.attempts.values() if one.drawn.inside} if run == BOX_RUN else set())
        known = [i for i, one in self.attempts.items() if one.run in runs]
        if all(self.state(i) == "COMPLETE" for i in own):
            self._take([i for i in known if self.state(i) == "COMPLETE"], "BAD")
        else:
            failed = [i for i in known if self.state(i) == "FAIL"]
            self._take(failed or [i for i in own if self.state(i) != "COMPLETE"], "FAILED")

    def asked_job(self) -> str:
        return [*JOB_NAMES, BOX][self.world.choice % (len(JOB_NAMES) + 1)]

    def _jobs(self) -> set[str]:
        job = self.asked_job()
        inner = {one.drawn.job for one in self.attempts.values() if one.drawn.inside and one.start <= self.as_of}
        return {job} | (inner if job == BOX else set())

    def _start_job(self) -> None:
        for job in sorted(self._jobs()):
            said = [o for o in self.attempts.values() if o.drawn.job == job]
            said.sort(key=lambda one: (one.start, run_key(run_id(one.run)), one.number))
            ended = [one.index for one in said[-self.world.window :] if self.state(one.index) != "RUNNING"]
            self.chosen = [*getattr(self, "chosen", []), *ended[-1:]]
        self._take_chosen()

    def _start_job_since(self) -> None:
        since = micros(f"{self.world.since + 1:02}:00")
        jobs = self._jobs()
        written = {name for job in jobs for name in self.job_writes(job)}
        made = {m.index for m in self.made if m.dataset in written and m.at >= since}
        self.chosen = [i for i in made if self.attempts[i].drawn.job in jobs and self.state(i) != "RUNNING"]
        self._take_chosen()

    def _take_chosen(self) -> None:
        # What a job in a box completed is bad, though the box, which says that it made that too, failed.
        self._take([i for i in self.chosen if self.state(i) == "COMPLETE"], "BAD")
        self._take([i for i in self.chosen if self.state(i) == "FAIL"], "FAILED")

    def asked_dataset(self) -> str:
        return DATASETS[self.world.choice % len(DATASETS)]

    def _take_versions(self, made: list[Made]) -> None:
        for one in made:
            self.bad[one] = "BAD"
            self.affected[one.index] = "BAD"

    def _start_version(self) -> None:
        name = self.names[self.asked_dataset()]
        made = [m for m in [*self.made, *self.box_made] if m.dataset == name and m.label == "v1"]
        named = [r for r in self.reads if r.dataset == name and r.label == "v1"]
        if any(r.dataset == name and r.label == "v1" for r in self.box_reads):
            named += [inner for inner in self.inner_reads if inner.dataset == name]
        assume(made or named)
        self._take_versions(made)
        if not made:
            self.sources, self.bad_reads = {name}, set(named)

    def _start_current(self) -> None:
        name = self.names[self.asked_dataset()]
        made = sorted((m for m in self.made if m.dataset == name and m.complete), key=self.key)
        self._since(name, made[-1].at if made else -(2**62))

    def _start_since(self) -> None:
        self._since(self.names[self.asked_dataset()], micros(f"{self.world.since + 1:02}:00"))

    def _since(self, name: str, since: int) -> None:
        made = [m for m in self.made if m.dataset == name and m.complete and m.at >= since]
        self._take_versions(made)
        if not made:
            self.sources = {name}
            here = [read for read in self.reads if read.dataset == name and read.at >= since]
            self.bad_reads = {read for read in here if read.label is None or not self.read(read)}

    def _start_late(self) -> None:
        name = self.names[self.asked_dataset()]
        since = micros(f"{self.world.since + 1:02}:00")
        self.marks[Mark(name, None, since, "", None, False)] = None
        self.waiting |= {(job, "any", since, None) for job in self.touching(name, writes=True)}

    # What follows

    def walk(self) -> None:
        """Everything, until nothing changes."""
        while self._spread("STALE", lambda read: any(m in self.bad for m in self.read(read)) or read in self.bad_reads):
            pass
        for index in list(self.affected):
            self._fail(index)
        changed = True
        while changed:
            changed = self._spread("LATE", self._is_late)
            changed = self._wait() or changed

    def _is_late(self, read: Read) -> bool:
        return any(made in self.bad for made in self.read(read)) or any(self.behind(m, read) for m in self.marks)

    def _spread(self, why: str, hit: Any) -> bool:
        new = {(read.index, read.name) for read in self.reads if hit(read)} - self.followed
        new = {one for one in new if (one[0], None) not in self.followed}
        self.followed |= new
        for index, source in new:
            self.affected.setdefault(index, why)
            for one in self.all_made(index, source):
                self.bad.setdefault(one, why)
            if why == "LATE":
                self._fail(index)
        return bool(new)

    def _fail(self, index: int) -> None:
        """An attempt that failed should have made something."""
        if self.state(index) != "FAIL" and self.affected[index] != "FAILED":
            return
        one = self.attempts[index]
        since = min(one.end or one.last, self.as_of)
        said = [m for m in [*self.made, *self.box_made] if m.index == index]
        boxed = one.drawn.inside or self.boxed(one.drawn.job)
        outs = {(m.dataset, m.part) for m in said} or {(name, None) for name in self.job_writes(one.drawn.job)}
        for name, part in outs:
            self.marks[Mark(name, part, since, one.drawn.job, index, boxed)] = None

    def _wait(self) -> bool:
        changed = False
        for mark in list(self.marks):
            if mark.origin is None or not mark.boxed:
                continue
            for job in self.touching(mark.dataset, writes=False):
                if job in (mark.job, self.attempts[mark.origin].drawn.job) or not self.boxed(job):
                    continue
                for slot in self.slots(mark.origin):
                    one = (job, slot, mark.since, mark.origin)
                    if one in self.waiting:
                        continue
                    self.waiting.add(one)
                    changed = True
                    if not any(self._ran(job, slot, mark.since, i) for i in self.attempts):
                        for name in self.job_writes(job):
                            self.marks[Mark(name, slot[0], mark.since, job, mark.origin, True)] = None
        return changed

    def _ran(self, job: str, slot: Any, since: int, index: int) -> bool:
        one = self.attempts[index]
        return (
            one.drawn.job == job and one.start >= since and self.state(index) == "COMPLETE" and self.covers(index, slot)
        )

    # The answer

    def left(self) -> list[tuple[str, Any, str, str | None]]:
        """What readers still get or miss: the job and slot whose work it is, the dataset and the partition."""
        found: list[tuple[str, Any, str, str | None]] = []
        for one in self.bad:
            if one in self.current(one.dataset, self.as_of, None):
                for slot in self.slots(one.index):
                    found.append((self.attempts[one.index].drawn.job, slot, one.dataset, one.part))
        for mark in self.marks:
            if self.missing(mark, self.as_of, mark.part):
                for slot in self.slots(mark.origin) if mark.origin is not None else {"any"}:
                    found.append((mark.job, slot, mark.dataset, mark.part))
        return found

    def work(self) -> dict[tuple[str, Any], tuple[str, str]]:
        """Reason and status by job and slot."""
        tasks: dict[tuple[str, Any], tuple[tuple[Any, ...], str]] = {}
        inner = any(self.attempts[i].drawn.inside for i in self.affected)
        for index, why in self.affected.items():
            if index == -1 and inner:
                continue
            one = self.attempts[index]
            order = (one.start, run_key(run_id(one.run)), one.number)
            for slot in self.slots(index):
                key = one.drawn.job, slot
                tasks[key] = max(tasks.get(key, (order, why)), (order, why), key=lambda task: task[0])
        for job, slot, since, _ in sorted(self.waiting, key=str):
            why = "MISSING" if slot == "any" else "WAITING"
            order = (since, "", -1)
            tasks[job, slot] = max(tasks.get((job, slot), (order, why)), (order, why), key=lambda task: task[0])
        return {key: found for key, task in tasks.items() if (found := self._status(key, *task))}

    def _status(self, key: tuple[str, Any], last: tuple[Any, ...], why: str) -> tuple[str, str] | None:
        job, slot = key
        ran = [i for i, one in self.attempts.items() if one.drawn.job == job and self.covers(i, slot)]
        ran = [i for i in ran if self._later(i, last)]
        owner = "" if slot == "any" else job
        left = any((j, s) == (owner, slot) and name in self.job_writes(job) for j, s, name, _ in self.left())
        if slot == "any" and not ran and not left:
            return None
        if not left and any(self.state(i) == "COMPLETE" for i in ran):
            return why, "DONE"
        return why, "RUNNING" if any(self.state(i) == "RUNNING" for i in ran) else "OPEN"

    def _later(self, index: int, last: tuple[Any, ...]) -> bool:
        if index in self.affected:
            return self.affected[index] == "FAILED" and self.state(index) == "COMPLETE"
        one = self.attempts[index]
        return (one.start, run_key(run_id(one.run)), one.number) > last

    def stale(self) -> set[tuple[Any, ...]]:
        found: set[tuple[Any, ...]] = {
            (
                m.dataset,
                run_key(run_id(self.attempts[m.index].run)),
                m.at,
                why,
                m in self.current(m.dataset, self.as_of, None),
            )
            for m, why in self.bad.items()
            if m.complete
        }
        return found | {
            (mark.dataset, "", mark.part, "MISSING", True)
            for mark in self.marks
            if self.missing(mark, self.as_of, mark.part)
        }

    def fallbacks(self) -> dict[tuple[str, str | None], str]:
        wanted = {(m.dataset, m.part) for m in self.bad} | {(mark.dataset, mark.part) for mark in self.marks}
        found = {}
        for name, part in wanted:
            good = [
                m
                for m in [*self.made, *self.box_made]
                if m.dataset == name and m.complete and m not in self.bad and (not part or m.part in (None, part))
            ]
            last = max(good, key=self.key, default=None)
            found[name, part] = run_key(run_id(self.attempts[last.index].run)) if last else ""
        return found


def question_of(world: World, oracle: Oracle) -> RecoveryQuestion:
    """What is asked."""
    since = micros(f"{world.since + 1:02}:00")
    start = {
        "run": lambda: run_key(run_id(oracle.asked_run())),
        "job": lambda: job_key(JOBS, oracle.asked_job()),
        "job since": lambda: job_key(JOBS, oracle.asked_job()),
    }.get(world.ask, lambda: dataset_key(NS, oracle.asked_dataset()))()
    return RecoveryQuestion(
        start,
        oracle.as_of,
        version="v1" if world.ask == "version" else "",
        since=since if world.ask in ("since", "job since", "late") else None,
        until=oracle.as_of if world.ask != "late" else None,
        late=world.ask == "late",
        window=world.window,
        seconds=300.0,
    )


JOB_KEYS = {job_key(JOBS, name): name for name in [*JOB_NAMES, BOX, HAND]}
KEYS = {dataset_key(NS, name): name for name in DATASETS}


def slot_of(work: Work) -> Any:
    """A piece of work's slot as the oracle names it."""
    if work.reason == Reason.MISSING:
        return "any"
    date = None
    if work.nominal is not None and not work.partition:
        date = next(d for d in (1, 2) if parse_time(f"2025-12-{d:02}T00:00:00Z").micros == work.nominal[0])
    return json.loads(json.dumps(work.partition)).strip('"') or None, date


async def check(store: GraphStore, world: World) -> None:
    """The answer of a store is that of the oracle; the plan is in order, and leads to a good end."""
    changes, events = Changes(store), events_of(world)
    for batch in (events[: world.order], events[world.order :]):
        await changes.add(*batch)
    oracle = Oracle(world)
    if world.ask == "run":
        assume(any(one.run == oracle.asked_run() for one in oracle.attempts.values()))
    oracle.start()
    oracle.walk()
    question = question_of(world, oracle)
    answer = await recovery(store, question)
    assert {
        (KEYS[row.dataset], row.run, row.at, row.reason.value, row.current)
        if row.version
        else (
            KEYS[row.dataset],
            "",
            (json.loads(row.partitions)[0].strip('"') if row.partitions else None),
            "MISSING",
            True,
        )
        for row in answer.stale
    } == oracle.stale()
    assert {(JOB_KEYS[w.job], slot_of(w)): (w.reason.value, w.status.value) for w in answer.work} == oracle.work()
    assert {
        (KEYS[row.dataset], row.partition.strip('"') or None): row.run for row in await answer.fallbacks()
    } == oracle.fallbacks()
    check_order(answer, oracle)
    bad = {w.job for w in answer.work if w.status != Status.DONE}
    bad |= {row.dataset for row in answer.stale if row.current}
    assert not bad & {node.key for node in await answer.good()}
    await replay(changes, world, oracle, question, answer)


def check_order(answer: Recovery, oracle: Oracle) -> None:
    """All open work is in one step each; each after the work that writes what it reads."""
    place = {
        work.key: (step.wave, number, at)
        for number, step in enumerate(answer.plan.steps)
        for at, work in enumerate(step.work)
    }
    opened = [work for work in answer.work if work.status == Status.OPEN]
    assert sorted(place) == sorted(work.key for work in opened)
    assert sum(len(step.work) for step in answer.plan.steps) == len(opened)
    jobs = {JOB_KEYS[work.job] for work in opened}
    after = {job: {o for o in jobs if oracle.job_writes(job) & oracle.job_reads(o)} for job in jobs}
    for _ in jobs:
        after = {job: found.union(*(after[o] for o in found)) for job, found in after.items()}
    for one in opened:
        for other in opened:
            first, then = JOB_KEYS[one.job], JOB_KEYS[other.job]
            direct = oracle.job_writes(first) & oracle.job_reads(then)
            same = one.partition == other.partition and one.nominal == other.nominal
            if direct and first not in after[then] and same:
                (wave, step, at), (later, other_step, behind) = place[one.key], place[other.key]
                assert wave < later or (step == other_step and at < behind)


async def replay(changes: Changes, world: World, oracle: Oracle, question: RecoveryQuestion, answer: Recovery) -> None:
    """Play the plan: each job reads and writes what it does now, for the partition or date of the work. Asked of the
    past, or where something runs, what happened else may be bad again."""
    if world.at != "24:00" or any(work.status == Status.RUNNING for work in answer.work):
        return
    minute = 0

    def clock() -> str:
        nonlocal minute
        minute += 1
        return f"{minute // 60:02}:{minute % 60:02}"

    async def play(one: Drawn, run: int) -> None:
        found = _events(one, run, clock(), clock(), day=2)
        await changes.add(*found)

    nothing = Drawn(HAND, 0, "COMPLETE", False, frozenset(), frozenset(), None, None, False, None, False, False)
    for number, repair in enumerate(answer.plan.repairs):
        await play(nothing._replace(writes=frozenset([KEYS[repair.key]])), 2000 + number)
    number = 0
    for step in answer.plan.steps:
        for work in step.work:
            job, slot = JOB_KEYS[work.job], slot_of(work)
            part, date = (None, None) if slot == "any" else slot
            narrow = _narrow(oracle, work)
            reads = frozenset((name, None) for name in oracle.raw(job, writes=False))
            writes = frozenset(oracle.raw(job, writes=True))
            again = nothing._replace(job=job, reads=reads, writes=writes, part=part, date=date, narrow=narrow)
            await play(again, 3000 + number)
            number += 1
    later = RecoveryQuestion(
        question.start,
        micros("23:59", 2),
        question.version,
        question.since,
        question.end if not question.late else None,
        question.late,
        question.window,
        seconds=300.0,
    )
    again_answer = await recovery(changes.store, later)
    assert {(JOB_KEYS[w.job], slot_of(w)): w.status.value for w in again_answer.work if w.status != Status.DONE} == {}
    assert [row for row in again_answer.stale if row.current] == []
    assert again_answer.plan.steps == []


def _narrow(oracle: Oracle, work: Work) -> bool:
    found = [
        one for one in oracle.attempts.values() if run_key(run_id(one.run)) == work.run and one.number == work.number
    ]
    return bool(found) and found[0].drawn.job == JOB_KEYS[work.job] and found[0].drawn.narrow


@on_sqlite
@given(worlds())
def test_recovery_is_what_looking_at_everything_finds(world):
    run_on_sqlite(check, world)


@on_neo4j
@given(worlds())
def test_recovery_is_what_looking_at_everything_finds_on_neo4j(neo4j, world):
    run_on_neo4j(neo4j, check, world)
