"""One attempt of a step: what Dagster's events say that it read, wrote and checked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dagster import AssetKey
from openlineage.client.event_v2 import InputDataset, OutputDataset

from whence_dagster import facets
from whence_dagster.datasets import Datasets, Written, rows
from whence_dagster.facts import Key, Partition, Read, partition_of
from whence_dagster.names import version_label

_DATA_VERSION = "dagster/data_version"
_CODE_VERSION = "dagster/code_version"
_INPUT = "dagster/input_data_version/"

CheckKey = tuple[Key, str]
"""An asset, and the name of a check of it."""


@dataclass
class Plan:
    """What a step was to do, as the run's plan said: partitions by asset, and checks."""

    outputs: dict[Key, list[Partition]] = field(default_factory=dict)
    checks: dict[CheckKey, None] = field(default_factory=dict)


@dataclass
class Attempt:
    """One attempt (number from 0) of a step."""

    step: str
    number: int
    plan: Plan
    written: dict[Key, Written] = field(default_factory=dict)
    observed: dict[Key, tuple[Read, int | None]] = field(default_factory=dict)
    checks: dict[CheckKey, facets.Facet] = field(default_factory=dict)
    ended: bool = False

    def materialized(self, materialization: Any, at: float, datasets: Datasets, run_id: str) -> None:
        """Take an AssetMaterialization."""
        key, tags = tuple(materialization.asset_key.path), materialization.tags or {}
        written = self.written.setdefault(key, Written())
        if materialization.partition is not None:
            asset = datasets.knowledge.asset(key)
            written.partitions.append(partition_of(asset, materialization.partition, tags))
        if _CODE_VERSION in tags:
            written.sources = {
                tuple(AssetKey.from_user_string(tag.removeprefix(_INPUT)).path): (version, at)
                for tag, version in tags.items()
                if tag.startswith(_INPUT)
            }
            code_version = tags[_CODE_VERSION]
            written.code_version = code_version if code_version != run_id else ""
        written.data_version = tags.get(_DATA_VERSION, "")
        written.metadata.update(materialization.metadata)
        written.description = materialization.description or written.description
        count = rows(materialization.metadata)
        written.rows = count if written.rows is None or count is None else written.rows + count

    def observed_asset(self, observation: Any, datasets: Datasets) -> None:
        """Take an AssetObservation."""
        key, tags = tuple(observation.asset_key.path), observation.tags or {}
        partition = observation.partition or ""
        found = (partition_of(datasets.knowledge.asset(key), partition, tags),) if partition else ()
        label = version_label(tags.get(_DATA_VERSION, ""), partition)
        self.observed[key] = Read(label, found, observation.metadata), rows(observation.metadata)

    def checked(self, evaluation: Any) -> None:
        """Take an AssetCheckEvaluation."""
        key = tuple(evaluation.asset_key.path)
        said = {
            "assertion": evaluation.check_name,
            "success": evaluation.passed,
            "severity": evaluation.severity.value.lower(),
        }
        if evaluation.description:
            said["description"] = evaluation.description
        self.checks[(key, evaluation.check_name)] = said

    def io(self, datasets: Datasets, *, planned: bool) -> tuple[list[InputDataset], list[OutputDataset], list[Any]]:
        """Inputs, outputs and the entries of the `lineage` facet; `planned` adds what was to be written and was not."""
        written = dict(self.written)
        observed = dict(self.observed)
        for key, partitions in self.plan.outputs.items() if planned else ():
            if datasets.knowledge.asset(key).observable:
                observed.setdefault(key, (Read(), None))
            else:
                written.setdefault(key, Written(partitions))
        sources = {key: self._sources(key, output, datasets) for key, output in written.items()}
        read = self._read(sources, written, observed, datasets)
        outputs = [datasets.output(key, output, self._checks_of(key)) for key, output in sorted(written.items())]
        inputs = [
            datasets.input(key, found, self._checks_of(key), observed.get(key, (None, None))[1])
            for key, found in sorted(read.items())
        ]
        return inputs, outputs, _entries(sources, written, observed, read, datasets)

    def _sources(self, key: Key, written: Written, datasets: Datasets) -> dict[Key, tuple[str, float]] | None:
        if written.sources is not None:
            return written.sources
        asset = datasets.knowledge.asset(key)
        return dict.fromkeys(asset.parents, ("", 0.0)) if asset.steps else None

    def _read(
        self,
        sources: dict[Key, dict[Key, tuple[str, float]] | None],
        written: dict[Key, Written],
        observed: dict[Key, tuple[Read, int | None]],
        datasets: Datasets,
    ) -> dict[Key, Read]:
        """What came from outside of the step: what it wrote itself is no input, even where another output needs it."""
        read = {key: found for key, (found, _) in observed.items() if key not in written}
        for key, found in sources.items():
            partitions = written[key].partitions
            partition = partitions[0].key if len(partitions) == 1 else ""
            for source, (version, at) in (found or {}).items():
                if source not in written and not (source in read and read[source].version):
                    known = datasets.knowledge.read(source, version, partition, at) if version else Read()
                    read[source] = known
        for key, _ in (*self.checks, *self.plan.checks):
            if key not in written:
                read.setdefault(key, Read())
        return read

    def _checks_of(self, key: Key) -> list[facets.Facet]:
        return [check for (of, _), check in sorted(self.checks.items()) if of == key]

    def assets(self) -> list[Key]:
        """Assets that it wrote, or was to write, or checked."""
        return sorted({*self.plan.outputs, *self.written, *(key for key, _ in (*self.plan.checks, *self.checks))})

    def unchecked(self) -> list[CheckKey]:
        """Checks that it was to make and did not."""
        return sorted(self.plan.checks.keys() - self.checks.keys())

    def code_version(self) -> str:
        """Dagster's code version, which the user declares; one for each asset where a step makes several."""
        found = {key: written.code_version for key, written in sorted(self.written.items()) if written.code_version}
        if len(set(found.values())) == 1 and len(found) == len(self.written):
            return next(iter(found.values()))
        return ", ".join(f"{'/'.join(key)}={version}" for key, version in found.items())


def _entries(
    sources: dict[Key, dict[Key, tuple[str, float]] | None],
    written: dict[Key, Written],
    observed: Iterable[Key],
    read: dict[Key, Read],
    datasets: Datasets,
) -> list[facets.Facet]:
    """Entries of the `lineage` facet: the sources of each output of which they are known."""

    def named(key: Key) -> facets.Facet:
        metadata = written[key].metadata if key in written else read[key].metadata
        return dict(zip(("namespace", "name"), datasets.name(key, metadata), strict=True)) | {"type": "DATASET"}

    looked_at = {key for key in observed if key not in written}
    return [
        named(key) | {"inputs": [named(source) for source in sorted({*found, *looked_at})]}
        for key, found in sorted(sources.items())
        if found is not None
    ]
