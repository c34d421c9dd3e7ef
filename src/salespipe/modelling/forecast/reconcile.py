"""Levels add up: a level's series and the rest of its level are the total, day by day."""

from __future__ import annotations

import numpy as np

from salespipe.modelling.forecast.panel import OTHER, Panel
from salespipe.modelling.frame import Floats

NOT_ADDITIVE = {"orders": ("category", "item")}
"""One order holds several items: their numbers of orders are more than there are orders."""


def with_rest(panel: Panel, measure: str) -> Panel:
    """The panel with what is left of the total in each additive level, as the key `other`.

    Args:
        panel: observed values.
        measure: revenue, orders or units.
    """
    levels = additive_levels(panel, measure)
    rest = [panel.values[:, 0] - panel.values[:, panel.of_level(one)].sum(1) for one in levels]
    values = np.column_stack([panel.values, *(np.maximum(one, 0.0) for one in rest)])
    series = panel.series + tuple((level, OTHER) for level in levels)
    return Panel(panel.days, series, values)


def additive_levels(panel: Panel, measure: str) -> list[str]:
    """The levels whose series are parts of the total."""
    left_out = ("total", *NOT_ADDITIVE.get(measure, ()))
    return [level for level in panel.levels if level not in left_out]


def add_up(forecast: Floats, panel: Panel, measure: str) -> Floats:
    """Forecasts that add up, the total kept: other is what is left of it.

    Where the series of a level are more than the total they are scaled down to it, each in
    proportion (hierarchicalforecast's top-down by forecast proportions; Gross & Sohl 1990).

    Args:
        forecast: (h, s) by series of the panel, none negative.
        panel: says which column is which.
        measure: revenue, orders or units.

    Returns:
        (h, s + additive levels), columns as `with_rest` has them.
    """
    made, rest = forecast.copy(), []
    for level in additive_levels(panel, measure):
        columns = panel.of_level(level)
        parts = top_down(made[:, 0], made[:, columns])
        made[:, columns] = parts[:, :-1]
        rest.append(parts[:, -1])
    return np.column_stack([made, *rest])


def top_down(total: Floats, parts: Floats) -> Floats:
    """Parts of a total and what is left, which sum to it.

    Args:
        total: h numbers, none negative.
        parts: (h, k), none negative.

    Returns:
        (h, k + 1).
    """
    from hierarchicalforecast.methods import TopDown

    rest = np.maximum(total - parts.sum(axis=1), 0.0)
    leaves = np.column_stack([parts, rest]).T
    count, some = len(leaves), total > 0
    made = np.zeros_like(leaves)
    summing = np.vstack([np.ones(count), np.eye(count)])
    tags = {"total": np.array([0]), "parts": np.arange(1, count + 1)}
    if some.any():
        base = np.vstack([total, leaves])[:, some]
        made[:, some] = TopDown("forecast_proportions").fit_predict(summing, base, tags)["mean"][1:]
    return np.asarray(made.T)
