"""Under load for a while: memory stays bounded, the graph keeps up, answers stay right."""

import subprocess
import sys
import time
from urllib.parse import urlencode

import pytest

from tests.benchmarks.process import memory_mb
from tests.benchmarks.workload import NAMESPACE, dataset_name
from tests.running import running

JOBS = 15_000
MAX_MB = 250


@pytest.mark.full
def test_memory_stays_bounded_under_load(tmp_path):
    with running(tmp_path) as server:
        port = server.url.rsplit(":", 1)[1]
        load = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.load", port, "batch", "0", str(JOBS)])
        highest = 0.0
        while load.poll() is None:
            highest = max(highest, memory_mb(server.pid)[0])
            time.sleep(0.5)
        assert load.returncode == 0
        assert server.settle()["log"]["size"] == 2 * JOBS
        asked = urlencode({"namespace": NAMESPACE, "name": dataset_name(JOBS // 2), "maxNodes": 100_000, "depth": 10})
        for _ in range(20):
            status, answer = server.get(f"/api/v1/lineage/graph?{asked}")
            assert (status, answer["truncated"]) == (200, False)
        # 10 layers up and down: n + 1 datasets and n jobs on layer n, the start once
        up = sum(n + 1 for n in range(1, 11))
        assert sum(node["kind"] == "DATASET" for node in answer["nodes"]) == 2 * up + 1
        assert max(highest, memory_mb(server.pid)[0]) < MAX_MB
