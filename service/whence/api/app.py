"""The FastAPI application: what it consists of, and what runs while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

from whence.access.gate import Gate
from whence.access.keys import KeyRing
from whence.api.audit import audit_routes
from whence.api.custody import custody_routes
from whence.api.document import document_app
from whence.api.graphql import graphql_router
from whence.api.guard import Guard
from whence.api.health import health_routes
from whence.api.lineage import lineage_routes
from whence.api.lineage_graph import lineage_graph_router
from whence.api.log import log_routes
from whence.api.problems import install_problems
from whence.api.report import report_routes
from whence.audit.export import Source
from whence.audit.trail import REDACTION, follow_access, record_policy
from whence.eventlog.port import EventLog
from whence.graph.port import GraphStore
from whence.notary.notary import Notary
from whence.projection.runner import Projector
from whence.redaction import read_rules
from whence.settings import Settings
from whence.wiring import never_alias_rules, new_ingestion, new_reader
from whence_graphql.limits import Limits

_DESCRIPTION = "Where data came from, what breaks if it changes, and can you prove it: lineage from OpenLineage events."


def create_app(settings: Settings, log: EventLog, graph: GraphStore, notary: Notary) -> FastAPI:
    """The application over an open log, who signs for it, and a graph store; the stores remain the caller's to close.

    While it runs (its lifespan), a projector keeps the graph up to the log, the notary publishes checkpoints, and
    changes of the API keys are recorded.

    Raises:
        ConfigurationError: the keys or the redaction rules cannot be used, or the server would be open to the network.
    """
    gate = Gate(KeyRing(settings.keys), settings.host, settings.allowed_hosts)
    ingestion = new_ingestion(settings, log)
    projector = Projector(log, graph)
    reader = new_reader(settings, log, graph)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await record_policy(log, REDACTION, read_rules(settings.redact) if settings.redact else "")
        works = (projector.run(), notary.run(), follow_access(log, settings.keys))
        running = [asyncio.create_task(work) for work in works]
        yield
        for task in running:
            task.cancel()  # what is not in the graph yet is in the log, and can be signed for later
            with suppress(asyncio.CancelledError):
                await task

    # FastAPI's own documentation page runs scripts from a public server; this one brings them along.
    app = FastAPIOffline(
        title="Whence",
        version=version("whence"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        static_url="/docs/static",
        redirect_slashes=False,
    )
    app.include_router(lineage_routes(ingestion, projector, settings.max_body_bytes))
    app.include_router(health_routes(log, graph, ingestion, projector))
    limits = Limits(rows=settings.max_rows, seconds=settings.query_seconds)
    app.include_router(graphql_router(reader, limits))
    app.include_router(lineage_graph_router(reader))
    app.include_router(log_routes(log, notary))
    source = Source(log, graph, notary, never_alias_rules(settings))
    app.include_router(audit_routes(source, projector))
    app.include_router(custody_routes(source, projector, settings.keys))
    app.include_router(report_routes(source, projector, settings.max_body_bytes))
    install_problems(app)
    document_app(app)
    app.add_middleware(Guard, gate=gate)
    if settings.cors_origins:  # added last, and so first to see a request: preflights bring no key
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Content-Encoding", "Prefer"],
        )
    return app
