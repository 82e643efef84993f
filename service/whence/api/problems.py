"""Errors over HTTP: all of them are RFC 9457 problems, made here."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from whence_schemas.errors import InvalidEvent, WhenceError
from whence_schemas.facets.base import path

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="whence"'}, 503: {"Retry-After": "5"}}
_NONE: Mapping[str, str] = {}
_INTERNAL = "The server failed to answer; its log says why."


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="Which kind of problem it is.", examples=["urn:whence:problem:invalid-event"])
    title: str = Field(description="The kind in words.", examples=["Invalid OpenLineage event"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(description="What was found, what is wanted, and how to mend it.")
    instance: str = Field(description="The path of the request.", examples=["/api/v1/lineage"])
    field: str | None = Field(
        default=None, description="For events: where in the event, such as `inputs[0].name`.", examples=["run.runId"]
    )
    reason: str | None = Field(default=None, description="For events: the detail without the field.")


def install_problems(app: FastAPI) -> None:
    """Let the app answer every error with a problem."""

    async def on_whence_error(request: Request, error: Any) -> Response:
        return problem_response(error, request.url.path)

    async def on_http_error(request: Request, error: Any) -> Response:
        title = HTTPStatus(error.status_code).phrase
        return _response(request.url.path, "about:blank", title, error.status_code, error.detail, error.headers or {})

    async def on_bad_request(request: Request, error: Any) -> Response:
        first = error.errors()[0]
        place = {"field": path(first["loc"]), "reason": first["msg"]}
        detail = "{field}: {reason}".format(**place)
        return _response(request.url.path, _type("InvalidRequest"), "Invalid request", 422, detail, more=place)

    async def on_unexpected_error(request: Request, error: Exception) -> Response:
        return _response(request.url.path, "about:blank", "Internal Server Error", 500, _INTERNAL)

    async def on_disconnect(request: Request, error: Exception) -> Response:
        return Response(status_code=400)  # nobody is there to read it

    app.add_exception_handler(WhenceError, on_whence_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_bad_request)
    app.add_exception_handler(Exception, on_unexpected_error)
    app.add_exception_handler(ClientDisconnect, on_disconnect)


def problem_response(error: WhenceError, path: str) -> Response:
    """The answer to a request for `path` that failed with one of Whence's own errors."""
    detail = str(error)
    if error.status == 500:  # a matter for the operator, not for the client
        log.error("%s: %s", path, error)
        detail = _INTERNAL
    place = {"field": error.field, "reason": error.reason} if isinstance(error, InvalidEvent) else {}
    return _response(path, _type(type(error).__name__), error.title, error.status, detail, more=place)


def _response(
    path: str,
    type_: str,
    title: str,
    status: int,
    detail: str,
    headers: Mapping[str, str] = _NONE,
    more: Mapping[str, str] = _NONE,
) -> Response:
    content = {"type": type_, "title": title, "status": status, "detail": detail, "instance": quote(path), **more}
    return JSONResponse(content, status, {**_HEADERS.get(status, _NONE), **headers}, MEDIA_TYPE)


def _type(name: str) -> str:
    """The URI of a kind of problem, from the name of its class."""
    return "urn:whence:problem:" + re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
