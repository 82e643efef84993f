"""What runs consumed and produced."""

from collections.abc import Collection, Sequence

import orjson

from whence.graph.answers import uses_by_dataset
from whence.graph.facts import Role
from whence.graph.partitions import parts_of
from whence.graph.port import NEWEST, Page
from whence.graph.sqlite.statements import Connection, fetch, listed
from whence_schemas.read import Use


def uses_of_runs(connection: Connection, runs: Sequence[str], roles: Collection[Role]) -> list[Use]:
    """Uses by runs, in these roles."""
    return [Use(*row) for row in sorted(fetch(connection, "uses_of_runs", runs=listed(runs), roles=listed(roles)))]


def uses_of_versions(connection: Connection, versions: Sequence[str], roles: Collection[Role]) -> list[Use]:
    """Uses that name one of these versions, in these roles."""
    rows = fetch(connection, "uses_of_versions", versions=listed(versions), roles=listed(roles))
    return [Use(*row) for row in sorted(rows)]


def uses_of_dataset(
    connection: Connection, dataset: str, role: Role, as_of: int, after: Page | None, limit: int
) -> list[Use]:
    """Uses of a dataset in a role, newest first."""
    page = (after or NEWEST)._asdict()
    rows = fetch(connection, "uses_of_dataset", dataset=dataset, role=role, as_of=as_of, limit=limit, **page)
    return [Use(*row) for row in rows]


def uses_between(
    connection: Connection, datasets: Sequence[str], role: Role, since: int, until: int, limit: int
) -> dict[str, list[Use]]:
    """For each dataset its last uses in a role within a time."""
    wanted = listed(datasets)
    return uses_by_dataset(
        fetch(connection, "uses_between", datasets=wanted, role=role, since=since, until=until, limit=limit)
    )


def last_productions(
    connection: Connection, datasets: Sequence[str], complete: int, as_of: int, limit: int
) -> dict[str, list[Use]]:
    """The last productions of each dataset that are complete to just this degree."""
    return uses_by_dataset(
        row
        for dataset in dict.fromkeys(datasets)
        for row in fetch(connection, "last_productions", dataset=dataset, complete=complete, as_of=as_of, limit=limit)
    )


def last_produced(connection: Connection, readings: Sequence[Use]) -> dict[Use, Use]:
    """For each reading the use by which its dataset was produced last."""
    wanted = [(use.dataset, use.at, use.run, use.number, parts_of(use.partitions)) for use in readings]
    rows = fetch(connection, "last_produced", readings=orjson.dumps(wanted).decode())
    return {readings[row[0]]: Use(*row[1:]) for row in rows}


def read_since(connection: Connection, productions: Sequence[Use]) -> dict[Use, list[Use]]:
    """For each production the uses that may have consumed it, without naming a version."""
    wanted = [(use.dataset, use.at, parts_of(use.partitions)) for use in productions]
    found: dict[Use, list[Use]] = {made: [] for made in productions}
    for row in fetch(connection, "read_since", made=orjson.dumps(wanted).decode()):
        found[productions[row[0]]].append(Use(*row[1:]))
    return found
