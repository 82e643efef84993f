"""What is said of things: owners, tags, code versions and checks."""

from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry import ID

from whence_graphql.describe import resolved
from whence_graphql.node import Node, node_type
from whence_schemas.identity import Kind, dataset_key, owner_key, tag_key
from whence_schemas.read import NodeRow

if TYPE_CHECKING:
    from whence_graphql.dataset import Dataset


@node_type(Kind.OWNER)
class Owner(Node):
    """Who owns datasets or jobs."""

    type: str | None = strawberry.field(
        default=None, description="What kind of owner, as that dataset or job says; null elsewhere."
    )

    @classmethod
    def of(cls, row: NodeRow, moment: int) -> Self:
        """The owner of a row."""
        return cls(id=ID(row.key), kind=Kind.OWNER, namespace="", name=row.name, moment=moment)

    @classmethod
    def named(cls, name: str, type: str | None, moment: int) -> Self:
        """An owner that something says it has."""
        return cls(id=ID(owner_key(name)), kind=Kind.OWNER, namespace="", name=name, type=type, moment=moment)


@node_type(Kind.TAG)
class Tag(Node):
    """A tag: a key, which is its name, with a value."""

    value: str
    source: str | None = strawberry.field(
        default=None, description="Who set it, as what is tagged says; null elsewhere."
    )
    field: str | None = strawberry.field(
        default=None, description="The dataset's column that is tagged; null where all of it is."
    )

    @classmethod
    def of(cls, row: NodeRow, moment: int) -> Self:
        """The tag of a row."""
        return cls(id=ID(row.key), kind=Kind.TAG, namespace="", name=row.namespace, value=row.name, moment=moment)

    @classmethod
    def named(cls, key: str, value: str, source: str | None, field: str | None, moment: int) -> Self:
        """A tag that something says it has."""
        return cls(
            id=ID(tag_key(key, value)),
            kind=Kind.TAG,
            namespace="",
            name=key,
            value=value,
            source=source,
            field=field,
            moment=moment,
        )


@node_type(Kind.CODE_VERSION)
class CodeVersion(Node):
    """The code that runs executed: a commit, which is its name, of a repository, which is its namespace."""


@node_type(Kind.ASSERTION)
class Assertion(Node):
    """A data-quality check or test, of a dataset where that is known."""

    place: strawberry.Private[tuple[str, str]] = ("", "")

    @classmethod
    def of(cls, row: NodeRow, moment: int) -> Self:
        """The check of a row."""
        place = (row.namespace, row.name)
        return cls(id=ID(row.key), kind=Kind.ASSERTION, namespace="", name=row.field, place=place, moment=moment)

    @resolved
    def dataset(self) -> Annotated["Dataset", strawberry.lazy("whence_graphql.dataset")] | None:
        """The dataset that is checked."""
        from whence_graphql.dataset import Dataset

        return Dataset.of(NodeRow(dataset_key(*self.place), *self.place), self.moment) if any(self.place) else None
