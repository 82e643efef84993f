"""Prefect's events and what its REST API adds -> OpenLineage events."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from openlineage.client.event_v2 import JobEvent, RunEvent
from openlineage.client.facet_v2 import (
    JobFacet,
    documentation_job,
    source_code_location_job,
    tags_job,
)

from .. import native
from ..facets import PRODUCER
from ..facts import Facts
from ..lineage import Lineage
from ..native import Event
from ..runs import FlowRun, TaskRun
from ..states import steps

log = logging.getLogger("whence_prefect")

_DEPLOYED = ("prefect.deployment.created", "prefect.deployment.updated")


class Translator:
    """Makes OpenLineage events of Prefect's. The same Prefect event always gives the same ones, byte for byte."""

    def __init__(self, lineage: Lineage, facts: Facts) -> None:
        self._lineage = lineage
        self._facts = facts

    async def events(self, event: Event) -> list[RunEvent | JobEvent]:
        """What a Prefect event becomes; nothing where it says nothing of lineage."""
        name = event["event"]
        change = native.change(event)
        if change is not None:
            if name.startswith("prefect.task-run."):
                self._facts.note(event)
            return [*self._lineage.changed(await self._run(event), change)] if steps(change) else []
        if name in _DEPLOYED:
            deployment = native.links(event).deployment
            said = await self._facts.deployment(deployment) if deployment else None
            return [await self.declaration(said)] if said else []
        used = native.used(event)
        links = native.links(event)
        if used is None or not (links.flow_run or links.task_run):
            return []
        return [self._lineage.used(await self._run(event), native.occurred(event), *used)]

    async def declaration(self, deployment: Mapping[str, Any]) -> JobEvent:
        """What a deployment declares of its flow."""
        flow = await self._facts.flow(deployment["flow_id"])
        at = datetime.fromisoformat(deployment["updated"])
        return self._lineage.declared(at, flow, "FLOW", declared_facets(deployment))

    async def _run(self, event: Event) -> FlowRun | TaskRun:
        links = native.links(event)
        flow = links.flow_run and await self._facts.flow_run(links.flow_run, links.flow_run_name, links.flow)
        if event["event"].startswith("prefect.task-run."):
            return await self._facts.task_run(native.task_facts(event))
        if links.task_run and not event["event"].startswith("prefect.flow-run."):
            return await self._facts.task_run_by_id(links.task_run, links.flow_run)
        assert flow
        return flow


def declared_facets(deployment: Mapping[str, Any]) -> dict[str, JobFacet]:
    """Facets of a flow's job by its deployment: documentation, tags, and the commit of its code, if that is known."""
    found: dict[str, JobFacet] = {}
    if deployment.get("description"):
        found["documentation"] = documentation_job.DocumentationJobFacet(
            description=deployment["description"], producer=PRODUCER
        )
    if deployment.get("tags"):
        listed = [
            tags_job.TagsJobFacetFields(key=tag, value="true", source="PREFECT") for tag in sorted(deployment["tags"])
        ]
        found["tags"] = tags_job.TagsJobFacet(tags=listed, producer=PRODUCER)
    version = deployment.get("version_info") or {}
    if str(version.get("type", "")).startswith("vcs:") and version.get("url"):
        found["sourceCodeLocation"] = source_code_location_job.SourceCodeLocationJobFacet(
            type="git",
            url=version["url"],
            repoUrl=version["url"],
            path=deployment.get("entrypoint"),
            version=version.get("commit_sha") or version["version"],
            branch=version.get("branch"),
            producer=PRODUCER,
        )
    return found
