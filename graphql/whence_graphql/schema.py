"""The schema, its SDL, and the way to ask it something."""

import asyncio
from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import ExecutionContext

from whence_graphql.context import Context
from whence_graphql.errors import ShownErrors, code_of
from whence_graphql.labels import Assertion, CodeVersion, Owner, Tag
from whence_graphql.limits import OutOfTime, QueryLimits
from whence_graphql.query import Query
from whence_graphql.scalars import CONFIG
from whence_schemas.errors import InvalidQuestion, WhenceError


class _Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing here: `ShownErrors` logs what is unexpected."""


SCHEMA = _Schema(
    Query,
    types=[Assertion, CodeVersion, Owner, Tag],
    extensions=[ShownErrors, QueryLimits],
    config=CONFIG,
)


def sdl() -> str:
    """The schema in GraphQL's schema definition language."""
    return SCHEMA.as_str() + "\n"


async def execute(
    context: Context, query: str, variables: Mapping[str, Any] | None = None, operation: str | None = None
) -> ExecutionResult:
    """The answer to a query, within the context's limits; what went wrong is in its `errors`."""
    failure: WhenceError
    try:
        async with asyncio.timeout(context.limits.seconds):
            return await SCHEMA.execute(
                query,
                variable_values=dict(variables or {}),
                context_value=context,
                operation_name=operation,
            )
    except TimeoutError:
        failure = OutOfTime(
            f"the query took over {context.limits.seconds:g} s: ask for less with `first`, `depth` or `maxNodes`"
        )
    except MissingQueryError:
        failure = InvalidQuestion("the query is empty: send one such as { status { lag } }")
    except CannotGetOperationTypeError:
        failure = InvalidQuestion("it is not clear which operation is meant: name one of the query's in operationName")
    extensions = {"code": code_of(failure), "status": failure.status}
    return ExecutionResult(data=None, errors=[GraphQLError(str(failure), extensions=extensions)])
