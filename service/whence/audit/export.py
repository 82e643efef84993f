"""An export: a scope as one archive, streamed while it is made.

First the scope is resolved, then the export is recorded in the log (the seal), then a checkpoint is made that covers
the record. From then on all is fixed, but for the graph, from which PROV, tables and report are drawn.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, aclosing, suppress
from importlib.metadata import version
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import orjson

from whence.audit.archive import (
    CHECKPOINT,
    CONSISTENCY,
    ENTRIES,
    FORMAT,
    KEYS,
    MANIFEST_NOTE,
    README,
    TIMESTAMPS,
    ArchiveWriter,
    OpenedEntry,
    encode,
    manifest_text,
)
from whence.audit.frameworks import shipped
from whence.audit.history import earlier_checkpoints, timestamps_below
from whence.audit.prov import prov_rows, write_prov
from whence.audit.reading import entries_at
from whence.audit.readme import readme
from whence.audit.recorded import pages
from whence.audit.report.build import build_report, scope_in_words
from whence.audit.report.render import RENDERERS
from whence.audit.scope import Scope
from whence.audit.selected import Selected
from whence.audit.selecting import select
from whence.audit.spool import spool
from whence.audit.tables import table_rows, write_tables
from whence.audit.trail import EXPORT, record
from whence.eventlog.leaf import ERASURE, erased_index
from whence.eventlog.port import Entry, EventLog
from whence.graph.port import GraphStore
from whence.notary.timestamps import TimestampUnavailable
from whence.transparency.checkpoint import Checkpoint
from whence.transparency.merkle import Tree
from whence_schemas.errors import ConfigurationError, LogUnavailable
from whence_schemas.times import format_time, now

if TYPE_CHECKING:
    from whence.notary.notary import Notary

_CHUNK = 2**18

Progress = Callable[[int, int], None]
"""Called with how many entries are written, of how many; then with zeros, as nobody knows how long the rest takes."""


class Source(NamedTuple):
    """What exports are made from."""

    log: EventLog
    graph: GraphStore
    notary: "Notary"
    never_alias: Sequence[re.Pattern[str]] = ()


class Sealed(NamedTuple):
    """An export that is recorded in the log: what it holds, the scope with names, the index of the record, the
    checkpoint that covers it, and sizes of the log from which consistency is to be proved beside the published ones."""

    selected: Selected
    scope: dict[str, Any]
    seal: int
    note: bytes
    from_sizes: Sequence[int]


async def seal(
    source: Source, scope: Scope, sender: str = "", from_sizes: Sequence[int] = (), size: int | None = None
) -> Sealed:
    """Resolve the scope, and record in the log that it is exported, with the id of the key that asks for it.

    Raises:
        NotFound, InvalidQuestion: the scope cannot be resolved.
        GraphUnavailable, LogUnavailable: a store does not answer.
    """
    described = await scope.describe(source.graph)
    with ExitStack() as undo:
        selected = undo.enter_context(await select(scope, source.log, source.graph, source.never_alias, size))
        content = {
            "entries": selected.count,
            "format": FORMAT,
            "indices": await asyncio.to_thread(selected.digest),
            "scope": described,
            "size": selected.size,
        }
        index = await record(source.log, EXPORT, content, sender)
        published = await source.notary.publish()
        with suppress(ConfigurationError, TimestampUnavailable):  # there is no authority, or none that answers
            await source.notary.stamp(published)
        undo.pop_all()
    return Sealed(selected, described, index, published.note, from_sizes)


async def archive(
    source: Source, sealed: Sealed, progress: Progress = lambda done, total: None
) -> AsyncGenerator[bytes]:
    """The archive of a sealed export, piece by piece. Only with the last piece it is a whole ZIP.

    Raises:
        LogUnavailable: the log cannot be read, or an event in scope was erased meanwhile.
        GraphUnavailable: the graph store does not answer.
    """
    with sealed.selected, TemporaryFile() as file:
        writer = ArchiveWriter(file)
        try:
            async with aclosing(_Writing(source, sealed, writer, progress).run()) as steps:
                async for _ in steps:
                    for chunk in _drained(file):
                        yield chunk
        finally:
            writer.abandon()


def _drained(file: IO[bytes]) -> Iterator[bytes]:
    """What was written to the file, which is empty then."""
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk
    file.seek(0)
    file.truncate()


class _Writing:
    """Writes one archive, step by step, so that what was written can be sent after each."""

    def __init__(self, source: Source, sealed: Sealed, writer: ArchiveWriter, progress: Progress) -> None:
        self._source = source
        self._log = source.log
        self._sealed = sealed
        self._writer = writer
        self._progress = progress
        self._tree = Tree(source.log.hashes)
        self._checkpoint = Checkpoint.parse(sealed.note.decode().partition("\n\n")[0] + "\n")
        self._unexplained: set[int] = set()

    async def run(self) -> AsyncGenerator[None]:
        """Write it."""
        selected = self._sealed.selected
        words = scope_in_words(self._sealed.scope)
        self._writer.add(README, readme(words, selected.count, self._checkpoint).encode())
        self._writer.add(CHECKPOINT, self._sealed.note)
        await self._write_keys()
        await self._write_history()
        yield
        with self._writer.open(ENTRIES) as file:
            async for _ in self._write_entries(file):
                yield
        with spool() as prov, spool() as tables:
            async for page in pages(self._source.graph, selected, self._source.never_alias):
                prov.put(prov_rows(page))
                tables.put(table_rows(page))
            with self._writer.open("prov.json") as file:
                await write_prov(prov, file)  # type: ignore[arg-type]
            yield
            await write_tables(tables, self._open_table)  # type: ignore[arg-type]
            yield
        await self._write_report()
        yield
        self._finish()
        yield

    async def _write_keys(self) -> None:
        keys, vouching = await self._source.notary.keys()
        self._writer.add(KEYS, _json({"keys": keys, "vouching": [note.decode() for note in vouching]}))

    async def _write_history(self) -> None:
        """Write the time stamps, and the proofs that the log continues what it published before."""
        size = self._checkpoint.size
        stamps = await timestamps_below(self._log, size)
        earlier = await earlier_checkpoints(self._log, size, [*self._sealed.from_sizes, *(s.size for s in stamps)])
        proofs: list[dict[str, Any]] = []
        for at, note in earlier.items():
            proof = await self._tree.consistency_proof(at, size)
            proofs.append({"size": at, "proof": list(map(encode, proof))} | ({"note": note.decode()} if note else {}))
        self._writer.add(CONSISTENCY, _json(proofs))
        notes = {**earlier, size: self._sealed.note}
        for number, stamp in enumerate(stamps, start=1):
            self._writer.add(f"{TIMESTAMPS}{number}.checkpoint", notes[stamp.size])
            self._writer.add(f"{TIMESTAMPS}{number}.tsr", stamp.response)

    # Entries

    async def _write_entries(self, file: IO[bytes]) -> AsyncIterator[None]:
        """Write the entries in scope, and the seal as the last one."""
        done, total = 0, self._sealed.selected.count + 1
        for indices in chain(self._sealed.selected.indices(), [[self._sealed.seal]]):
            found = await self._tree.inclusion_proofs(indices, self._checkpoint.size)
            proofs = dict(zip(indices, found, strict=True))
            async for entries in entries_at(self._log, proofs):
                await _to_the_end(self._write_page, file, entries, proofs)
                done += len(entries)
                self._progress(done, total)
                yield
        self._progress(0, 0)
        if self._unexplained:
            raise LogUnavailable("an event in scope was erased while it was exported: export again")

    def _write_page(self, file: IO[bytes], entries: list[Entry], proofs: Mapping[int, list[bytes]]) -> None:
        for entry in entries:
            if entry.kind == ERASURE:
                self._unexplained.discard(erased_index(entry.leaf))
            elif entry.payload is None:
                self._unexplained.add(entry.index)
            proof = proofs[entry.index]
            file.write(OpenedEntry(entry.index, entry.leaf, proof, entry.salt, entry.meta, entry.payload).line())

    # The rest

    def _open_table(self, name: str) -> AbstractContextManager[IO[bytes]]:
        return self._writer.open(f"tables/{name}.csv")

    async def _write_report(self) -> None:
        report = await build_report(
            self._log,
            self._source.graph,
            self._sealed.selected,
            list(shipped()),
            scope=scope_in_words(self._sealed.scope),
            checkpoint=self._sealed.note,
            never_alias=self._source.never_alias,
        )
        for name in ("html", "pdf"):
            self._writer.add(f"report.{name}", await asyncio.to_thread(RENDERERS[name], report))

    def _finish(self) -> None:
        manifest = self._writer.manifest(
            {
                "created": format_time(now()),
                "tool": f"whence {version('whence')}",
                "log": self._checkpoint.origin,
                "scope": self._sealed.scope,
                "seal": self._sealed.seal,
                "counts": {"entries": self._sealed.selected.count, "log": self._checkpoint.size},
            }
        )
        self._writer.add(MANIFEST_NOTE, self._source.notary.sign(manifest_text(manifest)))
        self._writer.finish()


async def _to_the_end(work: Callable[..., None], *arguments: Any) -> None:
    """Do work in a thread. Who is cancelled meanwhile waits for it all the same: it uses files that are closed then."""
    working = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await working
        raise


def _json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
