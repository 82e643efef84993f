"""`whence freshness`, `history` and `partitions`: what the on-call engineer sees, and exit codes for alerts."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import WHENCE, run
from tests.cli.test_lineage import lines
from tests.running import running

DOCS = Path(__file__).parents[2] / "docs"
EVENTS, POLICY = DOCS / "shop.ndjson", DOCS / "freshness.toml"
THEN = ["--as-of", "2026-03-13T09:00:00Z"]


@pytest.fixture(scope="module")
def shop_server(tmp_path_factory):
    """The address of a server that knows the shop."""
    with running(tmp_path_factory.mktemp("shop")) as server:
        subprocess.run([WHENCE, "ingest", "--url", server.url, "--wait", EVENTS], check=True, capture_output=True)
        yield server.url


@pytest.fixture(params=["stores", "server"])
def shop(request):
    """A command on what is known of the shop."""
    if request.param == "server":
        url = request.getfixturevalue("shop_server")
        return lambda *args, code=0: run("--url", url, *args, *THEN, code=code)
    run("ingest", EVENTS)
    return lambda *args, code=0: run(*args, *THEN, code=code)


def test_what_is_late(shop):
    answer = shop("freshness", "--policy", POLICY, "--check", code=3)
    found = lines(answer)
    assert found[0] == "3 late"
    assert [line.split("  ")[0] for line in found if line.startswith("late by")] == [
        "late by 6 h 20 min",
        "late by 5 h",
        "late by 5 h",
    ]
    [held] = [line for line in found if line.startswith("shop.public.orders   ") and "finance" in line]
    assert held.split() == [
        "shop.public.orders",
        "2",
        "3",
        "shop.public.revenue,",
        "reports.daily_revenue",
        "ingest,",
        "finance,",
        "board",
    ]
    assert any("fail" in line and "load_orders" in line for line in found)


def test_what_is_fresh(shop):
    answer = shop("freshness", "--check")
    assert lines(answer)[0] == "0 late"
    listed = shop("freshness")
    assert lines(listed)[0] == "3 fresh, 0 without a known rhythm"
    assert "(inferred)" in listed.out
    one = shop("freshness", "revenue", "--namespace", "postgres://warehouse:5432")
    assert lines(one)[0] == "shop.public.revenue"
    assert "There is none." in shop("freshness", "--late").out
    assert "There is none." in shop("freshness", "--namespace", "mysql://x").out


def test_freshness_for_programs(shop):
    answer = shop("freshness", "--policy", POLICY, "--late", "--json", "--limit", "2").json["freshness"]
    assert [edge["node"]["rhythm"]["rule"] for edge in answer["datasets"]["edges"]] == ["reports", "orders"]
    assert answer["datasets"]["pageInfo"]["hasNextPage"]
    assert "more than the first 2" in shop("freshness", "--policy", POLICY, "--limit", "2").err


def test_history(shop):
    answer = shop("history", "orders", "--limit", "4", "--check", code=3)
    found = lines(answer)
    assert found[0] == "shop.public.orders  dataset"
    assert "unique   id   2026-03-11 02:20:00Z   2       2026-03-10 02:20:00Z" in found
    [changed] = [line for line in found if "rowCount" in line]
    assert changed.split()[2:7] == ["rowCount", "1,650", "4,074", "9", "-59%"]
    assert "more than the 4 shown" in answer.err
    job = shop("history", "load_orders", "--threshold", "0.9", "--check")
    assert "Changed" not in job.out
    assert "fail" in job.out
    assert len(shop("history", "load_orders", "--json").json["history"]["entries"]["edges"]) == 11


def test_partitions(shop):
    answer = shop("partitions", "orders", "--from", "2026-03-01", "--check", code=3)
    found = lines(answer)
    assert found[2] == "expected   every day, UTC (inferred)"
    assert found[3] == "in all     12: 9 present, 1 partial, 1 failed, 1 missing"
    assert found[8].split()[:4] == ["2026-03-01", "2026-03-04", "present", "4"]
    assert any(line.startswith("2026-03-08") and "region=us missing" in line for line in found)
    gaps = lines(shop("partitions", "build_revenue", "--from", "2026-03-01", "--gaps"))
    assert [line.split() for line in gaps[-2:]] == [["2026-03-05", "missing", "1"], ["2026-03-12", "missing", "1"]]
    assert "present" not in " ".join(gaps[5:])
    shop("partitions", "build_revenue", "--from", "2026-03-06", "--to", "2026-03-12", "--check")
    hours = shop(
        "partitions", "orders", "--from", "2026-03-01", "--step", "hour", "--json", "--gaps", "--limit", "600"
    ).json
    edges = hours["partitions"]["partitions"]["edges"]
    assert len({edge["node"]["at"] for edge in edges}) == len(edges)
    assert len(edges) == hours["partitions"]["counts"]["missing"] + 2


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["freshness", "nothing"], "whence search", 1),
        (["freshness", "--policy", "none.toml"], "none.toml cannot be read", 2),
        (["freshness", "--policy", str(EVENTS)], "is no TOML", 2),
        (["history", "orders", "--threshold", "-1"], "threshold", 2),
        (["partitions", "orders"], "--from", 2),
        (["partitions", "orders", "--from", "yesterday"], "ISO 8601", 2),
        (["partitions", "orders", "--from", "2026-03-01", "--zone", "Mars"], "no time zone", 2),
        (["partitions", "orders", "--from", "2026-03-01", "--to", "2026-02-01"], "ends before it begins", 2),
    ],
)
def test_wrong_calls(shop, arguments, message, code):
    assert message in shop(*arguments, code=code).err
