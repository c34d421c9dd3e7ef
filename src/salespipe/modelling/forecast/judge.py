"""How good the forecasts were at the test origins: what `metrics.json` holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.bootstrap import Interval, interval, mean_interval, resampled_weights
from salespipe.modelling.forecast.candidates import ROLES
from salespipe.modelling.forecast.intervals import block_sums
from salespipe.modelling.forecast.panel import Flags
from salespipe.modelling.forecast.train import Trained, told_bounds
from salespipe.modelling.frame import Floats, Integers
from salespipe.params_forecast import ForecastParams

WEEK = 7


def judge_measure(trained: Trained, params: ForecastParams) -> dict[str, Any]:
    """Figures of one measure by level, from the test origins alone.

    Args:
        trained: a measure's backtest and choice.
        params: conf.

    Returns:
        `levels`: level to the chosen candidate with its reason, to the figures of the forecast as
        it is told (levels adding up), to those of every candidate, and to the coverage.
    """
    return {"levels": {level: judge_level(trained, level, params)
                       for level in trained.panel.levels}}  # fmt: skip


def judge_level(trained: Trained, level: str, params: ForecastParams) -> dict[str, Any]:
    """Figures of one level; see `judge_measure`."""
    columns = trained.panel.of_level(level)
    actual = actuals(trained, columns, params)
    told = np.stack([trained.made[day][:, columns] for day in trained.origins.test])
    names = candidates_of(trained, columns)
    made = {name: candidate_values(trained, name, columns) for name in names}
    return {
        "chosen": trained.choices[level].candidate,
        "reason": trained.choices[level].reason,
        "series": len(columns),
        "forecast": figures_of(told, actual, params),
        "candidates": {
            name: {"role": ROLES[name], **figures_of(values, actual, params)}
            for name, values in made.items()
        },
        "coverage": coverage_of(trained, columns, params),
    }


def actuals(trained: Trained, columns: Integers, params: ForecastParams) -> Floats:
    """(origins, h, columns) values of the test windows."""
    horizon = params.backtest.horizon_days
    days = trained.origins.test
    return np.stack([trained.panel.window(day, horizon)[:, columns] for day in days])


def candidates_of(trained: Trained, columns: Integers) -> list[str]:
    """The candidates that forecast all of some columns at every test origin."""
    tested = [trained.tested[day] for day in trained.origins.test]
    return [name for name in ROLES
            if not any(np.isnan(one.values[name][:, columns]).any() for one in tested)]  # fmt: skip


def candidate_values(trained: Trained, name: str, columns: Integers) -> Floats:
    """(origins, h, columns) forecasts of a candidate at the test origins, before adding up."""
    return np.stack([trained.tested[day].values[name][:, columns] for day in trained.origins.test])


def figures_of(made: Floats, actual: Floats, params: ForecastParams) -> dict[str, Interval | None]:
    """WAPE a day and a week, and bias, each with an interval that resamples origins.

    WAPE: sum of absolute errors over the sum of what was sold. Bias: sum of errors over the same.

    Args:
        made: (origins, h, columns).
        actual: the same shape.
        params: how many samples.
    """
    weekly = [np.stack([block_sums(one, WEEK) for one in some]) for some in (made, actual)]
    sold = actual.sum(axis=(1, 2))
    weekly_sold = weekly[1].sum(axis=(1, 2))
    return {
        "wape": ratio(np.abs(made - actual).sum(axis=(1, 2)), sold, params),
        "wape_7d": ratio(np.abs(weekly[0] - weekly[1]).sum(axis=(1, 2)), weekly_sold, params),
        "bias": ratio((made - actual).sum(axis=(1, 2)), sold, params),
    }


def ratio(above: Floats, below: Floats, params: ForecastParams) -> Interval:
    """A ratio of sums with its interval.

    Args:
        above: a number an origin.
        below: a number an origin.
        params: how many samples.
    """
    if below.sum() <= 0:
        return {"value": None, "low": None, "high": None}
    gate = params.gate
    draws = resampled_weights(np.arange(len(above)), gate.bootstrap_samples, gate.seed)
    samples = [(drawn @ above) / np.maximum(drawn @ below, 1e-9) for drawn in draws]
    return interval(float(above.sum() / below.sum()), np.concatenate(samples))


def coverage_of(trained: Trained, columns: Integers, params: ForecastParams) -> dict[str, Interval]:
    """Share of open test days that the intervals hold, in a level's series.

    Days that were forecast closed are left out: their interval is nothing but 0.

    Args:
        trained: a measure's backtest.
        columns: of the level; its rest is not among them.
        params: conf.
    """
    inside: dict[float, list[Flags]] = {}
    for day in trained.origins.test:
        actual = trained.full.window(day, params.backtest.horizon_days)
        is_open = trained.tested[day].open
        for coverage, (low, high) in told_bounds(trained, day, params).items():
            held = (actual >= low - 1e-9) & (actual <= high + 1e-9)
            inside.setdefault(coverage, []).append(held[is_open][:, columns])
    clusters = weekly_clusters(trained, len(columns))
    gate = params.gate
    return {
        f"at_{round(100 * coverage)}": mean_interval(
            np.concatenate([one.ravel() for one in held]).astype(np.float64), clusters,
            gate.bootstrap_samples, gate.seed,
        )
        for coverage, held in inside.items()
    }  # fmt: skip


def weekly_clusters(trained: Trained, width: int) -> Integers:
    """Origin and week of each open test day and column, as numbers from 0."""
    parts = []
    for number, day in enumerate(trained.origins.test):
        is_open = trained.tested[day].open
        week = np.flatnonzero(is_open) // WEEK + 100 * number
        parts.append(np.repeat(week, width))
    return np.unique(np.concatenate(parts), return_inverse=True)[1].astype(np.int64)


def summary(judged: Mapping[str, Mapping[str, Any]], measure: str) -> dict[str, Any]:
    """The total's candidates of a measure, as the table of champions reads them.

    Args:
        judged: measure to what `judge_measure` gives.
        measure: the first one of conf.
    """
    total = judged[measure]["levels"]["total"]
    return {
        "headline": {"figure": "wape", "better": "lower"},
        "chosen": total["chosen"],
        "reason": total["reason"],
        "candidates": total["candidates"],
    }


def metrics_of(trained: Mapping[str, Trained], params: ForecastParams) -> dict[str, Any]:
    """What `metrics.json` holds: the first measure's total up front, then all of it.

    Args:
        trained: measure to backtest and choice.
        params: conf.
    """
    judged = {measure: judge_measure(one, params) for measure, one in trained.items()}
    first = trained[params.measures[0]]
    test = first.origins.test
    return {
        "as_of": str(first.origins.as_of),
        "horizon_days": params.backtest.horizon_days,
        **summary(judged, first.measure),
        "rows": {"test": {
            "origins": len(test),
            "first_cutoff": str(test[0]),
            "last_cutoff": str(test[-1]),
            "series": len(first.panel.series),
            "choice_origins": len(first.origins.choice),
        }},
        "measures": judged,
    }  # fmt: skip


def judged_days(trained: Trained, params: ForecastParams) -> pd.DataFrame:
    """Each test day's actual value, forecast and intervals: one row an origin, day and series."""
    parts = []
    for day in trained.origins.test:
        made = trained.made[day]
        numbers = {"actual": trained.full.window(day, len(made)), "forecast": made}
        for coverage, (low, high) in told_bounds(trained, day, params).items():
            name = round(100 * coverage)
            numbers |= {f"low_{name}": low, f"high_{name}": high}
        keys = pd.DataFrame(list(trained.full.series) * len(made), columns=["level", "key"])
        dates = np.repeat(trained.tested[day].days, len(trained.full.series))
        flat = {name: values.ravel() for name, values in numbers.items()}
        parts.append(keys.assign(origin=str(day), day=dates, **flat))
    return pd.concat(parts, ignore_index=True)
