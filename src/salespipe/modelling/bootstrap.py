"""Intervals by resampling customers, the same draws for every candidate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from salespipe.modelling.frame import Floats, Integers
from salespipe.modelling.metrics import Ranked, all_figures

LEVEL = 0.95
CELLS = 400_000
"""Weights held in memory at once (rows times samples): about 3 MB, which caches hold."""

Interval = dict[str, float | None]
"""value, low, high; None where it cannot be computed."""


def resampled_weights(clusters: Integers, samples: int, seed: int) -> Iterator[Floats]:
    """Draws customers with replacement; a row weighs as often as its customer was drawn.

    Args:
        clusters: Customer of each of n rows, as numbers from 0.
        samples: How many draws.
        seed: Same seed, same draws.

    Yields:
        Blocks of shape (some samples, n); `samples` in all.
    """
    generator = np.random.default_rng(seed)
    customers = int(clusters.max()) + 1
    chance = np.full(customers, 1 / customers)
    block = max(1, CELLS // max(len(clusters), customers))
    for done in range(0, samples, block):
        counts = generator.multinomial(customers, chance, size=min(block, samples - done))
        yield counts.astype(np.float64)[:, clusters]


def resampled_figures(
    ranked: Mapping[str, Ranked], clusters: Integers, samples: int, seed: int
) -> dict[str, dict[str, Floats]]:
    """Every figure of every candidate in every sample: candidate to figure to `samples` values."""
    blocks = [
        {name: all_figures(rows, weights) for name, rows in ranked.items()}
        for weights in resampled_weights(clusters, samples, seed)
    ]
    return {
        name: {
            figure: np.concatenate([block[name][figure] for block in blocks])
            for figure in blocks[0][name]
        }
        for name in ranked
    }


def mean_interval(values: Floats, clusters: Integers, samples: int, seed: int) -> Interval:
    """Mean of values whose rows depend on one another within a cluster, with its interval.

    Args:
        values: n numbers, such as paired differences of losses.
        clusters: Customer of each row, as numbers from 0.
        samples: How many draws of clusters.
        seed: Same seed, same draws.
    """
    if not len(values):
        return {"value": None, "low": None, "high": None}
    sums, sizes = np.bincount(clusters, values), np.bincount(clusters).astype(np.float64)
    draws = resampled_weights(np.arange(len(sums)), samples, seed)
    means = np.concatenate([(drawn @ sums) / np.maximum(drawn @ sizes, 1.0) for drawn in draws])
    return interval(float(values.mean()), means)


def interval(value: float, samples: Floats) -> Interval:
    """Percentile interval of a figure, widened to hold its value.

    Figures that cannot fall below 0, such as the calibration error, are biased upwards in samples;
    widening keeps the value inside its own interval.
    """
    known = samples[np.isfinite(samples)]
    if not np.isfinite(value) or not len(known):
        return {"value": _finite(value), "low": None, "high": None}
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {"value": value, "low": min(float(low), value), "high": max(float(high), value)}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
