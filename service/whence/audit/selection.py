"""What an export or a report is about, as those who write one see it."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol


class Selection(Protocol):
    """Datasets, jobs and runs, by the keys of `whence_schemas.identity`.

    since, until: microseconds since the epoch; events received at `since` or later and before `until` are meant, and
    all where they are None. datasets, jobs: sorted keys of the nodes that are selected.
    """

    @property
    def since(self) -> int | None: ...

    @property
    def until(self) -> int | None: ...

    @property
    def datasets(self) -> Sequence[str]: ...

    @property
    def jobs(self) -> Sequence[str]: ...

    def runs(self) -> AsyncIterator[list[str]]:
        """Sorted keys of the runs, in pages, so that memory stays bounded. Every call begins at the first."""
