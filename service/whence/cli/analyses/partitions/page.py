"""What `whence partitions` prints: counts, then the range as stretches of partitions that stand alike."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from whence.cli.connections import nodes_of
from whence.cli.tables import page, section

_Json = dict[str, Any]
_STYLES = {"PRESENT": "green", "PARTIAL": "yellow", "RUNNING": "cyan", "FAILED": "red", "MISSING": "bold red"}
_ALIKE = ("PRESENT", "MISSING")
_SHOWN = 3


def partitions_page(answer: _Json, states: Sequence[str]) -> RenderableType:
    """The `partitions` of a GraphQL answer; only those in these states, if any."""
    of, counts = answer["of"], answer["counts"]
    rows = nodes_of(answer["partitions"])
    found = [f"{counts[state.lower()]:,} {state.lower()}" for state in _STYLES if counts[state.lower()]]
    rhythm = Text(answer["rhythm"] or "not known")
    if answer["basis"]:
        rhythm.append(
            f", {answer['zone']} ({answer['basis'].lower()})", "yellow" if answer["basis"] == "INFERRED" else "dim"
        )
    return page(
        Text.assemble((of["name"], "bold"), "  ", (of["kind"].lower(), "dim")),
        [
            ("namespace", of["namespace"]),
            ("expected", rhythm),
            ("in all", f"{counts['expected']:,}: {', '.join(found)}" if counts["expected"] else "none"),
            ("beside", f"{counts['beside']:,}" if counts["beside"] else ""),
        ],
        section("Partitions", ["from", "to", "state", "count", "tries", "keys", "last run"], _stretches(rows, states))
        or Text("There is none in this range.", "dim"),
    )


def _stretches(rows: Sequence[_Json], states: Sequence[str]) -> Iterator[list[str | Text]]:
    """Partitions that are there, or missing, one after the other are one row; the others tell of themselves."""
    for _, group in groupby(enumerate(rows), key=lambda row: _alike(row[1]) or str(row[0])):
        stretch = [row for _, row in group]
        if not states or stretch[0]["state"] in states:
            yield _stretch(stretch)


def _alike(row: _Json) -> str:
    return row["state"] if row["state"] in _ALIKE and row["expected"] else ""


def _stretch(rows: Sequence[_Json]) -> list[str | Text]:
    first, last = rows[0], rows[-1]
    state = Text(first["state"].lower(), _STYLES[first["state"]])
    if not first["expected"]:
        state.append(" (beside)", "dim")
    tries = sum(row["tries"] for row in rows)
    attempt = last["attempt"]
    run = attempt["run"]["runId"] if attempt and attempt["run"] else ""
    return [
        first["label"],
        last["label"] if len(rows) > 1 else "",
        state,
        f"{len(rows):,}",
        f"{tries:,}" if tries else "",
        _keys(first) if len(rows) == 1 else "",
        run,
    ]


def _keys(row: _Json) -> Text:
    """The keys that are not there."""
    gone = [key for key in nodes_of(row["keys"]) if key["state"] != "PRESENT"]
    words = [f"{key['key']} {key['state'].lower()}" for key in gone[:_SHOWN]]
    return Text(", ".join(words) + (f" and {len(gone) - _SHOWN} more" if len(gone) > _SHOWN else ""))
