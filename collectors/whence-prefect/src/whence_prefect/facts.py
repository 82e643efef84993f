"""What Prefect's REST API knows of runs, asked once."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from .native import Event, Input, TaskFacts, facts_of_task, task_facts
from .runs import Deployment, FlowRun, Ref, TaskRun, Upstream

KEPT = 20_000
"""How many runs are remembered."""

_T = TypeVar("_T")


class Api(Protocol):
    """Prefect's REST API."""

    async def get(self, path: str) -> Mapping[str, Any] | None:
        """What is at a path; None where nothing is (any more)."""

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to a question."""


class Facts:
    """Completes what events say. Remembers, as events name a run many times."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._flows = _Memory[str]()
        self._flow_runs = _Memory[FlowRun]()
        self._deployments = _Memory[Mapping[str, Any]]()
        self._task_runs = _Memory[TaskRun]()
        self._refs = _Memory[Ref]()
        self._names = _Memory[str]()

    async def flow_run(self, run: str, name: str | None = None, flow: str | None = None) -> FlowRun:
        """A flow run. name, flow: what an event calls it and its flow, should the server have forgotten it."""
        found = await self._flow_runs.get(run, lambda: self._ask_flow_run(run, name, flow))
        return replace(found, name=name) if name and name != found.name else found

    async def task_run_by_id(self, run: str, flow_run: str | None) -> TaskRun:
        """A task run that an event of another kind names."""
        return await self._task_runs.get(run, lambda: self._ask_task_run(run, flow_run))

    async def _ask_task_run(self, run: str, flow_run: str | None) -> TaskRun:
        said = await self._api.get(f"/task_runs/{run}")
        if said is not None:
            return await self.task_run(facts_of_task(run, said["flow_run_id"], said))
        return TaskRun(id=run, name=run, task=run, flow_run=await self.flow_run(flow_run) if flow_run else None)

    def note(self, event: Event) -> None:
        """Remember the task's name while the run's name still tells it: a `task_run_name` replaces that later."""
        facts = task_facts(event)
        if facts.task:
            self._names.put(facts.id, facts.task)

    async def deployment(self, deployment: str) -> Mapping[str, Any] | None:
        """A deployment as it is now."""
        found = await self._api.get(f"/deployments/{deployment}")
        if found:
            self._deployments.put(deployment, found)
        return found

    async def flow(self, flow: str) -> str:
        """The name of a flow."""
        return await self._flows.get(flow, lambda: self._ask_flow(flow))

    async def _ask_flow(self, flow: str) -> str:
        found = await self._api.get(f"/flows/{flow}")
        return str(found["name"]) if found else flow

    async def _ask_flow_run(self, run: str, name: str | None, flow: str | None) -> FlowRun:
        said = await self._api.get(f"/flow_runs/{run}")
        if said is None:
            return FlowRun(id=run, name=name or run, flow=flow or run)
        flow = await self.flow(said["flow_id"])
        parent: FlowRun | None = None
        upstream: tuple[Upstream, ...] = ()
        if said.get("parent_task_run_id") and (
            stand_in := await self._api.get(f"/task_runs/{said['parent_task_run_id']}")
        ):
            parent = await self.flow_run(stand_in["flow_run_id"]) if stand_in["flow_run_id"] else None
            upstream = await self._upstream(facts_of_task(run, stand_in["flow_run_id"], stand_in).inputs)
        return FlowRun(
            id=run,
            name=said["name"],
            flow=flow,
            flow_version=said.get("flow_version"),
            deployment=await self._deployment(flow, said),
            parameters=said.get("parameters"),
            tags=tuple(sorted(said.get("tags") or ())),
            nominal=said.get("expected_start_time") if said.get("auto_scheduled") else None,
            parent=parent.ref if parent else None,
            root=parent.top if parent else None,
            upstream=upstream,
        )

    async def _deployment(self, flow: str, said: Mapping[str, Any]) -> Deployment | None:
        key = said.get("deployment_id")
        if not key:
            return None
        found = self._deployments.peek(key) or await self.deployment(key)
        return Deployment(key, f"{flow}/{found['name']}" if found else None, said.get("deployment_version"))

    async def task_run(self, facts: TaskFacts) -> TaskRun:
        """The task run that an event is about."""
        flow = await self.flow_run(facts.flow_run) if facts.flow_run else None
        name = facts.task or await self._names.get(facts.id, lambda: self._first_name(facts))
        self._names.put(facts.id, name)
        run = TaskRun(
            id=facts.id,
            name=facts.name,
            task=name,
            task_version=facts.version,
            flow_run=flow,
            caller=await self._ref(Input("", "task_run", facts.callers[0])) if facts.callers and not flow else None,
            tags=facts.tags,
            upstream=await self._upstream(facts.inputs),
        )
        self._task_runs.put(run.id, run)
        self._refs.put(run.id, run.ref)
        return run

    async def _first_name(self, facts: TaskFacts) -> str:
        """The task's name by the run's first event; that of its function where the server has forgotten it."""
        question = {"resource": {"id": [f"prefect.task-run.{facts.id}"]}, "order": "ASC"}
        page = await self._api.post("/events/filter", {"filter": question, "limit": 1})
        first = [task_facts(event) for event in page["events"] if "task_run" in event["payload"]]
        return first[0].task or facts.function if first else facts.function

    async def _upstream(self, inputs: tuple[Input, ...]) -> tuple[Upstream, ...]:
        return tuple([Upstream(await self._ref(used), used.parameter, used.match) for used in inputs])

    async def _ref(self, used: Input) -> Ref:
        if used.kind == "flow_run":
            return (await self.flow_run(used.id)).ref
        return await self._refs.get(used.id, lambda: self._ask_ref(used.id))

    async def _ask_ref(self, run: str) -> Ref:
        said = await self._api.get(f"/task_runs/{run}")
        if said is None:
            return Ref(run, run)
        child = ((said.get("state") or {}).get("state_details") or {}).get("child_flow_run_id")
        if child:  # Prefect keeps a task run in the place of each subflow
            return (await self.flow_run(child)).ref
        facts = facts_of_task(run, said["flow_run_id"], said)
        flow = await self.flow_run(facts.flow_run) if facts.flow_run else None
        name = facts.task or await self._names.get(run, lambda: self._first_name(facts))
        return Ref(run, f"{flow.flow}.{name}" if flow else name)


class _Memory(Generic[_T]):
    """What was found last, by key."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, _T] = OrderedDict()

    def peek(self, key: str) -> _T | None:
        return self._found.get(key)

    def put(self, key: str, value: _T) -> None:
        self._found[key] = value
        self._found.move_to_end(key)
        if len(self._found) > KEPT:
            self._found.popitem(last=False)

    async def get(self, key: str, ask: Callable[[], Awaitable[_T]]) -> _T:
        if key not in self._found:
            self.put(key, await ask())
        return self._found[key]
