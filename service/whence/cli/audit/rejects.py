"""Files of what `whence ingest` rejected: what was erased from the log must not stay in them."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from whence_schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from whence.audit.redacting import Finder

_PATTERN = "whence-rejects-*.ndjson"


def reject_files(named: Iterable[Path]) -> list[Path]:
    """The files named, and those that `whence ingest` made in this folder.

    Raises:
        ConfigurationError: one that is named is not there.
    """
    for path in named:
        if not path.is_file():
            raise ConfigurationError(f"--rejects {path}: there is no such file")
    return list(dict.fromkeys([*named, *sorted(Path().glob(_PATTERN))]))


def lines_found(path: Path, finder: "Finder") -> int:
    """In how many lines of a file something is found.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        with path.open("rb") as lines:
            return sum(map(finder.finds, lines))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def remove_lines(path: Path, finder: "Finder") -> None:
    """Write a file anew without the lines in which something is found.

    Raises:
        ConfigurationError: it cannot be written.
    """
    try:
        with path.open("rb") as lines, NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", delete=False) as new:
            new.writelines(line for line in lines if not finder.finds(line))
            new.flush()
            os.fsync(new.fileno())
        shutil.copymode(path, new.name)
        Path(new.name).replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
