"""What runs consumed and produced."""

from collections.abc import Collection, Sequence

from whence.graph.answers import uses_by_dataset
from whence.graph.facts import Role
from whence.graph.neo4j.statements import Transaction, before, collect, fetch, listed
from whence.graph.partitions import parts_of
from whence.graph.port import Page
from whence_schemas.read import Use


async def uses_of_runs(tx: Transaction, runs: Sequence[str], roles: Collection[Role]) -> list[Use]:
    """Uses by runs, in these roles."""
    rows = await collect(tx, "uses_of_runs", keys=listed(runs), roles=list(roles))
    return [Use(*row) for row in sorted(rows)]


async def uses_of_versions(tx: Transaction, versions: Sequence[str], roles: Collection[Role]) -> list[Use]:
    """Uses that name one of these versions, in these roles."""
    keys = listed(versions)
    rows = [row for role in roles for row in await collect(tx, "uses_of_versions", Role(role), keys=keys)]
    return [Use(*row) for row in sorted(rows)]


async def uses_of_dataset(
    tx: Transaction, dataset: str, role: Role, as_of: int, after: Page | None, limit: int
) -> list[Use]:
    """Uses of a dataset in a role, newest first."""
    rows = await fetch(tx, "uses_of_dataset", Role(role), dataset=dataset, limit=limit, **before(after, as_of))
    return [Use(*row) for row in rows]


async def uses_between(
    tx: Transaction, datasets: Sequence[str], role: Role, since: int, until: int, limit: int
) -> dict[str, list[Use]]:
    """For each dataset its last uses in a role within a time."""
    wanted = listed(datasets)
    rows = await collect(tx, "uses_between", Role(role), datasets=wanted, since=since, until=until, limit=limit)
    return uses_by_dataset(rows)


async def last_productions(
    tx: Transaction, datasets: Sequence[str], complete: int, as_of: int, limit: int
) -> dict[str, list[Use]]:
    """The last productions of each dataset that are complete to just this degree."""
    wanted = listed(datasets)
    return uses_by_dataset(
        await collect(tx, "last_productions", datasets=wanted, complete=complete, as_of=as_of, limit=limit)
    )


async def last_produced(tx: Transaction, readings: Sequence[Use]) -> dict[Use, Use]:
    """For each reading the use by which its dataset was produced last."""
    wanted = [
        [place, use.dataset, use.at, use.run, use.number, parts_of(use.partitions)]
        for place, use in enumerate(readings)
    ]
    rows = await collect(tx, "last_produced", readings=wanted)
    return {readings[row[0]]: Use(*row[1:]) for row in rows}


async def read_since(tx: Transaction, productions: Sequence[Use]) -> dict[Use, list[Use]]:
    """For each production the uses that may have consumed it, without naming a version."""
    wanted = [[place, use.dataset, use.at, parts_of(use.partitions)] for place, use in enumerate(productions)]
    found: dict[Use, list[Use]] = {made: [] for made in productions}
    for row in await collect(tx, "read_since", productions=wanted):
        found[productions[row[0]]].append(Use(*row[1:]))
    return found
