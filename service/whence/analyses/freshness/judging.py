"""How datasets stand: a batch of any size costs a fixed number of calls."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from whence.analyses.freshness.expected import HISTORY, TAG, from_history, from_schedule, from_tags
from whence.analyses.freshness.policy import Expectation, Policy
from whence.analyses.schedules import SCHEDULE_FACETS
from whence.graph.facts import Attempt, Node
from whence.graph.port import GraphStore
from whence_schemas.freshness import DatasetFreshness, FreshnessState, RhythmBasis
from whence_schemas.read import Use

_AROUND = 3
"""Runs around a run that are asked for a schedule: a query in an application in a task."""


class Group(NamedTuple):
    """A dataset under all its names; the first stands for it here."""

    names: tuple[Node, ...]

    @property
    def key(self) -> str:
        """The key of the name that stands for it."""
        return self.names[0].key

    @property
    def places(self) -> list[tuple[str, str]]:
        """Its names with their namespaces."""
        return [(node.namespace, node.name) for node in self.names]


class _Past(NamedTuple):
    complete: list[Use]
    dropped: Use | None
    incomplete: Use | None


async def judge(
    store: GraphStore, groups: Sequence[Group], policy: Policy | None, as_of: int
) -> list[DatasetFreshness]:
    """How each of the datasets stands."""
    pasts = await _pasts(store, groups, as_of)
    expected = {group.key: found for group in groups if policy and (found := policy.of(group.places))}
    open_ = [group for group in groups if group.key not in expected]
    runs = {past.incomplete.run for past in pasts.values() if past.incomplete}
    runs |= {pasts[group.key].complete[0].run for group in open_ if pasts[group.key].complete}
    attempts = {(a.run, a.number): a for found in (await store.attempts(sorted(runs))).values() for a in found}
    expected |= await _by_tags(store, open_, pasts, attempts, as_of)
    open_ = [group for group in open_ if group.key not in expected]
    expected |= await _by_schedule(store, open_, pasts, attempts)
    return [
        _stands(group.key, pasts[group.key], attempts, expected.get(group.key) or _inferred(pasts[group.key]), as_of)
        for group in groups
    ]


async def _pasts(store: GraphStore, groups: Sequence[Group], as_of: int) -> dict[str, _Past]:
    keys = [node.key for group in groups for node in group.names]
    complete = await store.last_productions(keys, 1, as_of, HISTORY)
    dropped = await store.last_productions(keys, -1, as_of, 1)
    incomplete = await store.last_productions(keys, 0, as_of, 1)

    def newest(found: dict[str, list[Use]], group: Group) -> list[Use]:
        uses = [use for node in group.names for use in found.get(node.key, ())]
        by_attempt = {(use.run, use.number): use for use in sorted(uses, key=lambda use: use.dataset)}
        return sorted(by_attempt.values(), key=lambda use: use.order, reverse=True)[:HISTORY]

    return {
        group.key: _Past(
            newest(complete, group),
            next(iter(newest(dropped, group)), None),
            next(iter(newest(incomplete, group)), None),
        )
        for group in groups
    }


def _times(past: _Past) -> list[int]:
    return [use.at for use in past.complete]


async def _by_tags(
    store: GraphStore,
    groups: Iterable[Group],
    pasts: dict[str, _Past],
    attempts: dict[tuple[str, int], Attempt],
    as_of: int,
) -> dict[str, Expectation]:
    """Tags of the datasets, and of the jobs that produced them last."""
    asked: dict[str, list[str]] = {}
    for group in groups:
        asked[group.key] = [node.key for node in group.names]
        last = pasts[group.key].complete[:1]
        asked[group.key] += [attempt.job for use in last if (attempt := attempts.get((use.run, use.number)))]
    entities = sorted({entity for entities in asked.values() for entity in entities})
    said = await store.facets(entities, ["tags"], as_of) if entities else []
    bodies = {facet.entity: facet.body for facet in said if TAG.encode() in facet.body.lower()}
    found = {
        key: from_tags([bodies[entity] for entity in entities if entity in bodies], _times(pasts[key]))
        for key, entities in asked.items()
    }
    return {key: expectation for key, expectation in found.items() if expectation}


async def _by_schedule(
    store: GraphStore, groups: Iterable[Group], pasts: dict[str, _Past], attempts: dict[tuple[str, int], Attempt]
) -> dict[str, Expectation]:
    """Schedules in facets of the runs that produced last, else of the runs around them."""
    asked: dict[str, tuple[str, str]] = {}
    for group in groups:
        if last := pasts[group.key].complete[:1]:
            attempt = attempts.get((last[0].run, last[0].number))
            asked[group.key] = (last[0].run, attempt.parent if attempt else "")
    found: dict[str, Expectation] = {}
    for _ in range(_AROUND):
        runs = sorted({run for run, _ in asked.values()})
        if not runs:
            break
        said = {row.unit: row.body for row in await store.said_by(runs, SCHEDULE_FACETS)}
        for key, (run, _) in asked.items():
            if run in said and (expectation := from_schedule(said[run], _times(pasts[key]))):
                found[key] = expectation
        asked = {key: place for key, place in asked.items() if place[0] not in said and place[1]}
        around = await store.attempts(sorted({parent for _, parent in asked.values()})) if asked else {}
        asked = {
            key: (parent, around[parent][-1].parent if parent in around else "") for key, (_, parent) in asked.items()
        }
    return found


def _inferred(past: _Past) -> Expectation | None:
    return from_history(_times(past))


def _stands(
    key: str, past: _Past, attempts: dict[tuple[str, int], Attempt], expectation: Expectation | None, as_of: int
) -> DatasetFreshness:
    last = past.complete[0] if past.complete else None
    attempt = attempts.get((past.incomplete.run, past.incomplete.number)) if past.incomplete else None
    due = expectation.due(last.at) if expectation and last else None
    state = FreshnessState.UNKNOWN
    if past.dropped and (last is None or last.order < past.dropped.order):
        state, due = FreshnessState.DROPPED, None
    elif expectation and due is not None:
        late = as_of > due + expectation.rhythm.grace
        state = FreshnessState.LATE if late else FreshnessState.FRESH
    elif expectation and expectation.rhythm.basis in (RhythmBasis.POLICY, RhythmBasis.TAG):
        state = FreshnessState.NEVER
    return DatasetFreshness(
        key,
        state,
        last,
        past.incomplete,
        attempt.state if attempt else "",
        expectation.rhythm if expectation else None,
        due,
        as_of - due if due is not None and state == FreshnessState.LATE else None,
    )
