"""One measure's series side by side, and which of its days the business was or will be open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salespipe.modelling.frame import Floats, Integers
from salespipe.params_forecast import TradingParams

ALL, OTHER = "all", "other"
"""The total's key, and the key of what a level's best sellers leave."""

Flags = NDArray[np.bool_]
Series = tuple[str, str]
"""Level and key."""

WEEK, YEAR = 7, 364


@dataclass(frozen=True)
class Panel:
    """Every day of one measure.

    Attributes:
        days: all calendar days, n of them.
        series: s level and key pairs; the first is the total.
        values: (n, s), 0 where nothing was sold.
    """

    days: pd.DatetimeIndex
    series: tuple[Series, ...]
    values: Floats

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels in order."""
        return tuple(dict.fromkeys(level for level, _ in self.series))

    def of_level(self, level: str) -> Integers:
        """Columns of a level."""
        return np.flatnonzero([level == name for name, _ in self.series])

    def before(self, origin: date) -> Panel:
        """The days before an origin."""
        rows = self.days < pd.Timestamp(origin)
        return Panel(self.days[rows], self.series, self.values[rows])

    def window(self, origin: date, horizon: int) -> Floats:
        """(horizon, s) values from an origin on.

        Raises:
            IndexError: the days do not reach so far.
        """
        start = int(self.days.searchsorted(pd.Timestamp(origin)))
        if start + horizon > len(self.days):
            raise IndexError(f"{origin} and {horizon} days more are not in the panel")
        return self.values[start : start + horizon]


def make_panel(table: pd.DataFrame, measure: str, last: date | None = None) -> Panel:
    """The model input of one measure, with a row for each day.

    Args:
        table: what `build_series` gives.
        measure: one of its columns.
        last: last day to have; by default the last one in the table.
    """
    days = pd.to_datetime(table["day"])
    calendar = pd.date_range(days.min(), last or days.max(), freq="D")
    wide = table.assign(day=days).pivot(index="day", columns=["level", "key"], values=measure)
    names = [wide.columns.get_level_values(name) for name in ("level", "key")]
    pairs = [(str(level), str(key)) for level, key in zip(*names, strict=True)]
    series = sorted(pairs, key=lambda pair: pair != ("total", ALL))
    values = wide.reindex(calendar)[series].fillna(0.0).to_numpy(dtype=np.float64)
    return Panel(calendar, tuple(series), values)


@dataclass(frozen=True)
class History:
    """What a candidate is given: trading days alone, so that a week has no holes.

    Attributes:
        values: (n, s) of the open days.
        weekdays: n numbers, Monday 0.
        ahead: weekdays of the h open days to forecast.
        series: s level and key pairs.
        year_ago: n + h numbers, how much a day was sold in all about the same date last year; nan
            where the orders do not reach back so far.
    """

    values: Floats
    weekdays: Integers
    ahead: Integers
    series: tuple[Series, ...]
    year_ago: Floats

    @property
    def week(self) -> int:
        """Open days a week."""
        return max(len(np.unique(self.weekdays)), 1)


def trading_days(past: Panel, params: TradingParams) -> Flags:
    """Which days of the past the business was open, by its total.

    Args:
        past: a panel.
        params: when a weekday is closed and when a day without a sale is a holiday.
    """
    sold, weekday = past.values[:, 0] > 0, past.days.dayofweek.to_numpy()
    regular = ~np.isin(weekday, closed_weekdays(past, params))
    idle = 1 - sold[regular].mean() if regular.any() else 0.0
    return sold | (regular if idle > params.max_idle_share else False)


def closed_weekdays(past: Panel, params: TradingParams) -> Integers:
    """Weekdays without a sale in the latest weeks; none where nothing sold at all."""
    recent = slice(-WEEK * params.closed_weeks, None)
    sold, weekday = past.values[recent, 0] > 0, past.days[recent].dayofweek.to_numpy()
    closed = [day for day in range(WEEK) if not sold[weekday == day].any()]
    return np.asarray(closed if len(closed) < WEEK else [], dtype=np.int64)


def open_ahead(past: Panel, days: pd.DatetimeIndex, params: TradingParams) -> Flags:
    """Which days to come the business will be open, as far as its past can tell.

    Closed are the closed weekdays, and the days of the year on which it was closed the year before.

    Args:
        past: the panel before the origin.
        days: the days to come.
        params: as for `trading_days`.
    """
    weekday = past.days.dayofweek
    shut = closed_weekdays(past, params)
    holiday = past.days[~trading_days(past, params) & ~np.isin(weekday, shut)]
    yearly = {(day.month, day.day) for day in holiday if _stays(day)}
    known = np.array([(day.month, day.day) in yearly for day in days], dtype=np.bool_)
    return ~np.isin(days.dayofweek, shut) & ~known


def _stays(day: pd.Timestamp) -> bool:
    """Holidays from Christmas to New Year keep their date; others move about."""
    return (day.month, day.day) >= (12, 24) or (day.month, day.day) == (1, 1)


def history_of(past: Panel, ahead: pd.DatetimeIndex, days: int, params: TradingParams) -> History:
    """The trading days before an origin, and the weekdays to forecast.

    Args:
        past: the panel before the origin.
        ahead: the open days to forecast.
        days: how many calendar days to look back.
        params: as for `trading_days`.
    """
    kept = trading_days(past, params)
    kept[: max(len(kept) - days, 0)] = False
    dates = pd.DatetimeIndex([*past.days[kept], *ahead])
    return History(
        values=past.values[kept],
        weekdays=past.days.dayofweek.to_numpy()[kept].astype(np.int64),
        ahead=ahead.dayofweek.to_numpy().astype(np.int64),
        series=past.series,
        year_ago=about_a_year_ago(past, dates),
    )


def about_a_year_ago(past: Panel, dates: pd.DatetimeIndex) -> Floats:
    """Mean day of the total in the week around the same weekday 52 weeks before; nan if unknown.

    Args:
        past: the panel before the origin.
        dates: days, which may lie after it.
    """
    total = pd.Series(past.values[:, 0], index=past.days)
    week = total.rolling(WEEK, center=True).mean()
    known = week.reindex(dates - pd.Timedelta(days=YEAR)).to_numpy(dtype=np.float64)
    return np.asarray(known, dtype=np.float64)
