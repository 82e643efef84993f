"""What `whence freshness` prints: the late ones first, by how much, and what they hold up."""

from typing import Any

from rich.console import RenderableType
from rich.text import Text

from whence.cli.connections import nodes_of
from whence.cli.places import Places, place_name
from whence.cli.tables import moment, page, section
from whence_schemas.durations import words_of
from whence_schemas.times import SECOND

_Json = dict[str, Any]
_STYLES = {"LATE": "bold red", "NEVER": "red", "FRESH": "green", "DROPPED": "dim", "UNKNOWN": "dim"}
_ORDER = list(_STYLES)
_SHOWN = 3


def freshness_page(answer: _Json) -> RenderableType:
    """The `freshness` of a GraphQL answer."""
    rows = sorted(nodes_of(answer["datasets"]), key=_urgency)
    waiting = [(row, row["holdsUp"]) for row in rows if row["holdsUp"]]
    held = [node["dataset"] for _, holds in waiting for node in nodes_of(holds["nearest"])]
    places = Places([*(row["dataset"] for row in rows), *held])
    return page(
        Text.assemble((_title(rows, answer.get("counts")), "bold")),
        [("where", "\n".join(places.lines())), ("as of", moment(answer["asOf"]))],
        section("Datasets", ["state", "dataset", "last produced", "due", "expected"], [_row(r, places) for r in rows])
        or Text("There is none.", "dim"),
        section(
            "Held up downstream",
            ["late", "datasets", "jobs", "nearest", "owners"],
            [_held(*w, places) for w in waiting],
        ),
        section(
            "Last tries",
            ["dataset", "state", "at", "job", "run"],
            [_try(row, places) for row in rows if _tried_since(row)],
        ),
    )


def _urgency(row: _Json) -> tuple[int, float, str]:
    return _ORDER.index(row["state"]), -(row["lateSeconds"] or 0), place_name(row["dataset"])


def _title(rows: list[_Json], counts: _Json | None) -> str:
    if counts is None:
        late = sum(row["state"] in ("LATE", "NEVER") for row in rows)
        return place_name(rows[0]["dataset"]) if len(rows) == 1 else f"{late:,} late"
    words = ", ".join(f"{counts[state]:,} {state}" for state in ("late", "never", "fresh", "dropped") if counts[state])
    rest = f"{counts['unknown']:,} without a known rhythm"
    return f"{words or 'none late'}, {rest}{' (of those that were counted in time)' if counts['truncatedBy'] else ''}"


def _row(row: _Json, places: Places) -> list[Text]:
    state = Text(row["state"].lower(), _STYLES[row["state"]])
    if row["lateSeconds"]:
        state.append(f" by {words_of(int(row['lateSeconds'] * SECOND))}")
    rhythm = row["rhythm"]
    said = Text(rhythm["said"]) if rhythm else Text()
    if rhythm:
        by = rhythm["rule"] or rhythm["basis"].lower()
        said.append(f" ({by})", "yellow" if rhythm["basis"] == "INFERRED" else "dim")
    last = row["lastProduced"]["at"] if row["lastProduced"] else None
    return [state, places.text(row["dataset"]), Text(moment(last) or "never"), Text(moment(row["dueAt"])), said]


def _held(row: _Json, holds: _Json, places: Places) -> list[Text]:
    nearest = [node["dataset"] for node in nodes_of(holds["nearest"])]
    owners = [node["owner"]["name"] for node in nodes_of(holds["owners"])]
    names = Text(", ").join(map(places.text, nearest[:_SHOWN])).append(" …" if holds["datasets"] > _SHOWN else "")
    count = f"{holds['datasets']:,}{'+' if holds['truncatedBy'] else ''}"
    more = " …" if len(owners) > _SHOWN else ""
    return [
        places.text(row["dataset"]),
        Text(count),
        Text(f"{holds['jobs']:,}"),
        names,
        Text(", ".join(owners[:_SHOWN]) + more),
    ]


def _tried_since(row: _Json) -> bool:
    last, other = row["lastProduced"], row["lastIncomplete"]
    return bool(other) and (not last or other["at"] > last["at"])


def _try(row: _Json, places: Places) -> list[Text]:
    tried = row["lastIncomplete"]
    run = tried["run"] or {"name": "", "runId": ""}
    style = "red" if tried["state"] in ("FAIL", "ABORT") else ""
    return [
        places.text(row["dataset"]),
        Text(tried["state"].lower(), style),
        Text(moment(tried["at"])),
        Text(run["name"]),
        Text(run["runId"]),
    ]
