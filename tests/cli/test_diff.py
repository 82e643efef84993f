"""`whence diff`: what changed between two times, two runs, and two versions of the code."""

from pathlib import Path

import pytest

from tests.cli.test_lineage import lines

EXAMPLE = Path(__file__).parents[2] / "docs/examples/positions.ndjson"
FIRST, SECOND = "01a1fd97-0ddc-7111-84af-53e22adb376e", "01a1fd98-2915-7b60-9e42-c42525e29354"
BETWEEN = "2026-11-21T10:12:00Z"
TIMES = ["--kind", "dataset", "--from", "2026-03-02T12:00:00Z", "--to", "2026-03-04T12:00:00Z"]
FAILED = "01a1fd98-2916-7edd-a19d-eadc73a6e25a"


@pytest.fixture
def example(whence):
    """A command on what is known of the example in the documents."""
    whence("ingest", EXAMPLE)
    return whence


def test_what_appeared_between_two_times(pipeline):
    found = lines(pipeline("diff", "w.main.daily_metrics", "--from", BETWEEN, "--down"))
    assert found[0] == "w.main.daily_metrics  dataset, what changed"
    assert [line.split("  ")[:2] for line in found if "first" in line and "bad_model" in line and "reads" in line] == [
        ["+", "w.main.tradesdbt.bad_model.build.run reads w.main.daily_metrics"]
    ]
    assert any(line.endswith(f"first 2026-11-21 10:12:48Z by run {FAILED}") for line in found)


def test_what_vanished_is_told_with_its_last_run(example):
    back = ["--from", "2026-03-03T12:00:00Z", "--to", "2026-03-03T12:00:00Z"]
    assert "Nothing differs." in example("diff", "positions", "--kind", "dataset", *back).err
    narrow = example("diff", "trades", *TIMES, "--columns", "--window", "1").out
    assert "positions.at" in narrow


def test_two_runs(pipeline):
    found = lines(pipeline("diff", "--run", FIRST, "--run", SECOND))
    assert found[0] == "w.main.tradesdbt.daily_metrics.build.run  two runs"
    [read] = [line for line in found if line.startswith("~  read w.main.processed_trades")]
    assert "of 2026-11-21 10:11:36Z (inferred) → of 2026-11-21 10:12:48Z (inferred)" in read


def test_two_versions_of_the_code(example):
    out = example("diff", "positions", "--code", "a07b", "--code", "4f1d").out
    assert "~  positions  a07b31c2 → 4f1d9e0c with uncommitted changes" in out
    assert "   +join rates f on f.currency = t.currency" in out
    assert "~  limit = 50 → 100" in out
    assert "rows 42 → 44" in out


def test_json_and_the_exit_code(example):
    answer = example("diff", "positions", *TIMES, "--json", "--exit-code", code=3).json["diff"]
    assert [edge["node"]["path"] for edge in answer["columns"]["edges"]] == ["at", "qty"]
    same = ["--from", "2026-03-01T20:00:00Z", "--to", "2026-03-02T01:00:00Z"]
    example("diff", "positions", "--kind", "dataset", *same, "--exit-code")
    runs = [f"01990000-0000-7000-8000-0000000000{n}" for n in (21, 22)]
    example("diff", "--run", runs[0], "--run", runs[1], "--exit-code", code=3)  # it read another version


def test_there_is_more_than_is_shown(example):
    assert "more than the 1 shown" in example("diff", "positions", *TIMES, "--limit", "1").err


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        ([], "say what to compare", 2),
        (["w.main.v_share"], "say what to compare", 2),
        (["--from", BETWEEN], "give the NAME", 2),
        (["w.main.v_share", "--run", FIRST, "--run", SECOND], "--run goes without NAME", 2),
        (["--run", FIRST], "--run is to be given twice", 2),
        (["w.main.v_share", "--from", BETWEEN, "--to", "2020-01-01T00:00:00Z"], "exchange them", 2),
        (["w.main.v_share", "--from", "yesterday"], "yesterday", 2),
        (["w.main.v_share", "--from", BETWEEN, "--column", "none"], "it has share", 1),
        (["--run", FIRST, "--run", "nothing"], "there is no run nothing", 1),
    ],
)
def test_wrong_calls(pipeline, arguments, message, code):
    assert message in pipeline("diff", *arguments, code=code).err
