# Everything runs from .venv, which `make setup` fills; it needs Python 3.11+ and make, nothing else.
PYTHON ?= python3
BIN := .venv/bin
# Two processes, a file of tests at a time; property tests try the same examples in every run.
OPTIONS := -n 2 --dist loadfile --hypothesis-profile=ci
PYTEST := $(BIN)/python -m pytest $(OPTIONS)

.PHONY: setup demo demo-airflow demo-dagster demo-prefect test test-full lint bench bench-collectors clean

setup: .venv/.complete

.venv/.complete: pyproject.toml constraints.txt collectors/whence-collector/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Whence needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local-neo4j,test]' \
		--editable collectors/whence-collector
	@touch $@

demo: setup  ## The main job, on the embedded default; GRAPH=neo4j for Neo4j, ONCE=1 to stop at the end
	@$(BIN)/python demo/run.py

demo-airflow: setup  ## The trading pipeline in a real Airflow, in an environment of its own
	@$(BIN)/python collectors/whence-airflow/examples/demo.py

demo-dagster: setup  ## The trading pipeline in a real Dagster, in an environment of its own
	@$(BIN)/python collectors/whence-dagster/examples/demo.py

demo-prefect: setup  ## A real Prefect with its collector, in an environment of its own
	@$(BIN)/python collectors/whence-prefect/examples/demo.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint  ## All tests, latest versions
	$(PYTEST) -m "not full"

test-full: setup  ## Older versions, crash loops, soak
	$(PYTEST) -m full
	$(BIN)/python tests/lowest.py $(OPTIONS)

bench: setup  ## Prints figures; JOBS=... changes the size
	$(BIN)/python -m tests.benchmarks

bench-collectors: setup  ## What collectors cost pipelines and lose; ORCHESTRATOR=, MODE=, TASKS= and ROUNDS= choose
	$(BIN)/python -m tests.benchmarks.collectors

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
