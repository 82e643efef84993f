"""What `whence show` prints: a page for each kind of thing, made of tables."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from whence.cli.connections import nodes_of
from whence.cli.tables import moment, page, section, took
from whence.cli.tree import transformation

_FAILED = ("FAIL", "ABORT")
_FACET_CHARACTERS = 200
_Json = dict[str, Any]


def _dataset(answer: _Json) -> RenderableType:
    found = answer["dataset"]
    versions = nodes_of(found["versions"])
    current = next((version for version in versions if version["complete"]), None)
    return page(
        _title(found["name"], "dataset"),
        [
            ("namespace", found["namespace"]),
            ("also named", "\n".join(_place(other) for other in found["names"] if not _same(other, found))),
            *_described(found),
            ("last written", _written(current)),
        ],
        section("Fields", ["name", "type", "description"], [_texts(field.values()) for field in found["fields"]]),
        section("Written by", _LINK, map(_link, found["writtenBy"])),
        section("Read by", _LINK, map(_link, found["readBy"])),
        section(
            "Versions" + _newest(found["versions"]),
            ["produced", "version", "by", "run", "state"],
            map(_version, versions),
        ),
        _facets(found["facets"]),
    )


def _job(answer: _Json) -> RenderableType:
    found = answer["job"]
    runs = nodes_of(found["runs"])
    return page(
        _title(found["name"], "job"),
        [
            ("namespace", found["namespace"]),
            ("part of", "\n".join(map(_place, found["parents"]))),
            *_described(found),
            ("last run", Text.assemble(moment(runs[0]["startedAt"]), " ", _state(runs[0]["state"])) if runs else ""),
        ],
        section("Reads", _LINK, map(_link, found["inputs"])),
        section("Writes", _LINK, map(_link, found["outputs"])),
        section("Contains", ["job", "namespace"], [(job["name"], job["namespace"]) for job in found["children"]]),
        section("Runs" + _newest(found["runs"]), ["started", "took", "state", "run"], map(_run_row, runs)),
        _facets(found["facets"]),
    )


def _run(answer: _Json) -> RenderableType:
    found = answer["run"]
    nominal = " to ".join(filter(None, (moment(found["nominalStart"]), moment(found["nominalEnd"]))))
    return page(
        _title(found["runId"], "run"),
        [
            ("job", _place(found) if found["name"] else ""),
            ("state", _state(found["state"])),
            ("started", moment(found["startedAt"])),
            ("ended", moment(found["endedAt"])),
            ("took", took(found)),
            ("for", nominal),
            ("part of", _other_run(found["parent"])),
            ("outermost", _other_run(found["root"]) if found["root"] != found["parent"] else ""),
            ("code", "\n".join(_place(code) for code in found["codeVersions"])),
            ("tags", _tags(found["tags"])),
        ],
        section(
            "Attempts",
            ["attempt", "started", "took", "state", "odd"],
            [
                (str(a["number"] + 1), moment(a["startedAt"]), took(a), _state(a["state"]), "\n".join(a["anomalies"]))
                for a in found["attempts"]
            ]
            if len(found["attempts"]) > 1 or any(a["anomalies"] for a in found["attempts"])
            else [],
        ),
        section("Read", ["dataset", "namespace", "version", "known"], map(_input, found["inputs"])),
        section("Wrote", ["dataset", "namespace", "version", "whole"], map(_output, found["outputs"])),
        section("Checks", ["check", "result", "severity", "expected", "actual"], map(_check, found["checks"])),
        section("Contains", ["job", "started", "took", "state", "run"], map(_child, found["children"])),
        _facets(found["facets"]),
    )


def _column(answer: _Json) -> RenderableType:
    asked = answer["column"]
    dataset = answer["dataset"] or {"fields": []}
    field: _Json = next((field for field in dataset["fields"] if field["name"] == asked["field"]), {})
    lineage = answer["lineage"]
    nodes = {node["id"]: node for node in lineage["nodes"]}
    start = lineage["start"]["id"]

    def neighbours(near: str, far: str) -> list[tuple[str, str, str]]:
        return [
            (
                _column_name(nodes[edge[far]]),
                ", ".join(map(transformation, edge["transformations"])),
                nodes[edge[far]]["namespace"],
            )
            for edge in lineage["edges"]
            if edge[near] == start
        ]

    columns = ["column", "how", "namespace"]
    return page(
        _title(f"{asked['name']}.{asked['field']}", "column"),
        [
            ("namespace", asked["namespace"]),
            ("type", field.get("type") or ""),
            ("description", field.get("description") or ""),
        ],
        section("Made of", columns, neighbours("source", "target")),
        section("Goes into", columns, neighbours("target", "source")),
    )


PAGES: dict[str, Callable[[_Json], RenderableType]] = {
    "dataset": _dataset,
    "job": _job,
    "run": _run,
    "column": _column,
}
"""The page of each kind of thing, made from the GraphQL answer."""


# Parts of pages

_LINK = ["name", "namespace", "seen", "last"]


def _title(name: str, kind: str) -> Text:
    return Text.assemble((name, "bold"), "  ", (kind, "dim"))


def _place(node: _Json) -> str:
    return f"{node['name']} in {node['namespace']}" if node["namespace"] else str(node["name"])


def _same(one: _Json, other: _Json) -> bool:
    return bool((one["namespace"], one["name"]) == (other["namespace"], other["name"]))


def _texts(values: Iterable[Any]) -> list[str]:
    return ["" if value is None else str(value) for value in values]


def _described(found: _Json) -> list[tuple[str, str | Text]]:
    owners = [f"{owner['name']} ({owner['type']})" if owner["type"] else owner["name"] for owner in found["owners"]]
    return [
        ("description", found["documentation"] or ""),
        ("owners", ", ".join(owners)),
        ("tags", _tags(found["tags"])),
    ]


def _tags(tags: Iterable[_Json]) -> str:
    return ", ".join(
        f"{tag['name']}={tag['value']}" + (f" (of {tag['field']})" if tag["field"] else "") for tag in tags
    )


def _state(state: str | None) -> Text:
    return Text((state or "unknown").lower(), "red" if state in _FAILED else "")


def _written(version: _Json | None) -> str:
    if version is None:
        return ""
    by = f" by {version['producedBy']['name']}" if version["producedBy"] else ""
    return moment(version["producedAt"]) + by


def _link(link: _Json) -> tuple[str | Text, ...]:
    seen = link["seen"]
    how = Text(f"{seen['attempts']} of {seen['of']} runs" if link["observed"] else "declared only")
    if seen["failed"]:
        how.append(f", {seen['failed']} failed", "red")
    return link["node"]["name"], link["node"]["namespace"], how, moment(link["lastSeen"])


def _version(version: _Json) -> tuple[str | Text, ...]:
    run = version["producedBy"] or {"name": "", "runId": "", "state": None}
    state = "dropped" if version["dropped"] else _state(run["state"])
    return moment(version["producedAt"]), version["label"] or "", run["name"] or "", run["runId"], state


def _run_row(run: _Json) -> tuple[str | Text, ...]:
    return moment(run["startedAt"]), took(run), _state(run["state"]), run["runId"]


def _child(run: _Json) -> tuple[str | Text, ...]:
    return run["name"] or "", *_run_row(run)


def _other_run(run: _Json | None) -> str:
    return f"{run['name'] or 'run'} {run['runId']}" if run else ""


def _input(use: _Json) -> tuple[str | Text, ...]:
    version = use["version"] or {"label": "", "producedAt": None}
    label = version["label"] or moment(version["producedAt"])
    return use["dataset"]["name"], use["dataset"]["namespace"], label, (use["basis"] or "").lower()


def _output(use: _Json) -> tuple[str | Text, ...]:
    whole = "yes" if use["version"]["complete"] else Text("not known", "red")
    return use["dataset"]["name"], use["dataset"]["namespace"], use["version"]["label"] or "", whole


def _check(check: _Json) -> tuple[str | Text, ...]:
    result = Text(check["status"], "red" if check["passed"] is False else "")
    return check["assertion"]["name"], result, check["severity"] or "", *_texts((check["expected"], check["actual"]))


def _column_name(node: _Json) -> str:
    return f"{node['name']}.{node['field']}" if node["field"] else f"{node['name']} (all of it)"


def _newest(connection: _Json) -> str:
    return " (the newest; --limit shows more)" if connection["pageInfo"]["hasNextPage"] else ""


def _facets(facets: Iterable[_Json]) -> RenderableType | None:
    return section(
        "Facets (whole with --json)",
        ["name", "last said", "value"],
        [(facet["name"], moment(facet["at"]), _clipped(facet["value"])) for facet in facets],
    )


def _clipped(value: Any) -> str:
    """A facet's value on a line or two, without what says only who made it."""
    if isinstance(value, dict):
        value = {name: inner for name, inner in value.items() if name not in ("_producer", "_schemaURL")}
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _FACET_CHARACTERS else text[: _FACET_CHARACTERS - 1] + "…"
