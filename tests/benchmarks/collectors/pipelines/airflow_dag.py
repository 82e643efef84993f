"""Trivial tasks in a DAG of Airflow, one after the other; COUNT says how many."""

import os
from datetime import datetime, timedelta

from airflow.sdk import DAG, task
from progress import progress

with DAG("many", schedule=None, start_date=datetime(2026, 1, 1), max_active_tasks=1):

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def one(number):
        progress()
        return number + 1

    one.expand(number=list(range(int(os.environ["COUNT"]))))
