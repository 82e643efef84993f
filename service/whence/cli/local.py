"""The client that opens the stores itself, for which no server need run."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from whence.cli.client import Progress, Receipt, data_of
from whence.cli.console import note
from whence.eventlog.port import Appended, EventLog
from whence.graph.port import GraphStore
from whence.memory import collect_rarely
from whence.projection.runner import Projector
from whence.reader import GraphReader
from whence.settings import Settings
from whence.wiring import new_ingestion, open_graph, open_log
from whence_schemas.errors import ConfigurationError, LogLocked

_SQLITE = "sqlite:///"


@asynccontextmanager
async def open_stores(settings: Settings, write: bool) -> AsyncIterator["Stores"]:
    """The stores that the settings name. Only who means to `write` takes the log's lock, and makes what is missing.

    Raises:
        ConfigurationError: there is nothing to read yet, or the settings cannot be used.
        LogLocked: a server has the log.
    """
    if not write:
        check_log_exists(settings)
    log = await open_log(settings, read_only=not write)
    try:
        graph = open_graph(settings)
        try:
            if not write:
                await _catch_up(settings, log, graph)
            yield Stores(settings, log, graph)
        finally:
            await graph.close()
    finally:
        await log.close()


def check_log_exists(settings: Settings) -> None:
    """Hold off who only means to read from making a log by that.

    Raises:
        ConfigurationError: there is no log yet.
    """
    if settings.log.startswith(_SQLITE) and not Path(settings.log.removeprefix(_SQLITE)).exists():
        raise ConfigurationError(
            f"there is no event log at {settings.log}: `whence ingest PATH` makes one, --log names another, and --url "
            "asks a running server"
        )


async def _catch_up(settings: Settings, log: EventLog, graph: GraphStore) -> None:
    """Bring a graph that is behind up to the log, unless a server is about to."""
    behind = await log.size() - await graph.cursor()
    if behind <= 0:
        return
    try:
        writable = await open_log(settings)
    except LogLocked:
        note(f"The graph is {behind} events behind the log; the server is catching up.")
        return
    try:
        await Projector(writable, graph).catch_up()
    finally:
        await writable.close()


class Stores:
    """The `Client` over open stores. `log` and `graph` are the stores themselves."""

    def __init__(self, settings: Settings, log: EventLog, graph: GraphStore) -> None:
        self._settings = settings
        self.log = log
        self.graph = graph
        self._ingestion = new_ingestion(settings, log)

    async def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """See the protocol: the query runs in this process, over the same schema as a server's."""
        from whence_graphql.context import Context
        from whence_graphql.schema import execute

        reader = GraphReader(self.graph, self.log.size)
        answer = await execute(Context(reader), query, variables)
        return data_of({"data": answer.data, "errors": [error.formatted for error in answer.errors or ()]})

    async def send(self, payloads: Sequence[bytes]) -> Receipt:
        """See the protocol."""
        results = await self._ingestion.ingest_all(payloads)
        appended = [result for result in results if isinstance(result, Appended)]
        return Receipt(
            len(appended),
            sum(result.duplicate for result in appended),
            {index: str(result) for index, result in enumerate(results) if not isinstance(result, Appended)},
        )

    async def project(self) -> AsyncIterator[Progress]:
        """See the protocol."""
        collect_rarely()
        projector = Projector(self.log, self.graph)
        size = await self.log.size()
        while await projector.step():
            yield Progress(projector.cursor, size)
