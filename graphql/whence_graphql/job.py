"""Jobs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from whence_graphql.arguments import After, AsOf, First, Window, check_first, check_window
from whence_graphql.asset import Asset
from whence_graphql.context import Info
from whence_graphql.describe import resolved
from whence_graphql.link import Link, evidence
from whence_graphql.node import LineageNode, by_name, load_node, load_nodes, node_of, node_type
from whence_graphql.paging import Connection, connect, place_of
from whence_schemas.identity import Kind
from whence_schemas.read import Cursor, LinkRow, RunState

if TYPE_CHECKING:
    from whence_graphql.run import Run


@node_type(Kind.JOB)
class Job(Asset):
    """A job: what runs again and again under one name, such as a task, a model or a DAG."""

    @resolved
    async def runs(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        states: Annotated[
            list[RunState], strawberry.argument(description="Only runs in one of these states; none for all.")
        ] = [],  # noqa: B006  # it becomes the default in the schema
        as_of: AsOf = None,
    ) -> Connection[Annotated["Run", strawberry.lazy("whence_graphql.run")]]:
        """Its runs that started by then, newest first; a run of several attempts by its newest."""
        from whence_graphql.run import Run

        moment = self.at(as_of)
        limit = check_first(first) + 1
        rows = await info.context.reader.runs.of_job(self.id, states, moment, place_of(after, Cursor), limit)
        nodes = await info.context.loaders.node.load_many([row.run for row in rows])
        found = {node.key: node for node in nodes if node is not None}
        return connect(
            info,
            rows,
            first,
            after,
            lambda row: Cursor(row.start, row.run, row.number),
            lambda row: Run.of(found[row.run], moment),
        )

    @resolved
    async def latest_run(
        self, info: Info, as_of: AsOf = None
    ) -> Annotated["Run", strawberry.lazy("whence_graphql.run")] | None:
        """Its run that started last by then."""
        from whence_graphql.run import Run

        row = await info.context.loaders.latest.load(self.id, self.at(as_of))
        return await load_node(info, Run, row.run if row else "", self.at(as_of))

    @resolved
    async def inputs(self, info: Info, as_of: AsOf = None, window: Window = 10) -> list[Link[LineageNode]]:
        """What it reads then; a container what the jobs in it do. Mostly datasets; a job may name a job, too."""
        moment = self.at(as_of)
        rows = await info.context.loaders.job_inputs.load(self.id, moment, check_window(window))
        return await _links(info, rows, moment)

    @resolved
    async def outputs(self, info: Info, as_of: AsOf = None, window: Window = 10) -> list[Link[LineageNode]]:
        """The datasets that it writes then; a container what the jobs in it do."""
        moment = self.at(as_of)
        rows = await info.context.loaders.job_outputs.load(self.id, moment, check_window(window))
        return await _links(info, rows, moment)

    @resolved
    async def children(self, info: Info, as_of: AsOf = None, window: Window = 10) -> list["Job"]:
        """The jobs that it contains, by its last runs and by what its children say."""
        keys = await info.context.loaders.job_children.load(self.id, self.at(as_of), check_window(window))
        return sorted(await load_nodes(info, Job, keys, self.at(as_of)), key=by_name)

    @resolved
    async def parents(self, info: Info, as_of: AsOf = None, window: Window = 10) -> list["Job"]:
        """The jobs that contain it, by its last runs."""
        keys = await info.context.loaders.job_parents.load(self.id, self.at(as_of), check_window(window))
        return sorted(await load_nodes(info, Job, keys, self.at(as_of)), key=by_name)


async def _links(info: Info, links: Sequence[LinkRow], moment: int) -> list[Link[LineageNode]]:
    rows = await info.context.loaders.node.load_many([link.key for link in links])
    found = [
        Link(node=cast(LineageNode, node_of(row, moment)), **evidence(link.seen))
        for link, row in zip(links, rows, strict=True)
        if row is not None
    ]
    return sorted(found, key=lambda link: by_name(link.node))
