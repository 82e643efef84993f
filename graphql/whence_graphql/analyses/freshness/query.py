"""The field `freshness`."""

from dataclasses import replace
from typing import Annotated

import strawberry

from whence_graphql.analyses.freshness.answer import Freshness, freshness_of
from whence_graphql.analyses.freshness.rules import DatasetNames, Rules, question_of
from whence_graphql.arguments import After, AsOf, First, MaxNodes, Window, check_of, check_window, limits_of, moment_of
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_schemas.freshness import FreshnessState


@object_type
class FreshnessQuery:
    """The field `freshness` of the query."""

    @resolved
    async def freshness(
        self,
        info: Info,
        of: DatasetNames = [],  # noqa: B006  # it becomes the default in the schema
        namespace: Annotated[str | None, strawberry.argument(description="Only datasets in this namespace.")] = None,
        rules: Rules = [],  # noqa: B006  # it becomes the default in the schema
        states: Annotated[
            list[FreshnessState], strawberry.argument(description="Only in one of these states; none for all.")
        ] = [],  # noqa: B006  # it becomes the default in the schema
        as_of: AsOf = None,
        window: Window = 10,
        max_nodes: MaxNodes = 10_000,
        first: First = 20,
        after: After = None,
    ) -> Freshness:
        """When datasets were produced last, which are late by their rhythm, and what these hold up."""
        check_of(of)
        moment = moment_of(info, as_of)
        nodes, seconds = limits_of(info, max_nodes)
        question = replace(
            question_of(moment, of, namespace, rules),
            states=tuple(states),
            window=check_window(window),
            max_nodes=nodes,
            seconds=seconds,
        )
        return await freshness_of(info, question, first, after)
