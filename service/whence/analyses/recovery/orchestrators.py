"""The commands that orchestrators understand, made of what their integrations say of an attempt.

Nothing is guessed: where what a command needs was not recorded, the work has to be run by hand, and the hint says what.
"""

import json
import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Facets = Mapping[str, Any]
Around = ChainMap[str, Any]
"""Facets of an attempt, before those of the runs that contain it, from the innermost."""


class Ask(NamedTuple):
    """What is known of one piece of work.

    job: its name. run: facets of an attempt of the job (of the one to repeat, where there is one). slot: facets of the
    attempt that has the date or partition. facets: of the job. partition: JSON, or empty.
    """

    job: str
    namespace: str
    run: Around
    slot: Around
    facets: Facets
    partition: str


class Target(NamedTuple):
    """How work is run. group: what one command can run together; empty: nothing. names: what to name in the command."""

    orchestrator: str
    group: tuple[str, ...] = ()
    name: str = ""
    hint: str = ""


def target_of(ask: Ask) -> Target:
    """The orchestrator of a piece of work, and how it names it."""
    integration = str(_dict(ask.facets.get("jobType")).get("integration") or "").upper()
    for name, reads in _READERS.items():
        if integration == name or (not integration and _SIGNS[name] in ask.run):
            return reads(ask)
    return Target(integration, hint=f"run by hand: {ask.job} ({ask.namespace})")


def command_of(target: Target, names: Sequence[str]) -> tuple[str, ...]:
    """The command that runs a group; empty where it has to be run by hand."""
    return _COMMANDS[target.orchestrator](target.group, list(dict.fromkeys(names))) if target.group else ()


def waits(orchestrator: str) -> bool:
    """Whether the orchestrator's command ends only when the work has; Airflow's scheduler does it later."""
    return orchestrator != "AIRFLOW"


# Airflow 3: `airflow tasks clear` lets the scheduler run tasks of existing DAG runs again, `airflow backfill create`
# whole DAG runs (https://airflow.apache.org/docs/apache-airflow/stable/cli-and-env-variables-ref.html). What it calls
# --task-regex has been a part of the name since 3.0, and no regular expression: so each task has its own command.


def _airflow(ask: Ask) -> Target:
    said = _dict(ask.run.get("airflow") or ask.run.get("airflowDagRun"))
    slot = _dict(ask.slot.get("airflow") or ask.slot.get("airflowDagRun"))
    dag = str(_dict(said.get("dag")).get("dag_id") or "")
    task = str(_dict(said.get("task")).get("task_id") or "")
    run = _dict(slot.get("dagRun"))
    date = str(run.get("logical_date") or "")
    what = f"task {task} of DAG {dag}" if task else f"DAG {dag}"
    if not (dag and date):
        of_run = f", DAG run {run['run_id']}, which has no logical date" if run.get("run_id") else ""
        return Target("AIRFLOW", hint=f"clear by hand, in Airflow: {what if dag else ask.job}{of_run}")
    return Target("AIRFLOW", (dag, date, task), task, f"{what} for {date}")


def _airflow_command(group: tuple[str, ...], _names: list[str]) -> tuple[str, ...]:
    dag, date, task = group
    if not task:
        days = (*_option("--from-date", date), *_option("--to-date", date))
        return "airflow", "backfill", "create", *_option("--dag-id", dag), *days, "--reprocess-behavior", "completed"
    place = ("--", dag) if dag.startswith("-") else (dag,)
    days = (*_option("--start-date", date), *_option("--end-date", date))
    return "airflow", "tasks", "clear", *_option("--task-regex", task), *days, "--yes", *place


# Dagster: `dagster asset materialize` (https://docs.dagster.io/api/clis/cli)


def _dagster(ask: Ask) -> Target:
    said, slot = _dict(ask.run.get("whence_dagster")), _dict(ask.slot.get("whence_dagster"))
    keys = ["/".join(map(str, key)) for key in said.get("assetKeys") or () if isinstance(key, list)]
    pointer = _dict(said.get("codePointer"))
    partition = _dagster_partition(slot, ask.partition)
    where = f"code location {said.get('codeLocation') or 'unknown'}"
    hint = f"in Dagster, {where}: " + (", ".join(keys) or f"job {said.get('jobName') or ask.job}")
    if not keys or partition is None or not (pointer.get("file") or pointer.get("module")):
        return Target(
            "DAGSTER", hint=f"run by hand, {hint}" + (f", partition {ask.partition}" if ask.partition else "")
        )
    if any(sign in key for key in keys for sign in '",\\\r\n'):
        return Target("DAGSTER", hint=f"run by hand, {hint}")  # the selection's syntax has no way to name it
    code = tuple(str(pointer.get(part) or "") for part in ("file", "module", "workingDirectory", "attribute"))
    return Target("DAGSTER", (*code, partition), ",".join(map(_selected, keys)), hint)


def _dagster_partition(said: Facets, partition: str) -> str | None:
    """The partition's key; empty where there is none, None where it is not known."""
    if said.get("partitionKey"):
        return str(said["partitionKey"])
    if not partition:
        return ""
    value = json.loads(partition)
    key = "|".join(str(value[name]) for name in sorted(value)) if isinstance(value, dict) else str(value)
    return key if key in (said.get("partitionKeys") or ()) else None


