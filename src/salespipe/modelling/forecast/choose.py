"""Which candidate forecasts a level: its default, unless another is clearly better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from salespipe.modelling.forecast.backtest import Forecasts
from salespipe.modelling.forecast.panel import Panel
from salespipe.modelling.frame import Floats, Integers
from salespipe.params_forecast import ForecastParams


@dataclass(frozen=True)
class Choice:
    """The candidate of one level and why it is."""

    candidate: str
    reason: str


def choose_levels(
    panel: Panel, tested: Mapping[date, Forecasts], params: ForecastParams
) -> dict[str, Choice]:
    """One candidate a level, by origins that lie before the test period.

    Args:
        panel: observed values.
        tested: forecasts as of the choice origins, nothing else.
        params: defaults and horizon.
    """
    overlap = params.backtest.horizon_days / params.backtest.step_days
    defaults = {str(level): one.default for level, one in params.levels.items()}
    return {
        level: choose(origin_errors(panel, tested, panel.of_level(level)), defaults[level], overlap)
        for level in panel.levels
    }


def origin_errors(
    panel: Panel, tested: Mapping[date, Forecasts], columns: Integers
) -> dict[str, Floats]:
    """Absolute error over actual of each origin, for the candidates that offer all columns."""
    sold = {day: panel.window(day, len(made.days))[:, columns] for day, made in tested.items()}
    names = _offered(tested.values(), columns)
    return {
        name: np.array([
            np.abs(made.values[name][:, columns] - sold[day]).sum() / max(sold[day].sum(), 1e-9)
            for day, made in tested.items()
        ])
        for name in names
    }  # fmt: skip


def _offered(tested: Iterable[Forecasts], columns: Integers) -> list[str]:
    every = list(tested)
    return [
        name for name in every[0].values
        if not any(np.isnan(made.values[name][:, columns]).any() for made in every)
    ]  # fmt: skip


def choose(errors: Mapping[str, Floats], default: str, overlap: float = 1.0) -> Choice:
    """The default, unless the best other one is clearly better.

    With a handful of origins the smallest error is mostly luck.

    Args:
        errors: candidate to its error at each origin.
        default: what earlier evidence says; the best one where it is not offered.
        overlap: horizon over step: in how many origins' windows a day lies.
    """
    best = min(errors, key=lambda name: float(errors[name].mean()))
    if default not in errors:
        return Choice(best, f"the smallest error; {default} is not offered here")
    gain = errors[default] - errors[best]
    needed = needed_gain(gain, overlap)
    told = f"{errors[best].mean():.3f} against {default}'s {errors[default].mean():.3f}"
    if best == default:
        return Choice(default, f"the default has the smallest error, {errors[default].mean():.3f}")
    if float(gain.mean()) > needed:
        return Choice(best, f"clearly better: {told}, two standard errors are {needed:.3f}")
    return Choice(default, f"the default; {best} is not clearly better ({told}, ± {needed:.3f})")


def needed_gain(gain: Floats, overlap: float) -> float:
    """Two standard errors of a mean difference; infinite for a single origin.

    Args:
        gain: a difference an origin.
        overlap: how often a day is counted; the origins are worth that much fewer.
    """
    if len(gain) == 1:
        return float("inf")
    effective = max(len(gain) / max(overlap, 1.0), 1.0)
    return float(2 * gain.std(ddof=1) / np.sqrt(effective))
