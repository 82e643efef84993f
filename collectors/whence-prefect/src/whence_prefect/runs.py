"""What is known of a run and what happened to it, whoever told: Prefect's events and REST API, or the process."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Ref:
    """A run by its Prefect id, and the name of its job."""

    id: str
    job: str


class Match(StrEnum):
    """How Prefect knew that a run uses another's result."""

    FUTURE = "FUTURE"  # the future or state itself was passed
    WAIT_FOR = "WAIT_FOR"  # it was named in wait_for
    IDENTITY = "IDENTITY"  # an object of the same id() was passed: it may be another one by now
    UNKNOWN = "UNKNOWN"  # FUTURE or IDENTITY: Prefect's events do not tell which


@dataclass(frozen=True, slots=True)
class Upstream:
    """A run whose result this one uses, as an argument (`parameter` names it) or because it waits for it."""

    run: Ref
    parameter: str
    match: Match


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a flow run was started from. name: "flow/deployment", as `prefect deployment run` takes it."""

    id: str
    name: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRun:
    """A flow run.

    Attributes:
        parent: the flow run that called it as a subflow.
        root: the outermost one; None where that is this run.
        nominal: the time that a schedule made it for (ISO 8601).
    """

    id: str
    name: str
    flow: str
    flow_version: str | None = None
    deployment: Deployment | None = None
    parameters: Mapping[str, Any] | None = None
    tags: tuple[str, ...] = ()
    nominal: str | None = None
    parent: Ref | None = None
    root: Ref | None = None
    upstream: tuple[Upstream, ...] = ()

    @property
    def ref(self) -> Ref:
        """This run."""
        return Ref(self.id, self.flow)

    @property
    def top(self) -> Ref:
        """The outermost run."""
        return self.root or self.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """A task run.

    Attributes:
        task: the task's name, which `.map` and retries do not change.
        flow_run: the flow run that it belongs to; None for a task that runs outside of flows.
        caller: the task run that called it, where there is no flow run.
    """

    id: str
    name: str
    task: str
    task_version: str | None = None
    flow_run: FlowRun | None = None
    caller: Ref | None = None
    tags: tuple[str, ...] = ()
    upstream: tuple[Upstream, ...] = ()

    @property
    def ref(self) -> Ref:
        """This run; its job is "flow.task"."""
        return Ref(self.id, f"{self.flow_run.flow}.{self.task}" if self.flow_run else self.task)

    @property
    def parent(self) -> Ref | None:
        """The run that contains it."""
        return self.flow_run.ref if self.flow_run else self.caller

    @property
    def root(self) -> Ref | None:
        """The outermost run."""
        return self.flow_run.top if self.flow_run else None


Run = FlowRun | TaskRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A run entered a state.

    Attributes:
        at: when, as the state's own time stamp says.
        type: Prefect's type of the state, such as RUNNING.
        name: its name, such as Retrying.
        before: the type of the state that it left.
        count: how often the run has run, this time included.
    """

    at: datetime
    type: str
    name: str
    before: str | None = None
    message: str | None = None
    count: int = 0
