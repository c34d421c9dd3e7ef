"""Two pictures of the forecast: what comes next, and how well each candidate did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from salespipe.modelling.forecast.panel import ALL
from salespipe.modelling.forecast.saved import ForecastModel
from salespipe.modelling.forecast.train import Trained
from salespipe.modelling.plots import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN_DAYS = 120


def forecast_figure(trained: Trained, model: ForecastModel) -> Figure:
    """The total's last days and its forecast, with both intervals.

    Args:
        trained: the first measure.
        model: the forecast.
    """
    table = model.table
    ahead = table[(table["measure"] == trained.measure) & (table["level"] == "total")
                  & (table["key"] == ALL) & (table["frequency"] == "day")]  # fmt: skip
    days = pd.to_datetime(ahead["date"]).to_numpy()
    figure = new_figure()
    axes = figure.subplots()
    axes.plot(trained.panel.days[-SHOWN_DAYS:], trained.panel.values[-SHOWN_DAYS:, 0], color="0.4",
              label="actual")  # fmt: skip
    for name, alpha in (("95", 0.15), ("80", 0.3)):
        axes.fill_between(days, ahead[f"low_{name}"], ahead[f"high_{name}"], color="C0",
                          alpha=alpha, label=f"{name}% interval", linewidth=0)  # fmt: skip
    axes.plot(days, ahead["value"], color="C0", label="forecast")
    axes.set(ylabel=f"{trained.measure} a day", title="What comes next?")
    axes.legend(loc="upper left")
    figure.autofmt_xdate()
    return figure


def error_figure(levels: dict[str, Any], measure: str) -> Figure:
    """WAPE of each candidate by level, the chosen one marked.

    Args:
        levels: `judge_measure`'s.
        measure: its name.
    """
    names = list(dict.fromkeys(name for one in levels.values() for name in one["candidates"]))
    figure = new_figure()
    axes = figure.subplots()
    width = 0.8 / len(names)
    for i, name in enumerate(names):
        heights = [one["candidates"].get(name, {}).get("wape", {}).get("value") or 0.0
                   for one in levels.values()]  # fmt: skip
        axes.bar(np.arange(len(levels)) + i * width, heights, width, label=name)
    chosen = [one["forecast"]["wape"]["value"] or 0.0 for one in levels.values()]
    left = np.arange(len(levels)) - width / 2
    axes.hlines(chosen, left, left + 0.8, color="black", label="chosen")
    axes.set(ylabel=f"WAPE of a day's {measure}", title="How far off at the test origins?")
    axes.set_xticks(left + 0.4, list(levels))
    axes.legend(loc="upper left")
    return figure
