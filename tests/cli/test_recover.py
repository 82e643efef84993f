"""`whence recover`: the plan for people, for programs, and as a script that a shell runs."""

import os
import shlex
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.build import dataset, event, payload
from tests.cli.test_lineage import lines
from whence.cli.analyses.recovery.script import script_of

RUN = "01a1fd98-2916-7edd-a19d-eadc73a6e25a"
MAKES = "w.main.tradesdbt.{}.build.run"


def test_a_failed_run(pipeline):
    answer = pipeline("recover", "--run", RUN)
    found = lines(answer)
    assert found[0] == f"{RUN}  run of {MAKES.format('bad_model')}"
    assert found[1] == "to do  1 step in 1 wave"
    assert found[2] == "stale  1 version, 1 of them what readers get now"
    start = found.index("Plan")
    assert found[start + 1].split() == ["wave", "job", "why", "command"]
    assert found[start + 3].split() == [
        *["1", MAKES.format("bad_model"), "failed"],
        *["dbt", "build", "--select", "bad_model"],
    ]
    assert f"whence recover --run {RUN} --until 20" in answer.err


def test_a_dataset_that_is_bad(pipeline):
    answer = pipeline("recover", "daily_metrics")
    assert "dataset, bad" in answer.out
    assert "dbt build --select daily_metrics" in answer.out
    assert "w.main.v_share" in answer.out
    assert "processed_trades.build.run" not in answer.out  # it was not built on it
    whole = pipeline("recover", "daily_metrics", "--json").json["recovery"]
    assert whole["counts"]["open"] == len(
        [work for step in whole["steps"]["edges"] for work in step["node"]["work"]["edges"]]
    )
    few = pipeline("recover", "daily_metrics", "--limit", "1")
    assert "more than the 1 shown" in few.err
    assert "nothing" in pipeline("recover", "daily_metrics", "--as-of", "2020-01-01T00:00:00Z").out


def test_a_job_since_and_late(pipeline):
    assert (
        "2020-01-01"
        in pipeline("recover", "--job", MAKES.format("daily_metrics"), "--since", "2020-01-01T00:00:00Z").out
    )
    late = pipeline(
        "recover", "daily_metrics", "--late", "--since", "2030-01-01T00:00:00Z", "--as-of", "2031-01-01T00:00:00Z"
    )
    assert "dataset, late since" in late.out
    assert "missing" in late.out


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        ([], "give one of NAME", 2),
        (["daily_metrics", "--run", RUN], "give one of NAME", 2),
        (["daily_metrics", "--script", "--json"], "give one of --script", 2),
        (["daily_metrics", "--late"], "`late` goes with", 2),
        (["daily_metrics", "--version", "v9"], "no version v9", 1),
        (["nothing"], "whence search", 1),
    ],
)
def test_wrong_calls(pipeline, arguments, message, code):
    assert message in pipeline("recover", *arguments, code=code).err


# The script


def stubs(folder: Path, *names: str) -> dict[str, str]:
    """An environment in which these programs only note how they were called."""
    (folder / "bin").mkdir(exist_ok=True)
    for name in names:
        stub = folder / "bin" / name
        stub.write_text(f'#!/bin/sh\nprintf "%s\\0" "$#" {name} "$@" >> "$CALLS"\n')
        stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    calls = folder / "calls"
    calls.unlink(missing_ok=True)
    return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "CALLS": str(calls)}


def play(script: str, folder: Path, answers: str = "") -> tuple[int, list[list[str]]]:
    """Check a script's syntax and run it; its exit code, and how it called programs."""
    file = folder / "recover.sh"
    file.write_text(script)
    subprocess.run(["sh", "-n", file], check=True)
    environment = stubs(folder, "airflow", "dagster", "prefect", "dbt")
    done = subprocess.run(["sh", file], env=environment, input=answers, cwd=folder, text=True, capture_output=True)
    calls = Path(environment["CALLS"])
    words = calls.read_bytes().decode().split("\0")[:-1] if calls.exists() else []
    said = []
    while words:  # how many arguments, the program, the arguments
        count = int(words.pop(0)) + 1
        said.append(words[:count])
        del words[:count]
    return done.returncode, said


def test_the_script_runs_the_plan(pipeline, folder):
    script = pipeline("recover", "daily_metrics", "--script").out
    whole = pipeline("recover", "daily_metrics", "--json").json["recovery"]
    commands = [step["node"]["command"] for step in whole["steps"]["edges"]]
    assert script.startswith("#!/bin/sh\n")
    assert "set -eu" in script
    code, calls = play(script, folder, "\n" * 20)
    assert code == 0
    assert calls == [command for command in commands if command]


