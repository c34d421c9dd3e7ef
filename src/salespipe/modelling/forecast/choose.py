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
    return {
        level: choose(origin_errors(panel, tested, panel.of_level(level)),
                      params.levels[level].default)  # type: ignore[index]
        for level in panel.levels
    }  # fmt: skip


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


def choose(errors: Mapping[str, Floats], default: str) -> Choice:
    """The default, unless the best other one beats it by more than a standard error.

    With a handful of origins the smallest error is mostly luck.

    Args:
        errors: candidate to its error at each origin.
        default: what prior evidence says; the best one where it is not offered.
    """
    best = min(errors, key=lambda name: float(errors[name].mean()))
    if default not in errors:
        return Choice(best, f"{default} is not offered here; the smallest error")
    gain = errors[default] - errors[best]
    needed = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else float("inf")
    told = f"{errors[best].mean():.3f} against {default}'s {errors[default].mean():.3f}"
    if best == default:
        return Choice(default, f"the default has the smallest error, {errors[default].mean():.3f}")
    if float(gain.mean()) > needed:
        return Choice(best, f"{told}, by more than a standard error ({needed:.3f})")
    return Choice(default, f"the default; {best} is not clearly better ({told}, ± {needed:.3f})")
