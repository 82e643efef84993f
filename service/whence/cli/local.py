"""The client that opens the stores itself, for which no server need run."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.access.keys import key_ids
from whence.audit.trail import REDACTION, record_policy
from whence.cli.client import Progress, Receipt, data_of
from whence.cli.console import note
from whence.eventlog.port import Appended, EventLog
from whence.graph.port import GraphStore
from whence.memory import collect_rarely
from whence.projection.runner import Projector
from whence.redaction import read_rules
from whence.settings import Settings
from whence.wiring import never_alias_rules, new_ingestion, new_reader, open_graph, open_log, open_notary
from whence_schemas.errors import ConfigurationError, GraphUnavailable, LogLocked

if TYPE_CHECKING:
    from whence.audit.erasure import Custodian
    from whence.audit.frameworks import Framework
    from whence.audit.holds import Hold, HoldScope
    from whence.audit.requests import ErasureRequest, Outcome, RetentionRequest
    from whence.audit.scope import Scope
    from whence.audit.trail import Record

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
        graph = await open_graph(settings)
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
        self._rules_recorded = False

    async def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """See the protocol: the query runs in this process, over the same schema as a server's."""
        from whence_graphql.context import Context
        from whence_graphql.schema import execute

        reader = new_reader(self._settings, self.log, self.graph)
        answer = await execute(Context(reader), query, variables)
        return data_of({"data": answer.data, "errors": [error.formatted for error in answer.errors or ()]})

    async def send(self, payloads: Sequence[bytes]) -> Receipt:
        """See the protocol."""
        if not self._rules_recorded:
            redact = self._settings.redact
            await record_policy(self.log, REDACTION, read_rules(redact) if redact else "")
            self._rules_recorded = True
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

    async def export(
        self, scope: "Scope", from_sizes: Sequence[int], progress: Callable[[int, int], None]
    ) -> AsyncIterator[bytes]:
        """See the protocol."""
        from whence.audit.export import Source, archive, seal

        notary = await open_notary(self._settings, self.log)
        source = Source(self.log, self.graph, notary, never_alias_rules(self._settings))
        async for chunk in archive(source, await seal(source, scope, from_sizes=from_sizes), progress):
            yield chunk

    async def report(
        self, scope: "Scope", frameworks: "Sequence[Framework]", models: Sequence[str], form: str
    ) -> bytes:
        """See the protocol."""
        from whence.audit.report.build import report_on
        from whence.audit.report.render import RENDERERS

        notary = await open_notary(self._settings, self.log)
        found = await report_on(
            self.log,
            self.graph,
            scope,
            frameworks,
            models=models or None,
            checkpoint=await notary.checkpoint(),
            never_alias=never_alias_rules(self._settings),
        )
        return RENDERERS[form](found)

    async def checkpoint(self, timestamp: bool) -> bytes:
        """See the protocol."""
        notary = await open_notary(self._settings, self.log)
        published = await notary.publish()
        if timestamp:
            await notary.stamp(published)
        return published.note

    async def rotate_key(self) -> str:
        """See the protocol."""
        return await (await open_notary(self._settings, self.log)).rotate()

    async def erase(self, request: "ErasureRequest") -> "Outcome":
        """See the protocol."""
        from whence.audit.requests import Actors, actors

        by = Actors("", "")
        if not request.dry_run:
            by = actors(request.asked_by, request.approved_by, key_ids(self._settings.keys))
        return await self._cleaned(await self._custodian().erase(request, by))

    async def retain(self, request: "RetentionRequest") -> "Outcome":
        """See the protocol."""
        from whence.audit.requests import Actors, actors

        by = Actors("", "")
        if request.apply:
            by = actors(request.asked_by, request.approved_by, key_ids(self._settings.keys))
        return await self._cleaned(await self._custodian().retain(request, by))

    def _custodian(self) -> "Custodian":
        from whence.audit.erasure import Custodian

        return Custodian(self.log, self.graph, never_alias_rules(self._settings))

    async def _cleaned(self, outcome: "Outcome") -> "Outcome":
        """The outcome, once the graph holds nothing of what was erased, if it answers."""
        if outcome.request is None:
            return outcome
        try:
            await Projector(self.log, self.graph).catch_up()
        except GraphUnavailable as error:
            note(f"The graph still holds what was erased, until it is up to date: {error}")
            return outcome.model_copy(update={"clean": False})
        return outcome.model_copy(update={"clean": True})

    async def add_hold(self, scope: "HoldScope", reason: str, by: str) -> int:
        """See the protocol."""
        from whence.audit.holds import add_hold

        return await add_hold(self.log, scope, reason, by)

    async def release_hold(self, index: int, reason: str, by: str) -> "Hold":
        """See the protocol."""
        from whence.audit.holds import release_hold

        return await release_hold(self.log, index, reason, by)

    async def holds(self) -> "list[Hold]":
        """See the protocol."""
        from whence.audit.holds import holds_in_force

        return await holds_in_force(self.log)

    async def records(self, before: int, limit: int) -> "list[Record]":
        """See the protocol."""
        from whence.audit.trail import records

        return await records(self.log, before, limit)
