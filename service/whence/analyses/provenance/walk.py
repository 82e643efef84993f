"""The walk from attempt to attempt, by the versions that they exactly used and generated.

Breadth-first; each step asks the store a fixed number of questions, whatever its width.
"""

from collections.abc import Iterable

from whence.analyses.provenance.start import Start
from whence.graph.facts import Role
from whence.graph.port import GraphStore
from whence.lineage.names import Names
from whence.lineage.traversal import Budget
from whence.lineage.versions import productions_read, readers_of, readers_of_unmade
from whence_schemas.identity import attempt_id, version_key
from whence_schemas.lineage import Direction
from whence_schemas.provenance import AttemptNode, Generated, Known, ProvenanceQuestion, Used, VersionNode
from whence_schemas.read import Use


class Walk:
    """What a version rests on, or what rests on it, in `attempts`, `versions`, `used` and `generated` after `run`."""

    def __init__(self, store: GraphStore, names: Names, question: ProvenanceQuestion) -> None:
        self._store = store
        self._names = names
        self._question = question
        self.budget = Budget(question.max_nodes, question.seconds)
        self._order: dict[str, None] = {}
        self.attempts: dict[str, AttemptNode] = {}
        self.versions: dict[str, VersionNode] = {}
        self.used: dict[str, Used] = {}
        self.generated: dict[str, Generated] = {}

    async def run(self, start: Start) -> None:
        """Walk from the start."""
        await self._names.join(use.dataset for use in [*start.made, *([start.unmade] if start.unmade else [])])
        if start.unmade:
            self._note_version(start.unmade, None, 0, "")
        for use in start.made:
            self._note_version(use, use, 0, "")
        for attempt in start.attempts:
            self._note_attempt(attempt.run, attempt.number, 0, "")
        if self._question.direction == Direction.UPSTREAM:
            await self._upstream(start)
        else:
            await self._downstream(start)
        self._cut()

    async def _upstream(self, start: Start) -> None:
        for use in start.made[:1]:
            self._note_generated(use, 0, of=use.version)
        frontier = list(self.attempts)
        distance = 0
        while self._goes_on(frontier, distance):
            distance += 1
            readings = await self._uses_of(frontier, Role.CONSUMED)
            made = await productions_read(self._store, self._names, readings, self._question.as_of)
            before = len(self.attempts)
            for reading in readings:
                self._note_reading(reading, made.get(reading), distance)
            frontier = list(self.attempts)[before:]

    def _note_reading(self, reading: Use, made: Use | None, distance: int) -> None:
        attempt = attempt_id(reading.run, reading.number)
        version = self._note_version(reading, made, distance, attempt)
        self._note_used(reading, version, attempt, made, distance)
        if made is not None:
            self._note_generated(made, distance, of=version)

    async def _downstream(self, start: Start) -> None:
        productions = start.made or await self._generate(list(self.attempts), 0)
        readers = await self._readers(productions, start.unmade) if self._question.depth else []
        distance = 0
        done = set(productions)
        while readers and self._goes_on(readers, distance):
            distance += 1
            before = len(self.attempts)
            for reading, made, version in readers:
                attempt = self._note_attempt(reading.run, reading.number, distance, version)
                self._note_used(reading, version, attempt, made, distance)
            productions = await self._generate(list(self.attempts)[before:], distance)
            new = [use for use in productions if use not in done]
            done.update(new)
            readers = await self._readers(new, None) if distance < self._question.depth else []

    async def _readers(self, productions: list[Use], unmade: Use | None) -> list[tuple[Use, Use | None, str]]:
        """What was consumed of productions, with these and the version's key."""
        as_of = self._question.as_of
        found: list[tuple[Use, Use | None, str]] = []
        if unmade:
            uses = await readers_of_unmade(self._store, self._names, unmade, as_of)
            found += [(use, None, self._unmade(unmade)) for use in uses]
        if productions:
            readers = await readers_of(self._store, self._names, productions, as_of)
            found += [(use, made, made.version) for made, uses in readers.items() for use in uses]
        return sorted(found, key=lambda one: (one[2], one[0]))

    async def _generate(self, attempts: list[str], distance: int) -> list[Use]:
        """Note what attempts generated; returns these productions. What was dropped is no version."""
        found = [use for use in await self._uses_of(attempts, Role.PRODUCED) if use.complete >= 0]
        for use in found:
            attempt = attempt_id(use.run, use.number)
            version = self._note_version(use, use, distance, attempt)
            self._note_generated(use, distance, of=version)
        return found

    async def _uses_of(self, attempts: list[str], role: Role) -> list[Use]:
        """What attempts consumed or produced by then."""
        wanted = {(node.run, node.number) for node in map(self.attempts.__getitem__, attempts)}
        runs = list(dict.fromkeys(run for run, _ in wanted))
        found = [
            use
            for use in (await self._store.uses_of_runs(runs, [role]) if runs else ())
            if (use.run, use.number) in wanted and use.at <= self._question.as_of
        ]
        await self._names.join(use.dataset for use in found)
        return found

    def _goes_on(self, frontier: Iterable[object], distance: int) -> bool:
        return bool(frontier) and distance < self._question.depth and not self.budget.exceeded(len(self._order))

    # Notes: what was noted first is nearest, and stays; uses come in one order, whatever the store

    def _note_attempt(self, run: str, number: int, distance: int, before: str) -> str:
        key = attempt_id(run, number)
        if key not in self.attempts:
            self._order[key] = None
            self.attempts[key] = AttemptNode(key, distance, before, run, number)
        return key

    def _note_version(self, use: Use, made: Use | None, distance: int, before: str) -> str:
        """Note the version that a use consumed or produced, with its production."""
        dataset = self._names.representative(use.dataset)
        key = made.version if made else self._unmade(use)
        if key not in self.versions:
            label = use.label or (made.label if made else "")
            self._order[key] = None
            self.versions[key] = VersionNode(key, distance, before, dataset, label, made if made else None)
        return key

    def _unmade(self, use: Use) -> str:
        """Key of a version that nobody produced, whatever its dataset is called; of the dataset where none is named."""
        dataset = self._names.representative(use.dataset)
        return version_key(dataset, use.label) if use.version else dataset

    def _note_used(self, use: Use, version: str, attempt: str, made: Use | None, distance: int) -> None:
        known = Known.NAMED if use.version else Known.INFERRED if made else Known.UNKNOWN
        key = f"{attempt}<{use.dataset}"
        if key not in self.used:
            self.used[key] = Used(key, distance, attempt, version, known, use)

    def _note_generated(self, use: Use, distance: int, *, of: str) -> None:
        attempt = self._note_attempt(use.run, use.number, distance, of)
        key = f"{attempt}>{use.dataset}"
        if key not in self.generated:
            self.generated[key] = Generated(key, distance, attempt, of, use)

    def _cut(self) -> None:
        """Leave what was found first, as much as an answer may have: so the path to each is whole."""
        if self.budget.exceeded(len(self._order)):
            kept = set(list(self._order)[: self._question.max_nodes])
            self.attempts = {key: node for key, node in self.attempts.items() if key in kept}
            self.versions = {key: node for key, node in self.versions.items() if key in kept}
            self.used = {k: e for k, e in self.used.items() if e.attempt in kept and e.version in kept}
            self.generated = {k: e for k, e in self.generated.items() if e.attempt in kept and e.version in kept}
