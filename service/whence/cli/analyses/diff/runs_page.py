"""What `whence diff` prints of two runs."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from whence.cli.analyses.diff.page import Line, code_part, column_lines, facet_lines, lines
from whence.cli.connections import nodes_of
from whence.cli.places import Places
from whence.cli.tables import moment, page, took
from whence.cli.tree import transformation

_Json = dict[str, Any]
_DONE = {"CONSUMED": "read", "PRODUCED": "wrote"}


def run_diff_page(diff: _Json) -> RenderableType:
    """The `runDiff` of a GraphQL answer."""
    datasets, lineage, columns, facets, parts = (
        nodes_of(diff[part]) for part in ("datasets", "lineage", "columns", "facets", "parts")
    )
    code = [diff["code"]] if diff["code"] else []
    before, after = diff["before"], diff["after"]
    places = Places(_named(before, after, datasets, lineage, columns, code, facets, parts))
    title = Text.assemble((after["name"] or after["runId"], "bold"), "  ", ("two runs", "dim"))
    return page(
        title,
        [
            ("before", _run(before, places)),
            ("after", _run(after, places)),
            ("where", "\n".join(places.lines())),
        ],
        lines("Read and written", [(row["difference"], *_use(row, places)) for row in datasets]),
        lines("Schemas", column_lines(columns, places)),
        lines("Column lineage", [(row["difference"], _flow(row, places), "") for row in lineage]),
        code_part(code, places),
        lines("Parameters", map(_parameter, nodes_of(diff["parameters"]))),
        lines("Facets", facet_lines(facets, places)),
        lines("Contained", [(row["difference"], *_part(row, places)) for row in parts]),
    )


def _named(before: _Json, after: _Json, *lists: Sequence[_Json]) -> Iterator[_Json]:
    datasets, lineage, columns, code, facets, parts = lists
    yield from (before, after)
    yield from (row["dataset"] for row in [*datasets, *columns])
    yield from (end for row in lineage for end in (row["source"], row["target"]))
    yield from (row["job"] for row in [*code, *parts])
    yield from (row["of"] for row in facets)


def _run(run: _Json, places: Places) -> Text:
    failed = run["state"] in ("FAIL", "ABORT")
    nominal = f", for {moment(run['nominalStart'])}" if run["nominalStart"] else ""
    lasted = f", took {took(run)}" if took(run) else ""
    return Text.assemble(
        places.text(run),
        f" {moment(run['startedAt'])} ",
        ((run["state"] or "unknown").lower(), "red" if failed else ""),
        f"{lasted}{nominal} ",
        (run["runId"], "dim"),
    )


def _use(row: _Json, places: Places) -> tuple[Text, str]:
    text = Text.assemble((f"{_DONE[row['role']]} ", "dim"), places.text(row["dataset"]))
    was, now = row["before"] or {}, row["after"] or {}
    found = []
    if row["role"] == "CONSUMED":
        found.append(_pair("version", _version(was), _version(now)))
    found += [_pair(what, _number(was.get(what)), _number(now.get(what))) for what in ("rows", "bytes")]
    found.append(
        _pair("partitions", *(json.dumps(side["partitions"]) if side.get("partitions") else "" for side in (was, now)))
    )
    return text, "\n".join(filter(None, found))


def _pair(what: str, was: str, now: str) -> str:
    if was == now:
        return ""
    return f"{what} {was or 'untold'} → {now or 'untold'}" if was and now else f"{what} {was or now}"


def _version(reading: _Json) -> str:
    label = (reading.get("version") or {}).get("label")
    if not label and not reading.get("producedAt"):
        return ""
    return f"{label or 'of ' + moment(reading['producedAt'])}" + (
        " (inferred)" if reading["basis"] == "INFERRED" else ""
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _flow(row: _Json, places: Places) -> Text:
    text = Text.assemble(places.text(row["target"]), (" derives from ", "dim"), places.text(row["source"]))
    if row["difference"] == "CHANGED":
        was, now = (", ".join(map(transformation, row[side])) for side in ("before", "after"))
        text.append(f": {was or 'untold'} → {now or 'untold'}")
    return text


def _parameter(row: _Json) -> Line:
    shown = [json.dumps(row[side], ensure_ascii=False) for side in ("before", "after")]
    if row["difference"] == "CHANGED":
        return row["difference"], Text(f"{row['name']} = {shown[0]} → {shown[1]}"), ""
    return row["difference"], Text(f"{row['name']} = {shown[row['difference'] == 'APPEARED']}"), ""


def _part(row: _Json, places: Places) -> tuple[Text, str]:
    states = [run["state"].lower() for run in (row["before"], row["after"]) if run and run["state"]]
    return places.text(row["job"]), " → ".join(states)
