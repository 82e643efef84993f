"""What the OpenAPI document says that FastAPI cannot find out: bodies that are read by hand, problems, keys."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from whence.api.problems import MEDIA_TYPE, Problem
from whence_schemas.events import DatasetEvent, JobEvent, RunEvent

_REFERENCE = "#/components/schemas/{model}"
_EVENT = {"oneOf": [{"$ref": _REFERENCE.format(model=name)} for name in ("RunEvent", "JobEvent", "DatasetEvent")]}
_PRODUCER = "https://example.com/pipelines/1.4"
_SPECIFICATION = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/"
_RUN_EVENT = {
    "eventType": "COMPLETE",
    "eventTime": "2026-01-31T09:30:00Z",
    "producer": _PRODUCER,
    "schemaURL": _SPECIFICATION + "RunEvent",
    "run": {"runId": "01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31"},
    "job": {"namespace": "airflow://prod", "name": "sales.load_orders"},
    "inputs": [{"namespace": "s3://landing", "name": "orders/2026-01-31.csv"}],
    "outputs": [{"namespace": "postgres://db.example:5432", "name": "shop.public.orders"}],
}
_JOB_EVENT = {
    "eventTime": "2026-01-31T09:30:00Z",
    "producer": _PRODUCER,
    "schemaURL": _SPECIFICATION + "JobEvent",
    "job": {"namespace": "airflow://prod", "name": "sales.load_orders"},
    "inputs": [{"namespace": "s3://landing", "name": "orders"}],
}
_DATASET_EVENT = {
    "eventTime": "2026-01-31T09:30:00Z",
    "producer": _PRODUCER,
    "schemaURL": _SPECIFICATION + "DatasetEvent",
    "dataset": {"namespace": "postgres://db.example:5432", "name": "shop.public.orders"},
}
_BATCH_ANSWER = {
    "status": "partial_success",
    "summary": {"received": 2, "successful": 1, "failed": 1, "retriable": 0, "non_retriable": 1},
    "failed_events": [
        {
            "index": 1,
            "reason": "is missing, but a UUID is wanted: send the run's id, such as "
            "01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31, without braces or prefix",
            "field": "run.runId",
            "retriable": False,
        }
    ],
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with problems of these statuses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def _body(schema: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    listed = {name: {"value": value} for name, value in examples.items()}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "examples": listed}}}}


def _answer(description: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"type": "object"}, "example": example}},
    }


_REFUSALS = problems(400, 401, 403, 413, 415, 422, 503)

EVENT: dict[str, Any] = {
    "summary": "Send an event",
    "responses": {201: _answer("The event is in the log.", {"index": 41, "duplicate": False}), **_REFUSALS},
    "openapi_extra": _body(_EVENT, {"RunEvent": _RUN_EVENT, "JobEvent": _JOB_EVENT, "DatasetEvent": _DATASET_EVENT}),
}
"""What is said of the route that takes one event."""

BATCH: dict[str, Any] = {
    "summary": "Send a batch of events",
    "responses": {200: _answer("The valid events are in the log.", _BATCH_ANSWER), **_REFUSALS},
    "openapi_extra": _body({"type": "array", "items": _EVENT}, {"two events": [_RUN_EVENT, _DATASET_EVENT]}),
}
"""What is said of the route that takes a batch."""


def document_app(app: FastAPI) -> None:
    """Complete the app's OpenAPI document by the schemas of events and problems, and by how a key is sent."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            models: list[Any] = [(model, "validation") for model in (RunEvent, JobEvent, DatasetEvent, Problem)]
            _, schemas = models_json_schema(models, ref_template=_REFERENCE)
            components = made.setdefault("components", {})
            components.setdefault("schemas", {}).update(schemas["$defs"])
            components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            made["security"] = [{"key": []}, {}]  # {}: none is needed where the server has none
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
