"""`whence provenance`: who made a version from what, with which code, approved by whom; and what rests on it."""

from pathlib import Path

import pytest

from tests.cli.test_lineage import lines

DEMO = Path(__file__).parents[2] / "demo/events"
COMMIT = "b81d4f02c6e7495aa3d05e1c9f7b62843e0d1fa9"


@pytest.fixture
def desk(whence):
    """A command on what is known of the demo: a trading pipeline, a model, its approval and its answers."""
    whence("ingest", DEMO)
    return whence


def tree(answer, title):
    """The lines below a title, up to the next one."""
    found = lines(answer)
    begin = next(place for place, line in enumerate(found) if line.startswith(title))
    return [line for line in found[begin + 1 : found.index("", begin) if "" in found[begin:] else None] if line]


def test_a_model_on_one_screen(desk):
    answer = desk("provenance", "limit-breach")
    found = lines(answer)
    assert found[0] == "limit-breach  2026.11.2  model"
    head = dict(line.split(maxsplit=1) for line in found[1 : found.index("")] if not line.startswith(" "))
    assert head["made"].startswith(
        "by    train-limit-breach, run 01a1fe9e-7126-71b6-98f7-240e366578cf, 2026-11-21 10:30:00Z"
    )
    assert head["code"] == f"{COMMIT} of https://git.example.org/trading/limit-model"
    assert head["decided"] == "APPROVED by role:model-risk-officer/4b1e, 2026-11-21 11:02:00Z (MRM-2026-118)"
    assert head["rests"] == "on   3 runs, 2 versions, 3 datasets, 1 source, 1 code version"
    assert head["models"] == "limit-breach was last trained 2026-11-21 10:36:12Z, as 2026.11.2"
    assert tree(answer, "It rests on") == [
        "limit-breach (models://trading) 2026.11.2  approved ← train-limit-breach (model-platform) @b81d4f02c6",
        "└── w.main.daily_metrics of 2026-11-21 10:12:48Z  version inferred ← w.main.tradesdbt.daily_metrics.build.run",
        "    └── w.main.processed_trades of 2026-11-21 10:12:48Z  version inferred ← "
        "w.main.tradesdbt.processed_trades.build.run",
        "        └── w.main.raw_trades  source  version not known",
    ]
    assert tree(answer, "On it rest  2 answers") == [
        "limit-breach 2026.11.2  approved",
        "├── limit-advice-0001 (answers://desk) of 2026-11-21 11:30:02Z ← advise-limits @b81d4f02c6",
        "├── limit-advice-0002 (answers://desk) of 2026-11-21 11:45:02Z ← advise-limits @b81d4f02c6",
        "├── → advise-limits @b81d4f02c6  running",
        "├── → approve-limit-breach",
        "└── limit-breach/evaluation of 2026-11-21 10:41:05Z ← evaluate-limit-breach @b81d4f02c6",
    ]


def test_one_version_of_several(desk):
    old = desk("provenance", "limit-breach", "--version", "2026.11.1")
    assert "no approval is recorded" in old.out
    assert "later than what is here" in old.out
    assert "nothing is known" in lines(old)
    run = desk("provenance", "limit-breach", "--run", "01a1fe9e-7126-71b6-98f7-240e366578cf", "--up")
    assert lines(run)[0] == "limit-breach  2026.11.2  model"
    assert "On it rest" not in run.out


def test_a_run_and_a_job(desk):
    for name in ("01a1fe9e-7126-71b6-98f7-240e366578cf", "train-limit-breach"):
        found = lines(desk("provenance", name, "--down"))
        assert found[0] == "train-limit-breach  run 01a1fe9e-7126-71b6-98f7-240e366578cf"
        assert found[found.index("train-limit-breach @b81d4f02c6") + 1] == "└── limit-breach 2026.11.2  approved"


def test_depth_limit_and_time(desk):
    assert "processed_trades" not in desk("provenance", "limit-breach", "--depth", "1", "--up").out
    assert "There is more than the 2 of each list" in desk("provenance", "limit-breach", "--limit", "2").err
    before = desk("provenance", "limit-breach", "--as-of", "2026-11-21T10:29:00Z", "--up")
    assert lines(before)[0] == "limit-breach  2026.11.1  model"


def test_for_programs(desk):
    found = desk("provenance", "limit-breach", "--json").json
    assert found.keys() == {"upstream", "downstream"}
    assert found["upstream"]["counts"]["inferred"] == 2
    assert found["downstream"]["counts"]["answers"] == 2
    assert desk("provenance", "limit-breach", "--down", "--json").json.keys() == {"downstream"}


def test_over_a_server_as_on_the_stores(pipeline):
    answer = pipeline("provenance", "w.main.v_share", "--up")
    assert lines(answer)[0].startswith("w.main.v_share  of 2026-")
    assert any(line.endswith("w.main.raw_trades  source  version not known") for line in tree(answer, "It rests on"))


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["limit-breach", "--version", "9"], "version 9 of limit-breach is not known", 1),
        (["limit-breach", "--version", "9", "--run", "x"], "not both", 2),
        (["limit-breach", "--run", "x"], "that this run produced", 1),
        (["nothing"], "whence search", 1),
        ([], "NAME", 2),
    ],
)
def test_wrong_calls(desk, arguments, message, code):
    assert message in desk("provenance", *arguments, code=code).err
