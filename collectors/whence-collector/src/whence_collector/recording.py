"""Recording what Python code reads, writes and checks: `with run("job") as r: ...`, or `@job`."""

import os
import sys
from collections.abc import Collection, Iterable, Mapping
from contextvars import ContextVar, Token
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from openlineage.client.uuid import generate_new_uuid

from . import facets as custom
from .checks import Assertion, assertion, assertions
from .datasets import AnyDataset, Column, Dataset, dataset_of
from .emitting import Identity, State, emit, environment, failure, inherited
from .footprint import Footprint
from .safely import safely
from .standard import Facets, facet

Partitions = Mapping[str, Any] | Iterable[Mapping[str, Any]]
"""A partition, as values by the name of the dimension, such as `{"day": "2026-11-20"}`, or several."""

_current: ContextVar["Run | None"] = ContextVar("whence_run", default=None)


class Run:
    """A run of a job. Use it in `with` or `async with`; make it with `run`.

    An exception that leaves the block fails the run and goes on its way unchanged; KeyboardInterrupt and cancellation
    abort it. Runs begun within are its children, also in coroutines; for threads pass it as their `parent`.

    Attributes:
        id: the run's id.
        namespace: the job's namespace.
        name: the job's name.
    """

    def __init__(
        self,
        name: str,
        namespace: str | None = None,
        *,
        parent: "Run | None" = None,
        path: str = "",
        sha256: str | None = None,
    ) -> None:
        self.id = str(generate_new_uuid())
        self.name = name
        self.namespace = namespace or os.environ.get("OPENLINEAGE_NAMESPACE") or "default"
        self._parent = parent
        self._path = path
        self._sha256 = sha256
        self._footprint = Footprint()
        self._run_facets: Facets = {}
        self._job_facets: Facets = {"jobType": facet("JobTypeJobFacet", processingType="BATCH", integration="PYTHON")}
        self._ancestors: tuple[Identity, Identity] | None = None
        self._token: Token[Run | None] | None = None

    @property
    def identity(self) -> Identity:
        """What children and other processes need to know of it."""
        return Identity(self.id, self.namespace, self.name)

    @property
    def root(self) -> Identity:
        """The outermost run that it is in; itself if it is in none."""
        return self._ancestors[1] if self._ancestors else self.identity

    @safely
    def declare(
        self,
        parameters: Mapping[str, Any] | None,
        hashed: bool | Collection[str],
        reads: Iterable[AnyDataset],
        writes: Iterable[AnyDataset],
    ) -> None:
        """Record what is known beforehand, as `run` takes it."""
        if parameters:
            self.parameters(parameters, hashed=hashed)
        for dataset in reads:
            self.read(dataset)
        for dataset in writes:
            self.write(dataset)

    @safely
    def read(
        self,
        dataset: AnyDataset,
        *,
        version: str | None = None,
        schema: Any = None,
        partition: Partitions = (),
        facets: Mapping[str, Any] | None = None,
        input_facets: Mapping[str, Any] | None = None,
    ) -> None:
        """Say that the run reads a dataset.

        Args:
            dataset: a `Dataset`, a pair of namespace and name, or a name of `openlineage.client.naming`.
            version: which version of it, where that has a name.
            schema: its columns: a DataFrame, a Table, a mapping of names to types, rows, ... (see `schema_of`).
            partition: only these partitions of it.
            facets: further dataset facets, by their keys.
            input_facets: further input facets.
        """
        read = self._footprint.reads(_version(dataset, version))
        read.add(schema, _partitions(partition), facets, input_facets)

    @safely
    def write(
        self,
        dataset: AnyDataset,
        *,
        version: str | None = None,
        schema: Any = None,
        partition: Partitions = (),
        rows: int | None = None,
        size: int | None = None,
        columns: Mapping[str, Column | Iterable[Column]] | None = None,
        sources: Iterable[AnyDataset] | None = None,
        facets: Mapping[str, Any] | None = None,
        output_facets: Mapping[str, Any] | None = None,
    ) -> None:
        """Say that the run writes a dataset.

        Args:
            dataset: as for `read`; so are version, schema, partition and facets.
            rows: how many were written.
            size: bytes that were written.
            columns: by name, what each column is made from, as in `{"total": raw["price"].by("AGGREGATION")}`. Columns
                that decide which rows there are stand below `*`.
            sources: the datasets that it is made from, where the run has several outputs; else all that are read.
            output_facets: further output facets.
        """
        written = self._footprint.writes(_version(dataset, version))
        written.add(schema, _partitions(partition), facets, output_facets)
        written.count(rows, size)
        written.derive(
            {name: [made] if isinstance(made, Column) else list(made) for name, made in (columns or {}).items()},
            None if sources is None else [dataset_of(source) for source in sources],
        )

    @safely
    def check(self, dataset: AnyDataset, result: Any, success: bool | None = None, **details: Any) -> None:
        """Record checks of a dataset's quality.

        Args:
            dataset: what was checked.
            result: what Great Expectations, Soda or pydantic found (see `assertions`), or the name of one check.
            success: for one check, whether all was well.
            details: for one check, column, severity, expected, actual, description, params.
        """
        found: list[Assertion]
        found = [assertion(result, bool(success), **details)] if isinstance(result, str) else assertions(result)
        self._footprint.check(dataset_of(dataset), found)

    @safely
    def retrieve(self, document: AnyDataset, *chunks: custom.Chunk | str, collection: str | None = None) -> None:
        """Say that parts of a document were retrieved: the run read this version of it.

        Args:
            document: as `document` makes it.
            chunks: the parts, or their ids.
            collection: the name of the collection, where the document does not say it.
        """
        found = dataset_of(document)
        levels = found.facets.get("hierarchy", {}).get("hierarchy", [{}])
        name = collection or levels[0].get("name") or found.namespace
        self._footprint.reads(found).retrieve(name, [custom.Chunk(c) if isinstance(c, str) else c for c in chunks])

    @safely
    def approve(
        self,
        dataset: AnyDataset,
        *,
        by: str,
        version: str | None = None,
        decision: str = "APPROVED",
        at: datetime | None = None,
        reference: str | None = None,
    ) -> None:
        """Record a decision on a dataset such as a model: the run is the act of deciding.

        Args:
            dataset: what was decided on.
            by: who decided, as a role or a pseudonymous id.
            version: the version decided on; the dataset's own where it is not said.
            decision: APPROVED, REJECTED or WITHDRAWN.
            at: when, with a time zone; now where it is not said.
            reference: where the decision is documented, such as a ticket.
        """
        decided = _version(dataset, version)
        moment = (at or datetime.now()).astimezone().isoformat()
        approval = custom.WhenceApprovalInputDatasetFacet(by, decision, decided.version, moment, reference)
        self._footprint.reads(decided).add(None, [], None, {custom.APPROVAL: approval})

    @safely
    def parameters(self, values: Mapping[str, Any], *, hashed: bool | Collection[str] = False) -> None:
        """Record what the run was called with; `hashed` names those of which only a hash is recorded (True: all)."""
        self._run_facets[custom.PARAMETERS] = custom.parameters(values, hashed=hashed)

    @safely
    def add_facets(self, *, run: Mapping[str, Any] | None = None, job: Mapping[str, Any] | None = None) -> None:
        """Add facets of the run or the job, by their keys: JSON, or objects of openlineage-python."""
        self._run_facets |= run or {}
        self._job_facets |= job or {}

    def environment(self) -> dict[str, str]:
        """Environment variables by which another process, such as dbt-ol, knows that it runs within this run."""
        return environment(self.identity, self.root)

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end(error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    @safely
    def _begin(self) -> None:
        parent = self._parent or _current.get()
        self._token = _current.set(self)
        self._ancestors = (parent.identity, parent.root) if parent else inherited()
        self._emit(State.START)

    @safely
    def _end(self, error: BaseException | None) -> None:
        if self._token is not None:
            try:
                _current.reset(self._token)
            except ValueError:  # it ends in another context than it began in, as some asynchronous generators do
                _current.set(None)
        state, facets = failure(error)
        self._run_facets |= facets
        self._emit(state)

    def _emit(self, state: State) -> None:
        emit(
            state,
            self.identity,
            self._ancestors,
            (self._path, self._sha256),
            self._run_facets,
            self._job_facets,
            self._footprint,
        )


def run(
    name: str,
    *,
    namespace: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    hashed: bool | Collection[str] = False,
    reads: Iterable[AnyDataset] = (),
    writes: Iterable[AnyDataset] = (),
    parent: Run | None = None,
) -> Run:
    """A run of a job, to be used in `with`.

    Args:
        name: the job's name: the same in each of its runs.
        namespace: the job's namespace; OPENLINEAGE_NAMESPACE where it is not said.
        parameters: what the run is called with.
        hashed: the parameters of which only a hash is recorded; True is all.
        reads, writes: datasets that are known beforehand.
        parent: the run that it is part of; the one it is begun in where it is not said.
    """
    made = Run(name, namespace, parent=parent, path=sys._getframe(1).f_code.co_filename)
    made.declare(parameters, hashed, reads, writes)
    return made


def current_run() -> Run:
    """The run that the code is in. Outside of any it is one that is never sent, so that code can be used without."""
    return _current.get() or Run("no run")


def _version(dataset: AnyDataset, version: str | None) -> Dataset:
    found = dataset_of(dataset)
    return found if version is None else found.at(version)


def _partitions(said: Partitions) -> list[Mapping[str, Any]]:
    if isinstance(said, Mapping):
        return [said] if said else []
    return list(said)