def test_without_a_person_it_stops_where_one_is_needed(folder, whence):
    Path("events.ndjson").write_bytes(
        b"\n".join(
            payload(one)
            for one in [
                event("COMPLETE", "10:00:00", "load", 1, (), ["raw"]),
                event("COMPLETE", "11:00:00", "clean", 2, ["raw"], ["tidy"], DBT_RUN, DBT_JOB),
            ]
        )
    )
    whence("ingest", "events.ndjson")
    script = whence("recover", "raw", "--script").out
    code, calls = play(script, folder)
    assert code != 0
    assert calls == []
    assert play(script, folder, "\n")[1] == [["dbt", "build", "--select", "clean"]]


DBT_RUN = {"dbt_run": {"project_name": "shop"}}
DBT_JOB = {"jobType": {"integration": "DBT", "jobType": "MODEL"}, "dbt_node": {"unique_id": "model.shop.clean"}}

_wild = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
wild = _wild | st.sampled_from(
    [
        "$(touch owned)",
        "`touch owned`",
        "'; touch owned; '",
        "\n touch owned\n",
        "--help",
        "-",
        "a b",
        "*",
        "\\",
        '"',
        "é💾",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(wild, min_size=1, max_size=4), max_size=4), wild, wild)
def test_no_name_gets_out_of_its_quotes(tmp_path, commands, name, hint):
    """Whatever words a command has, and however things are named, the programs get just these words."""
    commands = [["airflow", *words] for words in commands]
    work = {
        "job": {"name": name},
        "partition": {name: hint},
        "nominalStart": None,
        "reason": "STALE",
    }

    def step(wave, command):
        return {
            "wave": wave,
            "command": command,
            "commandLine": shlex.join(command) or None,
            "waits": True,
            "hint": hint,
            "work": {"edges": [{"node": work}]},
        }

    steps = [step(wave, command) for wave, command in enumerate([*commands, []], 1)]
    recovery = {
        "start": {"kind": "DATASET", "name": name},
        "asOf": "2026-01-01T00:00:00Z",
        "counts": {"open": 1, "waves": 1, "steps": 1, "byHand": 1},
        "repairs": {"edges": [{"node": {"dataset": {"name": name, "namespace": hint}}}]},
        "steps": {"edges": [{"node": one} for one in steps]},
    }
    code, calls = play(script_of(recovery, ["whence", "recover", name]), tmp_path, "\n\n")
    assert code == 0
    assert calls == commands
    assert not (tmp_path / "owned").exists()


@settings(
    max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(wild, wild, wild)
def test_names_in_events_reach_the_programs_as_they_are(whence, tmp_path_factory, dag, task, asset):
    """From events to the words that the orchestrators' programs get."""
    folder = tmp_path_factory.mktemp("wild")
    os.chdir(folder)
    day = "2026-01-05T00:00:00+00:00"
    airflow = {"airflow": {"dag": {"dag_id": dag}, "dagRun": {"logical_date": day}, "task": {"task_id": task}}}
    pointer = {"module": asset}
    dagster = {"whence_dagster": {"assetKeys": [[asset]], "codeLocation": "x", "codePointer": pointer}}
    events = [
        event("COMPLETE", "10:00:00", "load", 1, (), ["raw"], airflow, {"jobType": {"integration": "AIRFLOW"}}),
        event(
            "COMPLETE",
            "11:00:00",
            asset,
            2,
            ["raw"],
            [dataset("tidy")],
            dagster,
            {"jobType": {"integration": "DAGSTER"}},
        ),
    ]
    Path("events.ndjson").write_bytes(b"\n".join(map(payload, events)))
    whence("ingest", "events.ndjson")
    script = whence("recover", "raw", "--script").out
    whole = whence("recover", "raw", "--json").json["recovery"]
    commands = [step["node"]["command"] for step in whole["steps"]["edges"]]
    assert (commands[0][0], commands[0][-1]) == ("airflow", dag)
    assert commands[1] == [] or commands[1][-1].removeprefix("--module-name=") == asset
    code, calls = play(script, folder, "\n" * 3)
    assert code == 0
    assert calls == [command for command in commands if command]
    assert not (folder / "owned").exists()
