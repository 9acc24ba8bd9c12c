"""Calendar and time: dates as decimal years in which every month is a twelfth."""

import calendar
import datetime as dt
import re

STEPS = {"month": 1, "quarter": 3, "year": 12}
"""Time steps and their length in months."""

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?")
FIRST, LAST = dt.date(1700, 1, 1), dt.date(2200, 12, 31)
"""What a scenario may reach: tables in nanoseconds end in 1677 and 2262."""
_IN_TEXT = re.compile(r"(?<![\w-])[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\w-])")
WRITTEN = "YYYY, YYYY-MM or YYYY-MM-DD"


def parse(value: object) -> dt.date:
    """A date from a TOML date, ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``. Raises ValueError, which says what it is."""
    date = value.date() if isinstance(value, dt.datetime) else value if isinstance(value, dt.date) else _read(value)
    if not FIRST <= date <= LAST:
        raise ValueError(f"is not between {FIRST} and {LAST}")
    return date


def _read(value: object) -> dt.date:
    match = _DATE.fullmatch(f"{value}") if isinstance(value, str | int) and not isinstance(value, bool) else None
    try:
        year, month, day = (int(x) if x else 1 for x in match.groups()) if match else (0, 0, 0)
        return dt.date(year, month, day)
    except ValueError:
        raise ValueError("is not a date") from None


_OTHERWISE = re.compile(r"(?P<day>[0-9]{1,2})[. /-]+(?P<month>[0-9]{1,2}|[A-Za-z]{3,})[. ,/-]+(?P<year>[0-9]{4})")
_AMERICAN = re.compile(r"(?P<month>[A-Za-z]{3,})\.? (?P<day>[0-9]{1,2}),? (?P<year>[0-9]{4})")


def likely(value: object) -> str:
    """The date that is meant by what is none as it is written, ``8.3.1965`` or a 31 June; empty where it is not clear.

    With slashes the day comes first in one country and second in another.
    """
    text = f"{value}".strip()
    said = _OTHERWISE.fullmatch(text) or _AMERICAN.fullmatch(text)
    if said:
        word = said["month"].lower()
        months = [k for k in range(1, 13) if calendar.month_name[k].lower().startswith(word[:3])]
        month = int(word) if word.isdecimal() else months[0] if len(months) == 1 else 0
        year, day = int(said["year"]), int(said["day"])
        if "/" in text and day != month and max(day, month) <= 12:
            return ""
        if "/" in text and month > 12:
            day, month = month, day
    elif whole := _DATE.fullmatch(text):
        year, month, day = (int(x) if x else 1 for x in whole.groups())
    else:
        return ""
    if not (1 <= month <= 12 and 1 <= day <= 31 and FIRST.year <= year <= LAST.year):
        return ""
    return str(dt.date(year, month, min(day, calendar.monthrange(year, month)[1])))


def spoken(value: object) -> str:
    """A date in words, ``January 2025``, with its day where that is not the first of a month; all else as it is."""
    try:
        date = parse(value)
    except ValueError:
        return str(value)
    month = f"{calendar.month_name[date.month]} {date.year}"
    return month if date.day == 1 else f"{date.day} {month}"


def dated(value: object) -> str:
    """When something was, in words: ``in January 2025``, ``on 15 March 2025``."""
    said = spoken(value)
    return f"{'on' if said[:1].isdecimal() else 'in'} {said}"


def short(value: object) -> str:
    """A date as columns have it, ``Jan 2025``; all else as it is."""
    try:
        return f"{parse(value):%b %Y}"
    except ValueError:
        return str(value)


def with_months(text: str) -> str:
    """A text with its dates in words: ``October 2023``, ``31 December 2012``."""
    return _IN_TEXT.sub(lambda found: spoken(found[0]), text)


def to_years(date: dt.date) -> float:
    """Decimal years."""
    share = (date.day - 1) / calendar.monthrange(date.year, date.month)[1]
    return date.year + (date.month - 1 + share) / 12


def add_months(date: dt.date, months: int) -> dt.date:
    """The same day, or the month's last, some months later."""
    index = date.year * 12 + date.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(date.day, calendar.monthrange(year, month + 1)[1]))


def whole_steps(horizon: float, step: str) -> float | None:
    """The nearest number of years that is whole steps, None where the horizon is; to a two-hundredth of a step."""
    steps = horizon * 12 / STEPS[step]
    return None if abs(steps - round(steps)) <= 0.005 else round(max(1, round(steps)) * STEPS[step] / 12, 4)


def nearest_step(date: dt.date, first: dt.date, step: str) -> str:
    """The date nearest to ``date`` whole steps, one or more, from ``first``; empty where there is none in reach."""
    sign = 1 if date >= first else -1
    near = round(abs(to_years(date) - to_years(first)) * 12 / STEPS[step])
    on = (add_months(first, sign * max(1, k) * STEPS[step]) for k in (near - 1, near, near + 1))
    return str(min((d for d in on if FIRST <= d <= LAST), key=lambda d: abs(d - date), default=""))


def months_between(first: dt.date, last: dt.date) -> int | None:
    """Whole months from one date to another, None where they are not whole."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return months if add_months(first, months) == last else None
