"""Declared lineage: what a DAG's file says that its tasks read and write, whether or not they have run."""

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attr
from airflow.providers.openlineage import conf
from openlineage.client.event_v2 import Job, JobEvent
from openlineage.client.serde import Serde

from whence_airflow import assets, choosing, code
from whence_airflow.emitting import PRODUCER, emit
from whence_airflow.tasks import reported
from whence_collector.naming import DatasetName
from whence_collector.settings import Settings
from whence_collector.standard import facet


def declare(dag: Any) -> None:
    """Emit an event for the DAG and for each of its tasks, if that is not what was emitted last."""
    if not choosing.active():
        return
    events = list(_events(dag))
    note = _note(dag.dag_id)
    said = hashlib.sha256("\n".join(Serde.to_json(event) for event in events).encode()).hexdigest()
    if note.exists() and note.read_text() == said:
        return
    time = datetime.now(UTC).isoformat()
    for event in events:
        emit(attr.evolve(event, eventTime=time))
    _write(note, said)


_NO_TIME = datetime.fromtimestamp(0, UTC).isoformat()


def _events(dag: Any) -> Iterator[JobEvent]:
    """Events that are the same as long as the DAG is."""
    yield _event(dag, dag.dag_id, "DAG", dag)
    for task in sorted(dag.tasks, key=lambda task: str(task.task_id)):
        if reported(task):
            yield _event(dag, f"{dag.dag_id}.{task.task_id}", "TASK", task)


def _event(dag: Any, name: str, kind: str, of: Any) -> JobEvent:
    job_type = facet("JobTypeJobFacet", processingType="BATCH", integration="AIRFLOW", jobType=kind)
    _, location = code.facets(dag.fileloc, of, dirty=False)
    known: dict[str, Any] = {"jobType": job_type, **location}
    return JobEvent(
        eventTime=_NO_TIME,
        producer=PRODUCER,
        job=Job(conf.namespace(), name, known),
        inputs=assets.inputs(_named(of, "inlets")),
        outputs=assets.outputs(_named(of, "outlets")),
    )


def _named(of: Any, side: str) -> dict[DatasetName, assets.Use]:
    return {assets.name_of(asset): assets.Use() for asset in assets.assets_among(getattr(of, side, ()))}


def _note(dag_id: str) -> Path:
    """Where it is kept what was said last of a DAG: beside the spool, for what is there was said to its server."""
    key = hashlib.sha256(f"{conf.namespace()}\n{dag_id}".encode()).hexdigest()[:32]
    return Settings.load().spool / "airflow" / key


def _write(note: Path, text: str) -> None:
    note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = note.with_name(f"{note.name}.{os.getpid()}")
    new.write_text(text)
    new.replace(note)
