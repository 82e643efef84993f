"""What the resolvers of one request share."""

from typing import Any

import strawberry

from whence_graphql.limits import Budget, Limits
from whence_graphql.loaders import Loaders
from whence_graphql.ports import Reader
from whence_schemas.times import now


class Context:
    """The reader, the request's loaders and budget, and its one "now" (microseconds since the epoch)."""

    def __init__(self, reader: Reader, limits: Limits | None = None, at: int | None = None) -> None:
        self.reader = reader
        self.limits = limits or Limits()
        self.now = now() if at is None else at
        self.loaders = Loaders(reader)
        self.budget = Budget(self.limits)


Info = strawberry.Info[Context, Any]
