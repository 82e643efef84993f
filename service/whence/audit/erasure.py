"""Erasure, by request or by a retention policy: what would go is listed first, and what keeps it.

An erasure is recorded twice: by a record of kind ``request``, which says when, why, and by whose keys, and by the
tombstone of each event, whose leaf says that openly for ever. Legal holds win over everything; what a retention policy
says to keep at least wins over a request, unless that overrides it and says why.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Self

from whence.audit.choosing import Choice, choose
from whence.audit.holds import Hold, held, holds_in_force
from whence.audit.reading import entries_at, entries_between
from whence.audit.redacting import Redactor
from whence.audit.requests import Actors, ErasureRequest, Outcome, Reason, RetentionRequest, Row
from whence.audit.retention import Policy, judge, parse_policy
from whence.audit.subject import received, subject_of
from whence.audit.trail import EXPORT, HOLD, POLICY, REQUEST, RETENTION, policies_in_force, record, record_policy
from whence.eventlog.leaf import EVENT
from whence.eventlog.port import Entry, Erasure, EventLog, NewEvent
from whence.graph.port import GraphStore
from whence_schemas.errors import InvalidQuestion, NotFound, WhenceError
from whence_schemas.times import format_time, now

MAX_ENTRIES = 100_000
"""So many entries are listed and erased at once."""
_COPIED_BYTES = 32 * 2**20
"""So many bytes of copies are in memory at once."""
_UNITS = 256
_ERASABLE = (EVENT, EXPORT, REQUEST, HOLD, POLICY)
"""Kinds of entries that can be erased. Records can hold names, too; but a hold or a policy in force stays."""


class Kept(WhenceError):
    """What is to be erased is kept: by a legal hold, by a retention policy, or as a record of what is in force."""

    status = 409
    title = "Kept"


class Custodian:
    """Erases events of a log that is open for writing. One at a time does so."""

    def __init__(self, log: EventLog, graph: GraphStore, never_alias: Sequence[re.Pattern[str]] = ()) -> None:
        self._log = log
        self._graph = graph
        self._never_alias = never_alias
        self._erasing = asyncio.Lock()

    async def erase(self, request: ErasureRequest, by: Actors, size: int | None = None) -> Outcome:
        """Erase what is requested, all or nothing; with `dry_run`, only say what that is. It is sought in the log's
        first `size` entries, by default in all.

        Raises:
            InvalidQuestion: the request cannot be understood, or chooses over `MAX_ENTRIES`.
            NotFound: it chooses nothing, or names what is not there.
            Kept: something in it is under a legal hold, or kept by a retention policy.
            NotErasable: something in it cannot be erased, or no copy of it can be left.
            GraphUnavailable, LogUnavailable: a store does not answer.
        """
        choice = request.choice()
        redactor = request.redactor(choice.finder)
        async with self._erasing:
            if size is None:
                size = await self._log.size()
            outcome = await self._plan(choice, size, redactor, bool(request.override))
            if request.dry_run:
                return outcome
            if outcome.kept:
                first = outcome.kept[0]
                more = f", and {len(outcome.kept) - 1} more are kept" if len(outcome.kept) > 1 else ""
                raise Kept(f"entry {first.index} is kept: {first.why}{more}; nothing was erased")
            if not outcome.goes:
                raise NotFound("nothing is chosen that can be erased: tombstones and what was erased before cannot")
            told = {"override": request.override, "copies": redactor is not None}
            recorded = await self._carry_out(outcome.goes, request.reason, by, told, redactor)
            return outcome.model_copy(update={"request": recorded})

    async def retain(self, request: RetentionRequest, by: Actors) -> Outcome:
        """Say what goes by a retention policy, and what keeps it; to `apply` it erases that, and puts it in force.

        Raises:
            InvalidQuestion: the policy is none.
            LogUnavailable: the log cannot be read or written now.
        """
        policy = request.parsed()
        async with self._erasing:
            outcome = await self._due(policy)
            if not request.apply:
                return outcome
            await record_policy(self._log, RETENTION, request.policy, by.approved_by)
            if not outcome.goes:
                return outcome
            recorded = await self._carry_out(outcome.goes, Reason.RETENTION, by, {}, None)
            return outcome.model_copy(update={"request": recorded})

    # What goes

    async def _plan(self, choice: Choice, size: int, redactor: Redactor | None, override: bool) -> Outcome:
        guard = await _Guard.open(self._log, override)
        goes: list[Row] = []
        kept: list[Row] = []
        async for entries in choose(choice, self._log, self._graph, self._never_alias, size):
            if len(goes) + len(kept) + len(entries) > MAX_ENTRIES:
                raise InvalidQuestion(f"over {MAX_ENTRIES:,} entries are chosen: choose fewer at once")
            reasons = await guard.keeps(entries)
            for entry in entries:
                (kept if entry.index in reasons else goes).append(_row(entry, reasons.get(entry.index, "")))
            if redactor:  # and see whether all copies can be made
                await asyncio.to_thread(_copies, redactor, [e for e in entries if e.index not in reasons])
        return Outcome(goes=goes, kept=kept)

    async def _due(self, policy: Policy) -> Outcome:
        """What a policy ends, and what is kept all the same."""
        at = now()
        size, horizon = await self._log.size(), policy.horizon(at)
        holds = await holds_in_force(self._log)
        goes: list[Row] = []
        kept: list[Row] = []
        async for page in entries_between(self._log, 0, size):
            old = await asyncio.to_thread(_received_by, page, horizon)
            async for units in self._units_of(old, size):
                verdicts = await asyncio.to_thread(_judge_all, policy, units, at)
                ended = [entry for entry in old if entry.index in verdicts]
                on_hold = await held(self._log, holds, ended)
                for entry in ended:
                    hold, verdict = on_hold.get(entry.index), verdicts[entry.index]
                    why = str(hold) if hold else verdict.kept
                    (kept if why else goes).append(_row(entry, why or f"rule {verdict.rule.id}"))
            if len(goes) >= MAX_ENTRIES:
                return _by_index(goes, kept, more=page[-1].index + 1 < size)
        return _by_index(goes, kept)

    async def _units_of(self, entries: Sequence[Entry], size: int) -> AsyncIterator[Mapping[str, list[Entry]]]:
        units = sorted({entry.unit for entry in entries})
        for start in range(0, len(units), _UNITS):
            yield await self._log.read_units(units[start : start + _UNITS], size)

    # Erasing it

    async def _carry_out(
        self, rows: Sequence[Row], reason: Reason, by: Actors, told: Mapping[str, Any], redactor: Redactor | None
    ) -> int:
        """Record the request and erase; the index of the record."""
        indices = [row.index for row in rows]
        content = {"reason": reason.value, "askedBy": by.asked_by, "approvedBy": by.approved_by, **told}
        recorded = await record(self._log, REQUEST, {**content, "entries": _ranges(indices)}, by.approved_by)
        if redactor is None:
            await self._log.erase([Erasure(index, reason.value, *by) for index in indices])
            return recorded
        erasures: list[Erasure] = []
        size = 0
        async for entries in entries_at(self._log, dict.fromkeys(indices)):
            copies = await asyncio.to_thread(_copies, redactor, entries)
            erasures += [Erasure(entry.index, reason.value, *by, copies.get(entry.index)) for entry in entries]
            size += sum(len(copy.payload) for copy in copies.values())
            if size > _COPIED_BYTES:
                await self._log.erase(erasures)
                erasures, size = [], 0
        await self._log.erase(erasures)
        return recorded


class _Guard:
    """What keeps entries from being erased by request."""

    def __init__(self, log: EventLog, holds: Sequence[Hold], policy: Policy | None, in_force: set[int]) -> None:
        self._log = log
        self._holds = holds
        self._policy = policy
        self._in_force = in_force
        self._now = now()

    @classmethod
    async def open(cls, log: EventLog, override: bool) -> Self:
        """The holds in force and, unless it is overridden, the retention policy in force."""
        policies = await policies_in_force(log)
        text = "" if override or RETENTION not in policies else (policies[RETENTION].content or {})["text"]
        policy = parse_policy(text, "the policy in force") if text else None
        return cls(log, await holds_in_force(log), policy, {found.index for found in policies.values()})

    async def keeps(self, entries: Sequence[Entry]) -> dict[int, str]:
        """Why entries are kept, by index."""
        reasons = {entry.index: f"it is a record of kind {entry.kind}" for entry in entries if self._lasts(entry)}
        reasons |= {index: str(hold) for index, hold in (await held(self._log, self._holds, entries)).items()}
        if self._policy:
            for index, rule in (await asyncio.to_thread(self._kept_by_rule, entries, self._policy)).items():
                reasons.setdefault(index, rule)
        return reasons

    def _lasts(self, entry: Entry) -> bool:
        """Whether it is a record that says what is in force, or that others rest on."""
        return entry.kind not in _ERASABLE or (entry.kind == POLICY and entry.index in self._in_force)

    def _kept_by_rule(self, entries: Sequence[Entry], policy: Policy) -> dict[int, str]:
        found = {}
        for entry in entries:
            subject, since = subject_of(entry), received(entry)
            rule = policy.keeping(subject, since, self._now) if subject and since is not None else None
            if rule:
                found[entry.index] = f"rule {rule.id} of the retention policy keeps it; an override says why not"
        return found


def _by_index(goes: list[Row], kept: list[Row], more: bool = False) -> Outcome:
    def index(row: Row) -> int:
        return row.index

    return Outcome(goes=sorted(goes, key=index), kept=sorted(kept, key=index)[:MAX_ENTRIES], more=more)


def _copies(redactor: Redactor, entries: Sequence[Entry]) -> dict[int, NewEvent]:
    """Copies of the events among the entries, by index."""
    return {entry.index: redactor.copy(entry) for entry in entries if entry.kind == EVENT}


def _received_by(entries: Sequence[Entry], horizon: int) -> list[Entry]:
    """The events received by then."""
    return [e for e in entries if e.unit and (since := received(e)) is not None and since <= horizon]


def _judge_all(policy: Policy, units: Mapping[str, Sequence[Entry]], at: int) -> dict[int, Any]:
    return {index: verdict for entries in units.values() for index, verdict in judge(policy, entries, at).items()}


def _row(entry: Entry, why: str) -> Row:
    subject, since = subject_of(entry), received(entry)
    known = {"received": format_time(since)} if since is not None else {}
    if subject:
        known |= {"time": format_time(subject.at), "namespace": subject.namespace, "name": subject.name}
        known |= {"run": subject.run}
    kind = subject.kind.value if subject else entry.kind
    return Row(index=entry.index, kind=kind, bytes=len(entry.payload or b""), why=why, **known)


def _ranges(indices: Sequence[int]) -> list[list[int]]:
    """Ascending indices as ranges, the last one included."""
    ranges: list[list[int]] = []
    for index in indices:
        if ranges and index == ranges[-1][1] + 1:
            ranges[-1][1] = index
        else:
            ranges.append([index, index])
    return ranges
