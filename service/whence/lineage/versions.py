"""Which version of a dataset was read: resolved when asked, never frozen at arrival."""

import json
from collections.abc import AsyncIterator, Iterable

from whence.graph.facts import Role, Use
from whence.graph.port import GraphStore, Page

_FIRST, _PAGE = 4, 100
"""Uses that are read at first, and then: mostly the newest one is what is looked for."""


def overlap(one: str, other: str) -> bool:
    """Whether two lists of partitions (JSON, empty for the whole or an unknown part) may have one in common."""
    return not one or not other or not set(json.loads(one)).isdisjoint(json.loads(other))


async def newest_first(store: GraphStore, datasets: Iterable[str], role: Role, until: int) -> AsyncIterator[Use]:
    """Uses of a dataset, under all its names, at `until` or before."""
    merged: list[Use] = []
    pages: dict[str, Page | None] = dict.fromkeys(datasets)
    heads: dict[str, list[Use]] = {}
    while pages or heads:
        for dataset in list(pages):
            if not heads.get(dataset):
                limit = _PAGE if pages[dataset] else _FIRST
                rows = await store.uses_of_dataset(dataset, role, until, pages[dataset], limit)
                if rows:
                    heads[dataset] = rows[::-1]
                    last = rows[-1]
                    pages[dataset] = Page(last.at, last.run, last.number)
                else:
                    heads.pop(dataset, None)
                    del pages[dataset]
        if not heads:
            return
        newest = max(heads, key=lambda dataset: _order(heads[dataset][-1]))
        merged.append(heads[newest].pop())
        yield merged.pop()


def _order(use: Use) -> tuple[int, str, int]:
    return use.at, use.run, use.number


async def producer_of(store: GraphStore, names: Iterable[str], use: Use) -> Use | None:
    """The production of the version that was consumed.

    That of the version that the input names; else of those produced last at or before the attempt's start, complete,
    among overlapping partitions, the latest; none where the dataset was dropped since.
    """
    if use.version:
        return production_of(use, await store.uses_of_versions([use.version]))
    async for produced in newest_first(store, names, Role.PRODUCED, use.at):
        if (produced.run, produced.number) != (use.run, use.number) and overlap(produced.partitions, use.partitions):
            if produced.complete < 0:
                return None
            if produced.complete:
                return produced
    return None


def production_of(use: Use, uses: Iterable[Use]) -> Use | None:
    """Of the uses, the production of the version that was named: the last one that had ended when it was read, else (it
    was read while it was written) the last one."""
    found = [u for u in uses if u.role == Role.PRODUCED and u.version == use.version]
    return max([u for u in found if u.at <= use.at] or found, key=_order, default=None)


async def consumers_of(store: GraphStore, names: Iterable[str], produced: Use, until: int) -> list[Use]:
    """The uses that consumed what was produced: those that name the version, and those that it is inferred for."""
    names = list(names)
    found = [u for u in await store.uses_of_versions([produced.version]) if u.role == Role.CONSUMED]
    if produced.complete <= 0:
        return found
    async for use in newest_first(store, names, Role.CONSUMED, until):
        if use.at < produced.at:
            break
        if not use.version and await producer_of(store, names, use) == produced:
            found.append(use)
    return sorted(found, key=_order)
