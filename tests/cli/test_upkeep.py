"""`whence rebuild`, `doctor` and `key`."""

import json
import socket
import sqlite3

import pytest

from tests.cli.commands import PIPELINE, SAMPLES
from tests.running import running
from whence.access.keys import KeyRing, Scope


@pytest.fixture
def port():
    """A free port to name, for nobody knows who has 5000."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def test_rebuild_gives_the_same_graph(whence):
    whence("ingest", *PIPELINE)
    answer = whence("rebuild", "--check").out
    assert "The graph is built from the log's 79 entries." in answer
    assert "The graphs are identical." in answer


def test_rebuild_mends_a_graph_that_was_changed(whence, folder):
    whence("ingest", *PIPELINE)
    connection = sqlite3.connect(folder / ".whence/graph.db")
    with connection:
        connection.execute("UPDATE node SET name = 'changed' WHERE name = 'w.main.v_share'")
    connection.close()
    assert "The graphs differ." in whence("rebuild", "--check", code=1).out
    assert "The graphs are identical." in whence("rebuild", "--check").out


def test_a_lost_graph_is_built_again_by_the_next_question(whence, folder):
    whence("ingest", *PIPELINE)
    for file in folder.glob(".whence/graph.db*"):
        file.unlink()
    assert "v_share" in whence("search", "v_share").out


@pytest.mark.parametrize("command", [["rebuild"], ["search"], ["lineage", "x"], ["show", "x"]])
def test_without_a_log_nothing_is_made(whence, folder, command):
    assert "whence ingest" in whence(*command, code=2).err
    assert list(folder.iterdir()) == []


def test_rebuild_wants_the_server_stopped(whence, folder):
    with running(folder):
        assert "Stop it" in whence("rebuild", code=1).err


def findings(answer):
    return {found["what"]: found for found in answer.json}


def test_doctor_before_anything_is_there(whence, folder, port):
    found = findings(whence("doctor", "--port", port, "--json"))
    assert {finding["state"] for name, finding in found.items() if name != "Disk"} == {"ok"}
    assert "not there yet" in found["Event log"]["found"]
    assert list(folder.iterdir()) == []


def test_doctor_on_good_stores(whence, port):
    whence("key", "create", "me")
    whence("ingest", *PIPELINE)
    answer = whence("doctor", "--port", port)
    assert "79 entries" in answer.out
    assert "up to date with the log" in answer.out
    assert "1 in .whence/keys.json" in answer.out


def test_doctor_on_a_running_server(whence, folder):
    with running(folder) as server:
        assert "in use by a running server" in whence("doctor", "--port", server.url.rpartition(":")[2]).out
        assert "a Whence answers" in whence("doctor", "--port", server.url.rpartition(":")[2]).out
        assert "0 entries, all in the graph" in whence("doctor", "--url", server.url).out


def test_doctor_says_what_is_wrong_and_how_to_mend_it(whence, folder):
    whence("ingest", SAMPLES / "dbt_ol_build.ndjson")
    whence("key", "create", "me")
    (folder / ".whence/keys.json").chmod(0o644)
    for file in folder.glob(".whence/graph.db*"):
        file.unlink()
    with socket.create_server(("127.0.0.1", 0)) as other:
        answer = whence("doctor", "--port", other.getsockname()[1], code=1)
    for word in ("chmod 600", "whence rebuild", "WHENCE_PORT"):
        assert word in answer.out


@pytest.mark.parametrize(
    ("flags", "what", "word"),
    [
        (["--log", "mysql://db"], "Event log", "sqlite:///path"),
        (["--log", "sqlite:///broken.db"], "Event log", "damaged"),
        (["--graph", "sqlite:///broken.db"], "Graph", "WHENCE_GRAPH"),
        (["--graph", "neo4j://me:secret@127.0.0.1:1"], "Graph", "whence neo4j"),
        (["--keys", "broken.db"], "Keys", "whence key create"),
        (["--redact", "broken.db"], "Redaction", "broken.db"),
        (["--url", "http://127.0.0.1:1"], "Server", "whence serve"),
    ],
)
def test_doctor_on_bad_settings(whence, folder, flags, what, word):
    (folder / "broken.db").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    answer = whence("doctor", "--json", *flags, code=1)
    found = findings(answer)[what]
    assert found["state"] == "fail"
    assert word in found["found"] + found["mend"]
    assert "secret" not in answer.out


def test_doctor_tells_what_was_set_aside(whence, folder, port):
    whence("ingest", SAMPLES / "dbt_ol_build.ndjson")
    connection = sqlite3.connect(folder / ".whence/graph.db")
    with connection:
        connection.execute("INSERT INTO failure VALUES (3, 'Rabc', 'KeyError: x')")
    connection.close()
    found = whence("doctor", "--port", port).out
    assert "event 3 of the log (Rabc): KeyError: x" in found


def test_keys(whence, folder):
    created = whence("key", "create", "airflow", "--scope", "ingest, audit")
    key = KeyRing(folder / ".whence/keys.json").find(created.out.strip())
    assert key.scopes == {Scope.INGEST, Scope.AUDIT}
    [listed] = whence("key", "list", "--json").json
    assert listed == {"id": key.id, "name": "airflow", "scopes": ["audit", "ingest"], "created": key.created}
    assert created.out.strip() not in whence("key", "list").out
    assert "revoked" in whence("key", "revoke", key.id).out
    assert "no key" in whence("key", "list").err
    assert "key list" in whence("key", "revoke", key.id, code=1).err
    assert "ingest, read, audit, admin" in whence("key", "create", "me", "--scope", "all", code=2).err


def test_a_server_with_keys(whence, folder):
    key = whence("key", "create", "reader", "--scope", "read").out.strip()
    with running(folder) as server:
        assert "WHENCE_KEY" in whence("search", "--url", server.url, code=1).err
        assert whence("search", "--url", server.url, "--key", key).code == 0
        refused = whence("ingest", "--url", server.url, "--key", key, PIPELINE[0], code=1)
        assert "lacks the scope ingest" in refused.err
    assert json.loads((folder / ".whence/keys.json").read_text())["keys"]
