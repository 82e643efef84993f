"""What `whence drift` prints: for each job what differs, since when, and what rests on it."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from whence.cli.connections import nodes_of
from whence.cli.places import Places
from whence.cli.tables import moment

_Json = dict[str, Any]
_SAYS = {
    "NOT_OBSERVED": "not seen",
    "NOT_DECLARED": "not declared",
    "TYPE": "type",
    "UNCONFIRMED": "not confirmed",
    "UNDECLARED": "undeclared job",
}
_SUBJECTS = {"INPUT": "reads ", "OUTPUT": "writes ", "COLUMN": "column ", "COLUMN_LINEAGE": "column "}
_COUNTED = ("datasets", "jobs", "models", "reports")


def drift_page(drift: _Json) -> RenderableType:
    """The `drift` of a GraphQL answer."""
    jobs = nodes_of(drift["jobs"])
    places = Places(_named(jobs))
    looked = f"{drift['examined']:,} {'job' if drift['examined'] == 1 else 'jobs'} looked at"
    if not jobs:
        return Text(f"Nothing differs: {looked}.")
    parts: list[RenderableType] = [Text("\n".join(places.lines()), "dim")]
    for job in jobs:
        parts += ["", *_job(job, places)]
    return Group(*parts, "", Text(looked, "dim"))


def _named(jobs: list[_Json]) -> Iterator[_Json]:
    for job in jobs:
        yield job["job"]
        for finding in nodes_of(job["findings"]):
            yield from (end for end in (finding["dataset"], finding["source"]) if end)
            if finding["downstream"]:
                yield from (touched["node"] for touched in nodes_of(finding["downstream"]["touched"]))


def _job(job: _Json, places: Places) -> Iterator[RenderableType]:
    """A job, and a line or two for each difference."""
    declared = f"  declared {moment(job['declaredAt'])}" if job["declaredAt"] else ""
    yield Text.assemble(places.text(job["job"]), (declared, "dim"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for finding in nodes_of(job["findings"]):
        how = Text(_SAYS[finding["kind"]], "yellow" if finding["downstream"] else "dim")
        grid.add_row(Text("  ").append_text(how), _text(finding, places))
    yield grid


def _text(finding: _Json, places: Places) -> Text:
    parts = [part for part in (_what(finding, places), Text(_told(finding), "dim")) if part]
    text = Text("  ").join(parts)
    downstream = finding["downstream"]
    return text.append("\n→ ", "dim").append_text(_downstream(downstream, places)) if downstream else text


def _what(finding: _Json, places: Places) -> Text:
    if finding["subject"] == "JOB":
        return Text("what it declares" if finding["kind"] == "UNCONFIRMED" else "", "dim")
    text = Text(_SUBJECTS[finding["subject"]], "dim")
    for place, field in ((finding["dataset"], finding["field"]), (finding["source"], finding["sourceField"])):
        if place:
            text.append(" ← ", "dim") if place is finding["source"] else None
            text.append_text(places.text(place)).append(f".{field}" if field else "")
    if finding["kind"] == "TYPE":
        text.append(f": declared {finding['declared']}, seen {finding['observed']}")
    return text


def _told(finding: _Json) -> str:
    """Since when, and what runs tell."""
    runs, silent, since = finding["runs"], finding["silent"], moment(finding["since"])
    match finding["kind"]:
        case "UNDECLARED":
            return f"{runs} of its last runs told datasets"
        case "NOT_DECLARED":
            last = f", in {runs} of its last runs" if finding["subject"] != "COLUMN" else ""
            return f"first seen {since}{last}"
        case "UNCONFIRMED":
            return f"since {since}: " + (f"{_number(silent)} since, without datasets" if silent else "no run since")
    if finding["subject"] == "COLUMN":
        return f"declared since {since}"
    without = f", {silent} more without datasets" if silent else ""
    seen = f"last seen {moment(finding['lastShown']['at'])}" if finding["lastShown"] else "never seen"
    return f"declared since {since}, {seen}, {_number(runs)} since{without}"


def _number(runs: int) -> str:
    return f"{runs:,} {'run' if runs == 1 else 'runs'}"


def _downstream(impact: _Json, places: Places) -> Text:
    counts = impact["counts"]
    found = [f"{counts[what]:,} {what[:-1] if counts[what] == 1 else what}" for what in _COUNTED if counts[what]]
    text = Text((", ".join(found) or "nothing") + " downstream")
    names = [places.text(node["node"]) for node in nodes_of(impact["touched"])]
    if names:
        text.append(": ").append_text(Text(", ").join(names))
        text.append(", ..." if impact["touched"]["pageInfo"]["hasNextPage"] else "")
    owners = [node["owner"]["name"] for node in nodes_of(impact["owners"])]
    return text.append(f" (tell {', '.join(owners)})") if owners else text
