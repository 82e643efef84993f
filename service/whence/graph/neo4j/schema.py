"""The database's format: what brings it to this version, and how all in it is deleted."""

from typing import Any

from neo4j import AsyncSession

from whence.graph.neo4j.statements import ALL_EDGES, CYPHER, text, types
from whence_schemas.errors import ConfigurationError
from whence_schemas.identity import Kind

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "node_key",
        "node_place",
        "attempt_job",
        "report_owner",
        "report_unit",
        "report_footprint",
        "claim_entity",
        "claim_unit",
        "claim_value",
        "consumed_dataset",
        "consumed_version",
        "produced_dataset",
        "produced_version",
        "facet_value",
        "footprint_key",
        "failure_entry",
    ),
    ("fill_within", "node_within"),
    ("produced_complete",),
    ("tagged_owner",),
)
"""Names of the statements that bring the database from each version to the next. Each may run again."""

LABELS = {
    Kind.DATASET: "Dataset",
    Kind.JOB: "Job",
    Kind.RUN: "Run",
    Kind.COLUMN: "Column",
    Kind.DATASET_VERSION: "DatasetVersion",
    Kind.OWNER: "Owner",
    Kind.TAG: "Tag",
    Kind.CODE_VERSION: "CodeVersion",
    Kind.ASSERTION: "Assertion",
}
"""Labels of nodes by kind."""


async def migrate(session: AsyncSession, uri: str) -> None:
    """Apply the migrations that the database has not seen; finish a `clear` that was cut short.

    Raises:
        ConfigurationError: the database is one of a newer Whence.
    """

    async def run(query: str, **parameters: Any) -> list[list[Any]]:
        result = await session.run(CYPHER[query], parameters)
        return await result.values()

    await run("meta_constraint")
    [[version, clearing]] = await run("meta")
    if version > len(MIGRATIONS):
        raise ConfigurationError(
            f"the database at {uri} was written by a newer Whence (format {version}, this one knows "
            f"{len(MIGRATIONS)}): upgrade Whence, or empty the database and run `whence rebuild`"
        )
    for number, names in enumerate(MIGRATIONS[version:], start=version + 1):
        for name in names:
            await run(name)
        await run("await_indexes")
        await run("set_version", version=number)
    if clearing:
        await clear(session)


async def clear(session: AsyncSession) -> None:
    """Delete everything, in many transactions: no transaction holds a large graph."""
    for query in ("begin_clear", "clear_relationships", "clear_nodes", "end_clear"):
        kind = types(ALL_EDGES) if query == "clear_relationships" else ""
        await (await session.run(text(query, kind))).consume()
