"""What is the SQLite graph store's alone: the format of its file."""

import sqlite3
from contextlib import closing

import pytest

from tests.build import dataset, event, project
from whence.graph.facts import EdgeKind
from whence.graph.sqlite import SCHEMA_VERSION, SQLiteGraphStore
from whence_schemas.errors import ConfigurationError
from whence_schemas.identity import dataset_key

OWNED = event(
    "COMPLETE", "10:00:00", outputs=[dataset("d", ownership={"owners": [{"name": "team:data"}]})], job_facets={}
)


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_file_of_an_older_whence_is_brought_up_to_date(tmp_path, read_only):
    path = tmp_path / "graph.db"
    store = SQLiteGraphStore(path)
    await project(store, [OWNED])
    await store.close()
    with closing(sqlite3.connect(path)) as old:
        old.executescript("DROP INDEX label_by_owner; PRAGMA user_version = 1")
    store = SQLiteGraphStore(path, read_only=read_only)
    owner = dataset_key("postgres://db:5432", "d")
    assert [edge.kind for edge in await store.edges_from([owner], [EdgeKind.OWNED_BY])] == [EdgeKind.OWNED_BY]
    await store.close()
    with closing(sqlite3.connect(path)) as new:
        assert new.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_a_file_of_a_newer_whence_is_refused(tmp_path):
    path = tmp_path / "graph.db"
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(ConfigurationError, match=r"newer Whence.*upgrade Whence"):
        SQLiteGraphStore(path)
