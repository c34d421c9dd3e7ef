"""Figures, loss and regression of amounts, such as money spent: mostly zero, never below."""

from __future__ import annotations

from typing import Any

import numpy as np

from salespipe.modelling.frame import Floats
from salespipe.modelling.metrics import (
    GAINS,
    Figures,
    Ranked,
    divide,
    expected_calibration_error,
)

POWER = 1.5
"""Variance power: between 1 and 2 is a Poisson number of gamma amounts, as orders and their values
are (Jorgensen 1987)."""
SMALLEST = 1e-6
LARGEST_LOG = 50.0


def exp(score: Floats) -> Floats:
    """Amount of a log amount; finite for any input."""
    return np.asarray(np.exp(np.clip(score, -LARGEST_LOG, LARGEST_LOG)), dtype=np.float64)


def log(amount: Floats) -> Floats:
    """Log of an amount."""
    return np.asarray(np.log(np.maximum(amount, SMALLEST)), dtype=np.float64)


def tweedie_losses(label: Floats, amount: Floats) -> Floats:
    """Unit Tweedie deviance of each row: proper for the mean, in money to the power of 0.5."""
    kept = np.maximum(amount, SMALLEST)
    actual = np.maximum(label, 0.0) ** (2 - POWER) / ((1 - POWER) * (2 - POWER))
    cross = label * kept ** (1 - POWER) / (1 - POWER)
    return np.asarray(2 * (actual - cross + kept ** (2 - POWER) / (2 - POWER)), dtype=np.float64)


def fit_log_line(matrix: Floats, label: Floats, C: float = 1.0, **_: Any) -> tuple[float, Floats]:  # noqa: N803
    """Intercept and weights of a Tweedie regression with a log link and a ridge penalty.

    Args:
        matrix: n rows.
        label: n amounts.
        C: inverse of the penalty on the sum of losses, as scikit-learn's logistic regression has.
    """
    from sklearn.linear_model import TweedieRegressor
    from threadpoolctl import threadpool_limits

    scale = mean_amount(label)
    alpha = 1.0 / (C * max(len(label), 1))
    model = TweedieRegressor(
        power=POWER, alpha=alpha, link="log", solver="newton-cholesky", max_iter=300
    )
    with threadpool_limits(1, user_api="blas"):
        fitted = model.fit(matrix, label / scale)
    return float(fitted.intercept_ + np.log(scale)), np.asarray(fitted.coef_, dtype=np.float64)


def mean_amount(label: Floats) -> float:
    """The mean of amounts, 1 where there is nothing: what they are measured by."""
    mean = float(label.mean()) if len(label) else 0.0
    return mean if mean > 0 else 1.0


def gini(ones: Floats, everyone: Floats) -> Floats:
    """Twice the area between the gain curve and chance: 0 is chance."""
    share = divide(np.cumsum(everyone, axis=1), everyone.sum(axis=1, keepdims=True))
    found = divide(np.cumsum(ones, axis=1), ones.sum(axis=1, keepdims=True))
    before = np.concatenate([np.zeros((len(found), 1)), found[:, :-1]], axis=1)
    steps = np.diff(share, axis=1, prepend=0.0)
    return np.asarray(((found + before) * steps).sum(axis=1) - 1, dtype=np.float64)


def _deviance(ranked: Ranked, weights: Floats) -> Floats:
    return divide(weights @ tweedie_losses(ranked.label, ranked.probability), weights.sum(axis=1))


def _absolute(ranked: Ranked, weights: Floats) -> Floats:
    return divide(weights @ np.abs(ranked.probability - ranked.label), weights @ ranked.label)


def _bias(ranked: Ranked, weights: Floats) -> Floats:
    return divide(weights @ (ranked.probability - ranked.label), weights @ ranked.label)


def _relative_calibration(ranked: Ranked, weights: Floats) -> Floats:
    mean = divide(weights @ ranked.label, weights.sum(axis=1))
    return divide(expected_calibration_error(ranked, weights), mean)


AMOUNT_FIGURES = Figures(
    ranking={"gini": gini, **GAINS},
    prediction={
        "deviance": _deviance,
        "wape": _absolute,
        "bias": _bias,
        "ece": _relative_calibration,
    },
)
