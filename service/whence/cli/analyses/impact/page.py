"""What `whence impact` prints: counts, then who is to be told, and what is touched with the path that proves it."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from whence.cli.connections import nodes_of
from whence.cli.places import Places, place_name
from whence.cli.tables import moment, page, section

_Json = dict[str, Any]
_DONE = {
    "DROP": "goes away",
    "RENAME": "gets another name",
    "RETYPE": "gets another type",
    "VALUES": "changes its values",
}
_COUNTED = ("datasets", "columns", "jobs", "owners", "tags", "models", "reports")


def impact_page(impact: _Json) -> RenderableType:
    """The `impact` of a GraphQL answer."""
    touched, owners, tags, ends = (nodes_of(impact[part]) for part in ("touched", "owners", "tags", "ends"))
    places = Places(_nodes(impact["starts"], [*touched, *ends], owners, tags))
    counts = impact["counts"]
    return page(
        _title(impact),
        [
            ("touches", ", ".join(_number(counts[what], what) for what in _COUNTED[:3])),
            ("inferred", f"{counts['inferred']:,} of these" if counts["inferred"] else ""),
            ("also", ", ".join(_number(counts[what], what) for what in _COUNTED[3:] if counts[what])),
            ("where", "\n".join(places.lines())),
            ("as of", moment(impact["asOf"])),
        ],
        section("By distance", ["distance", *_COUNTED], map(_counts, impact["byDistance"])),
        section(
            "Owners to tell",
            ["distance", "owner", "owns", "nearest"],
            [(str(o["distance"]), o["owner"]["name"], str(o["assets"]), places.text(o["nearest"])) for o in owners],
        ),
        section(
            "Tags",
            ["distance", "tag", "on", "from"],
            [(str(t["distance"]), _tag(t["tag"]), places.text(t["node"]), _origin(t, places)) for t in tags],
        ),
        section(
            "Models and reports",
            ["distance", "what", "name", "known", "by way of"],
            [(str(e["distance"]), e["word"].lower(), *_proved(e, places)) for e in ends],
        ),
        section(
            "Touched",
            ["distance", "kind", "name", "known", "by way of"],
            [(str(t["distance"]), t["node"]["kind"].lower(), *_proved(t, places)) for t in _by_name(touched)],
        )
        or Text("Nothing downstream is known.", "dim"),
    )


def _nodes(
    starts: Iterable[_Json], proved: Iterable[_Json], owners: Iterable[_Json], tags: Iterable[_Json]
) -> Iterator[_Json]:
    """All nodes that are named."""
    yield from starts
    yield from (owner["nearest"] for owner in owners)
    for tag in tags:
        yield from (tag["node"], tag["origin"])
    for found in proved:
        yield found["node"]
        yield from (node for step in found["path"] for node in (step["by"], step["node"]) if node)


def _title(impact: _Json) -> Text:
    starts = ", ".join(map(place_name, impact["starts"]))
    kinds = " and ".join(dict.fromkeys(start["kind"].lower() for start in impact["starts"]))
    return Text.assemble((starts, "bold"), "  ", (f"{kinds}, {_DONE[impact['change']]}", "dim"))


def _number(count: int, what: str) -> str:
    return f"{count:,} {what[:-1] if count == 1 else what}"


def _counts(counts: _Json) -> list[str]:
    return [str(counts["distance"]), *(f"{counts[what]:,}" if counts[what] else "" for what in _COUNTED)]


def _by_name(touched: list[_Json]) -> list[_Json]:
    return sorted(touched, key=lambda found: (found["distance"], found["node"]["kind"], place_name(found["node"])))


def _proved(found: _Json, places: Places) -> tuple[Text, Text, Text]:
    """A node's name, whether it is inferred, and the path to it."""
    known = Text("inferred", "yellow") if found["certainty"] == "INFERRED" else Text()
    return places.text(found["node"]), known, _path(found, places)


def _path(found: _Json, places: Places) -> Text:
    """The path that proves a node, with the jobs on it, up to the node itself: that stands beside it."""
    nodes = [node for step in found["path"] for node in (step["by"], step["node"]) if node]
    if nodes[-1] == found["node"]:
        nodes.pop()
    return Text(" → ", "dim").join(map(places.text, nodes))


def _tag(tag: _Json) -> str:
    return f"{tag['name']}={tag['value']}" if tag["value"] else str(tag["name"])


def _origin(tag: _Json, places: Places) -> Text:
    return Text() if tag["certainty"] == "RECORDED" else places.text(tag["origin"])
