"""A progress bar, where somebody looks at it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from whence.cli.console import err


@contextmanager
def bar(what: str, *, of_bytes: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, if that is a terminal. Call what it gives with how much is done, of how much (0: unknown)."""
    console = err()
    if not console.is_terminal:
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    amount = DownloadColumn() if of_bytes else MofNCompleteColumn()
    columns = TextColumn("{task.description}"), BarColumn(), amount, TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total or None)
