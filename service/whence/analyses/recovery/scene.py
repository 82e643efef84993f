"""What all steps of a recovery look at: the store as of one time, and what attempts were then."""

from collections.abc import Iterable
from typing import NamedTuple

from whence.graph.facts import Attempt, State
from whence.graph.port import GraphStore
from whence.lineage.history import AttemptId, History
from whence.lineage.live import LiveOwners
from whence.lineage.names import Names
from whence.lineage.traversal import Budget
from whence_schemas.identity import Kind
from whence_schemas.recovery import RecoveryQuestion


class Mark(NamedTuple):
    """That a dataset (or partitions of it, JSON) should have had a new version since a time.

    job: which should have made it; empty where the question says so. origin: the attempt that failed, by which that is
    known. containers: of the job.
    """

    dataset: str
    partitions: str
    since: int
    job: str = ""
    origin: AttemptId | None = None
    containers: frozenset[str] = frozenset()


class Scene:
    """The store, and what was read of it so far."""

    def __init__(self, store: GraphStore, names: Names, question: RecoveryQuestion) -> None:
        self.store = store
        self.names = names
        self.question = question
        self.history = History(store, names, question.as_of)
        self.live = LiveOwners(store, question.as_of, question.window, names)
        self.budget = Budget(question.max_nodes, question.seconds)
        self.notes: list[str] = []

    def attempt(self, key: AttemptId) -> Attempt:
        """An attempt that was met."""
        return self.history.attempts[key]

    def state(self, key: AttemptId) -> State:
        """The state of an attempt at the time that is asked about: RUNNING where it had not ended by then."""
        attempt = self.attempt(key)
        ended = attempt.end is not None and attempt.end <= self.question.as_of
        return State(attempt.state) if ended else State.RUNNING

    def failed(self, key: AttemptId) -> bool:
        """Whether an attempt had failed by then."""
        return self.state(key) in (State.FAIL, State.ABORT)

    def over(self, key: AttemptId) -> int:
        """When an attempt ended, or was last heard of."""
        attempt = self.attempt(key)
        return min(attempt.last if attempt.end is None else attempt.end, self.question.as_of)

    async def fetch_jobs(self, jobs: Iterable[str]) -> None:
        """Make known what jobs read and write now."""
        jobs = list(jobs)
        await self.live.fetch(jobs)
        known = [live for _, live in self.live.known(jobs)]
        await self.names.join(key for live in known for ends in (live.reads(), live.writes()) for key in ends)

    def writes(self, job: str) -> list[str]:
        """The datasets that a fetched job writes now, by the names that stand for them."""
        live = self.live[job]
        return self._stand(live.writes()) if live else []

    def reads(self, job: str) -> list[str]:
        """The datasets that a fetched job reads now."""
        live = self.live[job]
        return self._stand(live.reads()) if live else []

    def _stand(self, keys: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(self.names.representative(key) for key in keys if key[0] == Kind.DATASET))

    def containers(self, attempt: AttemptId) -> frozenset[str]:
        """The jobs that directly contain a fetched attempt's job."""
        found = self.attempt(attempt)
        live = self.live[found.job]
        outer = next(iter(self.history.containers(attempt)), "")
        known = (
            {self.history.attempts[AttemptId(outer, 0)].job} if AttemptId(outer, 0) in self.history.attempts else set()
        )
        return frozenset(known | set(live.parents() if live else ()))
