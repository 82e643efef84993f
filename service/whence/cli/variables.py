"""The variables of a GraphQL query, as people give them: NAME=VALUE."""

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from whence_schemas.errors import ConfigurationError

_TEXTS = ("String", "ID", "DateTime")


class Variables:
    """The variables that a query declares, with their values. A query that cannot be parsed takes any: who is asked it
    says what is wrong.

    Attributes:
        values: by name, of those that are set. told: their names for people; those that may be left out in brackets.
        kind: what the query is about, "dataset", "job" or "run", as far as its text tells.
    """

    def __init__(self, query: str) -> None:
        from graphql import GraphQLError, NonNullTypeNode, OperationDefinitionNode, parse, print_ast

        from whence_graphql.ready import head_of

        self.values: dict[str, Any] = {}
        self._meanings = head_of(query).variables
        self._types: dict[str, str] | None = None
        self._needed: list[str] = []
        self.kind = ""
        try:
            definitions = parse(query).definitions
        except GraphQLError:
            return
        operations = [found for found in definitions if isinstance(found, OperationDefinitionNode)]
        declared = [variable for found in operations for variable in found.variable_definitions or ()]
        self._types = {found.variable.name.value: print_ast(found.type) for found in declared}
        self._needed = [
            found.variable.name.value
            for found in declared
            if isinstance(found.type, NonNullTypeNode) and found.default_value is None
        ]
        self.kind = _about(query)

    @property
    def told(self) -> str:
        """Their names for people."""
        return ", ".join(name if name in self._needed else f"[{name}]" for name in self._types or ())

    def set_all(self, pairs: Iterable[str]) -> None:
        """Set variables from NAME=VALUE, where the value is JSON, or else text.

        Raises:
            ConfigurationError: a pair is none, or the query has no such variable.
        """
        for pair in pairs:
            name, found, value = pair.partition("=")
            if not found:
                raise ConfigurationError(f"--var {pair}: write it as NAME=VALUE")
            self.set(name, self._value(name, value))

    def set(self, name: str, value: Any) -> None:
        """Set a variable.

        Raises:
            ConfigurationError: the query has none of this name.
        """
        if self._types is not None and name not in self._types:
            close = get_close_matches(name, self._types, 1)
            has = f"did you mean {close[0]}?" if close else f"it has {self.told or 'none'}"
            raise ConfigurationError(f"the query has no variable {name}; {has}")
        self.values[name] = value

    def check(self) -> None:
        """Hold off a query that lacks a value.

        Raises:
            ConfigurationError: a variable that the query needs is not set.
        """
        missing = [name for name in self._needed if name not in self.values]
        if missing:
            told = " ".join(f"--var {name}=VALUE" for name in missing)
            by_name = ", or --of NAME" if {"namespace", "name", "run"} & {*missing} else ""
            raise ConfigurationError(
                "\n".join([f"the query needs {' and '.join(missing)}: give {told}{by_name}", *self._meanings])
            )

    def _value(self, name: str, text: str) -> Any:
        try:
            value = json.loads(text)
        except ValueError:
            return text
        wants_text = (self._types or {}).get(name, "").removesuffix("!") in _TEXTS
        return text if wants_text and not isinstance(value, str | None) else value


def _about(query: str) -> str:
    """What the variables $namespace and $name, or $run, are of."""
    for kind in ("dataset", "job"):
        if any(f"{kind}{sign}namespace: $namespace" in query for sign in ("(", ": {")):
            return kind
    if "column: {namespace: $namespace" in query:
        return "dataset"
    return "run" if "run(id: $run)" in query else ""
