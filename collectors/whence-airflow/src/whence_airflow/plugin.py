"""The plugin by which Airflow finds the collector."""

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from whence_airflow import choosing
from whence_airflow.quiet import quiet

quiet(choosing.choose_transport)()


def _listeners() -> list[object]:
    if not choosing.active():
        return []
    from whence_airflow.listener import Listener
    from whence_airflow.warming import warm

    quiet(warm)()
    return [Listener()]


class WhencePlugin(AirflowPlugin):
    """Reports to Whence, where `WHENCE_URL` says it is; without that it does nothing."""

    name = "whence"
    listeners: ClassVar[list[object]] = _listeners()
