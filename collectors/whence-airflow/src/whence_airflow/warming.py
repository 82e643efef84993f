"""Does once what the first event of a process takes, in the process that those of tasks are forked from.

Airflow runs each try of a task in a process of its own. With most executors it is forked from one that has loaded the
plugins, so that what is imported and set up there, no task has to do again.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from airflow.providers.openlineage import conf
from airflow.providers.openlineage.extractors import ExtractorManager
from airflow.providers.openlineage.plugins.listener import get_openlineage_listener
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.uuid import generate_new_uuid

from whence_airflow import choosing, facets
from whence_airflow.emitting import PRODUCER, redacted
from whence_airflow.quiet import Hushed, quiet
from whence_collector import spool_client


def warm() -> None:
    """Set up our client, and the provider's if its events go into the spool: connections are not to be shared."""
    with _silent("openlineage.client.client"):  # commands load plugins too, and their output is theirs
        client = spool_client()
        if not choosing.chosen_by_user():
            adapter = get_openlineage_listener().adapter
            adapter.get_or_create_openlineage_client()
            adapter._log = Hushed(adapter.log)
    redacted(_event())
    _ = client.config  # is read when it is first asked for
    for option in vars(conf).values():
        if hasattr(option, "cache_info"):
            quiet(option)()
    ExtractorManager().get_hook_lineage()  # there is none yet: it imports what it looks for it with


def _event() -> RunEvent:
    run = Run(str(generate_new_uuid()), facets.airflow(state="running"))
    time = datetime.now(UTC).isoformat()
    return RunEvent(eventTime=time, producer=PRODUCER, run=run, job=Job("warm", "warm"), eventType=RunState.OTHER)


@contextmanager
def _silent(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
