"""`whence impact`: counts, who is to be told, and what is touched with the path that proves it."""

import pytest

from tests.cli.test_lineage import DBT, lines

RAW = ["w.main.raw_trades", "--column", "px"]
MAKES = "w.main.tradesdbt.{}.build.run"


def test_a_column_that_goes_away(pipeline):
    answer = pipeline("impact", *RAW, "--depth", "1")
    found = lines(answer)
    assert found[:5] == [
        "w.main.raw_trades.px  column, goes away",
        "touches  1 dataset, 1 column, 1 job",
        "also     1 owner",
        f"where    datasets in {DBT}",
        "         jobs in dbt-ns",
    ]
    assert found[5].startswith("as of    20")
    assert found[7:] == [
        "By distance",
        "distance   datasets   columns   jobs   owners",
        "─────────────────────────────────────────────",
        "1          1          1         1      1",
        "",
        "Owners to tell",
        "distance   owner      owns   nearest",
        "────────────────────────────────────────────────────",
        "1          data-eng   1      w.main.processed_trades",
        "",
        "Touched",
        "distance   kind      name                                          by way of",
        found[19],
        "1          column    w.main.processed_trades.notional              "
        f"w.main.raw_trades.px → {MAKES.format('processed_trades')}",
        "1          dataset   w.main.processed_trades                       "
        f"w.main.raw_trades.px → {MAKES.format('processed_trades')} → w.main.processed_trades.notional",
        f"1          job       {MAKES.format('processed_trades')}   w.main.raw_trades.px",
    ]


def test_what_is_inferred_is_marked(pipeline):
    answer = pipeline("impact", *RAW)
    assert "inferred  3 of these" in answer.out
    [line] = [line for line in lines(answer) if line.startswith("3          job       test.tradesdbt.no_negative")]
    assert "inferred" in line
    assert "did not tell which columns they use (test.tradesdbt.no_negative" in answer.err


def test_changes_granularity_and_limits(pipeline):
    renamed = pipeline("impact", "w.main.raw_trades", "--change", "rename", "--kind", "dataset").out
    assert "gets another name" in renamed
    assert "daily_metrics" not in renamed
    whole = pipeline("impact", "w.main.raw_trades", "--kind", "dataset", "--limit", "2")
    assert "There are more than the 2 shown" in whole.err
    assert "masked" not in whole.out
    assert ".email_hash" in pipeline("impact", "lake/customers", "--columns").out
    assert "v_share" not in pipeline("impact", "w.main.raw_trades", "--as-of", "2020-01-01T00:00:00Z").out


def test_several_and_jobs(pipeline):
    found = pipeline("impact", "w.main.raw_trades", MAKES.format("v_share"), "--kind", "dataset", code=1)
    assert "whence search" in found.err
    both = pipeline("impact", "w.main.raw_trades", MAKES.format("daily_metrics"), "--json").json["impact"]
    assert [start["kind"] for start in both["starts"]] == ["DATASET", "JOB"]
    assert both["counts"]["datasets"] == 4


def test_nothing_downstream(pipeline):
    assert "Nothing downstream is known." in pipeline("impact", "w.main.v_share").out


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["w.main.v_share", "--column", "nothing"], "it has share, symbol, total", 1),
        (["w.main.v_share", "w.main.raw_trades", "--column", "x"], "goes with one NAME", 2),
        ([MAKES.format("v_share"), "--change", "retype"], "a job knows no RETYPE", 2),
        (["nothing"], "whence search", 1),
        ([], "NAME", 2),
    ],
)
def test_wrong_calls(pipeline, arguments, message, code):
    assert message in pipeline("impact", *arguments, code=code).err
