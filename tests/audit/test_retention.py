"""Retention policies and legal holds: what goes, what stays, and why."""

import pytest

from tests.audit.test_erasure import BY, opened
from tests.build import JOBS, NS, dataset_event, event, job_event, run_id
from whence.audit import erasure
from whence.audit.erasure import Kept
from whence.audit.holds import HoldScope, Place, add_hold, holds_in_force, release_hold
from whence.audit.requests import RetentionRequest
from whence.audit.retention import parse_policy
from whence.audit.trail import policy_in_force
from whence_schemas.durations import Duration
from whence_schemas.errors import ConfigurationError, NotFound
from whence_schemas.times import DAY, format_time, parse_time

START = parse_time("2026-01-01T00:00:00Z").micros


class Clock:
    """The time as ingestion and erasure see it."""

    def __init__(self, monkeypatch):
        self.now = START
        for module in ("whence.ingestion", "whence.audit.erasure"):
            monkeypatch.setattr(f"{module}.now", lambda: self.now)

    def go_on(self, days):
        self.now += days * DAY


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
async def whence(tmp_path, clock):
    """A run on day 0; another begun then and ended on day 100; declarations on day 0, and of `b` again on day 100."""
    async with opened(tmp_path) as whence:
        await whence.send(
            event("START", "10:00:00", inputs=["a"], outputs=["b"]),
            event("COMPLETE", "10:01:00", inputs=["a"], outputs=["b"]),
            event("START", "10:00:00", job="long", run=2, inputs=["b"]),
            dataset_event("10:00:00", "b", note={"text": "first"}),
            job_event("10:00:00", inputs=["a"]),
        )
        clock.go_on(100)
        await whence.send(
            event("COMPLETE", "20:00:00", job="long", run=2, inputs=["b"]),
            dataset_event("20:00:00", "b", note={"text": "second"}),
        )
        yield whence


async def retain(whence, *rules, apply=False):
    policy = "".join(f'[[rule]]\nid = "r{number}"\n{rule}\n' for number, rule in enumerate(rules))
    outcome = await whence.custodian.retain(RetentionRequest(policy=policy, apply=apply), BY)
    await whence.projector.catch_up()
    return outcome


def indices(rows):
    return [row.index for row in rows]


def whys(rows):
    return {row.index: row.why for row in rows}


MOST_90 = "keep_at_most = 90"


async def test_old_runs_go_and_what_is_current_stays(whence, clock):
    outcome = await retain(whence, MOST_90)
    assert whys(outcome.goes) == {0: "rule r0", 1: "rule r0", 3: "rule r0"}
    assert whys(outcome.kept) == {4: "it is what is declared now"}
    clock.go_on(95)
    outcome = await retain(whence, MOST_90)
    assert indices(outcome.goes) == [0, 1, 2, 3, 5]
    assert indices(outcome.kept) == [4, 6]


async def test_a_dry_run_changes_nothing(whence):
    before = await whence.entries()
    assert (await retain(whence, MOST_90)).request is None
    assert await whence.entries() == before


@pytest.mark.parametrize(
    ("rule", "goes"),
    [
        ('events = ["START"]', [0]),
        ('events = ["dataset"]', [3]),
        ('events = ["OTHER", "FAIL"]', []),
        (f'namespaces = ["{JOBS}"]', [0, 1]),
        (f'namespaces = ["{NS[:8]}*"]', [3]),
        ('namespaces = ["trad?ng", "x"]', [0, 1]),
        ('namespaces = ["TRADING"]', []),
    ],
)
async def test_rules_are_about_namespaces_and_classes_of_events(whence, rule, goes):
    assert indices((await retain(whence, f"{rule}\n{MOST_90}")).goes) == goes


async def test_what_goes_is_erased_and_the_policy_is_in_force(whence):
    outcome = await retain(whence, MOST_90, apply=True)
    assert indices(outcome.goes) == [0, 1, 3]
    entries = await whence.entries()
    assert [entry.index for entry in entries[:7] if entry.payload is None] == [0, 1, 3]
    assert [entry.kind for entry in entries[7:]] == ["policy", "request", "erasure", "erasure", "erasure"]
    assert b'"r":"retention"' in entries[-1].leaf
    assert MOST_90 in await policy_in_force(whence.log, "retention")
    assert indices((await retain(whence, MOST_90, apply=True)).goes) == []
    assert len(await whence.entries()) == len(entries)  # the same policy is recorded once


