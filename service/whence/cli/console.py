"""What is printed: results on stdout, everything else on stderr."""

import json
import sys
from typing import IO, Any

from rich.console import Console
from rich.text import Text

_UNBOUNDED = 100_000
"""Columns where no terminal bounds them: a pipe gets every name whole and on one line."""


def _console(file: IO[str]) -> Console:
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _UNBOUNDED
    return console


def out() -> Console:
    """The console for results."""
    return _console(sys.stdout)


def err() -> Console:
    """The console for what is no result: progress, notes and errors."""
    return _console(sys.stderr)


def print_json(document: Any) -> None:
    """Print a result for programs."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def complain(message: str) -> None:
    """Say what went wrong."""
    err().print(Text.assemble(("whence: ", "bold red"), message), soft_wrap=True)


def note(message: str) -> None:
    """Say what the reader should know beside the result."""
    err().print(Text(message, "dim"), soft_wrap=True)
