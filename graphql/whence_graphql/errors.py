"""Errors as the client sees them: what is wrong and what to change, with a code; never what happened inside."""

import logging
import re
from collections.abc import Iterator

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from whence_graphql.limits import LimitExceeded
from whence_schemas.errors import WhenceError

log = logging.getLogger(__name__)


class ShownErrors(SchemaExtension):
    """Replaces the errors of a result by what the client may see."""

    def on_operation(self) -> Iterator[None]:
        """Wait for the result, then go through its errors."""
        yield
        result = self.execution_context.result
        errors: list[GraphQLError] | None = getattr(result, "errors", None)
        if errors:
            result.errors = [shown(error) for error in errors]  # type: ignore[union-attr]


def shown(error: GraphQLError) -> GraphQLError:
    """The error with `extensions` {code, status}. An unexpected one is logged, and its message withheld."""
    cause = error.original_error
    if isinstance(cause, RecursionError):
        cause = LimitExceeded("the query is nested too deeply: send several")
    if isinstance(cause, WhenceError):
        return _with(error, str(cause), code_of(cause), cause.status)
    if cause is None or isinstance(cause, GraphQLError):  # of the query itself
        return _with(error, error.message, "INVALID_QUERY", 400)
    log.error("a query failed at %s", error.path, exc_info=cause)
    return _with(error, "internal error", "INTERNAL_ERROR", 500)


def code_of(error: WhenceError) -> str:
    """The error's class as a code, such as ``NOT_FOUND``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).upper()


def _with(error: GraphQLError, message: str, code: str, status: int) -> GraphQLError:
    extensions = {"code": code, "status": status}
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=extensions)
