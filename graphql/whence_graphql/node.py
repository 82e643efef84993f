"""The interfaces that all nodes have in common, and how nodes are made from rows."""

from collections.abc import Callable, Iterable
from typing import Self, TypeVar, dataclass_transform

import strawberry
from strawberry import ID

from whence_graphql.context import Info
from whence_graphql.describe import interface, object_type
from whence_graphql.scalars import DateTime
from whence_schemas.identity import Kind
from whence_schemas.read import NodeRow

_NodeType = TypeVar("_NodeType", bound="type[Node]")
_Of = TypeVar("_Of", bound="Node")
_TYPES: dict[str, "type[Node]"] = {}


@interface
class Node:
    """Something in the graph."""

    id: ID = strawberry.field(description="Opaque, and the same for ever.")
    kind: Kind
    namespace: str = strawberry.field(
        description="Of a column or version its dataset's, of a run its job's, of a code version the repository; "
        "empty where there is none."
    )
    name: str = strawberry.field(
        description="Within the namespace. Of a column or version its dataset's, of a run its job's, which is empty "
        "where it is not known."
    )
    moment: strawberry.Private[int]

    @classmethod
    def of(cls, row: NodeRow, moment: int) -> Self:
        """The node of a row, as it was at a moment (microseconds since the epoch)."""
        return cls(id=ID(row.key), kind=Kind(row.key[0]), namespace=row.namespace, name=row.name, moment=moment)

    def at(self, as_of: DateTime | None) -> int:
        """The time that a field is asked about: the one given, else the node's own."""
        return self.moment if as_of is None else as_of


@interface
class LineageNode(Node):
    """What lineage is made of: a dataset, job, column, run or dataset version."""

    field: str | None = strawberry.field(default=None, description="Of a column its name; else null.")
    distance: int | None = strawberry.field(
        default=None, description="In a lineage, the steps from its start; else null."
    )


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def node_type(kind: Kind) -> Callable[[_NodeType], _NodeType]:
    """The object type of a kind of nodes."""

    def register(cls: _NodeType) -> _NodeType:
        made = object_type(cls)
        _TYPES[kind] = made
        return made

    return register


def node_of(row: NodeRow, moment: int) -> Node:
    """The node of a row, in its type."""
    return _TYPES[row.key[0]].of(row, moment)


def by_name(node: Node) -> tuple[str, str]:
    """Sorts nodes as people look for them."""
    return node.name, node.namespace


async def load_node(info: Info, of: type[_Of], key: str, moment: int) -> _Of | None:
    """The node of this type with this key; None where there is none, or the key is empty."""
    found = await load_nodes(info, of, [key] if key else [], moment)
    return found[0] if found else None


async def load_nodes(info: Info, of: type[_Of], keys: Iterable[str], moment: int) -> list[_Of]:
    """The nodes of this type with these keys that are there, in this order."""
    rows = await info.context.loaders.node.load_many(list(keys))
    nodes = [node_of(row, moment) for row in rows if row is not None]
    return [node for node in nodes if isinstance(node, of)]


async def nodes_by_key(info: Info, of: type[_Of], keys: Iterable[str], moment: int) -> dict[str, _Of]:
    """The nodes of this type with these keys that are there, by key."""
    return {node.id: node for node in await load_nodes(info, of, dict.fromkeys(keys), moment)}
