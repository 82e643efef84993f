"""Validates events against OpenLineage's JSON Schemas and those of our own facets. Runs where `jsonschema` is.

``python validate.py FILE...`` takes files with an event in each line, prints what is wrong with which, and fails if
anything is. The schemas are those of the specification, core 2-0-2, as published.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

SPECIFICATION = Path(__file__).parent / "openlineage"
OURS = Path(__file__).parents[2] / "schemas/json"
CORE = "https://openlineage.io/spec/2-0-2/OpenLineage.json"


def registry() -> Registry[Any]:
    """All schemas by their ids."""
    files = [*SPECIFICATION.rglob("*.json"), *OURS.glob("*.json")]
    schemas = [json.loads(file.read_text()) for file in files]
    return Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in schemas)


KNOWN = registry()


def problems(event: Any) -> Iterator[str]:
    """What is wrong with an event: as such, and each of its facets."""
    yield from _invalid({"$ref": CORE}, event, "")
    yield from _facets(event, "")


def _facets(value: Any, path: str) -> Iterator[str]:
    """Facets are found by their `_schemaURL`, wherever they are."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _facets(item, f"{path}[{number}]")
    elif isinstance(value, dict):
        if "_schemaURL" in value:
            yield from _facet(value, path)
        for name, item in value.items():
            yield from _facets(item, f"{path}.{name}")


def _facet(facet: Any, path: str) -> Iterator[str]:
    url, _, fragment = facet["_schemaURL"].partition("#")
    if url not in KNOWN:
        yield f"{path}: no schema {url}"
        return
    name = path.rpartition(".")[2]
    schema = KNOWN.contents(url)
    if name not in schema["properties"]:
        yield f"{path}: {url} is of the facet {', '.join(schema['properties'])}"
    definition = f"{url}#{fragment}" if fragment else f"{url}#/$defs/{next(iter(schema['$defs']))}"
    yield from _invalid({"$ref": definition}, facet, path)


def _invalid(schema: Any, value: Any, path: str) -> Iterator[str]:
    for error in Draft202012Validator(schema, registry=KNOWN).iter_errors(value):
        yield f"{path}{error.json_path[1:]}: {error.message}"


def main() -> None:
    """Check the files named on the command line."""
    count, wrong = 0, 0
    for file in sys.argv[1:]:
        for line in Path(file).read_text().splitlines():
            count += 1
            for problem in problems(json.loads(line)):
                wrong += 1
                print(problem)
    print(f"{count} events, {wrong} problems")
    sys.exit(bool(wrong) or not count)


if __name__ == "__main__":
    main()
