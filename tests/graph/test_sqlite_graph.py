"""What is the SQLite graph store's alone."""

import sqlite3

from tests.build import JOBS, event, project
from whence.graph.sqlite import SCHEMA_VERSION, SQLiteGraphStore
from whence_schemas.identity import Kind


async def test_a_file_of_an_older_format_is_brought_to_this_one(tmp_path):
    path = tmp_path / "graph.db"
    store = SQLiteGraphStore(path)
    await project(store, [event("COMPLETE", "10:00:00", inputs=["a"])])
    await store.close()
    with sqlite3.connect(path) as connection:
        connection.executescript("DROP INDEX node_by_namespace; PRAGMA user_version = 1")
    again = SQLiteGraphStore(path)
    assert [node.name for _, node in await again.search("", [Kind.JOB], None, 9, JOBS)] == ["etl"]
    await again.close()
    with sqlite3.connect(path) as connection:
        [(version,)] = connection.execute("PRAGMA user_version")
        indexes = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert version == SCHEMA_VERSION
    assert "node_by_namespace" in indexes
