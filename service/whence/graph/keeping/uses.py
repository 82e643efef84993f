"""What runs consumed and produced, kept from question to question."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, product
from typing import NamedTuple

from whence.graph.facts import Batch, Role
from whence.graph.keeping.each import Each
from whence.graph.keeping.room import Room
from whence.graph.keeping.watch import Watch
from whence_schemas.read import Use

_USE_BYTES = 700

_Look = Callable[[Sequence[str], Collection[Role]], Awaitable[list[Use]]]
_In = tuple[str, str]
"""A run or a version, and a role."""


class LooksForUses(NamedTuple):
    """How a store itself answers. read_since: what read each production."""

    of_runs: _Look
    of_versions: _Look
    last_produced: Callable[[Sequence[Use]], Awaitable[dict[Use, Use]]]
    read_since: Callable[[Sequence[Use]], Awaitable[dict[Use, list[Use]]]]


class Uses:
    """Keeps uses by run, by version and by dataset. It answers as the port does."""

    def __init__(self, watch: Watch, room: Room, looks: LooksForUses) -> None:
        self._looks = looks
        self._runs = Each(watch, room, self._look_at_runs, about=_first, size=_size, changed=_runs)
        self._versions = Each(watch, room, self._look_at_versions, about=_first, size=_size, changed=_versions)
        self._produced = Each(watch, room, self._look_back, about=_dataset, size=_size, changed=_datasets)
        self._read = Each(watch, room, looks.read_since, about=_dataset, size=_size, changed=_datasets)

    async def of_runs(self, runs: Sequence[str], roles: Collection[Role]) -> list[Use]:
        """What runs did."""
        found = await self._runs.get(dict.fromkeys(product(runs, roles)))
        return sorted(chain.from_iterable(found.values()))

    async def of_versions(self, versions: Sequence[str], roles: Collection[Role]) -> list[Use]:
        """Uses that name one of these versions."""
        found = await self._versions.get(dict.fromkeys(product(versions, roles)))
        return sorted(chain.from_iterable(found.values()))

    async def last_produced(self, readings: Sequence[Use]) -> dict[Use, Use]:
        """For each reading the use by which its dataset was produced last."""
        found = await self._produced.get(dict.fromkeys(readings))
        return {reading: made for reading, uses in found.items() for made in uses}

    async def read_since(self, productions: Sequence[Use]) -> list[Use]:
        """What may have read what was produced."""
        found = await self._read.get(dict.fromkeys(productions))
        return sorted(set(chain.from_iterable(found.values())))

    async def _look_at_runs(self, asked: Sequence[_In]) -> dict[_In, list[Use]]:
        uses = await self._looks.of_runs(*_apart(asked))
        return _shared_out(asked, ((use.run, use) for use in uses))

    async def _look_at_versions(self, asked: Sequence[_In]) -> dict[_In, list[Use]]:
        uses = await self._looks.of_versions(*_apart(asked))
        return _shared_out(asked, ((use.version, use) for use in uses))

    async def _look_back(self, readings: Sequence[Use]) -> dict[Use, list[Use]]:
        made = await self._looks.last_produced(readings)
        return {reading: [made[reading]] if reading in made else [] for reading in readings}


def _apart(asked: Sequence[_In]) -> tuple[list[str], list[Role]]:
    return list(dict.fromkeys(key for key, _ in asked)), [
        Role(role) for role in dict.fromkeys(role for _, role in asked)
    ]


def _shared_out(asked: Iterable[_In], uses: Iterable[tuple[str, Use]]) -> dict[_In, list[Use]]:
    found: dict[_In, list[Use]] = {one: [] for one in asked}
    for key, use in uses:
        if (key, use.role) in found:
            found[key, use.role].append(use)
    return found


def _first(asked: _In) -> str:
    return asked[0]


def _dataset(use: Use) -> str:
    return use.dataset


def _size(uses: Sequence[Use]) -> int:
    return _USE_BYTES * (1 + len(uses))


def _changed(batch: Batch) -> Iterator[Use]:
    """Uses that come or go."""
    return (use for rows in chain(batch.removed.values(), batch.added.values()) for use in rows.uses)


def _runs(batch: Batch) -> set[str]:
    return {use.run for use in _changed(batch)}


def _versions(batch: Batch) -> set[str]:
    return {use.version for use in _changed(batch)}


def _datasets(batch: Batch) -> set[str]:
    return {use.dataset for use in _changed(batch)}
