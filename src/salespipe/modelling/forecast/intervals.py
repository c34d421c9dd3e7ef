"""Conformal intervals: as wide as earlier forecasts were off, by level and week ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from salespipe.modelling.forecast.panel import OTHER, Flags, Panel
from salespipe.modelling.frame import Floats, Integers

COVERAGES = (0.8, 0.95)
WEEK, MONTH = 7, 28
Frequency = str
FREQUENCIES: Mapping[Frequency, int] = {"day": 1, "week": 7, "month": 30}
"""Days in a block of each frequency, counted from the first day of the forecast."""

Widths = Mapping[str, Mapping[str, Sequence[Sequence[float]]]]
"""Frequency to group to one pair of widths (80%, 95%) a week ahead."""


@dataclass(frozen=True)
class Past:
    """One earlier forecast beside what then was sold.

    Attributes:
        forecast: (h, s).
        actual: (h, s).
        open: which of the h days the business was thought open.
    """

    forecast: Floats
    actual: Floats
    open: Flags


def groups_of(panel: Panel) -> list[str]:
    """What a column's errors are pooled with: its level, but for the rest of a level."""
    return [f"{level}/{key}" if key == OTHER else level for level, key in panel.series]


def distance(actual: Floats, forecast: Floats, scale: Floats) -> Floats:
    """How far apart, as a ratio: the difference of logs, each raised by the series' scale.

    Raised, since a day without a sale has no log.

    Args:
        actual: (h, s).
        forecast: (h, s).
        scale: s numbers above 0.
    """
    apart = np.log(actual + scale) - np.log(forecast + scale)
    return np.asarray(np.abs(apart), dtype=np.float64)


def conformal_quantile(scores: Floats, coverage: float) -> float:
    """The score that a new one exceeds with a chance of at most 1 - coverage.

    The ceil((n + 1) coverage)-th smallest of n exchangeable scores (Vovk et al. 2005); the
    largest where n is too small for that.

    Args:
        scores: n numbers; 0 is given where there are none.
        coverage: between 0 and 1.
    """
    if not len(scores):
        return 0.0
    rank = min(int(np.ceil((len(scores) + 1) * coverage)), len(scores))
    return float(np.partition(scores, rank - 1)[rank - 1])


def measure_widths(
    past: Sequence[Past], groups: Sequence[str], scale: Floats
) -> dict[str, dict[str, list[list[float]]]]:
    """Widths of each frequency, group and week ahead from earlier forecasts.

    Days are pooled within a week ahead; for sums of weeks and months, of which there are few, all
    weeks ahead are one.

    Args:
        past: earlier forecasts whose horizons have ended.
        groups: group of each of the s columns.
        scale: s numbers above 0.
    """
    names = list(dict.fromkeys(groups))
    columns = {name: np.flatnonzero([name == one for one in groups]) for name in names}
    weeks = -(-len(past[0].forecast) // WEEK)
    return {
        "day": {
            name: [_pair([_daily_scores(one, columns[name], scale, week) for one in past])
                   for week in range(weeks)]
            for name in names
        },
        "week": {name: [_pair([_block_scores(one, columns[name], scale, WEEK) for one in past])]
                 for name in names},
        "month": {name: [_pair([_block_scores(one, columns[name], scale, MONTH) for one in past])]
                  for name in names},
    }  # fmt: skip


def _pair(scores: list[Floats]) -> list[float]:
    together = np.concatenate(scores)
    return [conformal_quantile(together, coverage) for coverage in COVERAGES]


def _daily_scores(past: Past, columns: Integers, scale: Floats, week: int) -> Floats:
    rows = np.arange(len(past.open)) // WEEK == week
    rows &= past.open
    at = np.ix_(rows, columns)
    return distance(past.actual[at], past.forecast[at], scale[columns]).ravel()


def _block_scores(past: Past, columns: Integers, scale: Floats, days: int) -> Floats:
    days = min(days, len(past.open))
    actual, forecast = (block_sums(one[:, columns], days) for one in (past.actual, past.forecast))
    return distance(actual, forecast, days * scale[columns]).ravel()


def block_sums(values: Floats, days: int) -> Floats:
    """(h // days, s) sums of whole blocks of days; what is left over is left out."""
    blocks = len(values) // days
    return np.asarray(values[: blocks * days].reshape(blocks, days, -1).sum(axis=1))


def bounds(forecast: Floats, scale: Floats, width: Floats) -> tuple[Floats, Floats]:
    """The values within a distance of the forecast, none below 0.

    Args:
        forecast: (h, s).
        scale: as for `distance`.
        width: (h, s) or what broadcasts to it.
    """
    low = np.maximum((forecast + scale) * np.exp(-width) - scale, 0.0)
    return low, (forecast + scale) * np.exp(width) - scale


def widths_ahead(
    widths: Widths, frequency: Frequency, groups: Sequence[str], blocks: int
) -> Floats:
    """(blocks, s, 2) widths; beyond the weeks that were measured, the last one's.

    Args:
        widths: what `measure_widths` gives.
        frequency: day, week or month.
        groups: group of each column.
        blocks: how many blocks ahead.
    """
    block_days = FREQUENCIES[frequency]
    week = np.arange(blocks) * block_days // WEEK
    known = [np.asarray(widths[frequency][group]) for group in groups]
    return np.stack([one[np.minimum(week, len(one) - 1)] for one in known], axis=1)
