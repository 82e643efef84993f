"""The definitions of a code location, asked of it over Dagster's own gRPC, in the location's own environment.

The event log does not say who owns an asset, what it is described as, or what it would have been made of had its step
not failed; the definitions do. Only this module and `origins` use parts of Dagster that are not public.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dagster import DagsterInstance, MultiPartitionsDefinition

from whence_dagster.facts import AssetFacts, Key, Window

_ALL_ASSETS = "__ASSET_JOB"


@dataclass(frozen=True)
class JobFacts:
    """One job: what its definition says of it."""

    name: str
    description: str


@dataclass(frozen=True)
class Repository:
    """One repository of a code location."""

    location: str
    name: str
    assets: Mapping[Key, AssetFacts]
    jobs: tuple[JobFacts, ...]


def load(instance: DagsterInstance, origin: Any) -> list[Repository]:
    """The repositories of a code location.

    Raises:
        Exception: whatever keeps Dagster from loading it.
    """
    with _open(instance, origin) as location:
        return [_repository(location.name, repository) for repository in location.get_repositories().values()]


@contextmanager
def _open(instance: DagsterInstance, origin: Any) -> Iterator[Any]:
    """The location: of the server that it names, or of a process that is started for as long as it is open."""
    if hasattr(origin, "create_single_location"):
        with origin.create_single_location(instance) as location:
            yield location
    else:
        location = origin.create_location(instance)
        try:
            yield location
        finally:
            location.cleanup()


def workspace_origins(path: str) -> list[Any]:
    """The code locations that a workspace file lists."""
    from dagster._core.workspace.load_target import WorkspaceFileTarget

    return list(WorkspaceFileTarget([path]).create_origins())


def _repository(location: str, repository: Any) -> Repository:
    assets = [_asset(node, repository) for node in repository.get_asset_node_snaps()]
    jobs = [JobFacts(job.name, job.description or "") for job in repository.get_all_jobs()]
    return Repository(location, repository.name, {asset.key: asset for asset in assets}, tuple(jobs))


def _asset(node: Any, repository: Any) -> AssetFacts:
    partitions = node.partitions.get_partitions_definition() if node.partitions else None
    return AssetFacts(
        key=tuple(node.asset_key.path),
        parents=tuple(sorted(tuple(edge.parent_asset_key.path) for edge in node.parent_edges)),
        metadata=dict(node.metadata),
        tags=dict(node.tags or {}),
        owners=tuple(node.owners or ()),
        group=node.group_name or "",
        description=node.description or "",
        steps=dict.fromkeys(_jobs(node), _step(node, repository)),
        observable=node.is_observable,
        window=_window(partitions),
        dimensions=_dimensions(partitions),
    )


def _jobs(node: Any) -> list[str]:
    """Jobs that make the asset; Dagster's own job of all assets counts only where there is no other."""
    named = [job for job in node.job_names if not job.startswith(_ALL_ASSETS)]
    return (named or list(node.job_names)) if node.op_names else []


def _step(node: Any, repository: Any) -> str:
    """The key of the step that makes the asset: in a graph, the one that the graph's output comes from."""
    if not node.graph_name:
        return node.op_name or node.node_definition_name or ""
    job = repository.get_full_job(node.job_names[0]).job_snapshot
    graphs = {graph.name: graph for graph in job.node_defs_snapshot.graph_def_snaps}
    path, output = [node.graph_name], node.output_name
    while path[-1] in graphs:
        mapped = graphs[path[-1]].output_mapping_snaps
        found = next((m for m in mapped if m.external_output_name == output), mapped[0])
        path.append(found.mapped_node_name)
        output = found.mapped_output_name
    return ".".join(path)


def _window(partitions: Any) -> Callable[[str], Window | None]:
    def window(key: str) -> Window | None:
        if not hasattr(partitions, "time_window_for_partition_key"):
            return None
        try:
            found = partitions.time_window_for_partition_key(key)
        except Exception:  # several dimensions, none of them time; or a key of partitions as they were before
            return None
        return found.start, found.end

    return window


def _dimensions(partitions: Any) -> Callable[[str], Mapping[str, str]]:
    def dimensions(key: str) -> Mapping[str, str]:
        if not isinstance(partitions, MultiPartitionsDefinition):
            return {}
        return dict(partitions.get_partition_key_from_str(key).keys_by_dimension)

    return dimensions
