"""The field `completeness`."""

from typing import Annotated

import strawberry

from whence_graphql.analyses.completeness.answer import Completeness, completeness_of
from whence_graphql.arguments import AsOf, Window, moment_of, seconds_of
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_schemas.completeness import Check, CompletenessQuestion


@object_type
class CompletenessQuery:
    """The field `completeness` of the query."""

    @resolved
    async def completeness(
        self,
        info: Info,
        namespace: Annotated[
            str | None, strawberry.argument(description="Only datasets and jobs in this namespace.")
        ] = None,
        owner: Annotated[str | None, strawberry.argument(description="Only what this owner owns, by name.")] = None,
        checks: Annotated[list[Check], strawberry.argument(description="Only these; none for all.")] = [],  # noqa: B006  # it becomes the default in the schema
        as_of: AsOf = None,
        window: Window = 10,
    ) -> Completeness:
        """How much of the lineage is known, as scores, and what is not, as findings with what to do about them. To page
        on, give the `asOf` of the first page, so that all pages are of one answer."""
        moment = moment_of(info, as_of)
        seconds = seconds_of(info)
        question = CompletenessQuestion(moment, namespace, owner, tuple(checks), window, seconds)
        fresh = await info.context.reader.freshness()
        return completeness_of(await info.context.reader.completeness(question), question, fresh)
