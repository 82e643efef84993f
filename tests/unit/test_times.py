"""Times: exact from year 1 to 9999, tolerant of what real producers write, and never guessed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence_schemas.times import Time, format_time, now, parse_time

NOON = 1_767_268_800_000_000  # 2026-01-01T12:00:00Z
FIRST = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z
LAST = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z

offsets = st.integers(-24 * 60 + 1, 24 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T12:00:00Z",
        "2026-01-01t12:00:00z",
        "2026-01-01 12:00:00Z",
        "2026-01-01 12:00:00 +00:00",
        "2026-01-01T12:00Z",
        "2026-01-01T12:00:00.0Z",
        "2026-01-01T12:00:00,000Z",
        "2026-01-01T12:00:00.000000000Z",
        "2026-01-01T12:00:00.000000999Z",  # cut, not rounded
        "2026-01-01T12:00:00+00:00",
        "2026-01-01T12:00:00-00:00",
        "2026-01-01T12:00:00+00:00Z",
        "2026-01-01T14:00:00+02:00",
        "2026-01-01T14:00:00+0200",
        "2026-01-01T14:00:00+02",
        "2026-01-01T17:30:00+05:30",
        "2026-01-01T12:04:30+00:04:30",
        "2026-01-01T02:00:00-10:00",
        "2026-01-02T11:59:00+23:59",
        "2026-01-01T12:00:00Z[UTC]",
        "2026-01-01T13:00:00+01:00[Europe/Berlin]",
        "2026-01-01T11:59:60Z",  # a leap second, by its form
        " 2026-01-01T12:00:00Z\n",
    ],
)
def test_one_moment_in_many_forms(text):
    assert parse_time(text) == Time(NOON, zone_assumed=False)


@pytest.mark.parametrize("text", ["2026-01-01T12:00:00", "2026-01-01 12:00", "2026-01-01T12:00:00.000000000"])
def test_without_a_zone_utc_is_assumed_and_said(text):
    assert parse_time(text) == Time(NOON, zone_assumed=True)


def test_microseconds_are_kept():
    assert parse_time("2026-01-01T12:00:00.1Z").micros == NOON + 100_000
    assert parse_time("2026-01-01T12:00:00,123456789Z").micros == NOON + 123_456
    assert parse_time("2026-01-01T11:59:60.5Z").micros == NOON + 500_000


def test_the_ends_of_time():
    assert parse_time("0001-01-01T00:00:00Z").micros == FIRST
    assert parse_time("9999-12-31T23:59:59.999999Z").micros == LAST
    assert parse_time("9999-12-31T23:59:59.999999-00:00").micros == LAST
    assert format_time(FIRST) == "0001-01-01T00:00:00.000000Z"
    assert format_time(LAST) == "9999-12-31T23:59:59.999999Z"


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+00:01",
        "0001-01-01T22:59:59+23:00",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
        "0000-12-31T23:59:59Z",
    ],
)
def test_outside_the_years_1_to_9999_is_refused(text):
    with pytest.raises(ValueError, match="between the years 1 and 9999"):
        parse_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026",
        "2026-01-01",
        "20260101T120000Z",
        "2026-W01-1T12:00:00Z",
        "2026-1-1T12:00:00Z",
        "2026-01-01T12Z",
        "2026-01-01TT12:00:00Z",
        "2026-01-01T12:00:00.Z",
        "2026-01-01T12:00:00ZZ",
        "2026-01-01T12:00:00UTC",
        "2026-01-01T12:00:00[Europe/Berlin]",  # a zone that is named but not given: UTC would be wrong
        "2026-01-01T12:00:00Z[UTC",
        "2026-01-01T12:00:00+5:00",
        "2026-01-01T12:00:00+05:60",
        "2026-01-01T12:00:00Z\n2026",
        "2026-01-01\n12:00:00Z",
        "-2026-01-01T12:00:00Z",
        "12026-01-01T12:00:00Z",
        "1767268800000",
        "２０２６-01-01T12:00:00Z",
        "2026-01-01T12:00:00.٣Z",
        "2026-01-01T12:00:00.123456٣Z",
        "2026-01-01T12:00:00+0٣:00",
        "2026-01-01T12:00:00\u00a0Z",
        "2026-01-01T12:00:00Z[Ελλάδα]",
        " " * 1_000_000 + "2026-01-01T12:00:00Z",
    ],
)
def test_what_is_no_time_is_refused_in_words(text):
    with pytest.raises(ValueError, match="is not an ISO 8601 date and time such as") as raised:
        parse_time(text)
    assert len(str(raised.value)) < 250


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-00-01T12:00:00Z",
        "2026-01-32T12:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T12:60:00Z",
        "2026-01-01T12:00:61Z",
        "2026-01-01T12:00:00+24:00",
    ],
)
def test_what_no_calendar_or_clock_shows_is_refused(text):
    with pytest.raises(ValueError, match=r"is not a"):
        parse_time(text)


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=offsets))
def test_every_time_is_exact_in_every_zone(moment):
    micros, assumed = parse_time(moment.isoformat())
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros) == moment
    assert not assumed
    assert parse_time(moment.isoformat() + "Z").micros == micros  # dbt's and others' isoformat() + "Z"


@given(st.integers(FIRST, LAST))
def test_formatting_and_parsing_are_inverse(micros):
    text = format_time(micros)
    assert parse_time(text) == Time(micros, zone_assumed=False)
    assert len(text) == 27


@given(st.integers(FIRST, LAST), st.integers(FIRST, LAST))
def test_formatted_times_sort_as_times_do(one, other):
    assert (format_time(one) < format_time(other)) == (one < other)


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[Z+.,0-9:-]*"))
def test_nothing_but_a_value_error_is_raised(text):
    try:
        micros, _ = parse_time(text)
    except ValueError:
        return
    assert FIRST <= micros <= LAST


@pytest.mark.parametrize("micros", [FIRST - 1, LAST + 1, 10**30])
def test_what_no_year_holds_cannot_be_formatted(micros):
    with pytest.raises(OverflowError):
        format_time(micros)


def test_now_is_now():
    before = datetime.now(UTC)
    moment = datetime.fromisoformat(format_time(now()))
    assert before <= moment <= datetime.now(UTC)
