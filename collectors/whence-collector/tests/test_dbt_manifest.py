"""A real dbt project's manifest, declared, and the same project run by dbt-ol: one graph, with the same names."""

import json
import subprocess
import sys

import pytest

from tests.openlineage.validity import facets, problems
from tests.orchestrators.dbt_project import DbtProject, dbt_environment, without_dbt
from tests.orchestrators.graph_shape import shape_of
from whence_collector.dbt.cli import main

MODES = {"build": ["build"], "run": ["run"], "logs": ["--consume-structured-logs"]}
"""How the manifest is declared for dbt as production runs it."""
COMMANDS = {
    "build": [["build"]],
    "run": [["seed"], ["snapshot"], ["run"], ["test"]],
    "logs": [["--consume-structured-logs", "build"]],
}
MORE = {
    # what dbt-ol is silent about in one mode or both: an ephemeral model, a seed without columns, a snapshot as input
    "models/large_trades.sql": """{{ config(materialized="ephemeral") }}
        select * from {{ ref("processed_trades") }} where notional > 50""",
    "models/alerts.sql": """select * from {{ ref("large_trades") }}""",
    "models/everything.sql": """-- monthly sums: postgres://desk:hunter2@db:5432/trades
        select * from {{ ref("raw_trades") }}""",
    "models/history.sql": """select * from {{ ref("trades_then") }}
        join {{ source("desk", "limits") }} using (symbol)""",
    "models/sources.yml": """
sources:
  - name: desk
    schema: main
    description: What risk allows.
    tables:
      - {name: limits, config: {meta: {owner: risk-desk}}, columns: [{name: symbol, data_type: varchar}]}
""",
    "seeds/limits.csv": "symbol,limit_usd\nABC,100\n",
    "snapshots/trades_then.yml": """
snapshots:
  - {name: trades_then, relation: ref('raw_trades'), config: {strategy: check, unique_key: id, check_cols: all}}
""",
    "tests/no_negative_totals.sql": """select * from {{ ref("daily_metrics") }} where total < 0""",
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A project with all of this, once for all tests: dbt takes its time."""
    folder = tmp_path_factory.mktemp("dbt")
    project = DbtProject(folder, folder / "spool", dbt_environment())
    for path, text in MORE.items():
        project.write(path, text)
    project.run("dbt", "compile")
    return project


@pytest.fixture
def project(compiled, folder):
    compiled.spool = folder
    return compiled


@pytest.fixture
def declare(project, events):
    """Declares, and gives the events of that."""

    def declare(*arguments: str, **variables: str) -> list[dict]:
        before = len(events())
        project.run("whence-dbt-manifest", *arguments, **variables)
        return events()[before:]

    return declare


@pytest.fixture
def whence(folder, tmp_path):
    """Answers of commands on all that is in the spool."""

    def command(*arguments: str) -> str:
        line = [sys.executable, "-m", "whence", *arguments]
        return subprocess.run(line, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    def whence(*arguments: str) -> dict:
        command("ingest", *sorted(map(str, folder.glob("[0-9]*.ndjson"))))
        return json.loads(command(*arguments, "--json"))

    return whence


@pytest.fixture
def drift(whence):
    """What differs between declarations and runs: kind, job, what, dataset and field."""

    def drift() -> set[tuple[str, ...]]:
        found = set()
        for job in (edge["node"] for edge in whence("drift", "--all")["drift"]["jobs"]["edges"]):
            for finding in (edge["node"] for edge in job["findings"]["edges"]):
                dataset = (finding["dataset"] or {}).get("name", "")
                found.add((finding["kind"], job["job"]["name"], finding["subject"], dataset, finding["field"] or ""))
        return found

    return drift


def jobs(declared):
    """JobEvents by name."""
    return {event["job"]["name"]: event for event in declared if "job" in event}


def datasets(declared):
    """Facets of DatasetEvents by name."""
    return {event["dataset"]["name"]: event["dataset"]["facets"] for event in declared if "dataset" in event}


JOB = "trades.main.tradesdbt"
RAW = "trades.main.raw_trades"
TYPES = {"id": "INTEGER", "day": "DATE", "symbol": "VARCHAR", "notional": "DOUBLE"}
"""Of processed_trades, as DuckDB has them."""
EDGES = {
    f"{JOB}.processed_trades.build.run READS trades.main.raw_trades",
    f"{JOB}.processed_trades.build.run WRITES trades.main.processed_trades",
    f"{JOB}.processed_trades.build.test READS trades.main.processed_trades",
    f"{JOB}.daily_metrics.build.run READS trades.main.processed_trades",
    f"{JOB}.daily_metrics.build.run WRITES trades.main.daily_metrics",
    f"{JOB}.daily_metrics.build.test READS trades.main.daily_metrics",
    "test.tradesdbt.no_negative_totals READS trades.main.daily_metrics",
    "exposure.tradesdbt.daily_report READS trades.main.daily_metrics",
    f"{JOB}.alerts.build.run READS trades.main.large_trades",
    f"{JOB}.alerts.build.run WRITES trades.main.alerts",
    f"{JOB}.everything.build.run WRITES trades.main.everything",
    f"{JOB}.history.build.run READS trades.main.limits",
    f"{JOB}.history.build.run WRITES trades.main.history",
    f"{JOB}.trades_then.build.snapshot WRITES trades.main.trades_then",
    "trades.main.processed_trades.id DERIVED_FROM trades.main.raw_trades.id",
    "trades.main.processed_trades.day DERIVED_FROM trades.main.raw_trades.day",
    "trades.main.processed_trades.symbol DERIVED_FROM trades.main.raw_trades.symbol",
    "trades.main.processed_trades.notional DERIVED_FROM trades.main.raw_trades.px",
    "trades.main.processed_trades.notional DERIVED_FROM trades.main.raw_trades.qty",
    "trades.main.daily_metrics.day DERIVED_FROM trades.main.processed_trades.day",
    "trades.main.daily_metrics.total DERIVED_FROM trades.main.processed_trades.notional",
    # what no job of dbt-ol says in its default mode, of the datasets themselves
    "trades.main.large_trades DERIVED_FROM trades.main.processed_trades",
    "trades.main.everything DERIVED_FROM trades.main.raw_trades",
    "trades.main.trades_then DERIVED_FROM trades.main.raw_trades",
    "trades.main.history DERIVED_FROM trades.main.trades_then",
}


async def test_all_that_the_manifest_says_is_declared(declare):
    declared = declare()
    assert (await shape_of(declared)).edges == EDGES
    assert set(datasets(declared)) == {
        *("trades.main.raw_trades", "trades.main.limits"),  # seeds and sources, which no job makes
        *("trades.main.large_trades", "trades.main.everything", "trades.main.trades_then", "trades.main.history"),
    }


def test_facets_say_who_owns_what_and_where_its_code_is(declare):
    where = {"WHENCE_CODE_REPOSITORY": "https://git.example.com/desk/trades", "WHENCE_CODE_COMMIT": "4f2c1d"}
    declared = declare(**where)
    daily = jobs(declared)[f"{JOB}.daily_metrics.build.run"]
    of_job, [output] = daily["job"]["facets"], daily["outputs"]
    assert {facet["jobType"]["integration"] for facet in (j["job"]["facets"] for j in jobs(declared).values())} == {
        "DBT"
    }
    assert [owner["name"] for owner in of_job["ownership"]["owners"]] == ["risk-desk"]
    assert [owner["name"] for owner in output["facets"]["ownership"]["owners"]] == ["risk-desk"]
    assert of_job["documentation"]["description"] == "What was traded, by day."
    assert of_job["sourceCodeLocation"]["version"] == "4f2c1d"
    assert 'from "trades"."main"."processed_trades"' in of_job["sql"]["query"]
    assert [tag["key"] for tag in output["facets"]["tags"]["tags"]] == ["daily"]
    assert output["facets"]["datasetType"]["datasetType"] == "TABLE"
    [field] = jobs(declared)[f"{JOB}.processed_trades.build.run"]["outputs"][0]["facets"]["schema"]["fields"]
    assert (field["name"], field["description"]) == ("notional", "Quantity times price.")
    assert [owner["name"] for owner in datasets(declared)["trades.main.limits"]["ownership"]["owners"]] == ["risk-desk"]


def test_an_exposure_is_a_report_at_the_end_with_its_owner(declare, whence):
    exposure = jobs(declare())["exposure.tradesdbt.daily_report"]
    of_job = exposure["job"]["facets"]
    assert of_job["jobType"]["jobType"] == "DASHBOARD"
    assert [owner["name"] for owner in of_job["ownership"]["owners"]] == ["risk-desk"]
    assert of_job["documentation"]["description"].endswith("\n\nhttps://dashboards.example.com/daily")
    [end] = [edge["node"] for edge in whence("impact", RAW)["impact"]["ends"]["edges"]]
    assert (end["kind"], end["word"], end["distance"]) == ("REPORT", "DASHBOARD", 3)
    assert end["node"]["name"] == "exposure.tradesdbt.daily_report"


@pytest.mark.parametrize("mode", ["build", "logs"])
def test_every_event_is_valid_and_claims_no_result(declare, mode):
    for event in declare(*MODES[mode]):
        assert not [where for where, _ in facets(event) if "dataQuality" in where or "outputFacets" in where]
        assert problems(without_dbt(event)) == []


def test_the_same_manifest_is_declared_in_the_same_bytes(declare, lines):
    first = declare()
    declare()
    assert len(set(lines())) == len(first)


def test_secrets_in_sql_are_taken_out(declare, lines):
    declare()
    text = b"".join(lines())
    assert b"monthly sums" in text
    assert b"hunter2" not in text


@pytest.mark.parametrize("mode", ["build", "logs", pytest.param("run", marks=pytest.mark.full)])
async def test_what_is_declared_is_what_runs_show(project, declare, events, drift, mode):
    declared = declare(*MODES[mode])
    for command in COMMANDS[mode]:
        project.run("dbt-ol", *command)
    ran = [event for event in events()[len(declared) :] if ".sql." not in event["job"]["name"]]
    around = {"dbt-run-tradesdbt"}
    assert {event["job"]["name"] for event in ran} - around == jobs(declared).keys() - {
        "exposure.tradesdbt.daily_report"
    }
    said, shown = await shape_of(jobs(declared).values()), await shape_of(ran)
    without = ("exposure.", *around) if mode != "logs" else ("exposure.", *around, "DERIVED_FROM")
    assert {edge for edge in said.edges if not any(word in edge for word in without)} == {
        edge for edge in shown.edges if "PART_OF" not in edge
    }
    assert drift() == {("UNCONFIRMED", "exposure.tradesdbt.daily_report", "JOB", "", "")}
    if mode == "build":
        project.run("dbt", "docs", "generate", "--target-path", "documented")
        processed = jobs(declare("--target-path", "documented"))[f"{JOB}.processed_trades.build.run"]
        assert {
            field["name"]: field["type"] for field in processed["outputs"][0]["facets"]["schema"]["fields"]
        } == TYPES


def test_drift_finds_what_was_added_and_what_was_changed(folder, tmp_path, drift):
    """A model is declared and not run; another runs with other SQL than it was declared with."""
    project = DbtProject(tmp_path, folder, dbt_environment())
    project.write("models/by_symbol.sql", """select symbol from {{ ref("processed_trades") }}""")
    project.run("dbt", "compile")
    project.run("whence-dbt-manifest")
    project.write(
        "models/daily_metrics.sql", """select day, sum(id) as total from {{ ref("raw_trades") }} group by day"""
    )
    project.run("dbt-ol", "build", "--exclude", "by_symbol")
    daily = f"{JOB}.daily_metrics.build.run"
    assert drift() == {
        ("UNCONFIRMED", "exposure.tradesdbt.daily_report", "JOB", "", ""),
        ("UNCONFIRMED", f"{JOB}.by_symbol.build.run", "JOB", "", ""),
        ("NOT_OBSERVED", daily, "INPUT", "trades.main.processed_trades", ""),
        ("NOT_DECLARED", daily, "INPUT", "trades.main.raw_trades", ""),
    }


def test_what_is_wrong_is_said(project, tmp_path, capsys):
    (tmp_path / "elsewhere").mkdir()
    done = project.run("whence-dbt-manifest", "--target-path", "elsewhere", check=False)
    assert done.returncode == 2
    assert "run `dbt compile` before" in done.stderr
    done = project.run("whence-dbt-manifest", "--target", "unknown", check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    done = project.run("whence-dbt-manifest", check=False, WHENCE_SPOOL_MAX_BYTES="1")
    assert done.returncode == 1
    assert "lineage events are dropped" in done.stderr
    assert main([]) == 2
    assert "pip install 'whence-collector[dbt]'" in capsys.readouterr().err  # dbt-ol is not in this environment