async def test_keeping_at_least_wins_over_keeping_at_most(whence):
    outcome = await retain(whence, MOST_90, 'keep_at_least = "P1Y"\nevents = ["COMPLETE"]')
    assert indices(outcome.goes) == [0, 3]
    assert whys(outcome.kept)[1] == "rule r1 keeps it"


async def test_keeping_at_least_wins_over_a_request_unless_it_says_why(whence, clock):
    await retain(whence, 'keep_at_least = "P6M"\nevents = ["COMPLETE"]', apply=True)
    with pytest.raises(Kept, match=r"entry 1 is kept: rule r0 of the retention policy keeps it.*nothing was erased"):
        await whence.erase(entries=[(0, 1)])
    assert (await whence.erase(entries=[(0, 1)], override="a court said so")).request is not None
    clock.go_on(80)
    with pytest.raises(Kept, match="entry 5 is kept"):
        await whence.erase(entries=[(5, 5)])
    clock.go_on(103)  # then it is six months
    assert (await whence.erase(entries=[(5, 5)])).request is not None


async def test_the_policy_in_force_is_not_erased(whence):
    await retain(whence, "keep_at_least = 10", apply=True)
    await retain(whence, "keep_at_least = 20", apply=True)
    policies = [entry.index for entry in await whence.entries() if entry.kind == "policy"]
    with pytest.raises(Kept, match="a record of kind policy"):
        await whence.erase(entries=[(policies[1], policies[1])])
    await whence.erase(entries=[(policies[0], policies[0])])
    assert "20" in await policy_in_force(whence.log, "retention")


async def test_so_many_at_once_and_more_the_next_time(whence, monkeypatch):
    monkeypatch.setattr(erasure, "MAX_ENTRIES", 1)
    monkeypatch.setattr("whence.audit.reading._PAGE", 1)
    gone = []
    while (outcome := await retain(whence, MOST_90, apply=True)).more:
        gone += indices(outcome.goes)
    assert gone == [0, 1, 3]


# Policies


def before(period, time):
    return format_time(period.before(parse_time(time).micros))[:10]


@pytest.mark.parametrize(
    ("period", "time", "start"),
    [
        (Duration(1, 0), "2026-03-31T00:00:00Z", "2026-02-28"),
        (Duration(12, 0), "2024-02-29T00:00:00Z", "2023-02-28"),
        (Duration(120, 0), "2026-11-21T00:00:00Z", "2016-11-21"),
        (Duration(1, DAY), "2026-01-01T00:00:00Z", "2025-11-30"),
        (Duration(0, 365 * DAY), "2025-01-01T00:00:00Z", "2024-01-02"),
        (Duration(12 * 9_999, 0), "2025-01-01T00:00:00Z", "0001-01-01"),
    ],
)
def test_periods_are_of_the_calendar(period, time, start):
    assert before(period, time) == start


@pytest.mark.parametrize(
    ("text", "period"),
    [('"P10Y"', (120, 0)), ('"P1Y2M3W4D"', (14, 25)), ('"P90D"', (0, 90)), ("30", (0, 30)), ('"P6M"', (6, 0))],
)
def test_periods_are_read(text, period):
    [rule] = parse_policy(f'[[rule]]\nid = "x"\nkeep_at_most = {text}', "p").rule
    months, days = period
    assert rule.keep_at_most == (months, days * DAY)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("rule", "p.toml is no TOML"),
        ("", "p.toml: it has no rule; write each below"),
        ('[[rule]]\nid = "x"', r"p.toml: rule 1: .*neither keep_at_least nor keep_at_most"),
        ("[[rule]]\nkeep_at_most = 1", "p.toml: rule 1: id: Field required"),
        (
            '[[rule]]\nid = "x"\nkeep_at_most = "90 days"',
            "rule 1: keep_at_most: .*'90 days' is no period: write one as",
        ),
        ('[[rule]]\nid = "x"\nkeep_at_most = "P"', "is no period"),
        ('[[rule]]\nid = "x"\nkeep_at_most = "P1DT1H"', "is no period"),
        ('[[rule]]\nid = "x"\nkeep_at_most = 0', "is no period"),
        ('[[rule]]\nid = "x"\nkeep_at_most = true', "is no period"),
        ('[[rule]]\nid = "x"\nkeep_at_most = "P1M"\nkeep_at_least = 60', "keep_at_most is shorter than keep_at_least"),
        ('[[rule]]\nid = "x"\nkeep_at_most = 1\nevents = ["STOP"]', "rule 1: events: .*START"),
        ('[[rule]]\nid = "x"\nkeep_at_most = 1\nnamespaces = []', "rule 1: namespaces"),
        ('[[rule]]\nid = "x"\nkeep_for = 1', "rule 1: keep_for: Extra inputs"),
        ('[[rule]]\nid = "x"\nkeep_at_most = 1\n' * 2, "rule 2: an earlier rule has the id 'x'"),
        ('[[rules]]\nid = "x"', "p.toml: "),
    ],
)
def test_a_policy_that_cannot_be_used_is_told(policy, message):
    with pytest.raises(ConfigurationError, match=message):
        parse_policy(policy, "p.toml")


