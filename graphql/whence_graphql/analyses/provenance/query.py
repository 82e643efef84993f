"""The field `provenance`."""

from dataclasses import replace
from typing import Annotated

import strawberry

from whence_graphql.analyses.provenance.answer import Provenance, provenance_of
from whence_graphql.analyses.provenance.start import ProvenanceStart, version_question
from whence_graphql.arguments import AsOf, MaxNodes, limits_of, moment_of
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_schemas.lineage import Direction


@object_type
class ProvenanceQuery:
    """The field `provenance` of the query."""

    @resolved
    async def provenance(
        self,
        info: Info,
        of: ProvenanceStart,
        direction: Annotated[
            Direction, strawberry.argument(description="UPSTREAM: what it rests on. DOWNSTREAM: what rests on it.")
        ] = Direction.UPSTREAM,
        depth: Annotated[int, strawberry.argument(description="Steps from attempt to attempt.")] = 20,
        as_of: AsOf = None,
        max_nodes: MaxNodes = 10_000,
    ) -> Provenance:
        """The exact attempts, code and versions that one version of a dataset rests on, or that rest on it."""
        nodes, seconds = limits_of(info, max_nodes)
        question = replace(
            await version_question(info, of, moment_of(info, as_of)),
            direction=direction,
            depth=depth,
            max_nodes=nodes,
            seconds=seconds,
        )
        fresh = await info.context.reader.freshness()
        return provenance_of(await info.context.reader.provenance(question), question, fresh)
