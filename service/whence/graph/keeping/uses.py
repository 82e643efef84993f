"""What runs consumed and produced, kept from question to question."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from whence.graph.facts import Batch, Role
from whence.graph.keeping.each import Each, EachAbout
from whence.graph.keeping.room import Room
from whence.graph.keeping.watch import Watch
from whence_schemas.read import Use

_USE_BYTES = 330

_Look = Callable[[Sequence[str], Collection[Role]], Awaitable[list[Use]]]


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
        self._runs = {
            role: Each(watch, room, partial(_grouped, looks.of_runs, _run, role), _size, _runs) for role in Role
        }
        self._versions = {
            role: Each(watch, room, partial(_grouped, looks.of_versions, _version, role), _size, _versions)
            for role in Role
        }
        self._produced = EachAbout(watch, room, self._look_back, _dataset, _size, _datasets)
        self._read = EachAbout(watch, room, looks.read_since, _dataset, _size, _datasets)

    async def of_runs(self, runs: Sequence[str], roles: Collection[Role]) -> list[Use]:
        """What runs did."""
        return await _in(self._runs, runs, roles)

    async def of_versions(self, versions: Sequence[str], roles: Collection[Role]) -> list[Use]:
        """Uses that name one of these versions."""
        return await _in(self._versions, versions, roles)

    async def last_produced(self, readings: Sequence[Use]) -> dict[Use, Use]:
        """For each reading the use by which its dataset was produced last."""
        found = await self._produced.get(dict.fromkeys(readings))
        return {reading: made for reading, uses in found.items() for made in uses}

    async def read_since(self, productions: Sequence[Use]) -> list[Use]:
        """What may have read what was produced."""
        found = await self._read.get(dict.fromkeys(productions))
        return sorted(set(chain.from_iterable(found.values())))

    async def _look_back(self, readings: Sequence[Use]) -> dict[Use, list[Use]]:
        made = await self._looks.last_produced(readings)
        return {reading: [made[reading]] if reading in made else [] for reading in readings}


async def _in(kept: Mapping[Role, Each[list[Use]]], keys: Sequence[str], roles: Iterable[Role]) -> list[Use]:
    wanted = sorted(set(keys))
    found = [await kept[role].get(wanted) for role in sorted(set(roles))]
    return sorted(use for of_role in found for uses in of_role.values() for use in uses)


async def _grouped(look: _Look, key: Callable[[Use], str], role: Role, keys: Sequence[str]) -> dict[str, list[Use]]:
    """What is found in a role, by key."""
    found: dict[str, list[Use]] = {one: [] for one in keys}
    for use in await look(keys, [role]):
        found[key(use)].append(use)
    return found


_run: Callable[[Use], str] = attrgetter("run")
_version: Callable[[Use], str] = attrgetter("version")
_dataset: Callable[[Use], str] = attrgetter("dataset")


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
