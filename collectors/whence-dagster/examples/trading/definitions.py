"""raw_trades -> processed_trades -> daily_metrics -> model, in Dagster, on one SQLite file.

There is nothing of Whence in here. `dagster/uri` and `dagster/table_name` are Dagster's own metadata; because they say
where a table is, its name is the one that other tools use for it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg

HOME = Path(os.environ.get("TRADING_HOME", Path(__file__).parent / "data")).absolute()
DATABASE = HOME / "trades.db"
SYMBOLS = [f"SYM{number:02}" for number in range(50)]
DAYS = dg.DailyPartitionsDefinition("2026-11-02", end_date="2026-11-05", timezone="Europe/Berlin")


def table(name: str, **columns: str) -> dict[str, Any]:
    """What Dagster is told of a table: where it is, and its columns with their types."""
    schema = dg.TableSchema([dg.TableColumn(column, kind) for column, kind in columns.items()])
    uri = f"sqlite://{DATABASE}"
    return {"dagster/uri": uri, "dagster/table_name": f"main.{name}", "dagster/column_schema": schema}


def write(name: str, day: str, rows: list[tuple[Any, ...]]) -> int:
    """Replace a day of a table; returns how many rows it has now."""
    HOME.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(DATABASE, timeout=30)) as database, database:
        columns = ", ".join(f"c{number}" for number in range(len(rows[0])))
        database.execute(f"CREATE TABLE IF NOT EXISTS {name} (day, {columns})")
        database.execute(f"DELETE FROM {name} WHERE day = ?", [day])
        marks = ", ".join("?" * (len(rows[0]) + 1))
        database.executemany(f"INSERT INTO {name} VALUES ({marks})", [(day, *row) for row in rows])
    return len(rows)


def read(name: str, day: str) -> list[tuple[Any, ...]]:
    """A day of a table."""
    with closing(sqlite3.connect(DATABASE, timeout=30)) as database:
        return database.execute(f"SELECT * FROM {name} WHERE day = ?", [day]).fetchall()


def column_lineage(**columns: tuple[str, str]) -> dg.TableColumnLineage:
    """Each column with the asset and column that it is made of."""
    return dg.TableColumnLineage(
        {column: [dg.TableColumnDep(dg.AssetKey(asset), source)] for column, (asset, source) in columns.items()}
    )


# raw_trades: fifty feeds, loaded one by one


@dg.op(out=dg.DynamicOut(str), ins={"feeds": dg.In(dg.Nothing)})
def list_feeds() -> Iterator[dg.DynamicOutput[str]]:
    """One output for each symbol."""
    for symbol in SYMBOLS:
        yield dg.DynamicOutput(symbol, mapping_key=symbol)


@dg.op
def load_feed(symbol: str) -> tuple[str, float, int]:
    """Symbol, price and quantity of the one trade of a feed."""
    number = SYMBOLS.index(symbol)
    return symbol, 100.0 + number, number - 1


@dg.op(out=dg.Out(metadata=table("raw_trades", symbol="TEXT", px="REAL", qty="INTEGER")))
def store_trades(context: dg.OpExecutionContext, trades: list[tuple[str, float, int]]) -> dg.Output[None]:
    """The trades of the day, in one table."""
    count = write("raw_trades", context.partition_key, [*trades])
    return dg.Output(None, metadata={"dagster/partition_row_count": count})


@dg.graph_asset(
    partitions_def=DAYS,
    ins={"feeds": dg.AssetIn(dagster_type=dg.Nothing)},
    metadata=table("raw_trades", symbol="TEXT", px="REAL", qty="INTEGER"),
    owners=["team:market-data"],
    group_name="trading",
    description="Trades as the exchanges report them.",
)
def raw_trades(feeds: None) -> Any:
    """Load every feed."""
    return store_trades(list_feeds(feeds).map(load_feed).collect())


@dg.observable_source_asset(metadata={"dagster/uri": f"file://{HOME}/instruments.csv"}, group_name="reference")
def instruments() -> dg.DataVersion:
    """What may be traded; somebody else writes the file."""
    return dg.DataVersion("2026-11")


# processed_trades and rejected_trades: two tables of one step


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            "processed_trades",
            deps=["raw_trades", "instruments"],
            code_version="3",
            metadata=table("processed_trades", symbol="TEXT", notional="REAL"),
            owners=["team:risk", "ana@example.org"],
            tags={"confidential": "yes"},
            description="Trades that count, with their notional.",
        ),
        dg.AssetSpec(
            "rejected_trades",
            deps=["raw_trades"],
            code_version="1",
            metadata=table("rejected_trades", symbol="TEXT", qty="INTEGER"),
        ),
    ],
    partitions_def=DAYS,
    group_name="trading",
    check_specs=[dg.AssetCheckSpec("notional_positive", asset="processed_trades", blocking=True)],
)
def split_trades(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Trades with a quantity above zero are processed, others rejected."""
    day = context.partition_key
    rows = read("raw_trades", day)
    good = [(symbol, px * qty) for _, symbol, px, qty in rows if qty > 0]
    bad = [(symbol, qty) for _, symbol, _, qty in rows if qty <= 0]
    yield dg.MaterializeResult(
        asset_key="processed_trades",
        metadata={
            "dagster/partition_row_count": write("processed_trades", day, good),
            "dagster/column_lineage": column_lineage(symbol=("raw_trades", "symbol"), notional=("raw_trades", "px")),
        },
        check_results=[dg.AssetCheckResult(passed=all(n > 0 for _, n in good), check_name="notional_positive")],
    )
    yield dg.MaterializeResult(
        asset_key="rejected_trades",
        metadata={"dagster/partition_row_count": write("rejected_trades", day, bad)},
    )


