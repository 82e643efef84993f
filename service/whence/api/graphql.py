"""GraphQL over HTTP: ``POST /graphql``, a page to try queries on, and the schema for tools."""

import json
from importlib.resources import files
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from strawberry.http.ides import get_graphql_ide_html

from whence.api.body import read_body
from whence_graphql.context import Context
from whence_graphql.limits import Limits
from whence_graphql.ports import Reader
from whence_graphql.ready import ready_made
from whence_graphql.schema import execute, sdl
from whence_schemas.errors import BodyTooLarge, InvalidQuestion, MalformedJson

MAX_BYTES = 256 * 1024
"""Of a query with its variables."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
_CDN = "https://unpkg.com"
_GRAPHIQL_POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline' {_CDN}; script-src 'unsafe-inline' {_CDN}; font-src data: {_CDN}; "
    "img-src data:; worker-src blob:; connect-src 'self'"
)
_PLAIN = "/graphql/plain"


def graphql_router(reader: Reader, limits: Limits | None = None) -> APIRouter:
    """The routes of GraphQL."""
    router = APIRouter(prefix="/graphql", tags=["GraphQL"])
    graphiql, plain = _graphiql(), _plain()

    @router.post("", summary="Answers a GraphQL query.")
    async def post(request: Request) -> Response:
        """Takes `{"query": ..., "variables": {...}, "operationName": ...}`. What goes wrong in a query is told in the
        answer's `errors`, each with `extensions` {code, status}.
        """
        query, variables, operation = _asked(await _body(request))
        result = await execute(Context(reader, limits), query, variables, operation)
        answer: dict[str, Any] = {}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        if result.data is not None or not result.errors or any(error.path for error in result.errors):
            answer["data"] = result.data
        return Response(_dump(answer), media_type="application/json")

    @router.get("", summary="GraphiQL, to try queries in.", response_class=HTMLResponse)
    async def get() -> Response:
        """GraphiQL's scripts come from a public server, each pinned by its hash. Where that cannot be reached, the
        browser goes on to the plain page.
        """
        return HTMLResponse(graphiql, headers={"Content-Security-Policy": _GRAPHIQL_POLICY})

    @router.get("/plain", summary="A plain page to try queries in.", response_class=HTMLResponse)
    async def get_plain() -> Response:
        """Needs nothing from other servers."""
        return HTMLResponse(plain, headers={"Content-Security-Policy": _POLICY})

    @router.get("/schema.graphql", summary="The schema, in GraphQL's schema definition language.")
    async def schema() -> Response:
        """For editors and code generators."""
        return PlainTextResponse(sdl())

    return router


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request, MAX_BYTES)
    except BodyTooLarge:
        raise BodyTooLarge(
            f"the query and its variables have more than {MAX_BYTES:,} bytes: send several requests"
        ) from None


def _asked(body: bytes) -> tuple[str, dict[str, Any], str | None]:
    """Query, variables and the operation's name."""
    try:
        asked = orjson.loads(body)
    except ValueError as error:
        raise MalformedJson(f'the body is no JSON ({error}): send {{"query": "...", "variables": {{}}}}') from None
    match asked:
        case {"query": str(query), **rest}:
            variables, operation = rest.get("variables") or {}, rest.get("operationName")
            if isinstance(variables, dict) and isinstance(operation, str | None):
                return query, variables, operation
    raise InvalidQuestion(
        'the body must be an object like {"query": "...", "variables": {}, "operationName": null}, one per request'
    )


def _dump(answer: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(answer)
    except TypeError:  # a facet with an integer of more than 64 bits
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def _graphiql() -> str:
    """Strawberry's GraphiQL, with the way out where its scripts did not load."""
    way_out = f'<script>window.React && window.GraphiQL || location.replace("{_PLAIN}")</script>'
    head, script, rest = get_graphql_ide_html().replace("Strawberry GraphiQL", "Whence").rpartition("<script>")
    return f"{head}{way_out}{script}{rest}"


def _plain() -> str:
    page = files("whence.api").joinpath("graphql.html").read_text("utf-8")
    return page.replace("QUERIES", json.dumps(ready_made()).replace("<", "\\u003c"))
