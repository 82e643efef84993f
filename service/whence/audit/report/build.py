"""Builds a report: reads the stores, and lets each requirement's kinds of evidence speak."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from whence.audit.frameworks import EvidenceCall, Framework, Requirement
from whence.audit.report.content import (
    SHOWN,
    Answer,
    Cell,
    Cut,
    EntryLink,
    Finding,
    LogState,
    Report,
    Section,
    shown_time,
)
from whence.audit.report.evidence import EVIDENCE
from whence.audit.report.evidence.records import MAX_FAILURES, Records
from whence.audit.report.model import model_page
from whence.audit.report.survey import MODEL, survey
from whence.audit.report.trace import Trace, trace
from whence.audit.scope import Scope
from whence.audit.selecting import select
from whence.audit.selection import Selection
from whence.audit.subject import received
from whence.eventlog.port import Entry, EventLog
from whence.graph.port import GraphStore
from whence.transparency.checkpoint import Checkpoint
from whence_schemas.errors import NotFound
from whence_schemas.times import now, parse_time

MAX_MODELS = 20
"""Models whose history a report follows."""

_LIMITS = [
    "This report says what is recorded and what is not. Whether a requirement is met is for people to judge.",
    "It rests on the events that producers sent. What they did not send is not known here, and times of runs are what "
    "their producers say; the log itself witnessed only when it received an event.",
    "Where nobody named the version that a run read, it is inferred: the last one that was complete when the run "
    "started. Such versions are marked.",
    f"Lists are cut at {SHOWN} rows, on model pages at fewer, and say how many more there are. The tables of an "
    "evidence export hold all of them.",
    "That a log is signed by its operator does not keep the operator from rewriting it. Checkpoints that others keep, "
    "and time stamps by others, show that history was only appended to.",
]


async def report_on(
    log: EventLog,
    graph: GraphStore,
    scope: Scope,
    frameworks: Sequence[Framework],
    *,
    models: Sequence[str] | None = None,
    checkpoint: bytes | None = None,
    server: str = "",
    never_alias: Sequence[re.Pattern[str]] = (),
    size: int | None = None,
) -> Report:
    """A report on a scope in the log's first `size` entries, by default in all; see `build_report`.

    Raises:
        NotFound, InvalidQuestion: the scope cannot be resolved.
        GraphUnavailable, LogUnavailable: a store does not answer, or the graph is behind the log.
    """
    words = scope_in_words(await scope.describe(graph))
    with await select(scope, log, graph, never_alias, size) as selected:
        return await build_report(
            log,
            graph,
            selected,
            frameworks,
            scope=words,
            models=models,
            checkpoint=checkpoint,
            server=server,
            never_alias=never_alias,
        )


def scope_in_words(described: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A scope, as `Scope.describe` gives it, in words: what, and which."""
    words = [("Scope", "everything recorded")] if described["everything"] else []
    words += [("All runs of", _in_words(node)) for node in described["nodes"]]
    words += [("All upstream of", _in_words(node)) for node in described["upstreamOf"]]
    for title, name in (("Received from", "receivedSince"), ("Received before", "receivedBefore")):
        if described[name] is not None:
            words.append((title, shown_time(parse_time(described[name]).micros)))
    return words


def _in_words(node: Mapping[str, str]) -> str:
    place = f"{node['namespace']}/{node['name']}" if node["namespace"] else node["name"]
    return f"{node['kind']} {place}"


async def build_report(
    log: EventLog,
    graph: GraphStore,
    selection: Selection,
    frameworks: Sequence[Framework],
    *,
    scope: Sequence[tuple[str, str]] = (),
    models: Sequence[str] | None = None,
    checkpoint: bytes | None = None,
    server: str = "",
    never_alias: Sequence[re.Pattern[str]] = (),
) -> Report:
    """A report on a selection.

    scope: the selection in words, as (what, which). models: keys of the models that get a page; None means all in the
    selection, up to `MAX_MODELS`. checkpoint: the signed note that covers the report; None means the log's last one.
    server: where the addresses of log entries begin, without a slash at the end.

    Raises:
        NotFound: of one of the models nothing is recorded that a page could tell.
        GraphUnavailable: the graph store does not answer.
    """
    made = now()
    as_of = made if selection.until is None else selection.until
    size = await log.size()
    state = await _log_state(log, graph, size, checkpoint)
    found = await survey(log, graph, selection, size, as_of, never_alias)
    wanted = found.of_type(MODEL)[:MAX_MODELS] if models is None else models
    traces = {model: await trace(log, graph, model, size, as_of, never_alias) for model in wanted}
    if models is not None:
        await _check_there(graph, traces)
    failures = [(failure.entry, failure.error) for failure in await graph.failures(MAX_FAILURES)]
    records = Records(found, list(filter(None, traces.values())), state, failures, await _exports(log, size), made)
    sections = _Sections(records)
    return Report(
        shown_time(made),
        list(scope),
        state,
        [model_page(found) for found in records.traces],
        [sections.section(framework) for framework in frameworks],
        _LIMITS,
        server,
    )


async def _check_there(graph: GraphStore, traces: Mapping[str, Trace | None]) -> None:
    missing = [model for model, found in traces.items() if found is None]
    for node in (await graph.nodes(missing)).values():
        raise NotFound(f"no run is recorded that wrote a version of {node.namespace}/{node.name} completely")
    if missing:
        raise NotFound(f"{missing[0]} is not in the graph: find what you mean with search")


async def _log_state(log: EventLog, graph: GraphStore, size: int, note: bytes | None) -> LogState:
    if note is None:
        last = await log.last_checkpoint()
        note = last.note if last else b""
    text = note.decode()
    covered = Checkpoint.parse(text.partition("\n\n")[0] + "\n").size if text else None
    return LogState(size, await graph.cursor(), covered, text.rstrip("\n"))


async def _exports(log: EventLog, size: int) -> Cut[tuple[Cell, ...]]:
    """Exports that the log records, newest first."""
    records = (await log.read_units([""], size)).get("", [])
    exports = [entry for entry in reversed(records) if entry.kind == "export"]
    return Cut((EntryLink(entry.index), *_when_and_who(entry)) for entry in exports)


def _when_and_who(entry: Entry) -> tuple[str, str]:
    at = received(entry)
    meta = orjson.loads(entry.meta) if entry.meta is not None else {}
    return shown_time(at) if at is not None else "erased", meta.get("sender", "")


class _Sections:
    """Lets the kinds of evidence speak: the same kind with the same parameters once, then by reference."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._shown: dict[EvidenceCall, Finding] = {}

    def section(self, framework: Framework) -> Section:
        answers = [self._answer(framework, requirement) for requirement in framework.requirement]
        checked = framework.checked.isoformat()
        return Section(
            framework.id, framework.title, framework.source, framework.url, checked, framework.notes, answers
        )

    def _answer(self, framework: Framework, requirement: Requirement) -> Answer:
        place = f"{framework.id}/{requirement.id}", requirement.title
        return Answer(
            place[0],
            requirement.title,
            requirement.text,
            requirement.source,
            requirement.url,
            requirement.checked.isoformat(),
            [self._finding(call, place) for call in requirement.evidence],
            requirement.unanswerable,
        )

    def _finding(self, call: EvidenceCall, place: tuple[str, str]) -> Finding:
        found = self._shown.get(call)
        if found is None:
            found = EVIDENCE[call.kind](self._records, **call.parameters)
            self._shown[call] = replace(found, see=place)
        return found
