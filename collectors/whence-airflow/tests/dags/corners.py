"""Corners of Airflow that the trading pipeline has no use for."""

import os
import signal
from datetime import datetime, timedelta

from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import Asset, BaseOperator, dag, task

URIS = (
    "s3://lake/raw/trades",
    "gs://lake/raw",
    "abfs://box/raw",
    "postgres://db.example/trading/public/trades",
    "mysql://db.example:3307/trading/trades",
    "bigquery://project/dataset/trades",
    "snowflake://org-account/trading/public/trades",
    "duckdb:///srv/warehouse.duckdb/main/trades",
    "sqlite:///srv/trades.db/trades",
    "file:///srv/trades.csv",
    "kafka://broker:9092/trades",
    "x-model://trading/limits",
    "odd+scheme://somewhere/thing",
    "just a name",
)
ONCE = {"start_date": datetime(2026, 11, 2), "end_date": datetime(2026, 11, 2), "catchup": True}


LONG_ENOUGH = timedelta(seconds=15)
"""A task that resumes before the scheduler has heard that it left is failed by Airflow."""


class Defers(BaseOperator):
    """Leaves its worker for the triggerer, and is called again in another process."""

    def execute(self, context):
        self.defer(trigger=TimeDeltaTrigger(LONG_ENOUGH), method_name="resumed")

    def resumed(self, context, event):
        pass


@dag(schedule="@daily", **ONCE)
def corners():
    @task(inlets=[Asset("postgres://db.example/trading/public/trades")], outlets=[Asset("s3://lake/declared")])
    def hooked():
        lineage = get_hook_lineage_collector()
        lineage.add_input_asset(context=hooked, uri="s3://lake/hook/in")
        lineage.add_output_asset(context=hooked, uri="s3://lake/hook/out")

    @task
    def after():
        """Has no datasets; in `dags test` it shares a process with the one before."""

    @task(outlets=[Asset(uri) for uri in URIS])
    def everywhere():
        pass

    @task
    def broken():
        raise ValueError("as it was meant to be")

    hooked() >> after() >> everywhere() >> broken()


@dag(schedule="@daily", **ONCE)
def crash():
    @task(retries=1, retry_delay=timedelta(seconds=1))
    def killed_once(*, ti):
        if ti.try_number == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    @task(outlets=[Asset("s3://lake/never")])
    def killed():
        os.kill(os.getpid(), signal.SIGKILL)

    Defers(task_id="deferred", outlets=[Asset("s3://lake/deferred")])
    killed_once() >> killed()


corners()
crash()
