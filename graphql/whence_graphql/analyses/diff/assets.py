"""How what is said of datasets, jobs and runs differs: columns, code and other facets."""

import strawberry
from pydantic_core import from_json
from strawberry.scalars import JSON

from whence_graphql.analyses.diff.showing import Showing, said_by
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.job import Job
from whence_graphql.node import LineageNode
from whence_schemas import diff
from whence_schemas.diff import ColumnChange, Difference


@object_type
class ColumnDiff:
    """A column that was added, dropped or retyped, or the order of a dataset's columns."""

    dataset: Dataset
    path: str | None = strawberry.field(
        description="The column, with dots to nested fields; null where the order changed."
    )
    change: ColumnChange
    before: str | None = strawberry.field(description="Its type; or all columns in their order.")
    after: str | None
    said: Showing | None = strawberry.field(description="Where times are compared: what said so first.")


@object_type
class CodeState:
    """The version of a job's code, as far as it is told."""

    repository: str | None
    commit: str | None
    branch: str | None
    path: str | None
    dirty: bool | None = strawberry.field(description="Whether it had uncommitted changes.")
    source: str | None = strawberry.field(description="SHA-256 of the function's or task's source.")
    version: str | None = strawberry.field(description="What the orchestrator calls it.")


@object_type
class TextDiff:
    """A text that changed."""

    facet: str = strawberry.field(description="sql or sourceCode.")
    diff: str = strawberry.field(description="A unified diff without its head.")
    cut: bool = strawberry.field(description="Whether there is more of it.")


@object_type
class CodeDiff:
    """A job whose code changed."""

    job: Job
    before: CodeState
    after: CodeState
    texts: list[TextDiff]
    said: Showing | None = strawberry.field(description="Where times are compared: what said so first.")


@object_type
class FacetDiff:
    """A facet that says something else than before."""

    of: LineageNode = strawberry.field(description="The dataset, job or run.")
    name: str
    difference: Difference
    old: strawberry.Private[bytes | None]
    new: strawberry.Private[bytes | None]
    said: Showing | None = strawberry.field(description="Where times are compared: what said so first.")

    @resolved
    def before(self) -> JSON | None:
        """What it said."""
        return json_of(self.old)

    @resolved
    def after(self) -> JSON | None:
        """What it says."""
        return json_of(self.new)


def json_of(body: bytes | None) -> JSON | None:
    """JSON in its type."""
    return JSON(from_json(body)) if body is not None else None


def column_diff(row: diff.ColumnDiff, dataset: Dataset, moment: int) -> ColumnDiff:
    """A row in its type."""
    return ColumnDiff(
        dataset=dataset,
        path=row.path or None,
        change=row.change,
        before=row.before,
        after=row.after,
        said=said_by(row.said, moment),
    )


def code_diff(row: diff.CodeDiff, job: Job, moment: int) -> CodeDiff:
    """A row in its type."""
    return CodeDiff(
        job=job,
        before=_code(row.before),
        after=_code(row.after),
        texts=[TextDiff(facet=text.facet, diff=text.diff, cut=text.cut) for text in row.texts],
        said=said_by(row.said, moment),
    )


def _code(code: diff.Code) -> CodeState:
    return CodeState(**{name: value if value != "" else None for name, value in code._asdict().items()})


def facet_diff(row: diff.FacetDiff, of: LineageNode, moment: int) -> FacetDiff:
    """A row in its type."""
    return FacetDiff(
        of=of, name=row.facet, difference=row.difference, old=row.before, new=row.after, said=said_by(row.said, moment)
    )
