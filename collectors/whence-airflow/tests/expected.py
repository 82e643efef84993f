"""What the pipelines do, written down: to compare with what Whence says that they did."""

FEEDS = 50 + 3
"""Symbols of the two days."""

RUNS = {
    "trading": {"FAIL": 2},
    "trading.symbols": {"COMPLETE": 2},
    "trading.load_feed": {"COMPLETE": FEEDS},
    "trading.process": {"COMPLETE": 2},
    "trading.metrics": {"FAIL": 2, "COMPLETE": 2},
    "trading.limit_report": {"FAIL": 2},
    "trading.mail_report": {"ABORT": 2},
    "trading.holiday_notice": {"ABORT": 1, "COMPLETE": 1},
    "trading.is_month_end": {"COMPLETE": 2},
    "trading.month_end": {"ABORT": 2},
    "corners": {"FAIL": 2},
    "corners.hooked": {"COMPLETE": 2},
    "corners.after": {"COMPLETE": 2},
    "corners.everywhere": {"COMPLETE": 2},
    "corners.broken": {"FAIL": 2},
    "crash": {"FAIL": 2},
    "crash.deferred": {"COMPLETE": 1},
    "crash.killed_once": {"FAIL": 1, "COMPLETE": 2},
    "crash.killed": {"FAIL": 1},
}
"""States of the runs of each job. `corners` ran once on its schedule and once more by a backfill; `crash` twice,
the second time because its first task was cleared."""

RUNS_ON_THE_FLOOR = RUNS | {
    "trading.mail_report": {},
    "trading.holiday_notice": {"RUNNING": 1, "COMPLETE": 1},
    "trading.month_end": {},
    "crash.killed_once": {"RUNNING": 1, "COMPLETE": 1},
    "crash.killed": {},
}
"""Airflow 3.0 tells no listener of skips, and its provider cannot read on SQLite how silent tasks ended: so these stay
open or are missing. Nor does it retry a task that was killed; `killed_once` runs again when it is cleared, and `killed`
never."""

READS = {
    "trading.process": {"raw_trades"},
    "trading.metrics": {"processed_trades"},
    "trading.limit_report": {"daily_metrics"},
    "train.fit": {"daily_metrics"},
    "corners.hooked": {"trading.public.trades", "hook/in"},
}
WRITES = {
    "trading.load_feed": {"raw_trades"},
    "trading.process": {"processed_trades"},
    "trading.metrics": {"daily_metrics"},
    "trading.limit_report": {"limits"},
    "train.fit": {"limit-breach"},
    "crash.deferred": {"deferred"},
    "corners.hooked": {"declared", "hook/out"},
}
"""Names of datasets, without the folder of the test."""

EVERYWHERE = {
    ("s3://lake", "raw/trades"),
    ("gs://lake", "raw"),
    ("abfss://box", "raw"),
    ("postgres://db.example:5432", "trading.public.trades"),
    ("mysql://db.example:3307", "trading.trades"),
    ("bigquery", "project.dataset.trades"),
    ("snowflake://org-account", "trading.public.trades"),
    ("duckdb:///srv/warehouse.duckdb", "warehouse.main.trades"),
    ("sqlite:///srv/trades.db", "trades"),
    ("file", "/srv/trades.csv"),
    ("kafka://broker:9092", "trades"),
    ("x-model://trading", "limits"),
    ("odd://somewhere", "thing"),
    ("airflow://trading", "just a name"),
}
"""Datasets that `corners.everywhere` writes."""

FLOWS = {
    ("raw_trades", "processed_trades"),
    ("processed_trades", "daily_metrics"),
    ("daily_metrics", "limits"),
    ("daily_metrics", "limit-breach"),
}

DAYS = ("2026-11-02", "2026-11-03")
PARTITIONED = ("trading.load_feed", "trading.process", "trading.metrics")
NEVER_RAN = {
    "trading.mail_report": "upstream_failed",
    "trading.month_end": "skipped",
    "trading.holiday_notice": "skipped",
}
