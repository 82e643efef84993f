"""Versions of datasets: who produced and who read them."""

import asyncio
import re
from collections.abc import Iterable, Sequence

from whence.graph.facts import Role
from whence.graph.port import GraphStore, Page
from whence.lineage.names import Names
from whence.lineage.versions import productions_of, productions_read, readers_of
from whence_schemas.read import Cursor, Use


class VersionReader:
    """Reads versions of datasets."""

    def __init__(self, store: GraphStore, never_alias: Sequence[re.Pattern[str]]) -> None:
        self._store = store
        self._never_alias = never_alias

    async def of_dataset(self, dataset: str, as_of: int, after: Cursor | None, limit: int) -> list[Use]:
        """The newest production of each version of a dataset under any of its names, newest first."""
        names = (await self._names([dataset], as_of)).members(dataset)
        found: list[Use] = []
        while len(found) < limit:
            pages = await asyncio.gather(*(self._page(name, as_of, after, limit) for name in names))
            uses = _newest_first(use for page in pages for use in page)[:limit]
            newest = await self._newest([use.version for use in uses], as_of)
            found += [use for use in uses if newest.get(use.version) == use]
            if len(uses) < limit:
                break
            after = Cursor(uses[-1].at, uses[-1].run, uses[-1].number, uses[-1].dataset)
        return found[:limit]

    async def _page(self, dataset: str, as_of: int, after: Cursor | None, limit: int) -> list[Use]:
        page = None
        if after is not None:  # an attempt may produce under several names: of its rows those after the cursor's follow
            page = Page(after.at, after.key, after.number + (dataset > after.dataset))
        return await self._store.uses_of_dataset(dataset, Role.PRODUCED, as_of, page, limit)

    async def producers(self, versions: Sequence[str]) -> dict[str, Use]:
        """The newest production of each version."""
        return await self._newest(versions, None)

    async def _newest(self, versions: Sequence[str], as_of: int | None) -> dict[str, Use]:
        found: dict[str, Use] = {}
        for use in _newest_first(await self._store.uses_of_versions(versions) if versions else ()):
            if use.role == Role.PRODUCED and (as_of is None or use.at <= as_of):
                found.setdefault(use.version, use)
        return found

    async def read_by(self, uses: Sequence[Use], as_of: int) -> dict[Use, Use]:
        """For each consumption the production of what was read."""
        names = await self._names([use.dataset for use in uses], as_of)
        return await productions_read(self._store, names, uses)

    async def consumers(self, produced: Use, as_of: int) -> list[Use]:
        """Who consumed the version that was produced, by whichever production of it, oldest first."""
        names = await self._names([produced.dataset], as_of)
        made = await productions_of(self._store, names, produced)
        readers = await readers_of(self._store, names, made, as_of)
        return _newest_first(use for uses in readers.values() for use in uses)[::-1]

    async def _names(self, datasets: Sequence[str], as_of: int) -> Names:
        names = Names(self._store, as_of, self._never_alias)
        await names.join(datasets)
        return names


def _newest_first(uses: Iterable[Use]) -> list[Use]:
    """By time, run and number; rows of one attempt by dataset."""
    by_dataset = sorted(uses, key=lambda use: use.dataset)
    return sorted(by_dataset, key=lambda use: use.order, reverse=True)
