"""`whence completeness`: scores, the worst findings with what to do, scores over time, an exit code for CI."""

import json

import pytest

from tests.build import event
from tests.cli.test_lineage import lines

AT = ["--as-of", "2026-12-31T00:00:00Z"]


def row(answer, name):
    """The cells of the first line of a table that begins so."""
    return next(
        [cell.strip() for cell in line.split("   ") if cell.strip()] for line in lines(answer) if line.startswith(name)
    )


def test_scores_then_the_worst_findings_with_what_to_do(pipeline):
    answer = pipeline("completeness", *AT)
    assert lines(answer)[0] == "Completeness of the lineage"
    what, known, countable, score = row(answer, "dataset-owner")[1:]
    assert (what, score) == ("datasets with an owner", f"{100 * int(known) / int(countable):.1f} %")
    assert "Datasets that nobody produces" in answer.out
    assert "Runs without a code version" in answer.out
    assert "sourceCodeLocation" in answer.out
    assert row(answer, "Namespaces")
    assert "There is more than the 20 shown" in answer.err


def test_one_check_of_one_namespace(pipeline):
    answer = pipeline(
        "completeness", "--check", "dataset-origin", "--namespace", "duckdb:///srv/trades/dbt/w.duckdb", *AT
    )
    assert row(answer, "dataset-origin")[-1] == "80.0 %"
    assert "w.main.raw_trades" in answer.out
    assert "run-code" not in answer.out
    assert answer.err == ""
    found = pipeline("completeness", "--owner", "data-eng", "--json", *AT).json["completeness"]
    assert {score["check"]: score["countable"] for score in found["scores"]}["DATASET_OWNER"] == 1


def test_scores_over_time(pipeline):
    answer = pipeline("completeness", "--since", "2026-10-31T00:00:00Z", "--every", "P1M", *AT)
    dates = [line.split()[0] for line in lines(answer) if line.startswith("2026-")]
    assert dates == ["2026-10-31", "2026-11-30", "2026-12-31"]
    assert row(answer, "2026-10-31") == ["2026-10-31", *10 * ["-"]]
    assert row(answer, "2026-12-31")[1] != "-"
    both = pipeline("completeness", "--since", "2026-12-01T00:00:00Z", "--every", "P30D", "--json", *AT).json
    assert [one["asOf"][:10] for one in both["completeness"]] == ["2026-12-01", "2026-12-31"]


def test_a_minimum_for_ci(pipeline):
    check = ["completeness", "--check", "dataset-origin", *AT]
    assert pipeline(*check, "--minimum", "0.5").err == ""
    assert "below the minimum of 0.99" in pipeline(*check, "--minimum", "0.99", code=3).err
    assert "nothing to score" in pipeline(*check, "--namespace", "nothing", "--minimum", "0", code=3).err


def test_what_is_kept_apart_by_a_setting_is_no_twin(whence, folder, monkeypatch):
    names = ["Orders", "orders"]
    events = [json.dumps(event("COMPLETE", "10:00:00", name, n, [], [name])) for n, name in enumerate(names)]
    (folder / "twins.ndjson").write_text("\n".join(events))
    whence("ingest", "twins.ndjson")
    twins = ["completeness", "--check", "dataset-name"]
    answer = whence(*twins)
    assert row(answer, "dataset-name")[-1] == "0.0 %"
    assert "Suspected twins" in answer.out
    assert "the names only differ in how they are written" in answer.out
    monkeypatch.setenv("WHENCE_NEVER_ALIAS", "/Orders$")
    assert row(whence(*twins), "dataset-name")[-1] == "100.0 %"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "yesterday"], "'yesterday' is not an ISO 8601"),
        (["--since", "2026-01-01", "--every", "weekly"], "ISO 8601"),
        (["--since", "2026-12-01T00:00:00Z", "--every", "weekly"], "'weekly' is no period"),
        (["--since", "2026-12-01T00:00:00Z", "--every", "P0D"], "over 60 times"),
        (["--since", "2027-12-01T00:00:00Z"], "no time"),
        (["--check", "nothing"], "dataset-owner"),
        (["--minimum", "2"], "less than or equal to 1"),
        (["--window", "0"], "greater than or equal to 1"),
    ],
)
def test_wrong_calls(pipeline, arguments, message):
    assert message in pipeline("completeness", *AT, *arguments, code=2).err
