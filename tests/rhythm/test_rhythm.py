"""Durations, cron schedules and steps: against the calendar, minute by minute."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import at
from whence.rhythm.cron import Cron
from whence.rhythm.steps import Steps, fitting, step_between
from whence.rhythm.zones import time_of, wall_of, zone_of
from whence_schemas.durations import Duration, words_of
from whence_schemas.partitions import PartitionStep
from whence_schemas.times import LAST, format_time

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = 60_000_000


def shown(times, count=None):
    return [format_time(time)[:16] for time in islice(times, count)]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("PT24H", "2026-03-28", "2026-03-29"),
        ("P1D", "2026-02-28", "2026-03-01"),
        ("P1W", "2026-01-01", "2026-01-08"),
        ("P1M", "2026-01-31", "2026-02-28"),
        ("P1Y", "2024-02-29", "2025-02-28"),
        ("PT90M", "2026-01-01", "2026-01-01T01:30:00Z"),
        ("P1M1DT1S", "2026-12-31", "2027-02-01T00:00:01Z"),
    ],
)
def test_a_duration_after_a_time(text, start, end):
    assert format_time(Duration.parse(text).after(at(start))) == format_time(at(end))


@pytest.mark.parametrize("text", ["", "P", "PT", "P0D", "PT0S", "24H", "P1D2", "-P1D", "P1DT", "PT1H2D", "P1.5D"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match=r"no duration|no length"):
        Duration.parse(text)


def test_time_ends():
    assert Duration.parse("P9999Y").after(at("2026-01-01")) == LAST
    assert Cron("0 0 * * *", UTC).after(LAST) == LAST
    assert Cron("0 0 * * *", UTC).before(at("0001-01-01T00:00:00Z")) in (None, at("0001-01-01T00:00:00Z"))


@pytest.mark.parametrize(
    ("micros", "words"),
    [
        (0, "0 s"),
        (59_000_000, "59 s"),
        (26 * 60 * MINUTE, "1 d 2 h"),
        (24 * 60 * MINUTE + 1, "1 d"),
        (61 * MINUTE, "1 h 1 min"),
    ],
)
def test_lengths_in_words(micros, words):
    assert words_of(micros) == words


@pytest.mark.parametrize(
    ("text", "start", "ticks"),
    [
        ("0 6 * * 1-5", "2026-03-06T06:00:00Z", ["2026-03-09T06:00", "2026-03-10T06:00"]),
        ("@monthly", "2026-01-01", ["2026-02-01T00:00", "2026-03-01T00:00"]),
        ("*/20 5 29 feb *", "2026-01-01", ["2028-02-29T05:00", "2028-02-29T05:20"]),
        ("0 0 13 * fri", "2026-02-12T12:00:00Z", ["2026-02-13T00:00", "2026-02-20T00:00"]),
        ("30 1,13 * * sun", "2026-03-01T02:00:00Z", ["2026-03-01T13:30", "2026-03-08T01:30"]),
        ("5/25 0 * * 7", "2026-03-01T00:05:00Z", ["2026-03-01T00:30", "2026-03-01T00:55"]),
    ],
)
def test_ticks_of_a_schedule(text, start, ticks):
    assert shown(Cron(text, UTC).from_(at(start) + 1), 2) == ticks


def test_a_schedule_keeps_to_its_zones_clocks():
    cron = Cron("30 2 * * *", BERLIN)
    ticks = shown(cron.from_(at("2026-03-28T00:00:00Z")), 3)
    assert ticks == ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]  # 02:30 is skipped on the 29th
    assert shown(cron.from_(at("2026-10-25T00:00:00Z")), 2) == ["2026-10-25T00:30", "2026-10-26T01:30"]


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "60 * * * *", "* * 0 * *", "* * 31 2 *", "a * * * *", "*/0 * * * *", "5-1 * * * *", "@never"],
)
def test_what_is_no_schedule(text):
    with pytest.raises(ValueError, match=r"cron|lies between|no such day"):
        Cron(text, UTC)


def field(low, high):
    number = st.integers(low, high)
    ranges = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    part = st.one_of(number.map(str), ranges, ranges.map(lambda text: f"{text}/3"), st.just("*/7"))
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))


def fits(text, moment):
    """Whether a schedule fits a minute, by the words of crontab(5)."""
    minute, hour, day, month, weekday = (
        {n for part in one.split(",") for n in _numbers(part, low, high)}
        for one, (low, high) in zip(text.split(), ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7)), strict=True)
    )
    _, _, of_month, _, of_week = text.split()
    days = moment.day in day, moment.isoweekday() in weekday or (moment.isoweekday() == 7 and 0 in weekday)
    either = not of_month.startswith("*") and not of_week.startswith("*")
    return (
        moment.minute in minute
        and moment.hour in hour
        and moment.month in month
        and (any(days) if either else all(days))
    )


def _numbers(part, low, high):
    span, _, step = part.partition("/")
    first, _, last = span.partition("-")
    start, end = (low, high) if span == "*" else (int(first), int(last or first))
    return range(start, end + 1, int(step or 1))


@settings(deadline=None)
@given(
    st.tuples(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7)).map(" ".join),
    st.integers(0, 60 * 24 * 365),
)
def test_ticks_are_the_minutes_that_fit(text, offset):
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=offset)
    minutes = [start + timedelta(minutes=n) for n in range(3 * 1_440)]
    wanted = [moment for moment in minutes if fits(text, moment)]
    cron, first, end = Cron(text, UTC), time_of(minutes[0].replace(tzinfo=None), UTC), 3 * 1_440 * MINUTE
    found = []
    for tick in cron.from_(first):
        if tick >= first + end:
            break
        found.append(tick)
    assert found == [time_of(moment.replace(tzinfo=None), UTC) for moment in wanted]
    if found:
        assert cron.before(first + end - 1) == found[-1]
        assert cron.after(found[0] - 1) == found[0]


def test_zones_are_named():
    assert zone_of("") is zone_of("UTC") is UTC
    with pytest.raises(ValueError, match="Europe/Berlin"):
        zone_of("Mars/Olympus")
    with pytest.raises(ValueError, match="no time zone"):
        zone_of("../etc/passwd")


@settings(deadline=None)
@given(
    st.sampled_from(PartitionStep),
    st.integers(0, 59),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    st.integers(at("2025-01-01"), at("2027-01-01")),
)
def test_points_are_as_far_into_each_step_and_nowhere_else(step, into, name, start):
    zone = zone_of(name)
    steps = Steps.through(step, [at("2026-01-05") + into * MINUTE], zone)
    points = list(islice(steps.from_(start), 20))
    assert points[0] >= start
    assert all(steps.has(point) for point in points)
    clock = UTC if step == PartitionStep.HOUR else zone
    for one, other in pairwise(wall_of(point, clock) for point in points):
        length = {"HOUR": timedelta(hours=1), "DAY": timedelta(days=1), "WEEK": timedelta(weeks=1)}.get(step)
        assert other - one == length if length else (other.day, other.time()) == (one.day, one.time())
    assert fitting(points, zone) is not None


def test_the_longest_steps_that_fit_are_found():
    def step(*days, zone=UTC):
        found = fitting([at(day) for day in days], zone)
        return found and found.step

    assert step("2026-01-01", "2026-03-01") == PartitionStep.MONTH
    assert step("2026-01-05", "2026-01-19") == PartitionStep.WEEK
    assert step("2026-01-05", "2026-01-06", "2026-01-12") == PartitionStep.DAY
    assert step("2026-01-05T06:00:00Z", "2026-01-06T07:00:00Z") == PartitionStep.HOUR
    assert step("2026-01-05T06:00:00Z", "2026-01-06T07:01:00Z") is None
    assert step("2026-01-05") is None
    assert step("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z", zone=BERLIN) == PartitionStep.DAY
    assert step_between(at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z"), BERLIN) == PartitionStep.DAY
    assert step_between(at("2026-02-01"), at("2026-03-01"), UTC) == PartitionStep.MONTH
    assert step_between(at("2026-02-01"), at("2026-02-03"), UTC) is None
