"""Log-odds, probabilities and what a wrong one costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from salespipe.modelling.frame import Floats, Integers

SMALLEST = 1e-7
"""Probabilities are kept this far from 0 and 1, so that one surprise costs a finite loss."""


DIGITS = 9
"""Significant digits of a fitted number that are kept: far more than it is known to, and few
enough that linear algebra on several threads gives the same bytes in every run."""


def settle(value: float, digits: int = DIGITS) -> float:
    """A number to so many significant digits."""
    return float(f"{value:.{digits}g}")


def sigmoid(log_odds: Floats) -> Floats:
    """Probability of log-odds; finite and strictly between 0 and 1 for any input."""
    limit = -np.log(SMALLEST)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -limit, limit))), dtype=np.float64)


def logit(probability: Floats) -> Floats:
    """Log-odds of a probability."""
    kept = np.clip(probability, SMALLEST, 1.0 - SMALLEST)
    return np.asarray(np.log(kept) - np.log1p(-kept), dtype=np.float64)


def signed_log(value: Floats) -> Floats:
    """sign(x) * log(1 + |x|): keeps the order, tames long tails, takes money that was refunded."""
    return np.asarray(np.sign(value) * np.log1p(np.abs(value)), dtype=np.float64)


def row_losses(label: Floats, probability: Floats) -> Floats:
    """Log loss of each row, in nats."""
    kept = np.clip(probability, SMALLEST, 1.0 - SMALLEST)
    return np.asarray(-np.where(label == 1, np.log(kept), np.log1p(-kept)), dtype=np.float64)


def fit_line(matrix: Floats, label: Floats, **settings: Any) -> tuple[float, Floats]:
    """Intercept and weights of scikit-learn's logistic regression, on one thread.

    Linear algebra on more threads waits for them where cores are shared: six times as long.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        fitted = LogisticRegression(**settings).fit(matrix, label)
    return float(fitted.intercept_[0]), np.asarray(fitted.coef_[0], dtype=np.float64)


def smoothed_base_rate(label: Floats) -> float:
    """Share of ones with one of either outcome added (Laplace), so it is never 0 or 1."""
    return float((label.sum() + 1) / (len(label) + 2))


def clustered_error(values: Floats, clusters: Integers) -> float:
    """Standard error of the mean of `values` whose rows depend on one another within a cluster.

    Linearised ratio estimator: sqrt(C / (C - 1) * sum_c (sum_{i in c} (v_i - mean))^2) / n.
    Zero for fewer than two clusters or rows.
    """
    count = int(clusters.max()) + 1 if len(clusters) else 0
    sums = np.bincount(clusters, weights=values - values.mean(), minlength=count) if count else None
    present = len(np.unique(clusters))
    if sums is None or present < 2:  # noqa: PLR2004
        return 0.0
    return float(np.sqrt(present / (present - 1) * np.square(sums).sum()) / len(values))


def next_period_error(values: Floats, clusters: Integers, periods: Integers) -> float:
    """Standard error of the mean of `values` as a guess at their mean in a period to come.

    sqrt(e^2 + t^2): e is `clustered_error`, and t^2 how much more the periods' means vary than
    chance would have it (random effects by moments, Hedges 1983; at least 0).

    Args:
        values: n values.
        clusters: Customer of each row, as numbers from 0.
        periods: Period of each row.
    """
    parts = [periods == period for period in np.unique(periods)]
    error = clustered_error(values, clusters)
    if len(parts) < 2:  # noqa: PLR2004
        return error
    means = [values[part].mean() for part in parts]
    chance = np.mean([clustered_error(values[part], clusters[part]) ** 2 for part in parts])
    return float(np.sqrt(error**2 + max(np.var(means, ddof=1) - chance, 0.0)))
