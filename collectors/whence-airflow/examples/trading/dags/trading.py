"""A trading pipeline: raw_trades -> processed_trades -> daily_metrics -> model, on files and SQLite.

Nothing in here knows of Whence. The assets are what Airflow's own schedules and pages need; `outlet_events` says which
day a task wrote, for a model that is trained whenever there are new metrics.
"""

import csv
import json
import os
import random
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from airflow.sdk import Asset, Param, dag, task

HOME = Path(os.environ.get("TRADING_HOME", "/tmp/trading"))  # noqa: S108
DATABASE = HOME / "trading.db"
SYMBOLS = [f"SYM{number:02}" for number in range(50)]

HOLIDAY = "2026-11-03"

raw_trades = Asset("raw_trades", uri=f"file://{HOME}/raw_trades", extra={"owner": "feeds"})
processed_trades = Asset("processed_trades", uri=f"sqlite://{DATABASE}/processed_trades")
daily_metrics = Asset("daily_metrics", uri=f"sqlite://{DATABASE}/daily_metrics")
model = Asset("model", uri="x-model://trading/limit-breach")
report = Asset("limit_report", uri="s3://reports/limits")


@dag(
    schedule="@daily",
    start_date=datetime(2026, 11, 2),
    end_date=datetime(2026, 11, 3),
    catchup=True,
    params={"limit": Param(5000)},
    default_args={"owner": "market-data"},
    tags=["trading"],
)
def trading():
    """One day of trades."""

    @task
    def symbols(*, ds: str) -> list[str]:
        return SYMBOLS[:3] if ds == HOLIDAY else SYMBOLS

    @task(outlets=[raw_trades])
    def load_feed(symbol: str, *, ds: str, outlet_events):
        folder = HOME / "raw_trades" / ds
        folder.mkdir(parents=True, exist_ok=True)
        prices = random.Random(f"{symbol} {ds}")  # noqa: S311
        with (folder / f"{symbol}.csv").open("w") as file:
            csv.writer(file).writerows((symbol, prices.randint(1, 100), prices.uniform(1, 9)) for _ in range(20))
        outlet_events[raw_trades].extra = {"partition": {"day": ds}}

    @task(inlets=[raw_trades], outlets=[processed_trades])
    def process(*, ds: str, outlet_events):
        files = sorted((HOME / "raw_trades" / ds).glob("*.csv"))
        rows = [(ds, *row) for file in files for row in csv.reader(file.open())]
        with sqlite3.connect(DATABASE) as database:
            database.execute("CREATE TABLE IF NOT EXISTS processed_trades (day, symbol, quantity INT, price REAL)")
            database.execute("DELETE FROM processed_trades WHERE day = ?", (ds,))
            database.executemany("INSERT INTO processed_trades VALUES (?, ?, ?, ?)", rows)
        outlet_events[processed_trades].extra = {"partition": {"day": ds}, "rows": len(rows)}

    @task(inlets=[processed_trades], outlets=[daily_metrics], retries=1, retry_delay=timedelta(seconds=1))
    def metrics(*, ds: str, ti, outlet_events):
        if ti.try_number == 1:
            raise RuntimeError("the risk service does not answer")
        with sqlite3.connect(DATABASE) as database:
            database.execute("CREATE TABLE IF NOT EXISTS daily_metrics (day, symbol, total REAL)")
            database.execute("DELETE FROM daily_metrics WHERE day = ?", (ds,))
            totals = "SELECT day, symbol, sum(quantity * price) FROM processed_trades WHERE day = ? GROUP BY 1, 2"
            database.execute(f"INSERT INTO daily_metrics {totals}", (ds,))
        outlet_events[daily_metrics].extra = {"partition": {"day": ds}}

    @task(inlets=[daily_metrics], outlets=[report])
    def limit_report():
        raise ValueError("limit table is empty")

    @task
    def mail_report():
        raise AssertionError("there is no report to mail")

    @task.skip_if(lambda context: context["ds"] != HOLIDAY)
    @task
    def holiday_notice():
        pass

    @task.short_circuit
    def is_month_end(*, ds: str) -> bool:
        return ds.endswith("30")

    @task
    def month_end():
        raise AssertionError("it is not the end of the month")

    done = metrics()
    load_feed.expand(symbol=symbols()) >> process() >> done
    done >> limit_report() >> mail_report()
    done >> holiday_notice()
    done >> is_month_end() >> month_end()


@dag(schedule=[daily_metrics], default_args={"owner": "quants"}, tags=["trading"])
def train():
    """A model of all days, whenever there are new metrics."""

    @task(inlets=[daily_metrics], outlets=[model])
    def fit():
        with sqlite3.connect(DATABASE) as database:
            (total,) = database.execute("SELECT sum(total) FROM daily_metrics").fetchone()
        (HOME / "model.json").write_text(json.dumps({"limit": total}))

    fit()


trading()
train()
