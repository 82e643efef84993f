"""A trading pipeline in Prefect: raw_trades -> processed_trades -> daily_metrics -> a model, one day at a time.

Tables lie in a SQLite file, so that nothing but Prefect is needed. `reads` and `writes` say what Prefect cannot know:
which tables, columns and partitions. Everything else is found without a line of code.

    python pipeline.py DAY...        run it for days such as 2026-11-02
    python pipeline.py --serve       serve it as the deployment trading/nightly
"""

import os
import random
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from prefect import flow, runtime, task
from prefect.artifacts import create_markdown_artifact
from prefect.assets import Asset, AssetProperties, add_asset_metadata, materialize
from prefect.cache_policies import INPUTS

from whence_prefect import reads, writes

DATABASE = Path(os.environ.get("TRADING_DATABASE", "trading.db")).absolute()
SYMBOLS = [f"SYM{number:02}" for number in range(50)]
HOLIDAY = "2026-11-07"
MODEL = Asset(
    key="models://trading/limit-breach",
    properties=AssetProperties(
        name="limit-breach", description="Tells which symbols will breach their limit.", owners=["team:risk"]
    ),
)
Metrics = dict[str, float]


def table(name: str) -> str:
    """The URI of a table."""
    return f"sqlite://{DATABASE}/{name}"


def replace(day: str, name: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Write a table's rows of a day, in place of those that it has of it: a run can be repeated."""
    with closing(sqlite3.connect(DATABASE, timeout=30)) as database, database:
        database.execute(f"CREATE TABLE IF NOT EXISTS {name} (day, {columns})")
        database.execute(f"DELETE FROM {name} WHERE day = ?", [day])
        marks = ", ".join("?" * len(["day", *columns.split(",")]))
        database.executemany(f"INSERT INTO {name} VALUES ({marks})", [(day, *row) for row in rows])


@task(cache_policy=INPUTS, persist_result=True, tags=["reference"])
def limits(desk: str) -> Metrics:
    """The limit of each symbol. It changes rarely: the second run takes it from the cache."""
    return {symbol: 1_000_000.0 + number for number, symbol in enumerate(SYMBOLS)}


@task(retries=2, retry_delay_seconds=0.1)
def extract(day: str) -> list[tuple[str, float, int]]:
    """Fetch the day's trades. The exchange refuses the first call."""
    if runtime.task_run.run_count == 1:
        raise ConnectionError(f"the exchange has no trades of {day} yet")
    seeded = random.Random(day)  # noqa: S311
    trades = [(symbol, round(seeded.uniform(10, 500), 2), seeded.randint(1, 900)) for symbol in SYMBOLS for _ in "ab"]
    replace(day, "raw_trades", "symbol, px, qty", trades)
    writes(
        table("raw_trades"),
        partition={"day": day},
        rows=len(trades),
        schema={"symbol": "TEXT", "px": "REAL", "qty": "INTEGER"},
    )
    return trades


@task
def price(symbol: str, trades: list[tuple[str, float, int]]) -> tuple[str, float]:
    """What was traded of one symbol. One of fifty runs."""
    return symbol, sum(px * qty for name, px, qty in trades if name == symbol)


@task
def process(day: str, priced: list[tuple[str, float]]) -> int:
    """Write the day's sums."""
    replace(day, "processed_trades", "symbol, notional", priced)
    raw = reads(table("raw_trades"), partition={"day": day})
    writes(
        table("processed_trades"),
        partition={"day": day},
        rows=len(priced),
        columns={"symbol": [raw["symbol"]], "notional": [raw["px"], raw["qty"]]},
    )
    return len(priced)


@task
def aggregate(day: str) -> float:
    """The day's total."""
    with closing(sqlite3.connect(DATABASE)) as database:
        [(total,)] = database.execute("SELECT sum(notional) FROM processed_trades WHERE day = ?", [day])
    replace(day, "daily_metrics", "total", [(total,)])
    processed = reads(table("processed_trades"), partition={"day": day})
    writes(table("daily_metrics"), partition={"day": day}, rows=1, columns={"total": [processed["notional"]]})
    return float(total)


@flow
def daily_metrics(day: str) -> float:
    """A subflow."""
    total = aggregate(day)
    create_markdown_artifact(f"# {day}\n\n{total:,.2f}", key="daily-report", description="The total of the day.")
    return total


@materialize(MODEL, asset_deps=[table("daily_metrics")], by="sqlite")
def train(day: str, total: float, limits: Metrics) -> str:
    """Train the model; it is an asset, so Prefect knows what comes in and goes out."""
    version = f"{day}-{len(limits)}-{total:.0f}"
    add_asset_metadata(MODEL.key, {"version": version, "type": "MODEL"})
    return version


@task
def check(day: str, total: float) -> None:
    """There is no trading on holidays.

    Raises:
        ValueError: it is one.
    """
    if day == HOLIDAY:
        raise ValueError(f"{total:,.2f} was traded on {day}, which is a holiday")


@flow(name="trading", log_prints=True)
def trading(day: str = "2026-11-02", desk: str = "equities") -> str:
    """One day."""
    known = limits(desk)
    trades = extract(day)
    priced = price.map(SYMBOLS, trades=[trades] * len(SYMBOLS))
    process(day, priced)
    total = daily_metrics(day)
    check(day, total)
    return train(day, total, known)


def main(arguments: list[str]) -> int:
    """Run it for each day; the number of days that failed."""
    if arguments == ["--serve"]:
        trading.serve(
            name="nightly",
            parameters={"desk": "rates"},
            version="2026.11",
            description="Every night.",
            tags=["nightly"],
        )
        return 0
    states = [trading(day, return_state=True) for day in arguments or ["2026-11-02"]]
    return sum(state.is_failed() for state in states)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
