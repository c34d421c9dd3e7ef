"""Backtest, choose and forecast: everything that is known of one training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from salespipe.modelling.forecast.backtest import Forecasts, backtest, forecast_from, pick
from salespipe.modelling.forecast.choose import Choice, choose_levels
from salespipe.modelling.forecast.intervals import (
    COVERAGES,
    Past,
    bounds,
    groups_of,
    measure_widths,
    widths_ahead,
)
from salespipe.modelling.forecast.origins import Origins, plan_origins
from salespipe.modelling.forecast.panel import Panel, make_panel
from salespipe.modelling.forecast.reconcile import add_up, with_rest
from salespipe.modelling.frame import Floats
from salespipe.params_forecast import ForecastParams

SCALE_SHARE = 0.5
"""Of a series' mean: what a day is raised by before its log is taken."""


@dataclass(frozen=True)
class Trained:
    """One measure's backtest and choice.

    Attributes:
        measure: revenue, orders or units.
        panel: observed values of the series that are forecast.
        full: the same with the rest of each level.
        origins: as of which days it was tested.
        tested: every candidate's forecasts as of each of them.
        choices: level to its candidate.
        made: origin to the chosen forecasts, (h, columns of `full`), levels adding up.
    """

    measure: str
    panel: Panel
    full: Panel
    origins: Origins
    tested: Mapping[date, Forecasts]
    choices: Mapping[str, Choice]
    made: Mapping[date, Floats]

    @property
    def chosen(self) -> dict[str, str]:
        """Level to the name of its candidate."""
        return {level: choice.candidate for level, choice in self.choices.items()}


def train_measures(table: pd.DataFrame, params: ForecastParams) -> dict[str, Trained]:
    """Backtests and chooses, for every measure.

    Args:
        table: what `build_series` gives.
        params: conf.
    """
    return {measure: train_measure(table, measure, params) for measure in params.measures}


def train_measure(table: pd.DataFrame, measure: str, params: ForecastParams) -> Trained:
    """Backtests one measure and chooses a candidate for each of its levels.

    Args:
        table: what `build_series` gives.
        measure: one of its columns.
        params: conf.
    """
    panel = make_panel(table, measure)
    as_of = (panel.days[-1] + pd.Timedelta(days=1)).date()
    origins = plan_origins(panel.days[0].date(), as_of, params.backtest)
    tested = backtest(panel, origins.all, params)
    choices = choose_levels(panel, {day: tested[day] for day in origins.choice}, params)
    chosen = {level: choice.candidate for level, choice in choices.items()}
    made = {day: add_up(pick(one, panel.series, chosen), panel, measure)
            for day, one in tested.items()}  # fmt: skip
    full = with_rest(panel, measure)
    return Trained(measure, panel, full, origins, tested, choices, made)


def scale_at(full: Panel, origin: date) -> Floats:
    """What a day of each series is raised by before its log is taken, from days before."""
    mean = full.before(origin).values.mean(axis=0)
    return np.asarray(SCALE_SHARE * mean + 1e-6, dtype=np.float64)


def widths_at(
    trained: Trained, origin: date, params: ForecastParams
) -> dict[str, dict[str, list[list[float]]]]:
    """Interval widths from the forecasts whose horizon had ended by a day.

    Args:
        trained: a measure's backtest.
        origin: the day.
        params: how many earlier origins at most.
    """
    horizon = params.backtest.horizon_days
    known = trained.origins.known_at(origin, horizon, params.backtest.interval_origins)
    past = [
        Past(trained.made[day], trained.full.window(day, horizon), trained.tested[day].open)
        for day in known
    ]
    return measure_widths(past, groups_of(trained.full), scale_at(trained.full, origin))


def told_bounds(
    trained: Trained, origin: date, params: ForecastParams
) -> dict[float, tuple[Floats, Floats]]:
    """Coverage to low and high of each day, as they would have been told on that day.

    Args:
        trained: a measure's backtest.
        origin: a test origin.
        params: conf.
    """
    widths, scale = widths_at(trained, origin, params), scale_at(trained.full, origin)
    made = trained.made[origin]
    ahead = widths_ahead(widths, "day", groups_of(trained.full), len(made))
    is_open = trained.tested[origin].open[:, None]
    return {
        coverage: bounds(made, scale, np.where(is_open, ahead[:, :, i], 0.0))
        for i, coverage in enumerate(COVERAGES)
    }


def next_forecast(trained: Trained, params: ForecastParams) -> tuple[Forecasts, Floats]:
    """The forecast that is put to use: from the day after the last complete one.

    Returns:
        Every candidate's, and the chosen ones with their levels adding up.
    """
    ahead = forecast_from(trained.panel, trained.origins.as_of, params.horizon_days, params)
    made = pick(ahead, trained.panel.series, trained.chosen)
    return ahead, add_up(made, trained.panel, trained.measure)
