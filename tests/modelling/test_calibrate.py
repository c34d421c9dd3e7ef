"""Calibration maps, and when one is worth having."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salespipe.modelling.calibrate import (
    Calibrator,
    choose_method,
    cross_fitted,
    fit_calibrator,
)
from salespipe.modelling.frame import Floats, Integers
from salespipe.modelling.links import (
    clustered_error,
    logit,
    next_period_error,
    row_losses,
    sigmoid,
)
from salespipe.modelling.target import OUTCOME, Method

METHODS = OUTCOME.methods


def scores(distortion: float, rows: int = 4000, shift: float = 0.0) -> tuple[Floats, Integers]:
    """Log-odds that are `distortion` times too far from 0, with their outcomes."""
    rng = np.random.default_rng(0)
    true = rng.normal(0, 1.2, rows)
    label = (rng.random(rows) < 1 / (1 + np.exp(-true))).astype(np.int64)
    return distortion * true + shift, label


def groups(rows: int) -> tuple[Integers, Integers]:
    """Folds and clusters of single-row customers."""
    return np.arange(rows) % 4, np.arange(rows)


def test_calibrated_scores_are_left_alone() -> None:
    log_odds, label = scores(1.0)
    method, losses = choose_method(log_odds, label, *groups(len(label)))
    assert method == "none"
    assert set(losses) == set(METHODS)


@pytest.mark.parametrize(("distortion", "shift"), [(3.0, 0.0), (1.0, 1.0)])
def test_straight_distortion_is_mended_by_the_simpler_method(
    distortion: float, shift: float
) -> None:
    log_odds, label = scores(distortion, shift=shift)
    method, _ = choose_method(log_odds, label, *groups(len(label)))
    assert method == "sigmoid"
    calibrator = fit_calibrator(method, log_odds, label)
    assert calibrator.slope == pytest.approx(1 / distortion, rel=0.15)


def test_bent_distortion_needs_isotonic() -> None:
    log_odds, label = scores(1.0)
    bent = np.where(log_odds > 0, log_odds + 4, log_odds)
    bent = np.where(log_odds > 1, log_odds + 30, bent)
    assert choose_method(bent, label, *groups(len(label)))[0] == "isotonic"


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_improves_a_miscalibrated_score(method: Method) -> None:
    log_odds, label = scores(3.0)
    folds, _ = groups(len(label))
    before = row_losses(label, sigmoid(log_odds)).mean()
    assert row_losses(label, cross_fitted(method, log_odds, label, folds)).mean() < before - 0.05


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(METHODS), st.floats(0.3, 4))
def test_calibration_never_turns_a_ranking_round(method: Method, distortion: float) -> None:
    log_odds, label = scores(distortion, rows=200)
    probability = fit_calibrator(method, log_odds, label).predict(np.sort(log_odds))
    assert (np.diff(probability) >= 0).all()
    assert ((probability > 0) & (probability < 1)).all()


@pytest.mark.parametrize("method", METHODS)
def test_calibrator_survives_json(method: Method) -> None:
    log_odds, label = scores(2.0, rows=300)
    calibrator = fit_calibrator(method, log_odds, label)
    again = Calibrator.model_validate_json(calibrator.model_dump_json())
    np.testing.assert_array_equal(again.predict(log_odds), calibrator.predict(log_odds))


@pytest.mark.parametrize("method", METHODS)
def test_one_outcome_or_a_backward_score_leaves_the_score_alone(method: Method) -> None:
    log_odds, _ = scores(1.0, rows=20)
    assert fit_calibrator(method, log_odds, np.ones(20, dtype=np.int64)).method == "none"
    if method == "sigmoid":
        backward = (log_odds < 0).astype(np.int64)
        assert fit_calibrator(method, log_odds, backward).method == "none"


def test_nothing_to_judge_on_means_none() -> None:
    empty = np.empty(0)
    zero = np.empty(0, dtype=np.int64)
    assert choose_method(empty, zero, zero, zero) == ("none", {})


def test_clustered_error_is_the_plain_one_for_single_rows_and_wider_for_copies() -> None:
    values = np.random.default_rng(0).normal(size=500)
    plain = values.std(ddof=1) / np.sqrt(500)
    assert clustered_error(values, np.arange(500)) == pytest.approx(plain)
    copies = clustered_error(np.tile(values, 4), np.tile(np.arange(500), 4))
    assert copies == pytest.approx(plain)
    assert clustered_error(values, np.zeros(500, dtype=np.int64)) == 0
    assert clustered_error(np.empty(0), np.empty(0, dtype=np.int64)) == 0


@given(st.lists(st.integers(0, 1), min_size=20, max_size=20), st.integers(0, 1000))
def test_isotonic_keeps_the_order_of_scores_on_a_step_and_past_the_last(
    label: list[int], seed: int
) -> None:
    log_odds = np.random.default_rng(seed).normal(size=20)
    fitted = fit_calibrator("isotonic", log_odds, np.array(label, dtype=np.float64))
    probability = fitted.predict(np.linspace(-8, 8, 100))
    assert (np.diff(probability) > 0).all()
    assert ((probability > 0) & (probability < 1)).all()


def test_keeping_the_order_moves_a_step_by_less_than_a_thousandth() -> None:
    log_odds = np.repeat([-1.0, 1.0], 500)
    label = np.tile([0.0, 0.0, 0.0, 1.0], 250)
    fitted = fit_calibrator("isotonic", log_odds, label)
    np.testing.assert_allclose(fitted.predict(log_odds), 0.25, atol=0.001)


def test_a_lead_between_periods_widens_the_error_and_chance_alone_does_not() -> None:
    rng = np.random.default_rng(0)
    periods, clusters = np.repeat(np.arange(20), 100), np.arange(2000)
    values = rng.normal(size=2000)
    plain = clustered_error(values, clusters)
    assert next_period_error(values, clusters, np.zeros(2000, dtype=np.int64)) == plain
    assert next_period_error(values, clusters, periods) < 3 * plain
    shifted = values + rng.normal(size=20)[periods]
    assert next_period_error(shifted, clusters, periods) == pytest.approx(1, rel=0.4)


def test_logit_and_sigmoid_undo_each_other_and_stay_finite() -> None:
    probability = np.linspace(0.001, 0.999, 50)
    np.testing.assert_allclose(sigmoid(logit(probability)), probability)
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    assert np.isfinite(row_losses(np.array([0, 1]), sigmoid(np.array([1e9, -1e9])))).all()
