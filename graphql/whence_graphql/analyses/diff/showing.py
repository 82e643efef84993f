"""What showed something that differs."""

import strawberry

from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.node import load_node
from whence_graphql.run import Run
from whence_graphql.scalars import DateTime
from whence_schemas import diff
from whence_schemas.diff import Evidence, SaidAt


@object_type
class Showing:
    """What showed something: an attempt of a run, or a declaration."""

    at: DateTime = strawberry.field(description="When it started, or was declared.")
    attempt: int | None = strawberry.field(description="The attempt's number, from 0; null of a declaration.")
    unit: strawberry.Private[str]
    moment: strawberry.Private[int]

    @resolved
    async def run(self, info: Info) -> Run | None:
        """The run; null of a declaration."""
        return await load_node(info, Run, self.unit, self.moment)


@object_type
class Shown:
    """What a difference rests on."""

    first: Showing | None = strawberry.field(description="What showed it first, after `from`.")
    last: Showing | None = strawberry.field(description="Where it vanished: what showed it last.")
    without: Showing | None = strawberry.field(
        description="Where it vanished: the first after `last` that counts and did not show it."
    )
    reach: bool = strawberry.field(
        description="Nothing of its own came or went: the way that leads there did, or a name."
    )


def shown_by(evidence: Evidence, moment: int) -> Shown:
    """What a difference rests on, in its type."""
    first, last, without = (showing(one, moment) for one in evidence[:3])
    return Shown(first=first, last=last, without=without, reach=evidence.reach)


def showing(found: diff.Showing | None, moment: int) -> Showing | None:
    """What showed something, in its type."""
    if found is None:
        return None
    return Showing(at=DateTime(found.at), attempt=found.number if found.run else None, unit=found.run, moment=moment)


def said_by(said: SaidAt | None, moment: int) -> Showing | None:
    """What said something first, in its type."""
    return Showing(at=DateTime(said.at), attempt=None, unit=said.unit, moment=moment) if said else None
