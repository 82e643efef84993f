"""Tables for people: calm, and whole names in pipes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], title: str = "") -> Table:
    """A table; what does not fit a terminal's line goes on in the next."""
    made = Table(
        box=box.SIMPLE_HEAD,
        title=title or None,
        title_justify="left",
        title_style="bold",
        header_style="dim",
        border_style="dim",
        pad_edge=False,
        show_edge=False,
    )
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def pairs(rows: Iterable[tuple[str, str | Text]]) -> Table:
    """Names with their values; those without one are left out."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        if value:
            made.add_row(name, value)
    return made


def page(title: Text, summary: Sequence[tuple[str, str | Text]], *sections: RenderableType | None) -> RenderableType:
    """A title, a summary, and the sections that there are."""
    parts: list[RenderableType] = [title, pairs(summary)]
    for section in sections:
        parts += ["", section] if section else []
    return Group(*parts)


def section(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> RenderableType | None:
    """A titled table; none without rows. Columns that hold nothing are left out."""
    found = list(rows)
    kept = [place for place in range(len(columns)) if any(row[place] for row in found)]
    return table([columns[k] for k in kept], [[row[k] for k in kept] for row in found], title) if found else None


def moment(time: str | None) -> str:
    """A time of GraphQL's in UTC, to the second."""
    return f"{time[:10]} {time[11:19]}Z" if time else ""


def took(run: dict[str, Any]) -> str:
    """How long a run or attempt took."""
    if not (run["startedAt"] and run["endedAt"]):
        return ""
    start, end = (datetime.fromisoformat(run[key]) for key in ("startedAt", "endedAt"))
    seconds = (end - start).total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
