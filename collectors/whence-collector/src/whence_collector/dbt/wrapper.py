"""What `dbt-ol` would report of a project if all of it ran well, by dbt-ol's own code.

So jobs and datasets have the names that the installed version gives them in either of its modes, and nothing here knows
how those are made.
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from openlineage.client.event_v2 import Dataset, Job, RunEvent
from openlineage.common.provider.dbt import DbtLocalArtifactProcessor, ParentRunMetadata
from openlineage.common.provider.dbt.processor import ModelNode
from openlineage.common.provider.dbt.structured_logs import DbtStructuredLogsProcessor

from ..standard import PRODUCER

_QUIET = logging.getLogger("whence_collector.dbt.wrapped")
_QUIET.setLevel(logging.ERROR)  # what dbt-ol warns of, it says when it runs; and it takes an exposure for a defect

_NEVER = "1970-01-01T00:00:00.000000Z"
_NO_RUN = "00000000-0000-4000-8000-000000000000"
_KINDS = ("model", "seed", "snapshot", "test")
_RUN_ALONE = ("run", "test")
"""Commands that together do what `build` does. `run` stands for `snapshot` too: jobs are named alike."""


class Options(NamedTuple):
    """How dbt-ol is called: dbt's own options by their names, and the mode.

    Attributes:
        command: `build`, or `run` where models, tests and snapshots are run by commands of their own.
        structured_logs: whether with `--consume-structured-logs`, which names jobs otherwise.
    """

    project_dir: str = "."
    profiles_dir: str | None = None
    profile: str | None = None
    target: str | None = None
    target_path: str | None = None
    command: str = "build"
    structured_logs: bool = False


class Reported(NamedTuple):
    """A job as dbt-ol reports it.

    Attributes:
        node: dbt's id of what it runs, or of what it tests.
    """

    node: str
    job: Job
    inputs: Sequence[Dataset]
    outputs: Sequence[Dataset]

    @property
    def named(self) -> set[tuple[str, str]]:
        """Namespaces and names of what it reads, as far as dbt-ol says that: as inputs, or as sources of columns."""
        facets: list[Any] = [(output.facets or {}).get("columnLineage") for output in self.outputs]
        sources = [
            source for facet in filter(None, facets) for field in facet.fields.values() for source in field.inputFields
        ]
        return {(dataset.namespace, dataset.name) for dataset in [*self.inputs, *sources]}


class Project(DbtStructuredLogsProcessor):
    """A project as dbt compiled it.

    Raises:
        FileNotFoundError: it was not compiled.
        Exception: whatever dbt-ol's code raises at a project, profile or adapter that it cannot read.
    """

    def __init__(self, options: Options) -> None:
        folder = ["--profiles-dir", options.profiles_dir] if options.profiles_dir else []
        self.options = options
        super().__init__(dbt_command_line=["dbt", *folder], **_arguments(options))
        if not Path(self.manifest_path).is_file():
            raise FileNotFoundError(f"there is no {self.manifest_path}: run `dbt compile` before")
        self.extract_adapter_type(self.profile)
        self.extract_dataset_namespace(self.profile)
        self.dbt_run_metadata = ParentRunMetadata(_NO_RUN, self.job_name, self.job_namespace)

    @cached_property
    def tables(self) -> Mapping[str, dict[str, Any]]:
        """What stands for a dataset, by dbt's id: models, seeds, snapshots, sources."""
        nodes: dict[str, dict[str, Any]] = self.compiled_manifest["nodes"]
        made = {name: node for name, node in nodes.items() if name.startswith(("model.", "seed.", "snapshot."))}
        return {**made, **self.compiled_manifest["sources"]}

    def dataset(self, name: str) -> Dataset:
        """The dataset of such a node, with the facets that dbt-ol gives it."""
        kind = "sources" if name.startswith("source.") else "nodes"
        seen = ((self.catalog or {}).get(kind) or {}).get(name)
        found: Dataset = self.node_to_dataset(ModelNode(kind[:-1], self.tables[name], seen), has_facets=True)
        return found

    def reported(self) -> Iterator[Reported]:
        """Every job that dbt-ol would report, once."""
        for event in self._logged() if self.options.structured_logs else self._summed_up():
            facets: dict[str, Any] = event.job.facets or {}
            yield Reported(facets["dbt_node"].unique_id, event.job, event.inputs or [], event.outputs or [])

    def _logged(self) -> Iterator[RunEvent]:
        for name, node in self.compiled_manifest["nodes"].items():
            if node["resource_type"] in _KINDS:
                said = {
                    "unique_id": name,
                    "resource_type": node["resource_type"],
                    "node_status": "success",
                    "node_finished_at": _NEVER,
                }
                yield self.parse_node_finished_event({"info": {"name": "NodeFinished"}, "data": {"node_info": said}})

    def _summed_up(self) -> Iterator[RunEvent]:
        for command in ("build",) if self.options.command == "build" else _RUN_ALONE:
            yield from _Summary(self, command).parse().completes


class _Summary(DbtLocalArtifactProcessor):
    """dbt-ol's default mode, on made-up results of a run: those that dbt has, of all but ephemeral models."""

    def __init__(self, project: Project, command: str) -> None:
        super().__init__(**_arguments(project.options))
        self._project = project
        self._results = {
            "metadata": {},
            "args": {"which": command},
            "results": [
                {"unique_id": name, "status": "pass" if name.startswith("test.") else "success", "timing": []}
                for name, node in project.compiled_manifest["nodes"].items()
                if node["resource_type"] in _KINDS and node["config"].get("materialized") != "ephemeral"
            ],
        }

    def get_dbt_metadata(self) -> tuple[Any, ...]:
        """What dbt-ol reads from files."""
        return self._project.compiled_manifest, self._results, self._project.profile, self._project.catalog


def _arguments(options: Options) -> dict[str, Any]:
    return {
        "producer": PRODUCER,
        "job_namespace": os.environ.get("OPENLINEAGE_NAMESPACE", "dbt"),
        "project_dir": options.project_dir,
        "profile_name": options.profile,
        "target": options.target,
        "target_path": options.target_path,
        "logger": _QUIET,
    }
