"""`make demo`, as a newcomer runs it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def demo(**environment):
    """What the demo prints when it is run once."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WHENCE_TEST_")}
    command = [sys.executable, "demo/run.py"]
    done = subprocess.run(command, cwd=ROOT, env=clean | {"ONCE": "1"} | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(output):
    """All questions have their answers."""
    for expected in (
        "92 events",
        "w.main.daily_metrics ← w.main.tradesdbt.daily_metrics.build.run\n"
        "└── w.main.processed_trades ← w.main.tradesdbt.processed_trades.build.run\n"
        "    └── w.main.raw_trades\n",
        "├── w.main.bad_model ← w.main.tradesdbt.bad_model.build.run  failed\n",
        "w.main.v_share.share\n",
        "├── w.main.raw_trades.px\n",
        "lake/orders.amount  aggregation, filter (indirect)\n",
        '"runId":"01a1fd98-2916-7edd-a19d-eadc73a6e25a"',
        "w.main.tradesdbt.bad_model.build.run 01a1fd98-2916-7edd-a19d-eadc73a6e25a fail\n",
        "may be incomplete",
        "dbt build --select bad_model",
        "limit-advice-0002 (answers://desk) ← advise-limits (model-platform)",
        "decided    APPROVED by role:model-risk-officer/4b1e",
        "evidence.zip: accepted, ",
        "model.pdf: ",
    ):
        assert expected in output, expected


def test_the_demo_on_sqlite():
    check(demo(WHENCE_LOG="sqlite:///elsewhere.db", WHENCE_URL="http://127.0.0.1:1"))


def test_the_demo_on_neo4j():
    output = demo(GRAPH="neo4j")
    assert "its graph in Neo4j" in output
    check(output)
