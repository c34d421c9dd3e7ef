"""What the values of a column say of it; pure functions over a sample of texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

MOST = 0.95
"""Share of the filled values that make a column numbers, or times."""
_NUMBER = re.compile(r"^-?(\d+|\d{1,3}([.,]\d{3})+)?([.,]\d+)?$")
_GROUPED = re.compile(r"^-?\d{1,3}([.,])\d{3}$")
_MONEY_MARKS = re.compile(r"[^0-9.,-]")
_DAY = re.compile(
    r"^(?P<a>\d{1,2})(?P<sep>[/.\-])(?P<b>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})(?P<rest>.*)$"
)
_YEAR_FIRST = re.compile(r"^\d{4}(?P<sep>[-/.])\d{1,2}(?P=sep)\d{1,2}(?P<rest>.*)$")
_CLOCK = re.compile(r"^(?P<gap>,? |T|)(?:\d{1,2}:\d{2}(?P<sec>:\d{2})?(?P<half> ?[AaPp][Mm])?)?$")
_ISO_CLOCK = re.compile(r"^([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?([+-]\d\d:?\d\d|Z|UTC))?)?$")
_SECONDS = re.compile(r"^\d{10}$")
_YES_NO = {
    "1": 1, "0": 0, "1.0": 1, "0.0": 0, "yes": 1, "no": 0, "true": 1, "false": 0, "y": 1, "n": 0,
    "t": 1, "f": 0, "ja": 1, "nein": 0, "oui": 1, "non": 0, "sí": 1, "si": 1, "nee": 0,
    "existing customer": 0, "attrited customer": 1, "churned": 1, "stayed": 0,
}  # fmt: skip

DayOrder = Literal["day-first", "month-first"]


@dataclass(frozen=True)
class Times:
    """How a column's times are written.

    Attributes:
        formats: strptime formats; empty where they are ISO 8601.
        ambiguous: no value says which of the first two numbers is the day.
        offset: whether the text holds an offset from UTC itself.
        seconds: they are seconds since 1970.
    """

    formats: tuple[str, ...] = ()
    ambiguous: bool = False
    offset: bool = False
    seconds: bool = False


@dataclass(frozen=True)
class ColumnFacts:
    """What a sample of one column shows.

    Attributes:
        name: the column.
        filled: share of rows with a value.
        distinct: how many different values.
        unique: no value comes twice.
        values: the most frequent values, at most 50, for what has few.
        examples: the first three different values.
        numbers: whether it is numbers.
        marked: whether currency signs have to be taken off first.
        decimal: the decimal mark of its numbers; None where it can't be told.
        whole: all numbers are whole.
        negative: share of numbers below zero.
        times: how its times are written; None where it holds none.
        outcome: value -> 0 or 1 where it knows just two such values.
        prefixed: most values are numbers, and some a number behind a C.
    """

    name: str
    filled: float
    distinct: int
    unique: bool
    values: tuple[str, ...]
    examples: tuple[str, ...]
    numbers: bool
    marked: bool
    decimal: Literal[".", ","] | None
    whole: bool
    negative: float
    times: Times | None
    outcome: dict[str, int] | None
    prefixed: bool


def describe(name: str, sample: Sequence[str | None]) -> ColumnFacts:
    """Look at a sample of a column's values.

    Args:
        name: the column.
        sample: values as text; None or blank where there is nothing.
    """
    filled = [value.strip() for value in sample if value is not None and value.strip()]
    kinds = list(dict.fromkeys(filled))
    numbers, marked = _are_numbers(filled)
    plain = [_MONEY_MARKS.sub("", value) for value in filled] if marked else filled
    return ColumnFacts(
        name=name,
        filled=len(filled) / len(sample) if sample else 0.0,
        distinct=len(kinds),
        unique=bool(filled) and len(kinds) == len(sample),
        values=tuple(sorted(kinds)[:50]),
        examples=tuple(kinds[:3]),
        numbers=numbers,
        marked=marked,
        decimal=decimal_mark(plain) if numbers else ".",
        whole=numbers and not any(re.search(r"[.,](?!0+$)\d+$", value) for value in plain),
        negative=sum(value.startswith("-") for value in plain) / len(plain) if numbers else 0.0,
        times=read_times(filled),
        outcome=read_outcome(kinds),
        prefixed=_share(value.isdigit() for value in kinds) > 1 / 2
        and any(re.fullmatch(r"C\d+", value) for value in kinds),
    )


def _are_numbers(filled: Sequence[str]) -> tuple[bool, bool]:
    """Whether the values are numbers, and whether only so without currency signs."""
    if _share(_is_number(value) for value in filled) >= MOST:
        return True, False
    money = [
        re.fullmatch(r"-?(\D{1,4}) ?-?[\d.,]+|-?[\d.,]+ ?(\D{1,4})", value) is not None
        and _is_number(_MONEY_MARKS.sub("", value))
        and re.search(r"[$€£¥]|[A-Z]{3}|kr|zł", value) is not None
        for value in filled
    ]
    return (True, True) if _share(money) >= MOST else (False, False)


def _is_number(value: str) -> bool:
    return _NUMBER.match(value) is not None and any(c.isdigit() for c in value)


def _share(flags: Iterable[bool]) -> float:
    known = list(flags)
    return sum(known) / len(known) if known else 0.0


def decimal_mark(values: Sequence[str]) -> Literal[".", ","] | None:
    """The decimal mark of numbers written as text; None where nothing tells it from a group mark.

    `1,234` alone may be either; one value such as `12,50` or `1.234,5` decides.
    """
    marks: set[str] = set()
    for value in values:
        last = max(value.rfind("."), value.rfind(","))
        both = "." in value and "," in value
        if last >= 0 and (both or (not _GROUPED.match(value) and value.count(value[last]) == 1)):
            marks.add(value[last])
    if len(marks) > 1:
        return None
    if marks:
        return "," if marks == {","} else "."
    # a point before three digits is what machines write; a comma there is a guess
    return None if any(_GROUPED.match(value) and "," in value for value in values) else "."


def read_times(values: Sequence[str]) -> Times | None:
    """How times are written, if these are times."""
    if not values:
        return None
    if all(_SECONDS.match(value) for value in values):
        return Times(seconds=True)
    first = [match for value in values if (match := _YEAR_FIRST.match(value))]
    if len(first) >= MOST * len(values):
        return _year_first(first)
    found = [match for value in values if (match := _DAY.match(value))]
    return _day_or_month_first(found) if len(found) >= MOST * len(values) else None


def _year_first(found: Sequence[re.Match[str]]) -> Times | None:
    rests = [match["rest"] for match in found]
    if all(match["sep"] == "-" and _ISO_CLOCK.match(match["rest"]) for match in found):
        return Times(offset=any(re.search(r"([+-]\d\d:?\d\d|Z|UTC)$", rest) for rest in rests))
    clocks = _clocks(rests)
    days = sorted({"%Y{0}%m{0}%d".format(match["sep"]) for match in found})
    return Times(tuple(day + clock for day in days for clock in clocks)) if clocks else None


def _day_or_month_first(found: Sequence[re.Match[str]]) -> Times | None:
    day_first = any(int(match["a"]) > 12 for match in found)  # noqa: PLR2004
    month_first = any(int(match["b"]) > 12 for match in found)  # noqa: PLR2004
    clocks = _clocks([match["rest"] for match in found])
    if (day_first and month_first) or not clocks:
        return None
    # with points nobody writes the month first
    dotted = all(match["sep"] == "." for match in found)
    order = "%m{0}%d{0}" if month_first else "%d{0}%m{0}"
    days = sorted(
        {order.format(m["sep"]) + ("%Y" if len(m["year"]) > 2 else "%y") for m in found}  # noqa: PLR2004
    )
    formats = tuple(day + clock for day in days for clock in clocks)
    return Times(formats, ambiguous=not (day_first or month_first or dotted))


def _clocks(rests: Sequence[str]) -> list[str]:
    """Formats of what follows the days; empty where some of it is no time of day."""
    found: dict[str, None] = {}
    for rest in rests:
        match = _CLOCK.match(rest)
        if match is None:
            return []
        if not rest.strip():
            found[""] = None
            continue
        half = match["half"] or ""
        clock = ("%I" if half else "%H") + ":%M" + (":%S" if match["sec"] else "")
        found[match["gap"] + clock + half.upper().replace("AM", "%p").replace("PM", "%p")] = None
    return list(found)


def in_order(times: Times, order: DayOrder) -> Times:
    """Ambiguous times, read as a person said."""
    if order == "day-first":
        return Times(times.formats)
    swapped = (f.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m") for f in times.formats)
    return Times(tuple(swapped))


def read_outcome(kinds: Sequence[str]) -> dict[str, int] | None:
    """Value -> 0 or 1 for a column of two such values."""
    found = {kind: _YES_NO.get(kind.lower()) for kind in kinds[:3]}
    known = {kind: value for kind, value in found.items() if value is not None}
    return known if len(known) == len(kinds) and sorted(known.values()) == [0, 1] else None
