"""Calibration: a map from log-odds to probabilities, chosen by validation and kept as JSON."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from salespipe.modelling.frame import Floats, Integers
from salespipe.modelling.links import clustered_error, fit_line, row_losses, settle, sigmoid

Method = Literal["none", "sigmoid", "isotonic"]
METHODS: tuple[Method, ...] = ("none", "sigmoid", "isotonic")
"""From the simplest to the most flexible."""


class Calibrator(BaseModel):
    """A non-decreasing map from a model's log-odds to the probability of label 1.

    `none` is the logistic function; `sigmoid` is Platt scaling, sigma(slope * z + intercept);
    `isotonic` interpolates linearly between `knots` (log-odds, probability).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Method = "none"
    slope: float = 1.0
    intercept: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()

    def probability(self, log_odds: Floats) -> Floats:
        """Probabilities of log-odds, one a row, strictly between 0 and 1."""
        if self.method == "isotonic":
            at, value = np.array(self.knots).T
            return np.asarray(np.interp(log_odds, at, value), dtype=np.float64)
        return sigmoid(self.slope * log_odds + self.intercept)


def fit_calibrator(method: Method, log_odds: Floats, label: Integers) -> Calibrator:
    """Fits one method; with one outcome only, or a score that points backwards, it is `none`.

    Args:
        method: What to fit.
        log_odds: Scores of rows the model was not fitted on, n values.
        label: Their outcomes, n values.
    """
    if method == "none" or len(np.unique(label)) < 2:  # noqa: PLR2004
        return Calibrator()
    return _fit_sigmoid(log_odds, label) if method == "sigmoid" else _fit_isotonic(log_odds, label)


def _fit_sigmoid(log_odds: Floats, label: Integers) -> Calibrator:
    intercept, weights = fit_line(log_odds[:, None], label, C=100.0)
    slope = settle(weights[0])
    if slope <= 0:
        return Calibrator()
    return Calibrator(method="sigmoid", slope=slope, intercept=settle(intercept))


def _fit_isotonic(log_odds: Floats, label: Integers) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression

    # A step fitted to ones only does not prove certainty: keep it as far from 1 as n rows allow.
    edge = 1.0 / (len(label) + 2)
    fitted = IsotonicRegression(y_min=edge, y_max=1 - edge).fit(log_odds, label)
    knots = zip(fitted.X_thresholds_, fitted.y_thresholds_, strict=True)
    return Calibrator(method="isotonic", knots=tuple((settle(x), settle(y)) for x, y in knots))


def cross_fitted(method: Method, log_odds: Floats, label: Integers, folds: Integers) -> Floats:
    """Probabilities of each row from a calibrator fitted on the other folds' rows.

    Args:
        method: What to fit.
        log_odds: n held-out scores.
        label: n outcomes.
        folds: Fold of each row; rows of one customer share a fold.
    """
    result = sigmoid(log_odds)
    for fold in np.unique(folds):
        held = folds == fold
        calibrator = fit_calibrator(method, log_odds[~held], label[~held])
        result[held] = calibrator.probability(log_odds[held])
    return result


def choose_method(
    log_odds: Floats, label: Integers, folds: Integers, clusters: Integers
) -> tuple[Method, dict[str, float]]:
    """The simplest method whose cross-fitted log loss is within noise of the best one's.

    Noise is one standard error of the paired difference, clustered by customer.

    Returns:
        The method and the cross-fitted log loss of each (in nats; empty without rows).
    """
    if len(label) == 0:
        return "none", {}
    losses = {
        method: row_losses(label, cross_fitted(method, log_odds, label, folds))
        for method in METHODS
    }
    means: dict[str, float] = {method: float(loss.mean()) for method, loss in losses.items()}
    best = min(METHODS, key=lambda method: means[method])
    for method in METHODS:
        excess = losses[method] - losses[best]
        if excess.mean() <= clustered_error(excess, clusters):
            return method, means
    return best, means
