"""What every candidate would have forecast as of past days, each from the days before alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from salespipe.modelling.forecast.candidates import SIMPLEST, forecast_all
from salespipe.modelling.forecast.guard import capped, too_short
from salespipe.modelling.forecast.panel import (
    Flags,
    History,
    Panel,
    Series,
    history_of,
    open_ahead,
)
from salespipe.modelling.frame import Floats
from salespipe.params_forecast import ForecastParams


@dataclass(frozen=True)
class Forecasts:
    """All candidates' forecasts as of one day.

    Attributes:
        origin: their first day.
        days: h calendar days.
        open: which of them the business is open, as far as is known; the others are forecast 0.
        values: candidate to (h, s); nan in levels that it does not offer.
        short: which of the s series fell back to the simplest candidate.
        stopped: candidate to which of the s series the guard stopped.
    """

    origin: date
    days: pd.DatetimeIndex
    open: Flags
    values: Mapping[str, Floats]
    short: Flags
    stopped: Mapping[str, Flags]


def forecast_from(panel: Panel, origin: date, horizon: int, params: ForecastParams) -> Forecasts:
    """Every candidate's forecast as of a day; nothing from that day on is looked at.

    Args:
        panel: observed values, before the origin and maybe after.
        origin: first day to forecast.
        horizon: calendar days ahead.
        params: conf.
    """
    past = panel.before(origin)
    days = pd.date_range(pd.Timestamp(origin), periods=horizon, freq="D")
    is_open = open_ahead(past, days, params.trading)
    history = history_of(past, days[is_open], params.train.history_days, params.trading)
    short = too_short(history, params.guard)
    raw = forecast_all(history, params.train)
    guarded = {name: _safe(made, raw[SIMPLEST], history, short, params)
               for name, made in raw.items()}  # fmt: skip
    return Forecasts(
        origin=origin,
        days=days,
        open=is_open,
        values={name: _every_day(made, is_open) for name, (made, _) in guarded.items()},
        short=short,
        stopped={name: stopped for name, (_, stopped) in guarded.items()},
    )


def _safe(
    made: Floats, simplest: Floats, history: History, short: Flags, params: ForecastParams
) -> tuple[Floats, Flags]:
    """A candidate's forecast after fallback and guard; what it does not offer stays nan."""
    offered = ~np.isnan(made).all(axis=0)
    kept, stopped = capped(np.where(short, simplest, made), history, params.guard)
    return np.where(offered, kept, np.nan), stopped & offered


def _every_day(made: Floats, is_open: Flags) -> Floats:
    values = np.zeros((len(is_open), made.shape[1]))
    values[is_open] = made
    values[:, np.isnan(made).all(axis=0)] = np.nan
    return values


def backtest(
    panel: Panel, origins: Sequence[date], params: ForecastParams
) -> dict[date, Forecasts]:
    """Forecasts of every candidate as of every origin.

    Args:
        panel: observed values.
        origins: days whose horizon lies within the panel.
        params: conf.
    """
    horizon = params.backtest.horizon_days
    return {origin: forecast_from(panel, origin, horizon, params) for origin in origins}


def pick(forecasts: Forecasts, series: tuple[Series, ...], chosen: Mapping[str, str]) -> Floats:
    """(h, s): each level's forecast by its chosen candidate.

    Args:
        forecasts: as of one day.
        series: what the columns are.
        chosen: level to candidate.
    """
    columns = [forecasts.values[chosen[level]][:, i] for i, (level, _) in enumerate(series)]
    return np.column_stack(columns)
