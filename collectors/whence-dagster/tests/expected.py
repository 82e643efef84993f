"""What the graph must hold after the runs in `conftest.trading`, written by hand from the pipeline's definition."""

DAYS = ("2026-11-02", "2026-11-03")

RUNS = {
    # Dagster's run of each job, and each attempt of each of its steps, in order of time
    "daily_trades": ["COMPLETE", "COMPLETE"],
    "daily_trades.raw_trades.list_feeds": ["COMPLETE", "COMPLETE"],
    "daily_trades.raw_trades.load_feed": ["COMPLETE"] * 100,
    "daily_trades.raw_trades.store_trades": ["COMPLETE", "COMPLETE"],
    "daily_trades.split_trades": ["COMPLETE", "COMPLETE"],
    "daily_trades.daily_metrics": ["FAIL", "COMPLETE", "FAIL", "COMPLETE"],
    "daily_trades.daily_metrics_enough_volume": ["COMPLETE", "COMPLETE"],
    "__ASSET_JOB": ["COMPLETE", "FAIL"],
    "__ASSET_JOB.instruments": ["COMPLETE"],
    "__ASSET_JOB.model": ["COMPLETE"],
    "__ASSET_JOB.limit_report": ["FAIL"],
    "__ASSET_JOB.limit_mail": ["ABORT"],
    "export": ["COMPLETE"],
    "export.export_model": ["COMPLETE"],
}

READS = {
    "daily_trades.raw_trades.store_trades": {"feeds"},
    "daily_trades.split_trades": {"raw_trades", "instruments"},
    "daily_trades.daily_metrics": {"processed_trades"},
    "daily_trades.daily_metrics_enough_volume": {"daily_metrics"},
    "__ASSET_JOB.instruments": {"instruments"},
    "__ASSET_JOB.model": {"daily_metrics"},
    "__ASSET_JOB.limit_report": {"model"},
    "__ASSET_JOB.limit_mail": {"limit_report"},
    "export.export_model": {"model"},
}

WRITES = {
    "daily_trades.raw_trades.store_trades": {"raw_trades"},
    "daily_trades.split_trades": {"processed_trades", "rejected_trades"},
    "daily_trades.daily_metrics": {"daily_metrics"},
    "__ASSET_JOB.model": {"model"},
    "__ASSET_JOB.limit_report": {"limit_report"},
    "__ASSET_JOB.limit_mail": {"limit_mail"},
    "export.export_model": {"model_export"},
}

DECLARED = {
    # of each step of a job that is defined with it: what the definitions say of its inputs and outputs
    "daily_trades.raw_trades.store_trades": ({"feeds"}, {"raw_trades"}),
    "daily_trades.split_trades": (
        {"raw_trades", "instruments"},
        {"processed_trades", "rejected_trades"},
    ),
    "daily_trades.daily_metrics": ({"processed_trades"}, {"daily_metrics"}),
    "__ASSET_JOB.instruments": ({"instruments"}, set()),
    "__ASSET_JOB.model": ({"daily_metrics"}, {"model"}),
    "__ASSET_JOB.limit_report": ({"model"}, {"limit_report"}),
    "__ASSET_JOB.limit_mail": ({"limit_report"}, {"limit_mail"}),
}

FLOWS = {
    # from dataset to dataset: rejected_trades does not depend on the instruments, though its step reads them
    ("feeds", "raw_trades"),
    ("raw_trades", "processed_trades"),
    ("instruments", "processed_trades"),
    ("raw_trades", "rejected_trades"),
    ("processed_trades", "daily_metrics"),
    ("daily_metrics", "model"),
    ("model", "limit_report"),
    ("limit_report", "limit_mail"),
    ("model", "model_export"),
}

COLUMNS = {
    ("raw_trades", "symbol", "processed_trades", "symbol"),
    ("raw_trades", "px", "processed_trades", "notional"),
    ("processed_trades", "notional", "daily_metrics", "total"),
}

PARTITIONED = {
    # what each run of a day, in its last attempt, wrote of which partition, and how many rows
    "daily_trades.raw_trades.store_trades": {"raw_trades": 50},
    "daily_trades.split_trades": {"processed_trades": 48, "rejected_trades": 2},
    "daily_trades.daily_metrics": {"daily_metrics": 1},
}

CHECKS = {
    ("daily_trades.split_trades", "processed_trades", "notional_positive", "pass", "error"),
    ("daily_trades.daily_metrics_enough_volume", "daily_metrics", "enough_volume", "fail", "warn"),
}
