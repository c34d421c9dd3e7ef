"""Amounts on the shared path: a proper loss, a log link, figures in money."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_tweedie_deviance

from salespipe.modelling.amounts import POWER, fit_log_line, tweedie_losses
from salespipe.modelling.bootstrap import resampled_figures
from salespipe.modelling.calibrate import Calibrator, fit_calibrator
from salespipe.modelling.candidates import train_candidates
from salespipe.modelling.evaluate import evaluate_candidates
from salespipe.modelling.frame import entity_codes, labels
from salespipe.modelling.metrics import all_figures, rank_rows
from salespipe.modelling.predict import load_model, save_model
from salespipe.modelling.target import AMOUNT, OUTCOME, TARGETS, target_of
from salespipe.params import EvaluateParams
from tests.modelling.synthetic import BASELINE, FAST, schema_of

AMOUNTS = st.lists(st.floats(0, 1e4), min_size=3, max_size=30).filter(lambda some: sum(some) > 1)


@pytest.fixture(scope="module")
def spending(frame):
    """The synthetic input, each row with an amount in place of its outcome: zero or about 100."""
    rng = np.random.default_rng(5)
    return frame.assign(label=frame["label"] * rng.gamma(2.0, 50.0, len(frame)))


@pytest.fixture(scope="module")
def spent(spending):
    return train_candidates(spending, schema_of(spending), FAST, BASELINE, AMOUNT)


def test_conf_names_the_target():
    assert target_of("spend") is AMOUNT
    assert target_of("no_order") is target_of("order") is target_of("order_group") is OUTCOME


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
@given(scores=st.lists(st.floats(-8, 8), min_size=1, max_size=20))
def test_link_and_mean_undo_each_other(target, scores):
    values = np.array(scores)
    np.testing.assert_allclose(target.link(target.mean(values)), values, atol=1e-6)


@given(AMOUNTS)
def test_no_other_constant_loses_less_than_the_mean(amounts):
    label = np.array(amounts)
    mean = label.mean()
    at_mean = tweedie_losses(label, np.full(len(label), mean)).mean()
    for factor in (0.5, 0.9, 1.1, 2.0):
        other = tweedie_losses(label, np.full(len(label), factor * mean)).mean()
        assert at_mean <= other + 1e-9 * max(1.0, other)


def test_the_loss_is_scikit_learns_deviance():
    label, amount = np.array([0.0, 3.0, 250.0]), np.array([1.0, 2.0, 300.0])
    expected = mean_tweedie_deviance(label, amount, power=POWER)
    assert tweedie_losses(label, amount).mean() == pytest.approx(expected)


def test_a_log_line_finds_the_coefficients_of_amounts():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(5000, 2))
    mean = np.exp(4 + matrix @ np.array([0.8, -0.5]))
    label = rng.gamma(2.0, mean / 2) * (rng.random(5000) < 0.7)
    intercept, weights = fit_log_line(matrix, label)
    np.testing.assert_allclose(weights, [0.8, -0.5], atol=0.05)
    assert intercept == pytest.approx(4 + np.log(0.7), abs=0.05)


def test_candidates_beat_the_rule_and_are_judged_in_money(spending, spent):
    assert set(spent.models) == {"recency_rule", "rfm_tweedie", "xgboost", "blend"}
    metrics = evaluate_candidates(spending, spent, EvaluateParams(bootstrap_samples=50))
    chosen, rule = (metrics["candidates"][n] for n in (spent.chosen, "recency_rule"))
    assert chosen["gini"]["value"] > rule["gini"]["value"]
    assert chosen["deviance"]["value"] < rule["deviance"]["value"]
    assert abs(chosen["bias"]["value"]) < 0.25
    assert set(metrics["differences"]["recency_rule"]) == {"gini", "deviance"}
    assert "Tweedie deviance" in spent.reason


def test_a_unit_of_money_changes_no_ranking(spending, spent):
    cents = spending.assign(label=100 * spending["label"])
    again = train_candidates(cents, schema_of(cents), FAST, BASELINE, AMOUNT)
    rows = spending[spending["split"] == "test"]
    for name, model in spent.models.items():
        ratio = again.models[name].predict(rows) / model.predict(rows)
        np.testing.assert_allclose(ratio, 100, rtol=0.02, err_msg=name)


def test_amounts_survive_the_way_through_files(spending, spent, tmp_path):
    for name, model in spent.models.items():
        save_model(model, tmp_path / name)
        loaded = load_model(tmp_path / name)
        assert loaded.target is AMOUNT
        pd.testing.assert_frame_equal(loaded.answer(spending), model.answer(spending))
        assert list(loaded.answer(spending)) == ["amount"]


def test_a_perfect_ranking_has_the_highest_gini(spending):
    test = spending[spending["split"] == "test"]
    label = labels(test)
    once = np.ones((1, len(label)))
    perfect, none = (
        all_figures(rank_rows(label, score, 10, AMOUNT.figures), once)
        for score in (label, np.full(len(label), label.mean()))
    )
    assert perfect["gini"][0] > 0.5
    assert none["gini"][0] == pytest.approx(0, abs=1e-9)
    assert perfect["wape"][0] == perfect["ece"][0] == perfect["bias"][0] == 0
    ranked = {"m": rank_rows(label, label, 10, AMOUNT.figures)}
    assert set(resampled_figures(ranked, entity_codes(test), 5, 0)["m"]) == set(perfect)


def test_calibration_moves_amounts_to_their_level():
    rng = np.random.default_rng(1)
    score = rng.normal(3, 1, 4000)
    label = rng.gamma(2.0, np.exp(score) / 2)
    calibrator = fit_calibrator("sigmoid", score + 0.7, label, AMOUNT)
    assert calibrator.predict(score + 0.7).mean() == pytest.approx(label.mean(), rel=0.1)
    assert fit_calibrator("none", score, label, AMOUNT) == Calibrator(kind="amount")
    assert fit_calibrator("sigmoid", -score, label, AMOUNT) == Calibrator(kind="amount")
