"""A hybrid: a Prefect flow that has Dagster make its assets and dbt its models, in one DuckDB database.

feed (Prefect) -> raw_trades -> processed_trades (Dagster) -> daily_metrics (dbt) -> a model (Prefect)

They know nothing of each other. Their lineage is one graph because each names a table after where it is, and
`environment()` tells the others whose run theirs is.

    python pipeline.py DAY...        run it for days such as 2026-11-02
"""

import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path

from prefect import flow, runtime, task
from prefect.assets import Asset, add_asset_metadata, materialize

from whence_prefect import environment, writes

HERE = Path(__file__).parent
HOME = Path(os.environ.get("TRADING_HOME", HERE / "data")).absolute()
DATABASE = HOME / "trades.duckdb"
MODEL = Asset(key="models://trading/limit-breach")
SYMBOLS = [f"SYM{number:02}" for number in range(50)]


def run(*command: str) -> None:
    """Run Dagster or dbt as a part of this task's run. Each may live in an environment of its own."""
    inside = {"TRADING_HOME": str(HOME), "OPENLINEAGE__TRANSPORT__TYPE": "whence_collector.SpoolTransport"}
    subprocess.run(command, cwd=HERE, env={**os.environ, **inside, **environment()}, check=True)  # noqa: S603


@task(retries=1)
def fetch(day: str) -> None:
    """Fetch the day's trades into a file. The exchange refuses the first call."""
    if runtime.task_run.run_count == 1:
        raise ConnectionError(f"the exchange has no trades of {day} yet")
    seeded = random.Random(day)  # noqa: S311
    trades = [(day, symbol, round(seeded.uniform(10, 500), 2), seeded.randint(1, 900)) for symbol in SYMBOLS]
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "feed.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("day", "symbol", "px", "qty"), *trades])
    writes(HOME / "feed.csv", partition={"day": day}, rows=len(trades))


@task
def load(day: str) -> None:
    """Dagster's assets. It hears of what it runs in by tags, as its runs have no environment of their own."""
    around = environment()
    tags = {
        "dagster/partition": day,
        "openlineage/parent_id": around.get("OPENLINEAGE_PARENT_ID", ""),
        "openlineage/root_parent_id": around.get("OPENLINEAGE_ROOT_PARENT_ID", ""),
    }
    run("dagster", "job", "execute", "-f", "definitions.py", "-j", "load_trades", "--tags", json.dumps(tags))


@task
def transform() -> None:
    """dbt's models and tests."""
    run("dbt-ol", "build", "--project-dir", "dbt", "--profiles-dir", "dbt")


@materialize(MODEL, asset_deps=[f"duckdb://{DATABASE}/main/daily_metrics"], by="duckdb")
def train(day: str) -> None:
    """Train the model; it is an asset, so Prefect knows what comes in and goes out."""
    add_asset_metadata(MODEL.key, {"version": day, "type": "MODEL"})


@flow(name="hybrid")
def hybrid(day: str) -> None:
    """One day."""
    fetch(day)
    load(day)
    transform()
    train(day)


if __name__ == "__main__":
    for day in sys.argv[1:] or ["2026-11-02"]:
        hybrid(day)
