"""What the SQLite graph store does alone: its file, and files of older formats."""

import sqlite3

import pytest

from tests.build import NS, dump, event, project
from whence.graph.queries import load_queries
from whence.graph.sqlite import SCHEMA_VERSION, SQLiteGraphStore
from whence_schemas.errors import ConfigurationError
from whence_schemas.identity import dataset_key


async def test_a_file_of_the_first_format_gets_what_is_new(tmp_path):
    path = tmp_path / "graph.db"
    with sqlite3.connect(path) as old:
        old.executescript(f"BEGIN; {load_queries('sqlite.sql')['schema']} PRAGMA user_version = 1; COMMIT")
    events = [event("COMPLETE", "10:00:00", outputs=["a"])]
    store = SQLiteGraphStore(path)
    await project(store, events)
    assert len(await store.last_productions([dataset_key(NS, "a")], 1, 2**60, 10)) == 1
    kept = await dump(store)
    await store.close()
    with sqlite3.connect(path) as new:
        assert new.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert "production_by_dataset" in {name for (name,) in new.execute("SELECT name FROM sqlite_schema")}
    again = SQLiteGraphStore(path)
    assert await dump(again) == kept
    await again.close()


async def test_a_file_of_the_first_format_can_be_read_as_it_is(tmp_path):
    path = tmp_path / "graph.db"
    with sqlite3.connect(path) as old:
        old.executescript(f"BEGIN; {load_queries('sqlite.sql')['schema']} PRAGMA user_version = 1; COMMIT")
    store = SQLiteGraphStore(path, read_only=True)
    assert await store.last_productions([dataset_key(NS, "a")], 1, 2**60, 10) == {}
    await store.close()


def test_a_newer_file_is_refused(tmp_path):
    path = tmp_path / "graph.db"
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigurationError, match=r"newer Whence \(format 99, this one knows 2\)"):
        SQLiteGraphStore(path)
