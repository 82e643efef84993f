"""What the translation needs to know besides the events: of the run, of assets, of what was read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

Key = tuple[str, ...]
"""The path of an asset key."""

Window = tuple[datetime, datetime]
"""Start and end of the time that a partition stands for."""


@dataclass(frozen=True)
class RunFacts:
    """One Dagster run.

    Attributes:
        namespace: of its jobs.
        location: name of the code location; repository: of the repository in it.
        code_pointer: how Dagster found the code: `file` or `module`, `attribute`, `workingDirectory`.
        assets: what the run was asked to materialize; empty if that was not said.
        config: its configuration, as given.
    """

    run_id: str
    job: str
    namespace: str
    location: str
    repository: str
    tags: Mapping[str, str] = field(default_factory=dict)
    code_pointer: Mapping[str, str] = field(default_factory=dict)
    assets: tuple[Key, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Partition:
    """A partition: its key, and its values by dimension (one dimension, `partition`, unless Dagster has several)."""

    key: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AssetFacts:
    """One asset, as its definition says; all but the key is empty where the definition could not be had.

    Attributes:
        metadata: values of Dagster's types.
        steps: of each job that is said to make it, the step that does; empty where Dagster does not make it.
        observable: its step looks at it and does not make it.
        window: the time that a partition key stands for; None where it stands for none.
        dimensions: of a partition key, where there are several.
    """

    key: Key
    parents: tuple[Key, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    group: str = ""
    description: str = ""
    steps: Mapping[str, str] = field(default_factory=dict)
    observable: bool = False
    window: Callable[[str], Window | None] = lambda _: None
    dimensions: Callable[[str], Mapping[str, str]] = lambda _: {}


@dataclass(frozen=True)
class Read:
    """Which version of an asset was read, where that is certain.

    Attributes:
        version: as `datasets.version_label` names it; empty if unknown.
        metadata: of the materialization that was read.
    """

    version: str = ""
    partitions: tuple[Partition, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Knowledge(Protocol):
    """Where facts come from."""

    def asset(self, key: Key) -> AssetFacts:
        """The asset's definition."""

    def read(self, key: Key, data_version: str, partition: str, before: float) -> Read:
        """What had this data version in the eyes of a step that recorded it at `before` (seconds since the epoch);
        `partition` is the one that the step wrote, or empty."""

    def code(self, run: RunFacts, started: float) -> Mapping[str, Mapping[str, Any]]:
        """Facets `sourceCodeLocation` and `whence_code` of a run's code, as far as they are known to be right."""


def partition_of(asset: AssetFacts, key: str, tags: Mapping[str, str]) -> Partition:
    """A partition by its key; `tags` are those of an event about it, in which Dagster repeats the dimensions."""
    said = {tag.removeprefix(_DIMENSION): value for tag, value in tags.items() if tag.startswith(_DIMENSION)}
    dimensions = said or asset.dimensions(key) or {"partition": key}
    return Partition(str(key), tuple(sorted(dimensions.items())))


_DIMENSION = "dagster/partition/"
