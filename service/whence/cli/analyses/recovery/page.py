"""What `whence recover` prints: how bad it is, the plan, what is stale, what to fall back to, and what is good."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from whence.cli.analyses.recovery.script import part_of, partition_text
from whence.cli.connections import nodes_of
from whence.cli.places import Places
from whence.cli.tables import moment, page, section

_Json = dict[str, Any]
_REPAIRS = {
    "NO_PRODUCER": "no run is known that produced what is bad",
    "UNWRITTEN": "no job in the plan writes it nowadays",
    "CYCLE": "its jobs read what they write, and would build on the bad version again",
}
_ANYWAY = "its outputs were written again since, by a good run: needless where that replaced them whole"


def recover_page(recovery: _Json) -> RenderableType:
    """The `recovery` of a GraphQL answer."""
    parts = ("stale", "repairs", "steps", "done", "fallbacks", "good", "unresolved")
    stale, repairs, steps, done, fallbacks, good, unresolved = (nodes_of(recovery[part]) for part in parts)
    places = Places(_named(recovery))
    counts = recovery["counts"]
    return page(
        _title(recovery, places),
        [
            ("to do", _to_do(counts)),
            ("stale", _stale_counts(counts)),
            ("done", f"{counts['done']:,} ran again, on good versions" if counts["done"] else ""),
            ("running", f"{counts['running']:,} run again" if counts["running"] else ""),
            ("where", "\n".join(places.lines())),
            ("as of", moment(recovery["asOf"])),
        ],
        section(
            "First, by hand",
            ["dataset", "why", "jobs"],
            [(places.text(r["dataset"]), _REPAIRS[r["reason"]], _list(map(places.text, r["jobs"]))) for r in repairs],
        ),
        section("Plan", ["wave", "job", "for", "why", "command"], _plan(steps, places))
        or Text("Nothing has to run." if counts["stale"] or counts["done"] else "Nothing is stale.", "dim"),
        section(
            "Stale",
            ["what", "dataset", "version", "of", "known", "now", "by way of"],
            [_stale(row, places) for row in stale],
        ),
        section(
            "Last good versions",
            ["dataset", "part", "version", "produced", "run", "now"],
            [_fallback(row, places) for row in fallbacks],
        ),
        section("Good again", ["job", "for", "status", "by run"], [_done(work, places) for work in done]),
        section(
            "Still good, need not run",
            ["kind", "name", "why"],
            [(g["node"]["kind"].lower(), places.text(g["node"]), _why_good(g)) for g in good],
        ),
        section(
            "Versions that nobody is known to have made",
            ["dataset", "version", "read by run"],
            [(places.text(u["dataset"]), u["label"], u["run"]["runId"]) for u in unresolved],
        ),
    )


def _named(recovery: _Json) -> Iterator[_Json]:
    """All nodes that are named."""
    yield recovery["start"]
    for step in nodes_of(recovery["steps"]):
        yield from (work["job"] for work in nodes_of(step["work"]))
    yield from (work["job"] for work in nodes_of(recovery["done"]))
    for part in ("stale", "repairs", "fallbacks", "unresolved"):
        yield from (row["dataset"] for row in nodes_of(recovery[part]))
    yield from (row["node"] for row in nodes_of(recovery["good"]))
    for row in nodes_of(recovery["stale"]):
        yield from (node for step in row["path"] for node in (step["run"], step["read"]) if node)


def _title(recovery: _Json, places: Places) -> Text:
    start = recovery["start"]
    if start["kind"] == "RUN":
        return Text.assemble((start["runId"], "bold"), "  ", ("run of ", "dim"), places.text(start))
    what = ", late" if recovery["late"] else ", bad" if start["kind"] == "DATASET" or recovery["since"] else ""
    since = f" since {moment(recovery['since'])}" if recovery["since"] else ""
    return Text.assemble((start["name"], "bold"), "  ", (f"{start['kind'].lower()}{what}{since}", "dim"))


def _to_do(counts: _Json) -> str:
    if not counts["open"]:
        return "nothing"
    by_hand = f", {counts['byHand']:,} by hand" if counts["byHand"] else ""
    return f"{_number(counts['steps'], 'step')} in {_number(counts['waves'], 'wave')}{by_hand}"


def _stale_counts(counts: _Json) -> str:
    if not counts["stale"]:
        return ""
    inferred = f"; {counts['inferred']:,} by inference" if counts["inferred"] else ""
    return f"{_number(counts['stale'], 'version')}, {counts['current']:,} of them what readers get now{inferred}"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _plan(steps: list[_Json], places: Places) -> Iterator[tuple[str | Text, ...]]:
    """A row for each piece of work; the command beside the first that it runs."""
    wave = 0
    for step in steps:
        command = Text(step["commandLine"] or "") if step["command"] else Text(step["hint"], "yellow")
        for work in nodes_of(step["work"]):
            shown = "" if step["wave"] == wave else str(step["wave"])
            wave = step["wave"]
            why = Text(work["reason"].lower(), "red" if work["reason"] == "FAILED" else "")
            why.append(f" ({_ANYWAY})" if work["replaced"] else "", "dim")
            yield shown, places.text(work["job"]), _part(work), why, command
            command = Text("  same command", "dim")


def _part(work: _Json) -> str:
    return part_of(work) if work["partition"] is not None else moment(work["nominalStart"])


def _stale(row: _Json, places: Places) -> tuple[str | Text, ...]:
    version = (row["version"]["label"] or moment(row["at"])) if row["version"] else f"since {moment(row['at'])}"
    parts = ", ".join(map(partition_text, row["partitions"] or ()))
    known = Text("inferred", "yellow") if row["certainty"] == "INFERRED" else Text()
    still = "current" if row["version"] else "missing"
    now = Text(still, "red") if row["current"] else Text("replaced", "dim")
    return row["reason"].lower(), places.text(row["dataset"]), version, parts, known, now, _path(row["path"], places)


def _path(path: list[_Json], places: Places) -> Text:
    """What was read on the way, and the jobs that read it."""
    nodes = [node for step in path for node in (step["read"], step["run"]) if node]
    nodes = [node for node, _ in groupby(nodes)]
    return Text(" → ", "dim").join(map(places.text, nodes))


def _fallback(row: _Json, places: Places) -> tuple[str | Text, ...]:
    part = "" if row["partition"] is None else partition_text(row["partition"])
    now = Text("good", "green") if row["goodNow"] else Text("not good", "red")
    if row["version"] is None:
        return places.text(row["dataset"]), part, Text("none is known", "yellow"), "", "", now
    made = moment(row["producedAt"])
    return places.text(row["dataset"]), part, row["version"]["label"] or made, made, row["run"]["runId"], now


def _done(work: _Json, places: Places) -> tuple[str | Text, ...]:
    by = work["madeGoodBy"]["runId"] if work["madeGoodBy"] else ""
    return places.text(work["job"]), _part(work), work["status"].lower(), by


def _why_good(row: _Json) -> str:
    return "made again since" if row["reason"] == "AGAIN" else "built on good versions"


def _list(texts: Iterable[Text]) -> Text:
    return Text(", ").join(texts)
