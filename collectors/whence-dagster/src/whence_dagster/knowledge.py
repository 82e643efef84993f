"""Facts that an instance can give: definitions, as they are now, and what a step had before it."""

import logging
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from dagster import AssetKey, AssetRecordsFilter, DagsterInstance, DagsterRun
from openlineage.client.serde import Serde

from whence_collector import code
from whence_dagster import definitions
from whence_dagster.facts import AssetFacts, Key, Read, RunFacts, partition_of
from whence_dagster.names import version_label
from whence_dagster.origins import location_origin, source_path

log = logging.getLogger(__name__)

_RELOAD = 60.0
"""Seconds after which a code location may be asked again, when a job that was not seen before asks for it."""

_FRESH = 600.0
"""Seconds after its start in which a run is taken to have run the code that is checked out."""

_GIT = 2.0
"""Seconds that git gets to say whether there are uncommitted changes."""

_PARTITIONS = 200
"""Materializations among which those that a step read are looked for."""

_DATA_VERSION = "dagster/data_version"
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


class InstanceKnowledge:
    """What is known through an instance."""

    def __init__(self, instance: DagsterInstance) -> None:
        self._instance = instance
        self._repositories: dict[str, list[definitions.Repository]] = {}
        self._asked: dict[str, float] = {}
        self._snapshots: set[str | None] = set()
        self._assets: dict[Key, AssetFacts] = {}

    @property
    def repositories(self) -> list[definitions.Repository]:
        """All that were loaded."""
        return [repository for found in self._repositories.values() for repository in found]

    def learn(self, run: DagsterRun) -> None:
        """Load the definitions of a run's code location, when its job was not seen before."""
        if run.job_snapshot_id not in self._snapshots:
            self._snapshots.add(run.job_snapshot_id)
            if origin := location_origin(run):
                self.load(origin)

    def load(self, origin: Any) -> None:
        """Load a code location, unless that was just done. One that fails to load leaves what was known before."""
        location, now = origin.location_name, time.monotonic()
        if now - self._asked.get(location, -_RELOAD) < _RELOAD:
            return
        self._asked[location] = now
        try:
            self._repositories[location] = definitions.load(self._instance, origin)
        except Exception as error:
            reason = str(error).strip().partition("\n")[0]
            log.warning(
                "The definitions of %s could not be had, so owners and the like are missing: %s", location, reason
            )
        found = [asset for repository in self.repositories for asset in repository.assets.values()]
        # Where several locations know an asset, the one that makes it knows best.
        self._assets = {asset.key: asset for asset in sorted(found, key=lambda asset: bool(asset.steps))}

    def asset(self, key: Key) -> AssetFacts:
        """The asset's definition, or only its key."""
        return self._assets.get(key) or AssetFacts(key)

    def read(self, key: Key, data_version: str, partition: str, before: float) -> Read:
        """The materialization that a step saw.

        Dagster records the data version of what was read; of partitions, the SHA-256 of their versions one after the
        other. So what was read is looked for, and named only if it is found.
        """
        if partition and (found := self._match(self._before(key, before, 10, [partition]), data_version)):
            return found
        records = self._before(key, before, _PARTITIONS)
        if not records:
            return Read(data_version if data_version != "INITIAL" else "")
        return self._match(records, data_version) or self._match_all(records, data_version)

    def _before(self, key: Key, before: float, limit: int, partitions: list[str] | None = None) -> list[Any]:
        wanted = AssetRecordsFilter(AssetKey(list(key)), asset_partitions=partitions, before_timestamp=before)
        return list(self._instance.fetch_materializations(wanted, limit=limit).records)

    def _match(self, records: list[Any], data_version: str) -> Read | None:
        for record in records:
            said = record.asset_materialization.tags.get(_DATA_VERSION, "")
            if said and data_version in (said, _combined([said])):
                return self._read(record, said)
        return None

    def _read(self, record: Any, data_version: str) -> Read:
        materialization, tags = record.asset_materialization, self._run_tags(record.run_id)
        metadata, partition = materialization.metadata, materialization.partition
        if partition is None:
            return Read(data_version, (), metadata)
        facts = self.asset(tuple(materialization.asset_key.path))
        found = (partition_of(facts, partition, materialization.tags),)
        # One step that wrote a range of partitions wrote one version of the asset, which has no label.
        whole = tags.get(_RANGE[0]) == tags.get(_RANGE[1])
        return Read(version_label(data_version, partition) if whole else "", found, metadata)

    def _match_all(self, records: list[Any], data_version: str) -> Read:
        """All partitions, if they are what was read; records come newest first."""
        latest: dict[str, Any] = {}
        for record in records:
            latest.setdefault(record.asset_materialization.partition or "", record.asset_materialization)
        versions = [latest[partition].tags.get(_DATA_VERSION, "") for partition in sorted(latest)]
        metadata = records[0].asset_materialization.metadata
        if "" in latest or _combined(versions) != data_version:
            return Read("", (), metadata)
        facts = self.asset(tuple(records[0].asset_materialization.asset_key.path))
        return Read("", tuple(partition_of(facts, key, latest[key].tags) for key in sorted(latest)), metadata)

    def _run_tags(self, run_id: str) -> Mapping[str, str]:
        run = self._instance.get_run_by_id(run_id) if run_id else None
        return run.tags if run else {}

    def code(self, run: RunFacts, started: float) -> Mapping[str, Any]:
        """Git commit and the like, of a run that has just started: later the checkout may be another."""
        path = source_path(run.code_pointer) if time.time() - started < _FRESH else None
        if path is None:
            return {}
        code.forget()
        found = code.code_version(path, wait=_GIT)
        said = {"sourceCodeLocation": found.location, "whence_code": found.code}
        return {name: Serde.to_dict(facet) for name, facet in said.items() if facet is not None}


def _combined(versions: list[str]) -> str:
    return sha256("".join(versions).encode()).hexdigest()
