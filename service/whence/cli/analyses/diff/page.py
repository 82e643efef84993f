"""What `whence diff` prints of two times: lines with +, - and ~, each with what shows it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from whence.cli.connections import nodes_of
from whence.cli.places import Places, place_name
from whence.cli.tables import moment, page
from whence.cli.tree import transformation

_Json = dict[str, Any]
_SIGNS = {
    "APPEARED": ("+", "green"),
    "ADDED": ("+", "green"),
    "VANISHED": ("-", "red"),
    "DROPPED": ("-", "red"),
    "CHANGED": ("~", "yellow"),
    "RETYPED": ("~", "yellow"),
    "REORDERED": ("~", "yellow"),
}
_VERBS = {"READS": "reads", "WRITES": "writes", "PART_OF": "is part of", "DERIVED_FROM": "derives from"}
_COMMIT = 12

Line = tuple[str, Text, str | Text]
"""How something differs, what, and what shows it."""


def diff_page(diff: _Json) -> RenderableType:
    """The `diff` of a GraphQL answer."""
    nodes, edges, columns, code, facets = (
        nodes_of(diff[part]) for part in ("nodes", "edges", "columns", "code", "facets")
    )
    places = Places(_named(diff["start"], nodes, edges, columns, code, facets))
    start = diff["start"]
    title = Text.assemble((place_name(start), "bold"), "  ", (f"{start['kind'].lower()}, what changed", "dim"))
    return page(
        title,
        [
            ("from", moment(diff["from"])),
            ("to", moment(diff["to"])),
            ("where", "\n".join(places.lines())),
        ],
        lines("Datasets and jobs" if diff["granularity"] == "DATASET" else "Columns", _nodes(nodes, places)),
        lines("Lineage", [(row["difference"], _edge(row, places), _shown(row)) for row in edges]),
        lines("Schemas", column_lines(columns, places)),
        code_part(code, places),
        lines("Facets", facet_lines(facets, places)),
    )


def _named(
    start: _Json,
    nodes: list[_Json],
    edges: list[_Json],
    columns: list[_Json],
    code: list[_Json],
    facets: list[_Json],
) -> Iterator[_Json]:
    yield start
    yield from (row["after"] or row["before"] for row in nodes)
    for row in edges:
        yield from (end for end in (row["source"], row["target"], row["by"]) if end)
    yield from (row["dataset"] for row in columns)
    yield from (row["job"] for row in code)
    yield from (row["of"] for row in facets)


def lines(title: str, found: Iterable[Line]) -> RenderableType | None:
    """A titled list of lines, the sign first; none without lines."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(style="dim", overflow="fold")
    for difference, what, why in found:
        sign, style = _SIGNS[difference]
        table.add_row(Text(sign, style), what, why)
    return Group(Text(title, "bold"), table) if table.row_count else None


def _nodes(nodes: Iterable[_Json], places: Places) -> Iterator[Line]:
    for row in nodes:
        node = row["after"] or row["before"]
        kind = Text(f"{node['kind'].lower()} ", "dim")
        if row["difference"] != "CHANGED":
            yield row["difference"], kind + places.text(node), _shown(row)
            continue
        was, now = ({_place(name) for name in row[side].get("names", ())} for side in ("before", "after"))
        changed = [f"also named {name}" for name in sorted(now - was)]
        changed += [f"no longer named {name}" for name in sorted(was - now)]
        yield row["difference"], kind + places.text(node), ", ".join(changed)


def _place(name: _Json) -> str:
    return f"{name['namespace']}/{name['name']}"


def _edge(row: _Json, places: Places) -> Text:
    edge = row["after"] or row["before"]
    text = Text.assemble(places.text(row["source"]), (f" {_VERBS[edge['kind']]} ", "dim"), places.text(row["target"]))
    if row["difference"] == "CHANGED":
        text.append(f": {_support(row['before'], row['after'])}")
    return text


def _support(before: _Json, after: _Json) -> str:
    """How an edge that is in both differs."""
    found = []
    for word in ("observed", "declared"):
        if before[word] != after[word]:
            found.append(f"now {word}" if after[word] else f"no longer {word}")
    was, now = (", ".join(map(transformation, side["transformations"])) for side in (before, after))
    if was != now:
        found.append(f"{was or 'untold'} → {now or 'untold'}")
    return ", ".join(found)


def _shown(row: _Json) -> str:
    """What showed it, in a few words."""
    shown = row["shown"]
    found = [f"first {_by(shown['first'])}"] if shown["first"] else []
    found += [f"last {_by(shown['last'])}"] if shown["last"] else []
    found += [f"not {_by(shown['without'])}"] if shown["without"] else []
    return "\n".join(found) or ("in reach" if shown["reach"] else "")


def _by(showing: _Json) -> str:
    run = showing["run"]
    again = f", attempt {showing['attempt'] + 1}" if showing["attempt"] else ""
    return f"{moment(showing['at'])} by run {run['runId']}{again}" if run else f"{moment(showing['at'])}, declared"


def column_lines(columns: Sequence[_Json], places: Places) -> Iterator[Line]:
    """Columns that differ."""
    for row in columns:
        text = places.text(row["dataset"])
        text.append(f".{row['path']}" if row["path"] else ", order")
        types = [kind for kind in (row["before"], row["after"]) if kind]
        text.append(f"  {' → '.join(types)}", "dim")
        yield row["change"], text, f"first {_by(row['said'])}" if row["said"] else ""


def facet_lines(facets: Sequence[_Json], places: Places) -> Iterator[Line]:
    """Other facets that differ, by name."""
    for row in facets:
        of = Text("the run") if row["of"]["kind"] == "RUN" else places.text(row["of"])
        text = Text.assemble(row["name"], (" of ", "dim"), of)
        yield row["difference"], text, f"first {_by(row['said'])}" if row["said"] else ""


def code_part(code: Sequence[_Json], places: Places) -> RenderableType | None:
    """The code of jobs that differs: versions, then what changed in their SQL or source."""
    parts: list[RenderableType] = []
    for row in code:
        said = f"first {_by(row['said'])}" if row["said"] else ""
        what = Text.assemble(places.text(row["job"]), "  ", _versions(row["before"], row["after"]))
        parts += filter(None, [lines("" if parts else "Code", [("CHANGED", what, said)])])
        for text in row["texts"]:
            parts.append(Text(f"   {text['facet']}", "dim"))
            parts += [_diff_line(line) for line in text["diff"].splitlines()]
            parts += [Text("   ...", "dim")] if text["cut"] else []
    return Group(*parts) if parts else None


def _versions(before: _Json, after: _Json) -> Text:
    """What differs in the code's version."""
    was, now = (_version(side) for side in (before, after))
    if was != now:
        return Text(f"{was or 'untold'} → {now or 'untold'}")
    found = [
        f"{name} {before[name] or 'untold'} → {after[name] or 'untold'}"
        for name in ("branch", "path", "repository")
        if before[name] != after[name]
    ]
    return Text(", ".join(found) or ("source changed" if before["source"] != after["source"] else ""))


def _version(code: _Json) -> str:
    commit = (code["commit"] or "")[:_COMMIT]
    dirty = " with uncommitted changes" if code["dirty"] else ""
    return " ".join(filter(None, [code["version"], commit])) + dirty


def _diff_line(line: str) -> Text:
    style = {"+": "green", "-": "red", "@": "dim"}.get(line[:1], "")
    return Text(f"   {line}", style)
