"""What `whence completeness` prints: the scores, then the worst of what is not known."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from whence.cli.connections import nodes_of
from whence.cli.places import Places
from whence.cli.tables import moment, page, section, table

_Json = dict[str, Any]
_SHOWN_GROUPS = 5
_FEW = 4
"""So many checks have room for their names beside each other."""
_CHECKS = {
    "COLLECTOR": ("regular collectors that still report", "Collectors gone silent"),
    "RUN_END": ("runs whose end is known", "Runs that never ended"),
    "DATASET_NAME": ("datasets without a suspected twin", "Suspected twins"),
    "DATASET_ORIGIN": ("datasets that a job writes, and sources", "Datasets that nobody produces"),
    "JOB_INPUTS": ("jobs that tell what they read", "Jobs without inputs"),
    "JOB_OUTPUTS": ("jobs that tell what they write", "Jobs without outputs"),
    "COLUMN_LINEAGE": ("derived columns that tell from what", "Columns without lineage"),
    "RUN_CODE": ("runs whose code version is known", "Runs without a code version"),
    "DATASET_OWNER": ("datasets with an owner", "Datasets without an owner"),
}
"""What counts as known, and the title of what is not."""


def completeness_page(answer: _Json) -> RenderableType:
    """The `completeness` of a GraphQL answer."""
    findings = nodes_of(answer["findings"])
    places = Places(node for found in findings for node in (found["node"], *found["others"]) if node)
    return page(
        Text("Completeness of the lineage", "bold"),
        [
            ("score", _percent(answer["score"])),
            ("where", "\n".join(places.lines())),
            ("as of", moment(answer["asOf"])),
        ],
        table(["check", "what counts as known", "known", "of", "score"], map(_score, answer["scores"])),
        _groups("Namespaces, the worst first", "namespace", answer["byNamespace"]),
        _groups("Owners, the worst first", "owner", answer["byOwner"]),
        *_findings(findings, places),
    )


def history_page(answers: list[_Json]) -> RenderableType:
    """Scores over time, one line for each time."""
    checks = [score["check"] for score in answers[-1]["scores"]]
    rows = [
        [
            moment(answer["asOf"])[:10],
            _percent(answer["score"]),
            *(_percent(score["score"]) for score in answer["scores"]),
        ]
        for answer in answers
    ]
    names = [_name(check) if len(checks) <= _FEW else _name(check).replace("-", "\n") for check in checks]
    return table(["as of", "score", *names], rows)


def _score(score: _Json) -> tuple[str | Text, ...]:
    check = score["check"]
    return _name(check), _CHECKS[check][0], f"{score['known']:,}", f"{score['countable']:,}", _percent(score["score"])


def _groups(title: str, what: str, connection: _Json) -> RenderableType | None:
    """The worst groups, with the checks in which they are incomplete; one group alone says nothing new."""
    groups = nodes_of(connection)
    rows = [
        (_percent(group["score"]), group["name"] if group["name"] is not None else Text("nobody", "dim"), _gaps(group))
        for group in groups[:_SHOWN_GROUPS]
    ]
    return section(title, ["score", what, "missing most"], rows) if len(groups) > 1 else None


def _gaps(group: _Json) -> str:
    worst = sorted((score for score in group["scores"] if score["score"] < 1), key=lambda score: score["score"])
    return ", ".join(f"{_name(score['check'])} {_percent(score['score'])}" for score in worst[:2])


def _findings(findings: Iterable[_Json], places: Places) -> Iterator[RenderableType]:
    """A table for each check, and below it what to do."""
    by_check: dict[str, list[_Json]] = {}
    for found in findings:
        by_check.setdefault(found["check"], []).append(found)
    for check, (_, title) in _CHECKS.items():
        if rows := by_check.get(check):
            lines = [(moment(found["since"]), _what(found, places), found["why"]) for found in rows]
            made = section(title, ["since", "name", "why"], lines)
            assert made is not None
            yield made
            yield Text("\n".join(dict.fromkeys(found["mend"] for found in rows)), "dim")


def _what(found: _Json, places: Places) -> Text:
    node = found["node"]
    if node is None:
        return Text("(gone since)", "dim")
    name = places.text(node)
    return name.append(f"\nrun {node['runId']}") if node["kind"] == "RUN" else name


def _name(check: str) -> str:
    """A check as the command line names it."""
    return check.lower().replace("_", "-")


def _percent(score: float | None) -> str:
    """A share; what is not complete is never shown as 100 %."""
    if score is None:
        return "-"
    return f"{100 * score if score == 1 else min(100 * score, 99.9):.1f} %"
