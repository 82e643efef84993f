"""What `whence drift` prints: for each job what differs, since when, and what rests on it."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from whence.cli.pages import section
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
    jobs = [edge["node"] for edge in drift["jobs"]["edges"]]
    places = Places(_named(jobs))
    looked = f"{drift['examined']:,} {'job' if drift['examined'] == 1 else 'jobs'} looked at"
    if not jobs:
        return Text(f"Nothing differs: {looked}.")
    columns = ["job", "differs", "what", "since", "runs", "downstream"]
    parts: list[RenderableType] = [section("", columns, _rows(jobs, places)) or ""]
    parts += ["", *(Text(line, "dim") for line in places.lines()), Text(looked, "dim")]
    return Group(*parts)


def _findings(job: _Json) -> list[_Json]:
    return [edge["node"] for edge in job["findings"]["edges"]]


def _named(jobs: list[_Json]) -> Iterator[_Json]:
    for job in jobs:
        yield job["job"]
        for finding in _findings(job):
            yield from (end for end in (finding["dataset"], finding["source"]) if end)
            touched = finding["downstream"]["touched"]["edges"] if finding["downstream"] else []
            yield from (edge["node"]["node"] for edge in touched)


def _rows(jobs: list[_Json], places: Places) -> Iterator[tuple[str | Text, ...]]:
    for job in jobs:
        for number, finding in enumerate(_findings(job)):
            yield (
                Text() if number else places.text(job["job"]),
                Text(_SAYS[finding["kind"]], "yellow" if finding["downstream"] else "dim"),
                _what(finding, places),
                moment(finding["since"]),
                _runs(finding),
                _downstream(finding["downstream"], places),
            )


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


def _runs(finding: _Json) -> str:
    """What the runs tell."""
    if finding["subject"] == "COLUMN":
        return "its newest run"
    runs, silent = finding["runs"], finding["silent"]
    if finding["kind"] == "NOT_DECLARED":
        return f"seen in {runs} of its last"
    if finding["kind"] == "UNDECLARED":
        return f"{runs} of its last"
    if finding["kind"] == "UNCONFIRMED":
        return f"none since, {silent} without datasets" if silent else "none since"
    without = f", {silent} without datasets" if silent else ""
    last = finding["lastShown"]
    return f"{runs} since, last seen {moment(last['at'])}{without}" if last else f"{runs} since, never seen{without}"


def _downstream(impact: _Json | None, places: Places) -> Text:
    if impact is None:
        return Text()
    counts = impact["counts"]
    found = [f"{counts[what]:,} {what[:-1] if counts[what] == 1 else what}" for what in _COUNTED if counts[what]]
    text = Text(", ".join(found) or "none")
    names = [places.text(edge["node"]["node"]) for edge in impact["touched"]["edges"]]
    if names:
        text.append(": ").append_text(Text(", ").join(names))
        text.append(", ..." if impact["touched"]["pageInfo"]["hasNextPage"] else "")
    owners = [edge["node"]["owner"]["name"] for edge in impact["owners"]["edges"]]
    return text.append(f" (tell {', '.join(owners)})") if owners else text
