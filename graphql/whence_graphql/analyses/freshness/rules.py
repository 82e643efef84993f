"""What is asked of freshness: which datasets, by which rules."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from whence_graphql.lineage import NameInput
from whence_schemas import freshness
from whence_schemas.identity import dataset_key


@strawberry.input(description="A rule on when datasets are to be produced; of several the first that fits holds.")
class FreshnessRuleInput:
    """A rule of a policy."""

    id: str = strawberry.field(description="What the answer names it by.")
    namespaces: list[str] = strawberry.field(default_factory=lambda: ["*"], description="Patterns with * and ?.")
    names: list[str] = strawberry.field(default_factory=lambda: ["*"], description="Patterns with * and ?.")
    every: str | None = strawberry.field(
        default=None, description="An ISO 8601 duration since the last production, as PT24H; without cron, zone and by."
    )
    cron: str | None = strawberry.field(
        default=None, description="When a production begins to be expected: five fields, or @daily; with by or grace."
    )
    zone: str | None = strawberry.field(default=None, description="The time zone of cron and by; UTC without it.")
    by: str | None = strawberry.field(
        default=None, description="The clock time by which it is to be there, as 06:00; without cron: every day."
    )
    grace: str | None = strawberry.field(
        default=None, description="How much later it counts as late; an ISO 8601 duration."
    )

    def rule(self) -> freshness.FreshnessRule:
        """As the analysis takes it."""
        return freshness.FreshnessRule(
            self.id, tuple(self.namespaces), tuple(self.names), self.every, self.cron, self.zone, self.by, self.grace
        )


DatasetNames = Annotated[list[NameInput], strawberry.argument(description="Only these; none for all.")]
Rules = Annotated[
    list[FreshnessRuleInput], strawberry.argument(description="A policy: when datasets are to be produced.")
]


def question_of(
    as_of: int, of: Sequence[NameInput], namespace: str | None, rules: Sequence[FreshnessRuleInput]
) -> freshness.FreshnessQuestion:
    """What is asked, without limits."""
    keys = dict.fromkeys(dataset_key(name.namespace, name.name) for name in of)
    return freshness.FreshnessQuestion(as_of, tuple(keys), namespace, tuple(rule.rule() for rule in rules))