# Holds


@pytest.mark.parametrize(
    ("scope", "held"),
    [
        (HoldScope(dataset=Place(namespace=NS, name="a")), [0, 1, 4]),
        (HoldScope(dataset=Place(namespace=NS, name="b")), [0, 1, 2, 3, 5, 6]),
        (HoldScope(job=Place(namespace=JOBS, name="long")), [2, 5]),
        (HoldScope(run=run_id(2).upper()), [2, 5]),
        (HoldScope(namespace="trad*"), [0, 1, 2, 4, 5]),
        (HoldScope(namespace="postgres:*"), [0, 1, 2, 3, 4, 5, 6]),
        (HoldScope(namespace="trad"), []),
        (HoldScope(entries=(1, 3)), [1, 2, 3]),
    ],
)
async def test_what_a_hold_covers_is_not_erased(whence, scope, held):
    index = await add_hold(whence.log, scope, "case 17", "key")
    plan = await whence.erase(entries=[(0, 6)], dry_run=True)
    assert whys(plan.kept) == dict.fromkeys(held, f"legal hold {index} on {scope} (case 17)")
    for one in held:
        with pytest.raises(Kept, match=f"entry {one} is kept: legal hold {index} on"):
            await whence.erase(entries=[(one, one)], override="no matter")
    await release_hold(whence.log, index, "over", "key")
    await whence.erase(entries=[(0, 6)])


async def test_runs_in_a_run_are_held_with_it(whence):
    parent = {"parent": {"run": {"runId": run_id(2)}, "job": {"namespace": JOBS, "name": "long"}}}
    await whence.send(event("COMPLETE", "10:00:00", job="child", run=9, run_facets=parent))
    await add_hold(whence.log, HoldScope(run=run_id(2)), "case")
    with pytest.raises(Kept):
        await whence.erase(entries=[(7, 7)])


async def test_retention_leaves_what_is_held_and_says_so(whence):
    await add_hold(whence.log, HoldScope(dataset=Place(namespace=NS, name="a")), "case 17")
    outcome = await retain(whence, MOST_90, apply=True)
    assert indices(outcome.goes) == [3]
    assert whys(outcome.kept) == dict.fromkeys([0, 1, 4], f"legal hold 7 on dataset {NS}/a (case 17)")


async def test_holds_are_what_the_log_says(whence):
    first = await add_hold(whence.log, HoldScope(namespace="x"), "one", "key")
    second = await add_hold(whence.log, HoldScope(entries=(0, 1)), "two")
    assert [(hold.index, hold.reason, hold.by) for hold in await holds_in_force(whence.log)] == [
        (first, "one", "key"),
        (second, "two", ""),
    ]
    released = await release_hold(whence.log, first, "over")
    assert released.index == first
    assert [hold.index for hold in await holds_in_force(whence.log)] == [second]
    for gone in (first, 99, 0):
        with pytest.raises(NotFound, match=f"no legal hold {gone} is in force"):
            await release_hold(whence.log, gone, "again")
    await whence.erase(entries=[(first, first)])  # a hold that is over may be erased, as it holds names
    assert [hold.index for hold in await holds_in_force(whence.log)] == [second]


@pytest.mark.parametrize("scope", [{}, {"namespace": "x", "run": "y"}, {"namespace": ""}, {"entries": (-1, 2)}])
def test_a_hold_is_on_one_thing(scope):
    with pytest.raises(ValueError, match="validation error"):
        HoldScope(**scope)
