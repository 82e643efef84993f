"""Limits of one request: the shape of its query, the rows that it is given, and its time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)
from graphql.validation import MaxIntrospectionDepthRule
from strawberry.extensions import SchemaExtension

from whence_schemas.errors import InvalidQuestion, WhenceError

PAGE = 500
"""The most that one page may have."""


class LimitExceeded(InvalidQuestion):
    """The request asks for more than one request is given."""

    title = "Limit exceeded"


class OutOfTime(WhenceError):
    """The request took too long."""

    status = 503
    title = "Out of time"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may have.

    depth: levels of nested fields. tokens: of the query's text. aliases: counted as often as their fragment is used.
    rows: objects in lists, all lists together. seconds: for everything.
    """

    depth: int = 15
    tokens: int = 2_000
    aliases: int = 30
    rows: int = 50_000
    seconds: float = 15.0


class Budget:
    """What is left of one request's rows and time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._deadline = time.monotonic() + limits.seconds
        self.rows = limits.rows

    def spend(self, rows: int) -> None:
        """Take rows.

        Raises:
            LimitExceeded: there are not so many left.
        """
        self.rows -= rows
        if self.rows < 0:
            raise LimitExceeded(
                f"the answer would have over {self._limits.rows} rows: ask for less with `first`, `depth` or "
                "`maxNodes`, leave out nested lists, or send several requests"
            )

    def seconds(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self._deadline - time.monotonic())


class QueryLimits(SchemaExtension):
    """Holds every query to the limits of its context."""

    def on_operation(self) -> Iterator[None]:
        """Add the limits to what parsing and validation look at."""
        limits: Limits = self.execution_context.context.limits
        self.execution_context.parse_options["max_tokens"] = limits.tokens
        rules = self.execution_context.validation_rules
        self.execution_context.validation_rules = (*rules, MaxIntrospectionDepthRule, _shape_rule(limits))
        yield


class _Shape(NamedTuple):
    depth: int
    aliases: int


# Strawberry's own limiters walk into a fragment as often as it is spread, so that thirty short fragments, each of which
# spreads the next twice, keep them busy for hours. Here each fragment is measured once.
class _Measure:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, _Shape] = {}

    def of(self, selections: SelectionSetNode | None) -> _Shape:
        depth = aliases = 0
        for selection in selections.selections if selections else ():
            shape = _Shape(0, 0)
            if isinstance(selection, FieldNode):
                if not selection.name.value.startswith("__"):
                    inner = self.of(selection.selection_set)
                    shape = _Shape(inner.depth + 1, inner.aliases + (selection.alias is not None))
            elif isinstance(selection, InlineFragmentNode):
                shape = self.of(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                shape = self._fragment(selection.name.value)
            depth = max(depth, shape.depth)
            aliases += shape.aliases
        return _Shape(depth, aliases)

    def _fragment(self, name: str) -> _Shape:
        if name not in self._known:
            self._known[name] = _Shape(0, 0)  # where it spreads itself, which another rule refuses
            fragment = self._fragments.get(name)
            self._known[name] = self.of(fragment.selection_set if fragment else None)
        return self._known[name]


def _shape_rule(limits: Limits) -> type[ValidationRule]:
    class ShapeRule(ValidationRule):
        """Reports operations that are nested too deeply, or have too many aliases."""

        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            definitions = context.document.definitions
            measure = _Measure({d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)})
            for operation in definitions:
                if isinstance(operation, OperationDefinitionNode):
                    self._check(operation, measure.of(operation.selection_set))

        def _check(self, operation: OperationDefinitionNode, shape: _Shape) -> None:
            for found, allowed, what in (
                (shape.depth, limits.depth, "levels of fields"),
                (shape.aliases, limits.aliases, "aliases"),
            ):
                if found > allowed:
                    excess = LimitExceeded(f"the query has {found} {what}, but may have {allowed}: send several")
                    self.report_error(GraphQLError(str(excess), operation, original_error=excess))

    return ShapeRule
