"""Docstrings as the schema's descriptions, and the account of what resolvers give out."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast, dataclass_transform

import strawberry

_Type = TypeVar("_Type", bound=type[Any])
_Resolver = TypeVar("_Resolver", bound=Callable[..., Any])


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def object_type(cls: _Type) -> _Type:
    """A GraphQL object type that is described by its docstring."""
    return strawberry.type(cls, description=inspect.getdoc(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def interface(cls: _Type) -> _Type:
    """A GraphQL interface that is described by its docstring."""
    return strawberry.interface(cls, description=inspect.getdoc(cls))


def resolved(resolver: _Resolver) -> _Resolver:
    """A field that is described by its resolver's docstring.

    An asynchronous resolver takes `info` first, and what it lists counts against the request's budget of rows.
    """
    counted = _counted(resolver) if inspect.iscoroutinefunction(resolver) else resolver
    return cast(_Resolver, strawberry.field(counted, description=inspect.getdoc(resolver)))


def _counted(resolver: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(resolver)
    async def count(self: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        found = await resolver(self, info, *args, **kwargs)
        if isinstance(found, list):
            info.context.budget.spend(len(found))
        return found

    return count
