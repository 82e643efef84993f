"""What a report says, as data: the same for HTML, PDF and JSON. Lists are cut, and say by how much."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from whence_schemas.times import format_time

SHOWN = 20
"""Rows that a list in a report has at most."""

_T = TypeVar("_T")


class Cut(Generic[_T]):
    """The first items of a list that may be long, and how many more there are."""

    def __init__(self, items: Iterable[_T] = (), limit: int = SHOWN) -> None:
        self._limit = limit
        self.shown: list[_T] = []
        self.more = 0
        for item in items:
            self.add(item)

    def add(self, item: _T) -> None:
        """Add an item."""
        if len(self.shown) < self._limit:
            self.shown.append(item)
        else:
            self.more += 1

    def __len__(self) -> int:
        return len(self.shown) + self.more

    def __iter__(self) -> Iterator[_T]:
        """Those that are shown."""
        return iter(self.shown)


@dataclass(frozen=True, slots=True)
class EntryLink:
    """A log entry that is evidence of what stands beside it, by its index."""

    entry: int


Cell = str | EntryLink


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, and how many more there are than are shown."""

    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    more: int = 0

    @staticmethod
    def of(columns: tuple[str, ...], rows: Iterable[Sequence[Cell]]) -> "Table":
        """A table of rows, cut."""
        cut = Cut(map(tuple, rows))
        return Table(columns, cut.shown, cut.more)


@dataclass(frozen=True, slots=True)
class Gap:
    """What is not recorded, of what: the names of datasets, jobs or runs."""

    what: str
    names: list[str]
    more: int = 0

    @staticmethod
    def of(what: str, names: Iterable[str], limit: int = SHOWN) -> "list[Gap]":
        """A gap, if there is one."""
        cut = Cut(names, limit)
        return [Gap(what, cut.shown, cut.more)] if len(cut) else []


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found in the records to one question. see: the id and title of the requirement under which the same
    finding was shown before, where it was."""

    title: str
    summary: str
    tables: list[Table] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    see: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the records answer to one requirement, and what they cannot."""

    id: str  # with the framework's, so that it is the only one in the report
    title: str
    text: str
    source: str
    url: str
    checked: str
    findings: list[Finding]
    unanswerable: list[str]

    @property
    def gaps(self) -> int:
        """How many things are missing."""
        return sum(len(gap.names) + gap.more for finding in self.findings for gap in finding.gaps)


@dataclass(frozen=True, slots=True)
class Section:
    """The requirements of one framework."""

    id: str
    title: str
    source: str
    url: str
    checked: str
    notes: list[str]
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class ModelPage:
    """One model version, on one page."""

    name: str
    version: str
    facts: list[tuple[str, str]]
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class LogState:
    """The log that the report rests on: its entries, how many of them the graph holds, and its last checkpoint."""

    size: int
    cursor: int
    checkpoint_size: int | None
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report. Times are in UTC, such as ``2026-01-31 09:30:00``. Addresses begin at `server`; it is empty where
    none is known."""

    made: str
    scope: list[tuple[str, str]]
    log: LogState
    models: list[ModelPage]
    sections: list[Section]
    limits: list[str]
    server: str = ""


def shown_time(micros: int) -> str:
    """A time to the second, in UTC, such as ``2026-01-31 09:30:00``."""
    return format_time(micros)[:19].replace("T", " ")


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun, such as ``1 run`` or ``2,000 runs``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
