"""``/api/v1/audit/report``: a report on what is recorded, as HTML, PDF or JSON."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from whence.api.audit import caught_up, scope_asked
from whence.api.body import read_body
from whence.api.document import problems
from whence.audit.export import Source
from whence.audit.frameworks import Framework, load_framework, shipped
from whence.audit.report.build import report_on
from whence.audit.report.render import MEDIA_TYPES, RENDERERS
from whence.projection.runner import Projector
from whence_schemas.errors import ConfigurationError, InvalidQuestion
from whence_schemas.facets.base import path
from whence_schemas.identity import Kind

_KNOWN = ("of", "upstreamOf", "since", "until", "framework", "model", "format")
_RESPONSES = {
    200: {"description": "The report.", "content": {media_type: {} for media_type in MEDIA_TYPES.values()}},
    **problems(401, 403, 404, 422, 503),
}


class _Frameworks(BaseModel):
    """Frameworks that the server does not ship."""

    model_config = ConfigDict(extra="forbid")

    frameworks: list[Framework] = Field(default_factory=list, max_length=20)


def report_routes(source: Source, projector: Projector, max_body_bytes: int) -> APIRouter:
    """The routes of reports."""
    router = APIRouter(prefix="/api/v1/audit", tags=["Audit"])

    async def answer(request: Request, frameworks: list[Framework]) -> Response:
        given = request.query_params
        scope = scope_asked(given, _KNOWN)
        wanted, models, form = _wanted(given, frameworks), given.getlist("model"), _format(given)
        size = await caught_up(source, projector)
        report = await report_on(
            source.log,
            source.graph,
            scope,
            wanted,
            models=models or None,
            checkpoint=await source.notary.checkpoint(),
            server=str(request.base_url).rstrip("/"),
            never_alias=source.never_alias,
            size=size,
        )
        return Response(await asyncio.to_thread(RENDERERS[form], report), media_type=MEDIA_TYPES[form])

    @router.get("/report", summary="Report on what is recorded", responses=_RESPONSES)
    async def get_report(request: Request) -> Response:
        """What is recorded to the requirements of frameworks, and of models, for people.

        Parameters, of which all but the last three can be repeated: `of`, `upstreamOf`, `since` and `until`, as for an
        export; `framework`, the id of one that is shipped (default: all of them, unless a `model` is named); `model`,
        the id of a dataset that gets a page; `format`, html, pdf or json.
        """
        return await answer(request, [])

    @router.post("/report", summary="Report by frameworks of one's own", responses=_RESPONSES)
    async def post_report(request: Request) -> Response:
        """The same, by frameworks in the body too: `{"frameworks": [...]}`, each as in a framework's TOML file."""
        return await answer(request, _own(await read_body(request, max_body_bytes)))

    return router


def _own(body: bytes) -> list[Framework]:
    try:
        return _Frameworks.model_validate_json(body).frameworks
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise InvalidQuestion(f"{path(first['loc'])}: {first['msg']}") from None


def _wanted(given: QueryParams, own: list[Framework]) -> list[Framework]:
    names = given.getlist("framework")
    if not names and not own:
        return [] if given.getlist("model") else shipped()
    if any(name.endswith(".toml") for name in names):  # a file of the server's is none of the client's business
        raise InvalidQuestion("framework takes an id; send one of your own in the body of a POST")
    try:
        return [*map(load_framework, names), *own]
    except ConfigurationError as error:
        raise InvalidQuestion(str(error)) from None


def _format(given: QueryParams) -> str:
    form = given.get("format", "html")
    if form not in RENDERERS:
        raise InvalidQuestion(f"format is {form[:80]!r}, but must be one of {', '.join(RENDERERS)}")
    for model in given.getlist("model"):
        if model[:1] != Kind.DATASET:
            raise InvalidQuestion(f"{model[:80]!r} is no id of a dataset: GraphQL gives it as `id`")
    return form
