"""Backup and maintenance windows: stated in Korean time, handed to AWS in UTC. Pure: no cdktf import."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import StringConstraints

from catalogue.settings import reject

_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_DAY: Final = r"(mon|tue|wed|thu|fri|sat|sun)"

DailyWindow = Annotated[str, StringConstraints(pattern=rf"^{_TIME}-{_TIME}$")]
"""A time of every day in KST, such as 03:00-03:30; it may pass midnight (23:45-00:30)."""

WeeklyWindow = Annotated[str, StringConstraints(pattern=rf"^{_DAY}:{_TIME}-{_DAY}:{_TIME}$")]
"""A time of one day of the week in KST, such as sun:04:00-sun:04:30; it may pass midnight (sun:23:45-mon:00:30)."""

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES: Final = 24 * 60
_WEEK_MINUTES: Final = 7 * _DAY_MINUTES
_KST_AHEAD_MINUTES: Final = 9 * 60  # Korea has no daylight saving time, so this holds all year.


def daily_window_in_utc(window_kst: str) -> str:
    """The daily window as RDS and ElastiCache take it.

    >>> daily_window_in_utc("03:00-03:30")
    '18:00-18:30'
    """
    return "-".join(_time((minute - _KST_AHEAD_MINUTES) % _DAY_MINUTES) for minute in _bounds(window_kst))


def weekly_window_in_utc(window_kst: str) -> str:
    """The weekly window as RDS and ElastiCache take it: early in Korea is the day before in UTC.

    >>> weekly_window_in_utc("sun:04:00-sun:04:30")
    'sat:19:00-sat:19:30'
    """
    minutes = [(minute - _KST_AHEAD_MINUTES) % _WEEK_MINUTES for minute in _bounds(window_kst)]
    return "-".join(f"{_DAYS[minute // _DAY_MINUTES]}:{_time(minute % _DAY_MINUTES)}" for minute in minutes)


def overlap(daily: str, weekly: str) -> bool:
    """Whether the daily window and the weekly one ever share a minute; windows that only touch don't."""
    daily_start, _ = _bounds(daily)
    weekly_start, _ = _bounds(weekly)
    daily_length, weekly_length = _length(daily, _DAY_MINUTES), _length(weekly, _WEEK_MINUTES)
    starts = (day * _DAY_MINUTES + daily_start for day in range(len(_DAYS)))
    return any(
        (start - weekly_start) % _WEEK_MINUTES < weekly_length or (weekly_start - start) % _WEEK_MINUTES < daily_length
        for start in starts
    )


def check_windows(*, daily: tuple[str, str], weekly: tuple[str, str], shortest_minutes: int) -> None:
    """Refuse what AWS would: a window that is too short, a maintenance longer than a day, an overlap of the two.

    Each window comes with its key, ("backup_window_kst", "03:00-03:30"). To be called from inside a pydantic validator.
    """
    for (key, window), cycle in ((daily, _DAY_MINUTES), (weekly, _WEEK_MINUTES)):
        length = _length(window, cycle)
        if length < shortest_minutes:
            reject(key, f"must last {shortest_minutes} minutes or more", window, f"it lasts {length}: end it later")
        if length > _DAY_MINUTES:
            reject(key, "must last 24 hours or less", window, "end it earlier")
    (daily_key, daily_window), (weekly_key, weekly_window) = daily, weekly
    if overlap(daily_window, weekly_window):
        reject(daily_key, f"must not overlap {weekly_key} ({weekly_window})", daily_window, "move one of them")


def _bounds(window: str) -> tuple[int, int]:
    start, end = window.split("-")
    return _minute(start), _minute(end)


def _minute(moment: str) -> int:
    """Minutes since midnight, or since Monday's where the moment has a day ("sun:04:00")."""
    *day, hours, minutes = moment.split(":")
    days = _DAYS.index(day[0]) if day else 0
    return days * _DAY_MINUTES + int(hours) * 60 + int(minutes)


def _length(window: str, cycle: int) -> int:
    start, end = _bounds(window)
    return (end - start) % cycle


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
