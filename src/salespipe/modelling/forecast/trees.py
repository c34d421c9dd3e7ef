"""One XGBoost over all series of a measure, on trading days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from salespipe.modelling.forecast.panel import History
from salespipe.modelling.frame import Floats, Integers
from salespipe.params_forecast import ForecastTrainParams

if TYPE_CHECKING:
    from xgboost import XGBRegressor

SPANS = (1, 3, 6, 12, 48)
"""Trading days whose mean is a feature of the direct forecast."""
LEVEL_SPAN = 24
SAME_WEEKDAYS = (1, 4, 12)
FIRST_ORIGIN = 36
"""Trading days before the first origin that is learned from."""
MOST_ORIGINS = 40
"""Origins that are learned from, evenly spaced: neighbours tell almost the same."""
LAST_STEP = 24
"""Steps ahead that are learned; later ones are forecast as this one."""
SMALL = 1e-9


def fit_tweedie(history: History, params: ForecastTrainParams) -> Floats:
    """Tweedie loss on series scaled to a mean of 1, step by step through mlforecast.

    The lags are whole trading weeks and the days just before. The month and the date are no
    features: with barely a year of history trees read the trend out of them.

    Args:
        history: trading days before the origin.
        params: how trees are grown.
    """
    week, steps = history.week, len(history.ahead)
    mean = np.maximum(history.values.mean(axis=0), SMALL)
    names = np.array([f"{column:05d}" for column in range(len(history.series))])
    train = _long(names, history.values / mean, history.weekdays)
    train["level"] = np.repeat(_level_codes(history), len(history.values))
    learner = _learner(train, week, params)
    known = len(history.values)
    future = _long(names, np.zeros((steps, len(names))), history.ahead, known).drop(columns="y")
    made = learner.predict(steps, X_df=future).sort_values(["unique_id", "ds"])
    return np.asarray(made["xgb"].to_numpy().reshape(len(names), steps).T * mean)


def _learner(train: pd.DataFrame, week: int, params: ForecastTrainParams) -> Any:
    """mlforecast's, fitted here or on Spark's workers."""
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean

    features: dict[str, Any] = {
        "freq": 1,
        "lags": sorted({1, 2, week - 1, week, 2 * week, 3 * week, 4 * week} - {0}),
        "lag_transforms": {1: [RollingMean(n * week, min_samples=1) for n in (1, 2, 4)]},
    }
    tweedie = {"tweedie_variance_power": params.tweedie_power}
    if params.engine == "spark":
        from salespipe.modelling.forecast.distributed import fit_on_spark

        return fit_on_spark(train, grown_by(params, "reg:tweedie", **tweedie), features)
    learner = MLForecast({"xgb": regressor(params, "reg:tweedie", **tweedie)}, **features)
    learner.fit(train, static_features=["level"])
    return learner


def _long(names: Any, values: Floats, weekdays: Integers, first: int = 0) -> pd.DataFrame:
    """Series under one another as mlforecast has them, days numbered."""
    return pd.DataFrame({
        "unique_id": np.repeat(names, len(values)),
        "ds": np.tile(np.arange(first, first + len(values)), len(names)),
        "y": values.T.ravel(),
        "weekday": np.tile(weekdays, len(names)),
    })  # fmt: skip


def _level_codes(history: History) -> Integers:
    names = list(dict.fromkeys(level for level, _ in history.series))
    return np.array([names.index(level) for level, _ in history.series], dtype=np.int64)


def fit_log(history: History, params: ForecastTrainParams) -> Floats:
    """Squared error on the log of a day over the recent level, any step ahead at once.

    A forecast of the log lies near the median, which is what absolute error asks for where most
    days sell little and some sell much; its sum is too low.

    Args:
        history: trading days before the origin.
        params: how trees are grown.
    """
    known, width = len(history.values), len(history.series)
    origins = _learned_origins(known - history.week)
    if not len(origins):
        return np.full((len(history.ahead), width), np.nan)
    parts = [_rows_from(history, at, history.weekdays[at : at + LAST_STEP]) for at in origins]
    targets = [history.values[at : at + LAST_STEP] for at in origins]
    ratio = [np.log1p(y / level).ravel() for y, (_, level) in zip(targets, parts, strict=True)]
    weight = [np.broadcast_to(np.sqrt(level), y.shape).ravel()
              for y, (_, level) in zip(targets, parts, strict=True)]  # fmt: skip
    model = regressor(params, "reg:squarederror")
    model.fit(np.concatenate([rows for rows, _ in parts]), np.concatenate(ratio),
              sample_weight=np.concatenate(weight) / np.concatenate(weight).mean())  # fmt: skip
    rows, level = _rows_from(history, known, history.ahead)
    return np.asarray(np.expm1(model.predict(rows)).reshape(-1, width) * level, dtype=np.float64)


def _learned_origins(end: int) -> Integers:
    if end <= FIRST_ORIGIN:
        return np.zeros(0, dtype=np.int64)
    count = min(MOST_ORIGINS, end - FIRST_ORIGIN)
    return np.linspace(end - 1, FIRST_ORIGIN, count).astype(np.int64)[::-1]


def _rows_from(history: History, at: int, ahead: Integers) -> tuple[Floats, Floats]:
    """Features of every step and series as of a trading day, from the days before it.

    Returns:
        (steps * s, features), steps before series, and the s recent levels.
    """
    past, weekdays = history.values[:at], history.weekdays[:at]
    usual = past.mean(axis=0)
    level = past[-LEVEL_SPAN:].mean(axis=0) + 0.02 * usual + SMALL
    fixed = [past[-span:].mean(axis=0) / level for span in SPANS]
    fixed += [usual / level, (past[-LEVEL_SPAN:] > 0).mean(axis=0), _level_codes(history)]
    season = _season_from(history, at, len(ahead))
    same = {int(day): _same_weekday(past[weekdays == day], level) for day in np.unique(ahead)}
    steps = [
        np.column_stack([*fixed, *same[int(day)], np.full(len(level), min(step, LAST_STEP - 1)),
                         np.full(len(level), day), np.full(len(level), season[step])])
        for step, day in enumerate(ahead)
    ]  # fmt: skip
    return np.concatenate(steps), level


def _season_from(history: History, at: int, steps: int) -> Floats:
    """How much more than in the weeks before `at` was sold a year before each step; nan unknown."""
    ago = history.year_ago
    return ago[at : at + steps] / max(float(ago[max(at - LEVEL_SPAN, 0) : at].mean()), SMALL)


def _same_weekday(past: Floats, level: Floats) -> list[Floats]:
    if not len(past):
        return [np.ones_like(level) for _ in SAME_WEEKDAYS]
    return [past[-count:].mean(axis=0) / level for count in SAME_WEEKDAYS]


def regressor(params: ForecastTrainParams, objective: str, **more: Any) -> XGBRegressor:
    """XGBoost as conf has it; one thread gives the same trees everywhere.

    Args:
        params: how trees are grown.
        objective: in xgboost's words.
        **more: the objective's own parameters.
    """
    import xgboost

    return xgboost.XGBRegressor(**grown_by(params, objective, **more), n_jobs=1)


def grown_by(params: ForecastTrainParams, objective: str, **more: Any) -> dict[str, Any]:
    """Conf in the words of xgboost's estimators, wherever they run."""
    return {
        "objective": objective,
        "n_estimators": params.trees,
        "learning_rate": params.learning_rate,
        "max_depth": params.max_depth,
        "min_child_weight": params.min_child_weight,
        "subsample": params.subsample,
        "colsample_bytree": params.colsample_bytree,
        "reg_lambda": params.reg_lambda,
        "random_state": params.seed,
        **more,
    }
