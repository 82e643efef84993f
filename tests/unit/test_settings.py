"""Settings from the environment, and the adapters that they name."""

import asyncio
import os
from pathlib import Path

import pytest

from whence.eventlog.port import NewEvent
from whence.graph.neo4j import Neo4jGraphStore
from whence.settings import Settings, configuration_table, load_settings
from whence.wiring import new_ingestion, open_graph, open_log, open_notary
from whence_schemas.errors import ConfigurationError


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    for name in os.environ:
        if name.startswith("WHENCE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def test_the_defaults():
    settings = load_settings()
    assert (settings.log, settings.graph) == ("sqlite:///.whence/log.db", "sqlite:///.whence/graph.db")
    assert (settings.host, settings.port) == ("127.0.0.1", 5000)
    assert settings.max_body_bytes == 32 * 1024 * 1024
    assert (settings.allowed_hosts, settings.cors_origins) == ((), ())


def test_the_environment_is_read_and_what_is_chosen_goes_before_it(environment):
    environment.setenv("WHENCE_PORT", "6000")
    environment.setenv("WHENCE_HOST", "::1")
    environment.setenv("WHENCE_ALLOWED_HOSTS", " a.example, b.example ,")
    environment.setenv("WHENCE_KEYS", "/etc/keys.json")
    environment.setenv("WHENCE_REDACT", "")
    settings = load_settings(host="localhost")
    assert (settings.port, settings.host) == (6000, "localhost")
    assert settings.allowed_hosts == ("a.example", "b.example")
    assert (settings.keys, settings.redact) == (Path("/etc/keys.json"), None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WHENCE_PORT", "many"),
        ("WHENCE_PORT", "65536"),
        ("WHENCE_MAX_BODY_BYTES", "0"),
        ("WHENCE_QUERY_SECONDS", "-1"),
    ],
)
def test_a_bad_value_names_its_variable(environment, name, value):
    environment.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name):
        load_settings()


def test_secrets_are_not_shown(environment):
    environment.setenv("WHENCE_GRAPH", "neo4j://u:secret@h")
    environment.setenv("WHENCE_NEO4J_PASSWORD", "secret")
    environment.setenv("WHENCE_KEY", "whence_1_secret")
    assert "secret" not in repr(load_settings())


def test_the_table_has_every_setting():
    lines = configuration_table().splitlines()
    assert len(lines) == 2 + len(Settings.model_fields)
    assert "| `WHENCE_PORT` | `5000` | The port to listen on; 0 takes a free one. |" in lines
    assert all(line.count("|") == 4 for line in lines)
    assert all(field.description for field in Settings.model_fields.values())


# Adapters


@pytest.mark.parametrize("prefix", ["sqlite:///", "sqlite:////"])
async def test_relative_and_absolute_files(tmp_path, prefix):
    folder = "state" if prefix == "sqlite:///" else str(tmp_path / "state").lstrip("/")
    settings = load_settings(log=f"{prefix}{folder}/log.db", graph=f"{prefix}{folder}/graph.db")
    log, graph = await open_log(settings), await open_graph(settings)
    await log.append([NewEvent(b"{}", "R", b"{}")])
    reader = await open_log(settings, read_only=True)
    assert await reader.size() == 1
    graph_reader = await open_graph(settings, read_only=True)
    assert await graph_reader.cursor() == 0
    for opened in (reader, graph_reader, graph, log):
        await opened.close()
    assert (tmp_path / "state" / "log.db").is_file()
    assert (tmp_path / "state" / "graph.db").is_file()


async def test_stores_in_memory(tmp_path):
    settings = load_settings(log="sqlite:///:memory:", graph="sqlite:///:memory:")
    log, graph = await open_log(settings), await open_graph(settings)
    assert (await log.size(), await graph.cursor()) == (0, 0)
    assert b"0\n47DEQ" in await (await open_notary(settings, log)).checkpoint()
    await log.close()
    await graph.close()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://u:secret@h/db", "not there yet"),
        ("sqlite://log.db", "sqlite:///path"),
        ("sqlite:///", "names no file"),
        ("log.db", "sqlite:///path"),
        ("mysql://u:secret@h/db", "mysql:// is no event log"),
    ],
)
async def test_logs_that_there_are_not(url, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        await open_log(load_settings(log=url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://u:secret@h", "redis:// is no graph store"),
        ("graph.db", "is no graph store"),
        ("sqlite:///.whence/log.db", "same file as WHENCE_LOG"),
        ("neo4j://h", "without a password"),
    ],
)
async def test_graph_stores_that_there_are_not(url, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        await open_graph(load_settings(graph=url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"graph": "neo4j://h:7687", "neo4j_password": "p"}, ("neo4j://h:7687", "neo4j", "p", None)),
        ({"graph": "bolt://u:p%40%2F@h:1/db"}, ("bolt://h:1", "u", "p@/", "db")),
        ({"graph": "neo4j+s://u:p@[::1]:1", "neo4j_password": "x"}, ("neo4j+s://[::1]:1", "u", "p", None)),
        (
            {"graph": "neo4j://h", "neo4j_user": "u", "neo4j_password_file": "password"},
            ("neo4j://h", "u", "from the file", None),
        ),
    ],
)
def test_neo4j(environment, chosen, expected):
    opened = []

    async def note(*arguments):
        opened.append(arguments)

    environment.setattr(Neo4jGraphStore, "open", note)
    Path("password").write_text("from the file\n")
    asyncio.run(open_graph(load_settings(**chosen)))
    assert opened == [expected]


async def test_a_missing_password_file():
    with pytest.raises(ConfigurationError, match="WHENCE_NEO4J_PASSWORD_FILE"):
        await open_graph(load_settings(graph="neo4j://h", neo4j_password_file="missing"))


async def test_bad_rules_are_told():
    log = await open_log(load_settings(log="sqlite:///:memory:"))
    with pytest.raises(ConfigurationError, match=r"missing\.toml"):
        new_ingestion(load_settings(redact="missing.toml"), log)
    await log.close()
