"""What `whence history` prints: what fails and what changed, then the runs with their numbers."""

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from whence.cli.connections import nodes_of
from whence.cli.tables import moment, page, section
from whence_schemas.durations import words_of
from whence_schemas.times import SECOND

_Json = dict[str, Any]
_BARS = "▁▂▃▄▅▆▇█"
_ROWS, _SIZES = ("rowCount",), ("size", "bytes")
_WRITTEN = ("outputStatistics", "dataQualityMetrics", "inputStatistics")
_BAD = ("FAIL", "ABORT")


def history_page(answer: _Json) -> RenderableType:
    """The `history` of a GraphQL answer."""
    entries = nodes_of(answer["entries"])
    failing = nodes_of(answer["failing"])
    changed = [(entry, measure) for entry in entries for measure in nodes_of(entry["changed"])]
    of = answer["of"]
    rows = section("Runs", ["at", "", "state", "took", "rows", "size", "files", "checks", "run"], map(_run, entries))
    return page(
        Text.assemble((of["name"], "bold"), "  ", (of["kind"].lower(), "dim")),
        [
            ("namespace", of["namespace"]),
            ("rows", _spark([_number(entry, _ROWS) for entry in entries])),
            ("size", _spark([_number(entry, _SIZES) for entry in entries])),
            ("took", _spark([_took(entry) for entry in entries])),
            ("as of", moment(answer["asOf"])),
        ],
        section("Failing checks", ["check", "of", "since", "times", "passed last"], map(_failing, failing)),
        section(
            f"Changed by more than {answer['threshold']:.0%} of the median of up to {answer['previous']} runs before",
            ["at", "what", "value", "median", "of", "change", "run"],
            [_changed(*row) for row in changed],
        ),
        rows or Text("No run of it is known.", "dim"),
    )


def _spark(values: Sequence[float | None]) -> str:
    """The values from the oldest to the newest as bars, from zero, or the smallest below that, to the largest."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(0.0, *known), max(known)
    steps = (len(_BARS) - 1) / (high - low) if high > low else 0
    return "".join(_BARS[round((value - low) * steps)] for value in reversed(known))


def _number(entry: _Json, names: Sequence[str]) -> float | None:
    """What was written in all, else measured, else read."""
    measures = nodes_of(entry["measures"])
    for facet in _WRITTEN:
        found = [m["value"] for m in measures if m["facet"] == facet and m["name"] in names and not m["column"]]
        if found:
            return float(sum(found))
    return None


def _took(entry: _Json) -> float | None:
    seconds: float | None = entry["attempt"]["durationSeconds"]
    return None if entry["role"] == "CHECKED" else seconds


def _run(entry: _Json) -> list[str | Text]:
    attempt = entry["attempt"]
    took = _took(entry)
    return [
        moment(entry["at"]),
        "checked" if entry["role"] == "CHECKED" else "",
        Text(attempt["state"].lower(), "red" if attempt["state"] in _BAD else ""),
        "" if took is None else _seconds(took),
        _plain(_number(entry, _ROWS)),
        _plain(_number(entry, _SIZES)),
        _plain(_number(entry, ("fileCount",))),
        _checks(nodes_of(entry["checks"])),
        (attempt["run"] or {"runId": ""})["runId"] + (f" #{attempt['number']}" if attempt["number"] else ""),
    ]


def _checks(checks: Sequence[_Json]) -> Text:
    passed = sum(check["passed"] is True for check in checks)
    failed = sum(check["passed"] is False for check in checks)
    words = [Text(f"{passed} passed")] if passed else []
    words += [Text(f"{failed} failed", "red")] if failed else []
    return Text(", ").join(words)


def _failing(check: _Json) -> list[str]:
    since = moment(check["since"])
    return [
        check["assertion"],
        _subject(check),
        since if check["exact"] else f"{since} or before",
        str(check["times"]),
        moment(check["lastPassed"]) or ("never" if check["exact"] else ""),
    ]


def _changed(entry: _Json, measure: _Json) -> list[str | Text]:
    change = "" if measure["change"] is None else f"{measure['change']:+.0%}"
    name = " ".join(filter(None, [measure["name"], _subject(measure)]))
    seconds = measure["name"] == "duration"
    return [
        moment(entry["at"]),
        name,
        _seconds(measure["value"]) if seconds else _plain(measure["value"]),
        _seconds(measure["median"]) if seconds else _plain(measure["median"]),
        str(measure["of"]),
        Text(change, "yellow"),
        (entry["attempt"]["run"] or {"runId": ""})["runId"],
    ]


def _subject(said: _Json) -> str:
    """Of which dataset and column, where that is not plain."""
    dataset = said["dataset"]["name"] if said["dataset"] else ""
    return ".".join(filter(None, [dataset, said["column"]]))


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 10 else words_of(int(value * SECOND))


def _plain(value: float | None) -> str:
    return "" if value is None else f"{int(value):,}" if value == int(value) else f"{value:,.4g}"
