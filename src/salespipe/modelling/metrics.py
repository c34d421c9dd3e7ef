"""Figures of a ranking and of its probabilities, for many weightings of the same rows at once.

Each function takes weights of shape (samples, rows) and returns one figure a sample. The point
estimate has weights of one, a bootstrap sample has the number of times each row was drawn: sorting
is done once for all samples. Rows with equal scores stay together everywhere, so no figure depends
on the order of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from salespipe.modelling.frame import Floats, Integers
from salespipe.modelling.links import row_losses

LIFT_SHARE = 0.1
GAIN_SHARE = 0.2


@dataclass(frozen=True)
class Figures:
    """The figures of one kind of target: those of a ranking, and those of its predictions."""

    ranking: Mapping[str, Callable[[Floats, Floats], Floats]]
    prediction: Mapping[str, Callable[[Ranked, Floats], Floats]]


@dataclass(frozen=True)
class Ranked:
    """Rows from the highest score to the lowest, and where each group of equal scores begins.

    Attributes:
        order: Positions of the n rows by falling score.
        starts: First place (in `order`) of each of the g groups of equal scores.
        label: Outcomes in that order.
        probability: Probabilities in that order.
        bins: Bin of each row in that order, 0 to b - 1, see `expected_calibration_error`.
        figures: What is computed of them.
    """

    order: Integers
    starts: Integers
    label: Floats
    probability: Floats
    bins: Integers
    figures: Figures


def rank_rows(
    label: Floats, probability: Floats, bins: int, figures: Figures | None = None
) -> Ranked:
    """Sorts once.

    Args:
        label: n outcomes.
        probability: n probabilities.
        bins: Number of bins with equal counts.
        figures: What will be computed; those of an outcome by default.
    """
    order = np.argsort(-probability, kind="stable")
    ranked = probability[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    sizes = np.diff(np.r_[starts, len(ranked)])
    middle = np.repeat(starts + sizes / 2, sizes)
    cut = np.minimum((middle * bins / max(len(ranked), 1)).astype(np.int64), bins - 1)
    return Ranked(order, starts, label[order], ranked, cut, figures or OUTCOME_FIGURES)


def all_figures(ranked: Ranked, weights: Floats) -> dict[str, Floats]:
    """Every figure of every sample.

    Args:
        ranked: n sorted rows.
        weights: Shape (samples, n), in the rows' original order.

    Returns:
        Figure name to one value a sample; not-a-number where a sample holds one outcome only.
    """
    sorted_weights = weights[:, ranked.order]
    ones = np.add.reduceat(sorted_weights * ranked.label, ranked.starts, axis=1)
    everyone = np.add.reduceat(sorted_weights, ranked.starts, axis=1)
    values = {name: figure(ones, everyone) for name, figure in ranked.figures.ranking.items()}
    others = ranked.figures.prediction.items()
    return values | {name: figure(ranked, sorted_weights) for name, figure in others}


def roc_auc(ones: Floats, everyone: Floats) -> Floats:
    """Chance that a random 1 has a higher score than a random 0, ties counting half.

    Args:
        ones: Weight of label 1 in each group of equal scores, highest first: (samples, groups).
        everyone: Weight of both labels.
    """
    zeros = everyone - ones
    below = zeros.sum(axis=1, keepdims=True) - np.cumsum(zeros, axis=1) + zeros / 2
    return divide((ones * below).sum(axis=1), ones.sum(axis=1) * zeros.sum(axis=1))


def average_precision(ones: Floats, everyone: Floats) -> Floats:
    """Area under precision by recall as a step function: sum of precision times gain in recall."""
    precision = divide(np.cumsum(ones, axis=1), np.cumsum(everyone, axis=1))
    # A group that was never drawn adds no recall; its precision may be 0 / 0.
    steps = np.where(ones > 0, ones * precision, 0.0)
    return divide(steps.sum(axis=1), ones.sum(axis=1))


def gain(ones: Floats, everyone: Floats, share: float) -> Floats:
    """Share of all 1s among the best `share` of rows; ties at the edge count in proportion."""
    reached = np.cumsum(everyone, axis=1)
    wanted = share * reached[:, -1]
    edge = np.argmax(reached >= wanted[:, None] * (1 - 1e-12), axis=1)
    rows = np.arange(len(ones))
    found = np.cumsum(ones, axis=1)[rows, edge]
    surplus = divide(reached[rows, edge] - wanted, everyone[rows, edge])
    return divide(found - ones[rows, edge] * surplus, ones.sum(axis=1))


def brier_score(ranked: Ranked, weights: Floats) -> Floats:
    """Mean squared difference of probability and outcome."""
    return divide(weights @ np.square(ranked.probability - ranked.label), weights.sum(axis=1))


def log_loss(ranked: Ranked, weights: Floats) -> Floats:
    """Mean negative log-likelihood, in nats."""
    losses = row_losses(ranked.label, ranked.probability)
    return divide(weights @ losses, weights.sum(axis=1))


def expected_calibration_error(ranked: Ranked, weights: Floats) -> Floats:
    """sum_b (w_b / w) * |mean probability in b - mean outcome in b| over bins of equal count.

    A row's bin is floor(b * (its mid-rank) / n), held fixed over samples (Naeini et al. 2015, with
    equal counts instead of equal widths).
    """
    difference = ranked.probability - ranked.label
    starts = np.flatnonzero(np.r_[True, ranked.bins[1:] != ranked.bins[:-1]])
    sums = np.add.reduceat(weights * difference, starts, axis=1)
    return divide(np.abs(sums).sum(axis=1), weights.sum(axis=1))


def divide(value: Floats, by: Floats) -> Floats:
    """The quotient; not-a-number where the divisor is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(value / np.where(by == 0, np.nan, by), dtype=np.float64)


GAINS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "lift_at_10pct": lambda ones, everyone: gain(ones, everyone, LIFT_SHARE) / LIFT_SHARE,
    "gain_at_20pct": lambda ones, everyone: gain(ones, everyone, GAIN_SHARE),
}
OUTCOME_FIGURES = Figures(
    ranking={"roc_auc": roc_auc, "pr_auc": average_precision, **GAINS},
    prediction={"brier": brier_score, "log_loss": log_loss, "ece": expected_calibration_error},
)
