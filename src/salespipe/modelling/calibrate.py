"""Calibration: a map from scores to predictions, chosen by validation and kept as JSON."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from salespipe.modelling.frame import Floats, Integers
from salespipe.modelling.links import clustered_error, settle
from salespipe.modelling.target import OUTCOME, TARGETS, Kind, Method, Target

TILT = 0.001
"""Enough that customers on one step, or past the last, keep the order of their scores; too little
to be seen in a probability."""


class Calibrator(BaseModel):
    """A non-decreasing map from a model's scores to predictions.

    `none` is the inverse of the target's link (the logistic function, or exp); `sigmoid` is that of
    slope * z + intercept (Platt scaling); `isotonic` interpolates linearly between `knots`
    (log-odds, probability), with a share `tilt` of `none` mixed in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = "outcome"
    method: Method = "none"
    slope: float = 1.0
    intercept: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()
    tilt: float = 0.0

    @property
    def target(self) -> Target:
        """What is predicted."""
        return TARGETS[self.kind]

    def predict(self, log_odds: Floats) -> Floats:
        """Predictions of scores, one a row."""
        if self.method == "isotonic":
            at, value = np.array(self.knots).T
            steps = np.interp(log_odds, at, value)
            return np.asarray(steps + self.tilt * (self.target.mean(log_odds) - steps))
        return self.target.mean(self.slope * log_odds + self.intercept)


def fit_calibrator(
    method: Method, log_odds: Floats, label: Floats, target: Target = OUTCOME
) -> Calibrator:
    """Fits one method; with one outcome only, or a score that points backwards, it is `none`.

    Args:
        method: What to fit.
        log_odds: Scores of rows the model was not fitted on, n values.
        label: Their outcomes, n values.
        target: What is predicted.
    """
    if method == "none" or len(np.unique(label)) < 2:  # noqa: PLR2004
        return Calibrator(kind=target.kind)
    if method == "sigmoid":
        return _fit_sigmoid(log_odds, label, target)
    return _fit_isotonic(log_odds, label)


def _fit_sigmoid(log_odds: Floats, label: Floats, target: Target) -> Calibrator:
    intercept, weights = target.fit_line(log_odds[:, None], label, C=100.0)
    slope = settle(weights[0])
    if slope <= 0:
        return Calibrator(kind=target.kind)
    return Calibrator(kind=target.kind, method="sigmoid", slope=slope, intercept=settle(intercept))


def _fit_isotonic(log_odds: Floats, label: Floats) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression

    # A step fitted to ones only does not prove certainty: keep it as far from 1 as n rows allow.
    edge = 1.0 / (len(label) + 2)
    fitted = IsotonicRegression(y_min=edge, y_max=1 - edge).fit(log_odds, label)
    knots = zip(fitted.X_thresholds_, fitted.y_thresholds_, strict=True)
    settled = tuple((settle(x), settle(y)) for x, y in knots)
    return Calibrator(method="isotonic", knots=settled, tilt=TILT)


def cross_fitted(
    method: Method, log_odds: Floats, label: Floats, folds: Integers, target: Target = OUTCOME
) -> Floats:
    """Predictions of each row from a calibrator fitted on the other folds' rows.

    Args:
        method: What to fit.
        log_odds: n held-out scores.
        label: n outcomes.
        folds: Fold of each row; rows of one customer share a fold.
        target: What is predicted.
    """
    result = target.mean(log_odds)
    for fold in np.unique(folds):
        held = folds == fold
        calibrator = fit_calibrator(method, log_odds[~held], label[~held], target)
        result[held] = calibrator.predict(log_odds[held])
    return result


def choose_method(
    log_odds: Floats,
    label: Floats,
    folds: Integers,
    clusters: Integers,
    target: Target = OUTCOME,
) -> tuple[Method, dict[str, float]]:
    """The simplest method whose cross-fitted loss is within noise of the best one's.

    Noise is one standard error of the paired difference, clustered by customer.

    Returns:
        The method and the cross-fitted loss of each (empty without rows).
    """
    if len(label) == 0:
        return "none", {}
    losses = {
        method: target.losses(label, cross_fitted(method, log_odds, label, folds, target))
        for method in target.methods
    }
    means: dict[str, float] = {method: float(loss.mean()) for method, loss in losses.items()}
    best = min(target.methods, key=lambda method: means[method])
    for method in target.methods:
        excess = losses[method] - losses[best]
        if excess.mean() <= clustered_error(excess, clusters):
            return method, means
    return best, means
