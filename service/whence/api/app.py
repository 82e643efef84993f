"""The FastAPI application: what it consists of, and what runs while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

from whence.access import Gate, KeyRing
from whence.api.document import document_app
from whence.api.graphql import graphql_router
from whence.api.guard import Guard
from whence.api.health import health_routes
from whence.api.lineage import lineage_routes
from whence.api.lineage_graph import lineage_graph_router
from whence.api.problems import install_problems
from whence.eventlog.port import EventLog
from whence.graph.port import GraphStore
from whence.projection.runner import Projector
from whence.settings import Settings
from whence.wiring import new_ingestion, new_reader
from whence_graphql.limits import Limits

_DESCRIPTION = "Where data came from, what breaks if it changes, and can you prove it: lineage from OpenLineage events."


def create_app(settings: Settings, log: EventLog, graph: GraphStore) -> FastAPI:
    """The application over an open log and graph store, which remain the caller's to close.

    While it runs (its lifespan), a projector keeps the graph up to the log.

    Raises:
        ConfigurationError: the keys or the redaction rules cannot be used, or the server would be open to the network.
    """
    gate = Gate(KeyRing(settings.keys), settings.host, settings.allowed_hosts)
    ingestion = new_ingestion(settings, log)
    projector = Projector(log, graph)
    reader = new_reader(settings, log, graph)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        projecting = asyncio.create_task(projector.run())
        yield
        projecting.cancel()  # what is not in the graph yet is in the log
        with suppress(asyncio.CancelledError):
            await projecting

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
