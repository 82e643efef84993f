"""`whence drift`: where declarations and runs differ, and what rests on that."""

import pytest

from tests.cli.test_diff import EXAMPLE
from tests.cli.test_lineage import lines


@pytest.fixture
def example(whence):
    """A command on what is known of the example in the documents."""
    whence("ingest", EXAMPLE)
    return whence


def test_what_differs_and_what_rests_on_it(example):
    answer = example("drift", "positions")
    found = lines(answer)
    place = found.index("  not seen      reads accounts  declared since 2026-03-01 08:00:00Z, never seen, 4 runs since")
    assert found[place + 1].startswith("                → 4 datasets, 3 jobs, 1 report downstream: positions, exposure")
    assert found[place + 1].endswith("(tell risk-desk)")
    assert "column positions.qty: declared integer, seen decimal" in answer.out
    assert found[-1] == "1 job looked at"


def test_all_and_as_of(example):
    assert "report\n" not in example("drift").out
    everything = example("drift", "--all", "--namespace", "trading").out
    assert "undeclared job  4 of its last runs told datasets" in everything
    assert "not confirmed  what it declares  since 2026-03-01 08:00:00Z: no run since" in everything
    then = example("drift", "--as-of", "2026-03-02T20:00:00Z").out
    assert "reads rates" not in then
    assert "never seen, 2 runs since" in then


def test_check_is_for_programs(example):
    answer = example("drift", "--check", "--json", code=3).json["drift"]
    assert answer["examined"] == 4
    assert [edge["node"]["job"]["name"] for edge in answer["jobs"]["edges"]] == ["positions"]
    example("drift", "exposure", "--check")
    example("drift", "report", "--all", "--check")  # it declares nothing that could be wrong


def test_a_pipeline_that_declares_nothing(pipeline):
    assert lines(pipeline("drift")) == ["Nothing differs: 20 jobs looked at."]
    shown = pipeline("drift", "--all", "--limit", "2", "--namespace", "dbt-ns")
    assert shown.out.count("undeclared job") == 2
    assert "more jobs than the 2 shown" in shown.err


def test_pages_are_read_until_there_are_enough(example):
    names = [edge["node"]["job"]["name"] for edge in example("drift", "--all", "--json").json["drift"]["jobs"]["edges"]]
    assert names == ["audit-trail", "positions", "report"]


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["nothing"], "there is no job nothing", 1),
        (["w.main.daily_metrics", "--window", "0"], "window", 2),
        (["--as-of", "then"], "then", 2),
    ],
)
def test_wrong_calls(pipeline, arguments, message, code):
    assert message in pipeline("drift", *arguments, code=code).err
