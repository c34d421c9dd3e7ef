"""What may forecast: baselines a person would use, trees over all series, and their mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from salespipe.modelling.forecast.panel import History
from salespipe.modelling.forecast.trees import fit_log, fit_tweedie
from salespipe.modelling.frame import Floats
from salespipe.params_forecast import ForecastTrainParams

AVERAGE_WEEKS = 4
PROFILE_WEEKS = 12
SIMPLEST = "moving_average"
MEAN_OF = ("xgb_tweedie", "moving_average")

ROLES = {
    "seasonal_naive": "baseline",
    "moving_average": "baseline",
    "auto_ets": "baseline",
    "xgb_tweedie": "candidate",
    "xgb_log": "candidate",
    "ensemble": "candidate",
}
"""Baselines are what a person would do without the model; all of them may be chosen."""

Candidate = Callable[[History, ForecastTrainParams], Floats]
"""History to (h, s) forecasts of its open days to come; nan in series it does not offer."""


def forecast_all(history: History, params: ForecastTrainParams) -> dict[str, Floats]:
    """Every candidate's forecast of the open days ahead, none below 0.

    Args:
        history: trading days before the origin.
        params: how trees are grown, and where AutoETS is fitted.

    Returns:
        Candidate to (h, s); all nan in a level that it does not offer.
    """
    made = {name: np.maximum(fit(history, params), 0.0) for name, fit in FITTED.items()}
    return made | {"ensemble": mean_of(made)}


def mean_of(forecasts: Mapping[str, Floats]) -> Floats:
    """The ensemble: trees that see all series, steadied by the mean of the last weeks."""
    return np.asarray(np.mean([forecasts[name] for name in MEAN_OF], axis=0))


def seasonal_naive(history: History, params: ForecastTrainParams) -> Floats:
    """The same weekday of the last week; 0 on a weekday that was never open."""
    del params
    latest = {int(day): row for day, row in zip(history.weekdays, history.values, strict=True)}
    never = np.zeros(len(history.series))
    return np.array([latest.get(int(day), never) for day in history.ahead])


def moving_average(history: History, params: ForecastTrainParams) -> Floats:
    """The mean of the last four weeks, spread over the week as the total is."""
    del params
    profile = week_profile(history)
    recent = slice(-AVERAGE_WEEKS * history.week, None)
    usual = profile[history.weekdays[recent]].mean() if len(history.values) else 1.0
    level = history.values[recent].mean(axis=0) if len(history.values) else np.zeros(1)
    return np.outer(profile[history.ahead], level / max(usual, 1e-9))


def week_profile(history: History) -> Floats:
    """How much more than an average day the total sells on each weekday, of the last 12 weeks."""
    recent = slice(-PROFILE_WEEKS * history.week, None)
    total, weekday = history.values[recent, 0], history.weekdays[recent]
    mean = total.mean() if len(total) else 0.0
    if mean <= 0:
        return np.ones(7)
    known = [total[weekday == day] for day in range(7)]
    return np.array([day.mean() / mean if len(day) else 1.0 for day in known])


def auto_ets(history: History, params: ForecastTrainParams) -> Floats:
    """AutoETS on trading days, series by series, in the levels that conf names."""
    from statsforecast.models import AutoETS

    made = np.full((len(history.ahead), len(history.series)), np.nan)
    model = AutoETS(season_length=history.week)
    for column, (level, _) in enumerate(history.series):
        if level in params.ets_levels:
            made[:, column] = model.forecast(y=history.values[:, column], h=len(made))["mean"]
    return made


FITTED: Mapping[str, Candidate] = {
    "seasonal_naive": seasonal_naive,
    "moving_average": moving_average,
    "auto_ets": auto_ets,
    "xgb_tweedie": fit_tweedie,
    "xgb_log": fit_log,
}
