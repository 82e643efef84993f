"""From settings to adapters: which event log, which graph store, which redaction."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from whence.eventlog.port import EventLog
from whence.eventlog.sqlite import MEMORY, SQLiteEventLog
from whence.graph.port import GraphStore
from whence.graph.sqlite import SQLiteGraphStore
from whence.ingestion import Ingestion
from whence.notary.keys import KeyFile
from whence.notary.notary import Notary
from whence.notary.timestamps import TimestampAuthority
from whence.reader import GraphReader
from whence.redaction import Redaction
from whence.settings import Settings
from whence_schemas.errors import ConfigurationError

_SQLITE = "sqlite:///"
_NEO4J = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


async def open_log(settings: Settings, read_only: bool = False) -> EventLog:
    """The event log that the settings name.

    Raises:
        ConfigurationError: the settings name none that there can be.
        LogLocked, LogUnavailable: it cannot be opened now.
    """
    scheme = urlsplit(settings.log).scheme
    if scheme.startswith("postgres"):
        raise ConfigurationError("WHENCE_LOG: an event log in PostgreSQL is not there yet; use sqlite:///path")
    if not settings.log.startswith(_SQLITE):
        raise ConfigurationError(f"WHENCE_LOG: {_kind(settings.log)} is no event log; use sqlite:///path")
    return await SQLiteEventLog.open(_sqlite_path(settings.log), read_only)


async def open_graph(settings: Settings, read_only: bool = False) -> GraphStore:
    """The graph store that the settings name. A Neo4j that does not answer yet is no error.

    Raises:
        ConfigurationError: the settings name none that there can be, or Neo4j refuses the password.
    """
    if settings.graph.startswith(_SQLITE):
        path = _sqlite_path(settings.graph)
        if path == MEMORY:
            return SQLiteGraphStore(None)
        if settings.log.startswith(_SQLITE) and path == _sqlite_path(settings.log):
            raise ConfigurationError("WHENCE_GRAPH names the same file as WHENCE_LOG; give the graph a file of its own")
        return SQLiteGraphStore(path, read_only=read_only)
    if urlsplit(settings.graph).scheme in _NEO4J:
        return await _open_neo4j(settings)
    raise ConfigurationError(
        f"WHENCE_GRAPH: {_kind(settings.graph)} is no graph store; use sqlite:///path or neo4j://host:7687"
    )


async def open_notary(settings: Settings, log: EventLog) -> Notary:
    """Who signs for the log, which is open for writing.

    Raises:
        ConfigurationError: the log's key is not where the settings say.
        LogUnavailable: the log cannot be read now.
    """
    authority = TimestampAuthority(settings.timestamp_url) if settings.timestamp_url else None
    return await Notary.open(log, KeyFile(_key_path(settings)), settings.log_origin, authority)


def _key_path(settings: Settings) -> Path | None:
    path = _sqlite_path(settings.log)
    return settings.log_key or (None if path == MEMORY else Path(f"{path}.key"))


def new_reader(settings: Settings, log: EventLog, graph: GraphStore) -> GraphReader:
    """What questions are answered from.

    Raises:
        ConfigurationError: a never_alias rule is no regular expression.
    """
    return GraphReader(graph, log.size, never_alias_rules(settings))


def never_alias_rules(settings: Settings) -> list[re.Pattern[str]]:
    """Which datasets are never joined with their other names.

    Raises:
        ConfigurationError: a rule is no regular expression.
    """
    try:
        return [re.compile(pattern) for pattern in settings.never_alias]
    except re.error as error:
        raise ConfigurationError(f"WHENCE_NEVER_ALIAS: {error.pattern!r} is no regular expression: {error}") from None


def new_ingestion(settings: Settings, log: EventLog) -> Ingestion:
    """The way into the log, with the operator's redaction rules.

    Raises:
        ConfigurationError: the rules cannot be used.
    """
    return Ingestion(log, Redaction.load(settings.redact) if settings.redact else None)


async def _open_neo4j(settings: Settings) -> GraphStore:
    from whence.graph.neo4j import Neo4jGraphStore  # the driver takes time and memory that SQLite users can keep

    url = urlsplit(settings.graph)
    address = urlunsplit((url.scheme, url.netloc.rpartition("@")[2], "", "", ""))
    user = unquote(url.username or "") or settings.neo4j_user
    return await Neo4jGraphStore.open(address, user, _neo4j_password(settings), unquote(url.path.strip("/")) or None)


def _neo4j_password(settings: Settings) -> str:
    if password := urlsplit(settings.graph).password:
        return unquote(password)
    if settings.neo4j_password:
        return settings.neo4j_password.get_secret_value()
    if settings.neo4j_password_file:
        try:
            return settings.neo4j_password_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"WHENCE_NEO4J_PASSWORD_FILE cannot be read: {error}") from None
    raise ConfigurationError(
        "WHENCE_GRAPH names Neo4j without a password; set WHENCE_NEO4J_PASSWORD or WHENCE_NEO4J_PASSWORD_FILE"
    )


def _sqlite_path(url: str) -> Path | Literal[":memory:"]:
    """The file that a URL of SQLite names, with three slashes a relative one, with four an absolute one."""
    name = url.removeprefix(_SQLITE)
    if not name:
        raise ConfigurationError(f"{url} names no file; use sqlite:///relative/path or sqlite:////absolute/path")
    return MEMORY if name == MEMORY else Path(name)


def _kind(url: str) -> str:
    """What kind of URL it is, for a message that must not tell the password in it."""
    scheme, found, _ = url.partition("://")
    return f"{scheme}://" if found else repr(url)
