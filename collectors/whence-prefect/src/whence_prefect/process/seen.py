"""What the engines' threads hand to the emitter's thread: plain values, and nothing that the flow may change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from traceback import TracebackException
from typing import Any

from ..datasets import Dataset
from ..native import TaskFacts
from ..runs import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFacts:
    """A flow run as its process knows it."""

    id: str
    name: str
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A run entered a state.

    Attributes:
        within: the flow run that a task run belongs to.
        function: what the flow or task executes.
        arguments: of a task; those of a flow are known to Prefect.
    """

    run: FlowFacts | TaskFacts
    change: Change
    function: Callable[..., Any]
    within: FlowFacts | None = None
    arguments: Mapping[str, Any] | None = None
    error: TracebackException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A run read or wrote datasets."""

    flow_run: str | None
    task_run: str | None
    at: datetime
    reads: Sequence[Dataset] = field(default_factory=tuple)
    writes: Sequence[Dataset] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A task declares what it reads and writes. at: when that was seen."""

    job: str
    at: datetime
    function: Callable[..., Any]
    reads: Sequence[Dataset]
    writes: Sequence[Dataset]


Seen = Changed | Used | Declared
