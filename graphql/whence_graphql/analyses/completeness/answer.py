"""How much of the lineage is known: scores, and the findings behind them."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple, Self

import strawberry

from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.node import LineageNode, load_node, load_nodes
from whence_graphql.paging import Connection, ordered
from whence_graphql.scalars import DateTime
from whence_schemas import completeness
from whence_schemas.completeness import Check, CompletenessQuestion, Finding, Group, Ranked, Score, overall
from whence_schemas.impact import Certainty
from whence_schemas.read import Freshness

_CHECKS = list(Check)


class _Position(NamedTuple):
    rank: int
    check: int


class _GroupPosition(NamedTuple):
    score: float
    name: str
    nobody: bool


@object_type
class CompletenessScore:
    """What is known of all that counts, for one check."""

    check: Check
    known: int
    countable: int
    score: float | None = strawberry.field(description="Known of countable, from 0 to 1; null where nothing counts.")

    @classmethod
    def of(cls, score: Score) -> Self:
        """A score in GraphQL's type."""
        return cls(check=score.check, known=score.known, countable=score.countable, score=score.share)


@object_type
class CompletenessGroup:
    """The scores of one namespace or owner."""

    name: str | None = strawberry.field(description="Of the namespace or the owner; null for what nobody owns.")
    score: float = strawberry.field(description="The mean of its checks' scores.")
    scores: list[CompletenessScore]

    @classmethod
    def of(cls, group: Group) -> Self:
        """A group in GraphQL's type."""
        scores = [CompletenessScore.of(score) for score in group.scores if score.countable]
        return cls(name=group.name, score=overall(group.scores) or 0.0, scores=scores)


@object_type
class CompletenessFinding:
    """Something that is not known."""

    check: Check
    certainty: Certainty = strawberry.field(
        description="RECORDED where it states what was sent or not; INFERRED where it is a guess: twins and silence."
    )
    since: DateTime | None = strawberry.field(description="From when on it counts as such, as far as that is known.")
    missing: int = strawberry.field(description="So many columns, runs or things are not known,")
    of: int = strawberry.field(description="of so many.")
    why: str = strawberry.field(description="What was found.")
    mend: str = strawberry.field(description="What to do about it.")
    found: strawberry.Private[Finding]
    moment: strawberry.Private[int]

    @resolved
    async def node(self, info: Info) -> LineageNode | None:
        """The dataset, job or run that it is about; of a collector the job that it reported last."""
        return await load_node(info, LineageNode, self.found.key, self.moment)

    @resolved
    async def others(self, info: Info) -> list[LineageNode]:
        """The datasets that a suspected twin may be the same as, at most 5."""
        return await load_nodes(info, LineageNode, self.found.others, self.moment)


@answer_type
class Completeness(Answer):
    """How much of the lineage is known at a time, and how fresh that is."""

    as_of: DateTime
    score: float | None = strawberry.field(
        description="The mean of the checks' scores, each of which weighs the same; null where nothing counts."
    )
    truncated: bool = strawberry.field(description="Whether a limit cut it: then not everything was looked at.")
    answer: strawberry.Private[completeness.Completeness]

    @resolved
    def scores(self) -> list[CompletenessScore]:
        """Of each check that was asked for."""
        return [CompletenessScore.of(score) for score in self.answer.scores]

    @resolved
    async def by_namespace(self, info: Info, first: First = 20, after: After = None) -> Connection[CompletenessGroup]:
        """The scores of each namespace, the worst first; a dataset counts in that of the name that stands for it."""
        return _groups(info, self.answer.by_namespace, first, after)

    @resolved
    async def by_owner(self, info: Info, first: First = 20, after: After = None) -> Connection[CompletenessGroup]:
        """The scores of each owner, the worst first; what two own counts for both."""
        return _groups(info, self.answer.by_owner, first, after)

    @resolved
    async def findings(
        self,
        info: Info,
        checks: Annotated[
            list[Check], strawberry.argument(description="Only of these; none for all that were asked for.")
        ] = [],  # noqa: B006  # it becomes the default in the schema
        first: First = 20,
        after: After = None,
    ) -> Connection[CompletenessFinding]:
        """What is not known: the worst of each check, then the second of each, and so on."""
        rows = [row for row in self.answer.findings if not checks or row.finding.check in checks]
        return ordered(info, rows, first, after, _Position, _position, self._finding)

    def _finding(self, row: Ranked) -> CompletenessFinding:
        found = row.finding
        return CompletenessFinding(
            check=found.check,
            certainty=found.check.certainty,
            since=None if found.since is None else DateTime(found.since),
            missing=found.missing,
            of=found.of,
            why=found.why,
            mend=found.mend,
            found=found,
            moment=self.as_of,
        )


def completeness_of(
    answer: completeness.Completeness, question: CompletenessQuestion, fresh: Freshness
) -> Completeness:
    """The answer in GraphQL's types."""
    return Completeness(
        as_of=DateTime(question.as_of),
        score=overall(answer.scores),
        answer=answer,
        **told(answer.truncated, answer.notes, fresh),
    )


def _position(row: Ranked) -> _Position:
    return _Position(row.rank, _CHECKS.index(row.finding.check))


def _groups(info: Info, rows: Sequence[Group], first: int, after: str | None) -> Connection[CompletenessGroup]:
    """A page of groups, which are ordered by score and name."""
    return ordered(info, rows, first, after, _GroupPosition, _group_position, CompletenessGroup.of)


def _group_position(group: Group) -> _GroupPosition:
    return _GroupPosition(overall(group.scores) or 0.0, group.name or "", group.name is None)
