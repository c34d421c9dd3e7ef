"""How much the shop sells on a day: the year, the week and promotions, as factors around 1."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from salespipe.params import SimulatorParams

WEEKDAYS = np.array([1.05, 1.0, 1.0, 1.05, 1.2, 0.9, 0.8])
"""Monday to Sunday."""
PROMOTIONS = ((3, 10), (6, 20), (9, 8), (11, 20))
"""First day of each ten-day promotion: (month, day)."""
PROMOTION_DAYS = 10
PROMOTION_LIFT = 1.4
DISCOUNT = 0.85


def season(params: SimulatorParams, extra_days: int = 0) -> NDArray[np.float64]:
    """The factor on every customer's buying rate for each day of the simulation.

    Args:
        params: first day and length.
        extra_days: days to go on after the last one.
    """
    dates = _dates(params, extra_days)
    day_of_year = dates.astype("datetime64[D]") - dates.astype("datetime64[Y]")
    phase = 2 * np.pi * day_of_year.astype(int) / 365.25
    # high from late November to Christmas, low in summer
    year = 1 + 0.25 * np.cos(phase) + 0.15 * np.cos(2 * phase)
    weekday = (dates.astype("datetime64[D]").astype(int) + 3) % 7
    lift = np.where(promoted(params, extra_days), PROMOTION_LIFT, 1.0)
    return np.asarray(year * WEEKDAYS[weekday] * lift, dtype=np.float64)


def promoted(params: SimulatorParams, extra_days: int = 0) -> NDArray[np.bool_]:
    """Whether each day lies in a promotion."""
    dates = _dates(params, extra_days)
    years = range(params.first_day.year, params.first_day.year + len(dates) // 365 + 2)
    starts = [np.datetime64(dt.date(year, *day)) for year in years for day in PROMOTIONS]
    since = dates[:, None] - np.array(starts)[None, :]
    inside = (since >= np.timedelta64(0, "D")) & (since < np.timedelta64(PROMOTION_DAYS, "D"))
    return np.asarray(inside.any(axis=1))


def _dates(params: SimulatorParams, extra_days: int) -> NDArray[np.datetime64]:
    return np.datetime64(params.first_day) + np.arange(params.days + extra_days)
