"""The field `drift`."""

from typing import Annotated

import strawberry

from whence_graphql.analyses.drift.answer import Drift, drift_of
from whence_graphql.arguments import After, AsOf, Window, check_first, moment_of, seconds_of
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.limits import PAGE
from whence_graphql.lineage import NameInput
from whence_graphql.paging import place_of
from whence_schemas.drift import DriftKind, DriftQuestion
from whence_schemas.identity import job_key
from whence_schemas.read import SearchPlace


@object_type
class DriftQuery:
    """The field `drift` of the query."""

    @resolved
    async def drift(
        self,
        info: Info,
        job: Annotated[
            NameInput | None, strawberry.argument(description="Only this job; by default all jobs, by name.")
        ] = None,
        namespace: Annotated[str | None, strawberry.argument(description="Only jobs in this namespace.")] = None,
        kinds: Annotated[list[DriftKind], strawberry.argument(description="Only these; none for all.")] = [],  # noqa: B006  # it becomes the default in the schema
        as_of: AsOf = None,
        window: Window = 10,
        first: Annotated[int, strawberry.argument(description=f"How many jobs that differ, at most {PAGE}.")] = 20,
        after: After = None,
    ) -> Drift:
        """Where declarations and runs differ: what is declared and was not observed, what was observed and is not
        declared, columns and their types; and what is downstream of that."""
        question = DriftQuestion(
            moment_of(info, as_of),
            job_key(job.namespace, job.name) if job else "",
            namespace,
            tuple(kinds),
            window,
            check_first(first),
            place_of(after, SearchPlace),
            seconds_of(info),
        )
        fresh = await info.context.reader.freshness()
        return drift_of(await info.context.reader.drift(question), question, fresh)