# daily_metrics, which fails at its first try


@dg.asset(
    deps=["processed_trades"],
    partitions_def=DAYS,
    metadata=table("daily_metrics", total="REAL"),
    group_name="trading",
    owners=["team:risk"],
    retry_policy=dg.RetryPolicy(max_retries=1),
)
def daily_metrics(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The day's total; the first try does not get through."""
    if context.retry_number == 0:
        raise ConnectionError("the risk service does not answer")
    total = sum(notional for *_, notional in read("processed_trades", context.partition_key))
    count = write("daily_metrics", context.partition_key, [(total,)])
    lineage = column_lineage(total=("processed_trades", "notional"))
    return dg.MaterializeResult(metadata={"dagster/partition_row_count": count, "dagster/column_lineage": lineage})


@dg.asset_check(asset=daily_metrics, description="Less than a million a day is suspicious.")
def enough_volume() -> dg.AssetCheckResult:
    """A warning: it stops nothing."""
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"total": 127_449.0})


# model, on all days; and a report that fails


@dg.asset(deps=["daily_metrics"], group_name="trading", kinds={"sklearn"})
def model() -> dg.MaterializeResult:
    """A model of what is normal."""
    return dg.MaterializeResult(data_version=dg.DataVersion("2026.11.1"), metadata={"accuracy": 0.93})


@dg.asset(deps=["model"], group_name="trading")
def limit_report() -> None:
    """Always fails, so that there is something to see."""
    raise ValueError("limit table is empty")


@dg.asset(deps=["limit_report"], group_name="trading")
def limit_mail() -> None:
    """Never made, for limit_report fails."""


# An op job


@dg.op
def export_model(context: dg.OpExecutionContext) -> None:
    """Reads the model and writes a file, and says so."""
    context.log_event(dg.AssetObservation("model", tags={"dagster/data_version": "2026.11.1"}))
    uri = "s3://models/limits/2026.11.1.bin"
    context.log_event(dg.AssetMaterialization("model_export", metadata={"dagster/uri": uri}))


@dg.job(description="Hands the model to the desk.", tags={"team": "desk"})
def export() -> None:
    """One op."""
    export_model()


defs = dg.Definitions(
    assets=[
        dg.AssetSpec("feeds", metadata={"dagster/uri": f"file://{HOME}/feeds"}, description="One file a symbol."),
        *(raw_trades, instruments, split_trades, daily_metrics, model, limit_report, limit_mail),
    ],
    asset_checks=[enough_volume],
    jobs=[
        export,
        dg.define_asset_job("daily_trades", ["raw_trades", "processed_trades", "rejected_trades", "daily_metrics"]),
    ],
    executor=dg.in_process_executor,
)
