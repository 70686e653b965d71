"""Windows in Korean time: conversion across midnight and week, and each refusal."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from adelie.values.windows import (
    DailyWindow,
    WeeklyWindow,
    check_windows,
    daily_window_in_utc,
    overlap,
    weekly_window_in_utc,
)

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK: Final = 7 * 24 * 60


@pytest.mark.parametrize(
    ("kst", "utc"),
    [
        ("03:00-03:30", "18:00-18:30"),
        ("09:00-09:30", "00:00-00:30"),
        ("08:59-09:29", "23:59-00:29"),
        ("23:45-00:30", "14:45-15:30"),
        ("00:00-01:00", "15:00-16:00"),
    ],
)
def test_a_daily_window_is_nine_hours_earlier_in_utc(kst: str, utc: str) -> None:
    assert daily_window_in_utc(kst) == utc


@pytest.mark.parametrize(
    ("kst", "utc"),
    [
        ("sun:04:00-sun:04:30", "sat:19:00-sat:19:30"),
        ("mon:08:00-mon:10:00", "sun:23:00-mon:01:00"),
        ("mon:03:00-mon:04:00", "sun:18:00-sun:19:00"),
        ("sun:23:30-mon:00:30", "sun:14:30-sun:15:30"),
        ("wed:12:00-wed:13:00", "wed:03:00-wed:04:00"),
    ],
)
def test_a_weekly_window_takes_the_day_with_it(kst: str, utc: str) -> None:
    assert weekly_window_in_utc(kst) == utc


def moment(minute: int) -> str:
    days, rest = divmod(minute % WEEK, 24 * 60)
    return f"{DAYS[days]}:{rest // 60:02}:{rest % 60:02}"


def minute_of(text: str) -> int:
    day, hours, minutes = text.split(":")
    return DAYS.index(day) * 24 * 60 + int(hours) * 60 + int(minutes)


@given(start=st.integers(0, WEEK - 1), length=st.integers(30, 24 * 60))
def test_every_weekly_window_keeps_its_length_and_moves_nine_hours(start: int, length: int) -> None:
    first, last = map(minute_of, weekly_window_in_utc(f"{moment(start)}-{moment(start + length)}").split("-"))
    assert (last - first) % WEEK == length
    assert (start - first) % WEEK == 9 * 60


@given(
    weekly_start=st.integers(0, WEEK - 1),
    weekly_length=st.integers(30, 24 * 60),
    daily_start=st.integers(0, 24 * 60 - 1),
    daily_length=st.integers(30, 23 * 60),
)
def test_overlap_is_a_shared_minute(weekly_start: int, weekly_length: int, daily_start: int, daily_length: int) -> None:
    weekly = {(weekly_start + minute) % WEEK for minute in range(weekly_length)}
    daily = {
        (day * 24 * 60 + daily_start + minute) % WEEK for day in range(len(DAYS)) for minute in range(daily_length)
    }
    daily_text = f"{moment(daily_start)[4:]}-{moment(daily_start + daily_length)[4:]}"
    weekly_text = f"{moment(weekly_start)}-{moment(weekly_start + weekly_length)}"
    assert overlap(daily_text, weekly_text) == bool(weekly & daily)


def test_windows_that_touch_do_not_overlap() -> None:
    assert not overlap("03:00-04:00", "sun:04:00-sun:05:00")
    assert not overlap("05:00-06:00", "sun:04:00-sun:05:00")


@pytest.mark.parametrize("text", ["3:00-03:30", "24:00-24:30", "03:00", "03:00 - 03:30", "sun:03:00-sun:03:30"])
def test_a_daily_window_has_one_form(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(DailyWindow).validate_python(text)


@pytest.mark.parametrize("text", ["Sun:04:00-Sun:04:30", "04:00-04:30", "sun:04:00-04:30", "sun:04:60-sun:05:00"])
def test_a_weekly_window_has_one_form(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(WeeklyWindow).validate_python(text)


@pytest.mark.parametrize(
    ("daily", "weekly", "message"),
    [
        (
            "03:00-03:29",
            "sun:04:00-sun:04:30",
            "must last 30 minutes or more, but is '03:00-03:29'; it lasts 29: end it later",
        ),
        (
            "03:00-03:30",
            "sun:04:00-sun:04:00",
            "must last 30 minutes or more, but is 'sun:04:00-sun:04:00'; it lasts 0: end it later",
        ),
        (
            "03:00-03:30",
            "sun:04:00-mon:04:01",
            "must last 24 hours or less, but is 'sun:04:00-mon:04:01'; end it earlier",
        ),
        (
            "03:00-04:01",
            "sun:04:00-sun:04:30",
            "must not overlap weekly (sun:04:00-sun:04:30), but is '03:00-04:01'; move one of them",
        ),
        (
            "23:45-00:30",
            "mon:00:00-mon:00:30",
            "must not overlap weekly (mon:00:00-mon:00:30), but is '23:45-00:30'; move one of them",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused_in_one_sentence(daily: str, weekly: str, message: str) -> None:
    with pytest.raises(PydanticCustomError) as error:
        check_windows(daily=("daily", daily), weekly=("weekly", weekly), shortest_minutes=30)
    assert error.value.message() == message
