"""Declared lineage is told when Airflow's DAG processor has read a DAG: Airflow asks cluster policies about each."""

import sys
from typing import Any

from airflow.policies import hookimpl


@hookimpl
def dag_policy(dag: Any) -> None:
    """Report what a DAG declares; alters nothing. Processes that read DAGs in order to run tasks are not held up."""
    if "airflow.dag_processing.processor" not in sys.modules:
        return
    from whence_airflow.declared import declare
    from whence_airflow.quiet import quiet

    quiet(declare)(dag)
