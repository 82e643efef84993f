"""What the resolvers ask of whoever serves the schema.

Lists of keys are answered in one go. Keys that are not known are left out of the answer, or have an empty one.
Times are microseconds since the epoch. Every method may raise a `WhenceError`.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from whence_schemas.completeness import Completeness, CompletenessQuestion
from whence_schemas.diff import AssetDiffs, DiffQuestion, EdgeDiff, Evidence, NodeDiff, RunDiff
from whence_schemas.drift import DriftPage, DriftQuestion
from whence_schemas.freshness import FreshnessCounts, FreshnessPage, FreshnessQuestion, HeldUp
from whence_schemas.history import Failing, HistoryPage, HistoryQuestion
from whence_schemas.impact import ImpactLabels, ImpactQuestion, Touched
from whence_schemas.lineage import Limit, LineageGraph, LineageNode, Question
from whence_schemas.partitions import PartitionQuestion, PartitionRange
from whence_schemas.provenance import (
    AttemptNode,
    Decision,
    Generated,
    ModelRow,
    ProvenanceLabels,
    ProvenanceQuestion,
    Used,
    VersionNode,
)
from whence_schemas.read import (
    AttemptRow,
    Cursor,
    FacetRow,
    Freshness,
    LinkRow,
    NodeRow,
    RunState,
    SearchPlace,
    Use,
)
from whence_schemas.recovery import (
    Fallback,
    GoodNode,
    RecoveryCounts,
    RecoveryPlan,
    RecoveryQuestion,
    StaleVersion,
    Unresolved,
    Work,
)


class Catalog(Protocol):
    """Nodes, and what is said of them."""

    async def nodes(self, keys: Sequence[str]) -> Mapping[str, NodeRow]:
        """Nodes of any kind by key."""

    async def search(
        self, text: str, kinds: Sequence[str], after: SearchPlace | None, limit: int, namespace: str | None
    ) -> list[tuple[SearchPlace, NodeRow]]:
        """Nodes of these kinds (letters of keys) whose name or namespace contains the text, by name; with a namespace
        only those in it."""

    async def names(self, datasets: Sequence[str], as_of: int) -> Mapping[str, Sequence[NodeRow]]:
        """All names of each dataset, the one that stands for it first."""

    async def facets(
        self, entities: Sequence[str], names: Sequence[str] | None, as_of: int, unit: str | None
    ) -> Mapping[str, Sequence[FacetRow]]:
        """Facets of jobs, datasets, attempts (by id) and their inputs and outputs, by name: as last said by `as_of`, by
        anything, or by the one run `unit`. `names` None means all."""


class Jobs(Protocol):
    """What jobs read, write and contain at a time, by their last `window` attempts and what they declare."""

    async def inputs(self, jobs: Sequence[str], as_of: int, window: int) -> Mapping[str, Sequence[LinkRow]]:
        """What each job reads; a container what the jobs in it do."""

    async def outputs(self, jobs: Sequence[str], as_of: int, window: int) -> Mapping[str, Sequence[LinkRow]]:
        """What each job writes; a container what the jobs in it do."""

    async def writers(self, datasets: Sequence[str], as_of: int, window: int) -> Mapping[str, Sequence[LinkRow]]:
        """The jobs that write each dataset under any of its names, without containers of jobs that do."""

    async def readers(self, datasets: Sequence[str], as_of: int, window: int) -> Mapping[str, Sequence[LinkRow]]:
        """The jobs that read each dataset under any of its names, without containers of jobs that do."""

    async def children(self, jobs: Sequence[str], as_of: int, window: int) -> Mapping[str, Sequence[str]]:
        """The jobs that each job contains."""

    async def parents(self, jobs: Sequence[str], as_of: int, window: int) -> Mapping[str, Sequence[str]]:
        """The jobs that contain each job."""


class Runs(Protocol):
    """Runs, their attempts and what they are related to."""

    async def of_job(
        self, job: str, states: Sequence[RunState], as_of: int, after: Cursor | None, limit: int
    ) -> list[AttemptRow]:
        """The newest attempt of each run of a job, newest first, where it is in one of the states (none: in any)."""

    async def latest(self, jobs: Sequence[str], as_of: int) -> Mapping[str, AttemptRow]:
        """The newest attempt of each job's newest run."""

    async def attempts(self, runs: Sequence[str]) -> Mapping[str, Sequence[AttemptRow]]:
        """Attempts of runs, by number."""

    async def uses(self, runs: Sequence[str]) -> Mapping[str, Sequence[Use]]:
        """What runs consumed and produced."""

    async def children(self, runs: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The runs that each run contains."""

    async def roots(self, runs: Sequence[str]) -> Mapping[str, str]:
        """The outermost run around each run that names one."""

    async def code_versions(self, runs: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Keys of the code versions that runs executed."""


class Versions(Protocol):
    """Versions of datasets: who produced them, who read them."""

    async def of_dataset(self, dataset: str, as_of: int, after: Cursor | None, limit: int) -> list[Use]:
        """The newest production of each version of a dataset under any of its names, newest first."""

    async def producers(self, versions: Sequence[str]) -> Mapping[str, Use]:
        """The newest production of each version."""

    async def read_by(self, uses: Sequence[Use], as_of: int) -> Mapping[Use, Use]:
        """For each consumption the production of what was read: of the version named, or else inferred from times,
        under all names that the dataset has at `as_of`."""

    async def consumers(self, produced: Use, as_of: int) -> list[Use]:
        """Who consumed what was produced, oldest first."""


class Impact(Protocol):
    """What a change touches, nearest first by (distance, key)."""

    touched: list[Touched]
    truncated: Limit | None
    notes: list[str]

    async def labels(self) -> ImpactLabels:
        """What facets say of it, and how much it is."""


class Diff(Protocol):
    """What differs between two times, nearest first by (distance, key)."""

    nodes: list[NodeDiff]
    edges: list[EdgeDiff]
    truncated: Limit | None
    notes: list[str]

    def ends(self, row: EdgeDiff) -> tuple[LineageNode, LineageNode]:
        """Source and target of an edge."""

    async def node_evidence(self, rows: Sequence[NodeDiff]) -> list[Evidence]:
        """What first showed each of these nodes, or showed it last."""

    async def edge_evidence(self, rows: Sequence[EdgeDiff]) -> list[Evidence]:
        """What first showed each of these edges, or showed it last."""

    async def assets(self) -> AssetDiffs:
        """What facets say differently of what is in both lineages."""


class DatasetsFreshness(Protocol):
    """Which datasets are late, in the order of their names."""

    notes: list[str]

    async def page(self, after: SearchPlace | None, limit: int) -> FreshnessPage:
        """At most so many after a place."""

    async def counts(self) -> FreshnessCounts:
        """How many are in each state."""

    async def held_up(self, key: str) -> HeldUp:
        """What a late dataset of the pages given holds up."""


class History(Protocol):
    """What runs measured and checked."""

    notes: list[str]

    async def page(self, after: Cursor | None, limit: int) -> HistoryPage:
        """At most so many entries after a place."""

    async def failing(self) -> tuple[list[Failing], Limit | None]:
        """Checks that failed the last time they were made; and the limit that cut the search."""


class Provenance(Protocol):
    """The attempts and versions that a version rests on, or that rest on it, nearest first by (distance, key)."""

    attempts: dict[str, AttemptNode]
    versions: dict[str, VersionNode]
    truncated: Limit | None
    notes: list[str]

    @property
    def used(self) -> list[Used]:
        """Which attempt used which version."""

    @property
    def generated(self) -> list[Generated]:
        """Which attempt generated which version."""

    def path(self, key: str) -> list[str]:
        """Keys of a shortest path from the start to an attempt or version, both included."""

    async def labels(self) -> ProvenanceLabels:
        """What is said of them, and how much it is."""

    async def decisions(self) -> list[Decision]:
        """Approvals, rejections and withdrawals of the versions."""

    async def models(self) -> list[ModelRow]:
        """The models among them, and when each was trained last."""


class Recovery(Protocol):
    """What to do after something failed or was found bad. Rows are ordered by (distance, key), or by key; steps by
    wave."""

    stale: list[StaleVersion]
    work: list[Work]
    plan: RecoveryPlan
    unresolved: list[Unresolved]
    counts: RecoveryCounts
    truncated: Limit | None
    notes: list[str]

    async def fallbacks(self) -> list[Fallback]:
        """The last good version of what is stale."""

    async def good(self) -> list[GoodNode]:
        """What is downstream and need not be made again."""


class Reader(Protocol):
    """Everything that the schema needs."""

    @property
    def catalog(self) -> Catalog:
        """Nodes and facets."""

    @property
    def jobs(self) -> Jobs:
        """Jobs and their datasets."""

    @property
    def runs(self) -> Runs:
        """Runs and attempts."""

    @property
    def versions(self) -> Versions:
        """Versions of datasets."""

    async def freshness(self) -> Freshness:
        """How far the graph is behind the log."""

    async def lineage(self, question: Question) -> LineageGraph:
        """The lineage that answers a question."""

    async def diff(self, question: DiffQuestion) -> Diff:
        """What differs between two times."""

    async def drift(self, question: DriftQuestion) -> DriftPage:
        """Where declarations and runs differ."""

    async def run_of_code(self, job: str, commit: str, as_of: int) -> str:
        """Key of the newest run of a job, by key, that started by then and executed a commit."""

    async def run_diff(self, before: str, after: str) -> RunDiff:
        """What differs between two runs, by key."""

    async def impact(self, question: ImpactQuestion) -> Impact:
        """What a change touches."""

    async def completeness(self, question: CompletenessQuestion) -> Completeness:
        """How much of the lineage is known."""

    async def datasets_freshness(self, question: FreshnessQuestion) -> DatasetsFreshness:
        """How datasets stand."""

    async def history(self, question: HistoryQuestion) -> History:
        """What the runs of a dataset or job measured and checked."""

    async def partitions(self, question: PartitionQuestion) -> PartitionRange:
        """Which partitions there should be in a range, and how each stands."""

    async def provenance(self, question: ProvenanceQuestion) -> Provenance:
        """What a version rests on, or what rests on it."""

    async def recovery(self, question: RecoveryQuestion) -> Recovery:
        """What to do after something failed or was found bad."""
