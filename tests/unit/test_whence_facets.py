"""Whence's own facets: their JSON Schemas say what their models say, and events that bear them are understood."""

import json
from pathlib import Path

import pytest

from whence_schemas.facets import read_facet
from whence_schemas.facets.whence import (
    CODE,
    PARAMETERS,
    RETRIEVAL,
    Chunk,
    Code,
    Parameter,
    Parameters,
    Retrieval,
)

SCHEMAS = Path(__file__).parents[2] / "schemas/json"
HASH = "0f" * 32


def definition(name, key):
    """What a facet's schema says of its properties."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    assert schema["$id"] == f"urn:whence:facets:1-0-0:{name}.json"
    assert list(schema["properties"]) == [key]
    base, own = schema["$defs"][name]["allOf"]
    assert base["$ref"].endswith("RunFacet" if "Run" in name else "InputDatasetFacet")
    return own


def agrees(schema, model):
    """A schema and a model have the same fields, and require the same of them."""
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    return (schema["properties"].keys(), set(schema.get("required", ()))) == (model.model_fields.keys(), required)


@pytest.mark.parametrize(
    ("name", "key", "model"),
    [
        ("WhenceCodeRunFacet", CODE, Code),
        ("WhenceParametersRunFacet", PARAMETERS, Parameters),
        ("WhenceRetrievalInputDatasetFacet", RETRIEVAL, Retrieval),
    ],
)
def test_schemas_are_those_of_the_models(name, key, model):
    assert agrees(definition(name, key), model)


def test_schemas_of_their_parts_are_those_of_the_models():
    parameters = definition("WhenceParametersRunFacet", PARAMETERS)["properties"]["parameters"]["items"]
    chunks = definition("WhenceRetrievalInputDatasetFacet", RETRIEVAL)["properties"]["chunks"]["items"]
    assert agrees(parameters, Parameter)
    assert agrees(chunks, Chunk)


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (Code, {"dirty": True, "sourceSha256": HASH}),
        (Parameters, {"parameters": [{"name": "depth", "value": {"a": [1, None]}}, {"name": "key", "sha256": HASH}]}),
        (Retrieval, {"collection": "c", "chunks": [{"id": "d#1", "score": 1, "rank": 1}, {"id": "d#2", "x": 1}]}),
    ],
)
def test_what_was_sent_comes_back(model, sent):
    assert read_facet(model, sent).model_dump(exclude_unset=True) == sent


@pytest.mark.parametrize(
    ("model", "sent"),
    [(Code, {"dirty": "yes?"}), (Parameters, {"parameters": [{}]}), (Retrieval, {"collection": "c", "chunks": [{}]})],
)
def test_what_does_not_fit_is_not_read(model, sent):
    assert read_facet(model, sent) is None
