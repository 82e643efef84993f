"""What docs/collectors.md shows: any Python code says what it reads and writes."""

from whence_collector import Dataset, run

raw = Dataset("postgres://db:5432", "trading.public.raw_trades")
daily = Dataset("postgres://db:5432", "trading.public.daily_metrics")

with run("daily_metrics", namespace="desk", parameters={"day": "2026-11-20"}) as r:
    r.read(raw, partition={"day": "2026-11-20"})
    r.write(daily, rows=12, columns={"total": raw["px"].by("AGGREGATION")})
    r.check(daily, "row_count", success=True, actual=12)
