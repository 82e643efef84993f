"""What names of partitions mean."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from whence.analyses.partitions.keys import read_dimensions, read_identifier
from whence_schemas.partitions import PartitionStep

HOUR, DAY, WEEK, MONTH = PartitionStep


@pytest.mark.parametrize(
    ("name", "time", "step", "key"),
    [
        ("2026-03-01", (2026, 3, 1), DAY, ""),
        ("20260301", (2026, 3, 1), DAY, ""),
        ("2026-03", (2026, 3, 1), MONTH, ""),
        ("2026-03-01-05:00", (2026, 3, 1, 5), HOUR, ""),
        ("2026-03-01T05:00:00Z", (2026, 3, 1, 5), HOUR, ""),
        ("2026-03-01T05:00:00+02:00", (2026, 3, 1, 3), HOUR, ""),
        ("2026030105", (2026, 3, 1, 5), HOUR, ""),
        ("2026-W10", (2026, 3, 2), WEEK, ""),
        ("2026-03-01|eu", (2026, 3, 1), DAY, "eu"),
        ("eu|2026-03-01", (2026, 3, 1), DAY, "eu"),
        ("date=2026-03-01/region=eu", (2026, 3, 1), DAY, "region=eu"),
        ("s3://lake/orders/year=2026/month=03/day=01/part-0.parquet", (2026, 3, 1), DAY, ""),
        ("/lake/orders/dt=2026-03-01/hour=05", (2026, 3, 1, 5), HOUR, ""),
        ("month=2026-01", (2026, 1, 1), MONTH, ""),
        ("orders$20260301", (2026, 3, 1), DAY, ""),
        ("eu", None, None, "eu"),
        ("2026-13-01", None, None, "2026-13-01"),
        ("2026-W60", None, None, "2026-W60"),
        ("region=eu/shard=7", None, None, "region=eu/shard=7"),
    ],
)
def test_an_identifier_or_path(name, time, step, key):
    assert read_identifier(name, UTC) == (datetime(*time) if time else None, step, key)


def test_partition_columns():
    zone = ZoneInfo("Europe/Berlin")
    assert read_dimensions({"region": "eu", "year": 2026, "month": "3", "day": 1}, UTC) == (
        datetime(2026, 3, 1),
        DAY,
        "region=eu",
    )
    assert read_dimensions({"at": "2026-03-01T23:30:00Z"}, zone).time == datetime(2026, 3, 2, 0, 30)
    assert read_dimensions({"at": "2026-03-01T23:30:00"}, zone).time == datetime(2026, 3, 1, 23, 30)
    assert read_dimensions({"month": 3, "shop": None}, UTC) == (None, None, "month=3/shop=None")
    assert read_dimensions({"year": 2026, "month": 14}, UTC).time is None
