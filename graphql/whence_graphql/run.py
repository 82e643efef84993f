"""Runs."""

from typing import Self

import strawberry
from strawberry import ID

from whence_graphql.arguments import FacetNames, First, check_first
from whence_graphql.attempt import Attempt, Check, RunInput, RunOutput
from whence_graphql.context import Info
from whence_graphql.describe import resolved
from whence_graphql.facet import Facet, load_facets, load_model
from whence_graphql.job import Job
from whence_graphql.labels import CodeVersion, Tag
from whence_graphql.node import LineageNode, load_node, load_nodes, node_type
from whence_graphql.scalars import DateTime
from whence_schemas.facets.base import Tags
from whence_schemas.facets.run import NominalTime
from whence_schemas.identity import Kind, job_key
from whence_schemas.read import NodeRow, RunState
from whence_schemas.times import EVER, parse_time


@node_type(Kind.RUN)
class Run(LineageNode):
    """A run of a job. What it says beyond its attempts is what its newest attempt says."""

    run_id: ID = strawberry.field(description="The UUID in lower case, or whatever else the producer named it.")
    state: RunState | None = strawberry.field(description="Null where the run is only known from other runs.")

    @classmethod
    def of(cls, row: NodeRow, moment: int) -> Self:
        """The run of a row."""
        return cls(
            id=ID(row.key),
            kind=Kind.RUN,
            namespace=row.namespace,
            name=row.name,
            run_id=ID(row.field),
            state=RunState(row.state) if row.state else None,
            moment=moment,
        )

    @resolved
    def job(self) -> Job | None:
        """The job that it is a run of; null where the run is only known from other runs."""
        row = NodeRow(job_key(self.namespace, self.name), self.namespace, self.name)
        return Job.of(row, self.moment) if self.state else None

    @resolved
    async def attempts(self, info: Info) -> list[Attempt]:
        """Its attempts, oldest first."""
        return [Attempt.of(row, self.moment) for row in await info.context.loaders.attempts.load(self.id)]

    async def _newest(self, info: Info) -> Attempt | None:
        rows = await info.context.loaders.attempts.load(self.id)
        return Attempt.of(rows[-1], self.moment) if rows else None

    @resolved
    async def started_at(self, info: Info) -> DateTime | None:
        """When its newest attempt started."""
        attempt = await self._newest(info)
        return attempt.started_at if attempt else None

    @resolved
    async def ended_at(self, info: Info) -> DateTime | None:
        """When its newest attempt ended; null while it runs."""
        attempt = await self._newest(info)
        return attempt.ended_at if attempt else None

    @resolved
    async def facets(self, info: Info, names: FacetNames = None) -> list[Facet]:
        """Facets of the run."""
        attempt = await self._newest(info)
        return await load_facets(info, attempt.key, names, EVER) if attempt else []

    @resolved
    async def inputs(self, info: Info) -> list[RunInput]:
        """What it consumed."""
        attempt = await self._newest(info)
        return await attempt.consumed(info) if attempt else []

    @resolved
    async def outputs(self, info: Info) -> list[RunOutput]:
        """What it produced."""
        attempt = await self._newest(info)
        return await attempt.produced(info) if attempt else []

    @resolved
    async def checks(self, info: Info) -> list[Check]:
        """Results of the data-quality checks and tests that it reports."""
        attempt = await self._newest(info)
        return await attempt.checked(info) if attempt else []

    @resolved
    async def parent(self, info: Info) -> "Run | None":
        """The run that contains it."""
        attempt = await self._newest(info)
        return await load_node(info, Run, attempt.row.parent if attempt else "", self.moment)

    @resolved
    async def root(self, info: Info) -> "Run | None":
        """The outermost run around it; null where it names none."""
        key = await info.context.loaders.run_root.load(self.id)
        return await load_node(info, Run, key or "", self.moment)

    @resolved
    async def children(self, info: Info, first: First = 100) -> list["Run"]:
        """The runs that it contains."""
        keys = await info.context.loaders.run_children.load(self.id)
        return await load_nodes(info, Run, keys[: check_first(first)], self.moment)

    @resolved
    async def code_versions(self, info: Info) -> list[CodeVersion]:
        """The code that it executed."""
        keys = await info.context.loaders.code_versions.load(self.id)
        return await load_nodes(info, CodeVersion, keys, self.moment)

    @resolved
    async def tags(self, info: Info) -> list[Tag]:
        """The tags in its `tags` facet."""
        attempt = await self._newest(info)
        facet = await load_model(info, attempt.key, Tags, "tags", EVER) if attempt else None
        return [Tag.named(tag.key, tag.value, tag.source, None, self.moment) for tag in (facet.tags if facet else ())]

    @resolved
    async def nominal_start(self, info: Info) -> DateTime | None:
        """Start of the interval that it is for, included."""
        facet = await self._nominal(info)
        return _time(facet.nominalStartTime if facet else None)

    @resolved
    async def nominal_end(self, info: Info) -> DateTime | None:
        """End of the interval that it is for, excluded."""
        facet = await self._nominal(info)
        return _time(facet.nominalEndTime if facet else None)

    async def _nominal(self, info: Info) -> NominalTime | None:
        attempt = await self._newest(info)
        return await load_model(info, attempt.key, NominalTime, "nominalTime", EVER) if attempt else None


def _time(text: str | None) -> DateTime | None:
    """A time that a producer sent; None where it is none, for the facet tells what was sent."""
    try:
        return DateTime(parse_time(text).micros) if text else None
    except ValueError:
        return None
