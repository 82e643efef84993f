"""Dataloaders: what many resolvers ask for one by one is read in one go. They live as long as one request."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from strawberry.dataloader import DataLoader

from whence_graphql.ports import Reader
from whence_schemas.read import AttemptRow, FacetRow, LinkRow, NodeRow, Use

_Value = TypeVar("_Value")
_Wanted = tuple[Any, tuple[Any, ...]]


class Loader(Generic[_Value]):
    """Loads by key. Keys that are asked for with the same options are fetched together, each once."""

    def __init__(self, fetch: Callable[..., Awaitable[Mapping[Any, _Value]]], missing: _Value) -> None:
        self._fetch = fetch
        self._missing = missing
        self._loader: DataLoader[_Wanted, _Value] = DataLoader(load_fn=self._load)

    def load(self, key: Any, *options: Any) -> Awaitable[_Value]:
        """What there is of a key, or what stands for a missing one."""
        # Many may wait for one key: where a field fails, its neighbours are cancelled, and must not cancel the others.
        return asyncio.shield(self._loader.load((key, options)))

    def load_many(self, keys: Sequence[Any], *options: Any) -> Awaitable[list[_Value]]:
        """What there is of each key."""
        return asyncio.gather(*(self.load(key, *options) for key in keys))

    async def _load(self, wanted: list[_Wanted]) -> list[_Value]:
        groups: dict[tuple[Any, ...], list[Any]] = {}
        for key, options in wanted:
            groups.setdefault(options, []).append(key)
        answers = await asyncio.gather(*(self._fetch(keys, *options) for options, keys in groups.items()))
        found = dict(zip(groups, answers, strict=True))
        return [found[options].get(key, self._missing) for key, options in wanted]


class Loaders:
    """One loader for each batched question to the reader; the options are that question's other arguments."""

    def __init__(self, reader: Reader) -> None:
        catalog, jobs, runs, versions = reader.catalog, reader.jobs, reader.runs, reader.versions
        self.node: Loader[NodeRow | None] = Loader(catalog.nodes, None)
        self.names: Loader[Sequence[NodeRow]] = Loader(catalog.names, ())
        self.facets: Loader[Sequence[FacetRow]] = Loader(catalog.facets, ())
        self.job_inputs: Loader[Sequence[LinkRow]] = Loader(jobs.inputs, ())
        self.job_outputs: Loader[Sequence[LinkRow]] = Loader(jobs.outputs, ())
        self.job_children: Loader[Sequence[str]] = Loader(jobs.children, ())
        self.job_parents: Loader[Sequence[str]] = Loader(jobs.parents, ())
        self.writers: Loader[Sequence[LinkRow]] = Loader(jobs.writers, ())
        self.readers: Loader[Sequence[LinkRow]] = Loader(jobs.readers, ())
        self.attempts: Loader[Sequence[AttemptRow]] = Loader(runs.attempts, ())
        self.latest: Loader[AttemptRow | None] = Loader(runs.latest, None)
        self.uses: Loader[Sequence[Use]] = Loader(runs.uses, ())
        self.run_children: Loader[Sequence[str]] = Loader(runs.children, ())
        self.run_root: Loader[str | None] = Loader(runs.roots, None)
        self.code_versions: Loader[Sequence[str]] = Loader(runs.code_versions, ())
        self.producer: Loader[Use | None] = Loader(versions.producers, None)
        self.read_by: Loader[Use | None] = Loader(versions.read_by, None)
