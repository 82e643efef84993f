"""Dagster's part of the hybrid: feed -> raw_trades -> processed_trades. There is nothing of Whence in here."""

import os
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

HOME = Path(os.environ.get("TRADING_HOME", Path(__file__).parent / "data")).absolute()
DATABASE = HOME / "trades.duckdb"
DAYS = dg.DailyPartitionsDefinition("2026-11-02", end_date="2026-11-05")


def table(name: str) -> dict[str, Any]:
    """Where a table is, as dbt-ol says it too."""
    return {"dagster/uri": f"duckdb://{DATABASE}", "dagster/table_name": f"trades.main.{name}"}


def replace(name: str, day: str, select: str, *values: str) -> int:
    """Replace a day of a table by what a query gives; returns how many rows that are."""
    with duckdb.connect(DATABASE) as database:
        database.execute(f"CREATE TABLE IF NOT EXISTS {name} AS {select} LIMIT 0", values)
        database.execute(f"DELETE FROM {name} WHERE day = ?", [day])
        database.execute(f"INSERT INTO {name} {select}", values)
        [(count,)] = database.execute(f"SELECT count(*) FROM {name} WHERE day = ?", [day]).fetchall()
    return int(count)


def made(rows: int, **columns: tuple[str, ...]) -> dg.MaterializeResult[None]:
    """What Dagster is told of an asset: the day's rows, and for each column the asset and its columns that make it."""
    sources = {
        name: [dg.TableColumnDep(dg.AssetKey(asset), column) for column in made_of]
        for name, (asset, *made_of) in columns.items()
    }
    lineage = dg.TableColumnLineage(sources)
    return dg.MaterializeResult(metadata={"dagster/partition_row_count": rows, "dagster/column_lineage": lineage})


@dg.asset(deps=["feed"], partitions_def=DAYS, metadata=table("raw_trades"), owners=["team:market-data"])
def raw_trades(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Trades as the exchange reports them."""
    day = context.partition_key
    select = "SELECT CAST(day AS VARCHAR) AS day, symbol, px, qty FROM read_csv(?)"
    return made(replace("raw_trades", day, select, str(HOME / "feed.csv")))


@dg.asset(deps=["raw_trades"], partitions_def=DAYS, metadata=table("processed_trades"), owners=["team:risk"])
def processed_trades(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Trades with their notional."""
    day = context.partition_key
    select = "SELECT day, symbol, px * qty AS notional FROM raw_trades WHERE day = ?"
    count = replace("processed_trades", day, select, day)
    return made(count, symbol=("raw_trades", "symbol"), notional=("raw_trades", "px", "qty"))


defs = dg.Definitions(
    assets=[dg.AssetSpec("feed", metadata={"dagster/uri": f"file://{HOME}/feed.csv"}), raw_trades, processed_trades],
    jobs=[dg.define_asset_job("load_trades", "*")],
    executor=dg.in_process_executor,
)
