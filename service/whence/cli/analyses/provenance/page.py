"""What `whence provenance` prints: what one version is, who made and approved it, and trees of what it rests on, and of
what rests on it."""

import json
from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from whence.cli.analyses.provenance.tree import Side, attempt_marks, version_label
from whence.cli.connections import nodes_of
from whence.cli.places import place_name
from whence.cli.tables import moment, page
from whence.cli.tree import trees_of

_Json = dict[str, Any]
_VALUE = 60
"""Characters of a parameter's value that are shown."""
_NAMES = 5
_COUNTED = {
    "runs": "run",
    "versions": "version",
    "datasets": "dataset",
    "sources": "source",
    "codeVersions": "code version",
    "models": "model",
    "answers": "answer",
    "prompts": "prompt",
    "documents": "document",
    "indexes": "index",
}
_GAPS = {
    "NO_PRODUCER": "which run wrote this version of",
    "NO_CODE": "the code of",
    "INCOMPLETE": "whether this is whole:",
}


def provenance_page(answer: _Json, name: str, of_run: bool, width: int) -> RenderableType:
    """The answer of GraphQL, `upstream` and `downstream`, for a terminal of this many columns."""
    sides = [Side(part, of_run, width) for part in answer.values()]
    head = sides[0]
    return page(
        _title(head, name, of_run),
        [
            *(_origin(head, of_run) if head.upstream else ()),
            ("models", "\n".join(dict.fromkeys(line for side in sides for line in _models(side)))),
            ("where", "\n".join(head.labels.places.lines())),
            ("as of", moment(head.part["asOf"])),
        ],
        *map(_tree, sides),
    )


def _title(side: Side, name: str, of_run: bool) -> Text:
    if not side.starts:
        return Text.assemble((name, "bold"), "  ", ("no version is known", "dim"))
    found = side.starts[0]
    if of_run:
        return Text.assemble((place_name(found["run"]), "bold"), "  ", (f"run {found['run']['runId']}", "dim"))
    version = found["version"]
    text = Text.assemble((place_name(found["dataset"]), "bold"), "  ")
    if version is None:
        return text.append("dataset; no version of it is known", "dim")
    kind = "dataset" if found["asset"] == "OTHER" else found["asset"].lower()
    return text.append(version["label"] or version_label(version), "bold").append(f"  {kind}", "dim")


def _origin(side: Side, of_run: bool) -> Iterator[tuple[str, str | Text]]:
    """How the start came to be: its runs, code, parameters and approvals, and how much it rests on."""
    starts = [found["id"] for found in side.starts]
    made = {edge["attempt"] for edge in nodes_of(side.part["generated"]) if edge["version"] in starts}
    for found in (side.starts if of_run else [side.attempts[id_] for id_ in made if id_ in side.attempts])[:1]:
        yield "run" if of_run else "made by", _attempt(found, of_run)
        yield "code", _code(found["code"])
        yield "started with", "\n".join(map(_parameter, found["parameters"]))
    if not of_run and starts:
        decisions = [_decision(one) for one in nodes_of(side.part["decisions"]) if one["version"]["id"] in starts]
        needed = any(found["asset"] == "MODEL" for found in side.starts)
        yield (
            "decided",
            Text("\n").join(decisions or [Text("no approval is recorded", "yellow")] if needed else decisions),
        )
    yield "rests on", _amount(side.part["counts"])
    yield "not known", "\n".join(_gaps(side))


def _attempt(found: _Json, of_run: bool) -> Text:
    text = Text() if of_run else Text.assemble((place_name(found["run"]), "cyan"), f", run {found['run']['runId']}, ")
    if attempt := found["attempt"]:
        text.append(f"{moment(attempt['startedAt'])} to {moment(attempt['endedAt']) or 'now'}")
    for mark, style in attempt_marks(found):
        text.append(f"  {mark}", style)
    return text


def _code(code: _Json | None) -> Text:
    if code is None:
        return Text("not recorded", "yellow")
    lines = [f"{commit['name']} of {commit['namespace']}" for commit in code["commits"]]
    lines += [f"version {code['version']}"] if code["version"] else []
    lines += [f"source SHA-256 {code['sourceSha256']}"] if code["sourceSha256"] else []
    text = Text("\n".join(lines))
    if code["dirty"] is not None:
        text.append(
            "\nwith uncommitted changes" if code["dirty"] else "\nall committed", "yellow" if code["dirty"] else ""
        )
    return text


def _parameter(parameter: _Json) -> str:
    if parameter["sha256"]:
        return f"{parameter['name']}: SHA-256 {parameter['sha256']}"
    value = json.dumps(parameter["value"], ensure_ascii=False)
    return f"{parameter['name']} = {value if len(value) <= _VALUE else value[: _VALUE - 1] + '…'}"


def _decision(found: _Json) -> Text:
    text = Text(f"{found['decision']} by {found['approver']}, {moment(found['at'])}")
    text.append(f" ({found['reference']})" if found["reference"] else "")
    return text.append("" if found["agrees"] else "  names another version than its run read", "red")


def _amount(counts: _Json) -> str:
    uses = counts["named"] + counts["inferred"] + counts["unknown"]
    known = ", ".join(f"{counts[how]:,} {how}" for how in ("named", "inferred", "unknown") if counts[how])
    lines = [_list(counts, "runs", "versions", "datasets", "sources", "codeVersions")]
    lines += [f"versions read: {known}"] if uses else []
    if counts["dirty"]:
        lines.append(f"{counts['dirty']:,} of the runs' attempts with uncommitted changes")
    return "\n".join(lines)


def _list(counts: _Json, *names: str) -> str:
    return ", ".join(_number(counts[name], _COUNTED[name]) for name in names if counts[name])


def _number(count: int, what: str) -> str:
    many = f"{what}es" if what.endswith("x") else f"{what}s"
    return f"{count:,} {what if count == 1 else many}"


def _models(side: Side) -> Iterator[str]:
    """How each model stands."""
    for found in nodes_of(side.part["models"]):
        if found["trainedAt"] is None:
            yield f"{place_name(found['dataset'])} has no current version"
        else:
            labelled = found["version"] and found["version"]["label"]
            label = f", as {version_label(found['version'])}" if labelled else ""
            which = "" if found["current"] else ": later than what is here"
            yield f"{place_name(found['dataset'])} was last trained {moment(found['trainedAt'])}{label}{which}"


def _gaps(side: Side) -> Iterator[str]:
    """What is not known, in lines."""
    by_kind: dict[str, dict[str, None]] = {}
    for gap in nodes_of(side.part["gaps"]):
        attempt = side.attempts.get(gap["attempt"]["id"]) if gap["attempt"] else None
        version = side.versions.get(gap["version"]["id"]) if gap["version"] else None
        if place := attempt["run"] if attempt else version["dataset"] if version else None:
            by_kind.setdefault(gap["kind"], {})[place_name(place)] = None
    for kind, names in by_kind.items():
        more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
        yield f"{_GAPS[kind]} {', '.join(list(names)[:_NAMES])}{more}"


def _tree(side: Side) -> RenderableType:
    title = Text("It rests on" if side.upstream else "On it rest", "bold")
    if not side.upstream:
        kinds = _list(side.part["counts"], "models", "answers", "prompts", "documents", "indexes")
        title.append(f"  {kinds}" if kinds else "", "dim")
    trees = trees_of(side.flow, side.labels, upstream=side.upstream)
    return Group(title, *(trees or [Text("nothing is known", "dim")]))