def _selected(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_/]+", key) else f'key:"{key}"'


def _dagster_command(group: tuple[str, ...], names: list[str]) -> tuple[str, ...]:
    file, module, folder, attribute, partition = group
    return (
        *("dagster", "asset", "materialize", *_option("--select", ",".join(sorted(names)))),
        *(_option("--partition", partition) if partition else ()),
        *(_option("--python-file", file) if file else _option("--module-name", module)),
        *(_option("--working-directory", folder) if folder else ()),
        *(_option("--attribute", attribute) if attribute else ()),
    )


# Prefect: `prefect deployment run` (https://docs.prefect.io/v3/how-to-guides/deployments/run-deployments)


def _prefect(ask: Ask) -> Target:
    """What runs again is the flow that was deployed: subflows and tasks belong to it, their own parameters do not."""
    started = next((said for said in ask.slot.maps if _deployment(said)), {})
    deployment = _deployment(started)
    listed = _dict(started.get("whence_parameters")).get("parameters") or []
    values = {str(one["name"]): one["value"] for one in listed if isinstance(one, dict) and "value" in one}
    unknown = [str(one.get("name")) for one in listed if isinstance(one, dict) and "value" not in one]
    flow = f"flow {_dict(ask.run.get('whence_prefect')).get('flowName') or ask.job}"
    if unknown or not deployment:
        why = f"parameters recorded as hashes only: {', '.join(unknown)}" if unknown else "it has no deployment"
        return Target("PREFECT", hint=f"run by hand, in Prefect: {flow} ({why})")
    parameters = tuple(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in sorted(values.items()))
    return Target("PREFECT", (deployment, *parameters), ask.job, f"deployment {deployment}")


def _deployment(said: Facets) -> str:
    """The deployment that a flow run was started from; empty for a subflow, and for a task, which only repeats it."""
    prefect = _dict(said.get("whence_prefect"))
    name = str(prefect.get("deploymentName") or "")
    return name if "/" in name and not prefect.get("taskRunId") else ""


def _prefect_command(group: tuple[str, ...], _names: list[str]) -> tuple[str, ...]:
    deployment, *parameters = group
    place = ("--", deployment) if deployment.startswith("-") else (deployment,)
    given = tuple(part for parameter in parameters for part in _option("--param", parameter))
    return "prefect", "deployment", "run", *given, "--watch", *place


# dbt: `dbt build --select` (https://docs.getdbt.com/reference/node-selection/syntax)


def _dbt(ask: Ask) -> Target:
    project = str(_dict(ask.run.get("dbt_run")).get("project_name") or "")
    kind = str(_dict(ask.facets.get("jobType")).get("jobType") or "").upper()
    unique = str(_dict(ask.facets.get("dbt_node")).get("unique_id") or ask.job)
    node = re.fullmatch(r"(model|seed|snapshot|test|unit_test)\.([^.]+)\.(.+?)(\.[0-9a-f]{10})?", unique)
    built = (
        re.fullmatch(rf".+?\.{re.escape(project)}\.(.+?)(\.build)?\.(run|test|snapshot)", ask.job) if project else None
    )
    name = node[3] if node else built[1] if built else ""
    if not name or not re.fullmatch(r"[\w.-]+", name) or name.startswith("-") or kind in ("JOB", "SQL"):
        return Target("DBT", hint=f"run by hand, in dbt{f' project {project}' if project else ''}: {ask.job}")
    of_model = kind == "TEST" and (node is None or node[1] == "model")
    return Target("DBT", (project, "test" if of_model else "build"), name, f"dbt project {project or 'unknown'}")


def together(targets: dict[str, Target]) -> dict[str, Target]:
    """Targets of which some are run with others: `dbt build` of a model runs its tests too."""
    built = {
        (target.group[0], target.name)
        for target in targets.values()
        if target.orchestrator == "DBT" and target.group[1:] == ("build",)
    }
    return {
        key: target._replace(group=(target.group[0], "build"))
        if target.orchestrator == "DBT" and target.group[1:] == ("test",) and (target.group[0], target.name) in built
        else target
        for key, target in targets.items()
    }


def _dbt_command(group: tuple[str, ...], names: list[str]) -> tuple[str, ...]:
    return "dbt", group[1], "--select", *names


_READERS = {"AIRFLOW": _airflow, "DAGSTER": _dagster, "PREFECT": _prefect, "DBT": _dbt}
_SIGNS = {"AIRFLOW": "airflow", "DAGSTER": "whence_dagster", "PREFECT": "whence_prefect", "DBT": "dbt_run"}
_COMMANDS = {"AIRFLOW": _airflow_command, "DAGSTER": _dagster_command, "PREFECT": _prefect_command, "DBT": _dbt_command}

RUN_FACETS = ["airflow", "airflowDagRun", "whence_dagster", "whence_prefect", "whence_parameters", "dbt_run"]
JOB_FACETS = ["jobType", "dbt_node"]
"""The facets that are read."""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _option(name: str, value: str) -> tuple[str, ...]:
    """An option with its value; in one word where the value would be taken for an option."""
    return (f"{name}={value}",) if value.startswith("-") else (name, value)
