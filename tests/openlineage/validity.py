"""Whether events are valid OpenLineage: against its JSON Schemas, facet by facet, and ours for facets of our own."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

HERE = Path(__file__).parent
OURS = HERE.parents[1] / "schemas" / "json"
SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json"


@cache
def registry() -> Registry[Any]:
    """All schemas, by their ids."""
    documents = [json.loads(file.read_text()) for file in [*(HERE / "spec").glob("*.json"), *OURS.glob("*.json")]]
    return Registry().with_resources([(document["$id"], Resource.from_contents(document)) for document in documents])


@cache
def validator(reference: str) -> Draft202012Validator:
    """The validator of a schema."""
    return Draft202012Validator({"$ref": reference}, registry=registry(), format_checker=FormatChecker())


def problems(event: Mapping[str, Any]) -> list[str]:
    """What is wrong with an event; nothing if it is valid, and so is each of its facets."""
    kind = "RunEvent" if "run" in event else "JobEvent" if "job" in event else "DatasetEvent"
    found = [f"{error.json_path}: {error.message}" for error in validator(f"{SPEC}#/$defs/{kind}").iter_errors(event)]
    for where, facet in facets(event):
        reference = facet.get("_schemaURL", "")
        if reference.startswith("urn:whence:"):
            document = registry().contents(reference)
            reference += f"#/$defs/{next(iter(document['$defs']))}"
        found += [f"{where}{error.json_path[1:]}: {error.message}" for error in validator(reference).iter_errors(facet)]
    return found


def facets(event: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every facet of an event, with where it stands."""
    owners = {name: event[name] for name in ("run", "job", "dataset") if name in event}
    for side in ("inputs", "outputs"):
        owners |= {f"{side}[{index}]": dataset for index, dataset in enumerate(event.get(side) or ())}
    for where, owner in owners.items():
        for group in ("facets", "inputFacets", "outputFacets"):
            for name, facet in (owner.get(group) or {}).items():
                yield f"{where}.{group}.{name}", facet
