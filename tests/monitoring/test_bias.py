"""Rates and gaps are fairlearn's; what a few rows cannot tell is not told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    demographic_parity_difference,
    selection_rate,
    true_positive_rate_difference,
)
from sklearn.metrics import precision_score, recall_score

from salespipe.modelling.rates import selected
from salespipe.monitoring.bias import find_bias, judged_rows
from salespipe.monitoring.looks import PREDICTION, Look
from salespipe.monitoring.mitigate import mitigations
from salespipe.params import GateParams, GroupParams, Waiver
from tests.monitoring.shop import Champion, customers, looks

PARAMS = GroupParams(bootstrap_samples=200)
GATE = GateParams(groups=PARAMS)


def a_look(effect=0.25, rows=3000, seed=0):
    """Women are scored higher by `effect`; outcomes know no sex."""
    rng = np.random.default_rng(seed)
    frame = customers(0, rows, seed)
    score = np.clip(rng.beta(2, 3, rows) + effect * (frame["gender"] == "f"), 0, 1)
    frame["rare"] = np.where(np.arange(rows) < 12, "yes", "no")
    frame = frame.assign(label=(rng.random(rows) < 0.4).astype(float), **{PREDICTION: score})
    return Look("rows", None, frame)


def bias(columns=("gender", "age", "rare"), gate=None, **given):
    return find_bias([a_look(**given)], columns, gate or GATE)


def gap(found, attribute, figure="selection_rate"):
    return next(one for one in found.gaps if (one.attribute, one.figure) == (attribute, figure))


def test_figures_are_fairlearns_and_scikit_learns():
    rows = a_look().rows
    chosen = selected(rows[PREDICTION].to_numpy(), 0.2)
    found = bias()
    given = {"y_true": rows["label"], "y_pred": chosen.astype(int),
             "sensitive_features": rows["gender"]}  # fmt: skip
    parity, opportunity = gap(found, "gender"), gap(found, "gender", "true_positive_rate")
    assert parity.value == pytest.approx(demographic_parity_difference(**given), abs=1e-9)
    assert opportunity.value == pytest.approx(true_positive_rate_difference(**given), abs=1e-9)
    women = (rows["gender"] == "f").to_numpy()
    group = next(one for one in found.groups if one["group"] == "f")
    truth, picked = rows["label"][women], chosen[women]
    assert group["selection_rate"]["value"] == pytest.approx(selection_rate(truth, picked))
    assert group["precision"]["value"] == pytest.approx(precision_score(truth, picked), abs=1e-9)
    assert group["true_positive_rate"]["value"] == pytest.approx(recall_score(truth, picked))
    assert group["rows"] == women.sum()


def test_a_gap_beyond_its_bound_is_above_and_chance_is_not():
    assert gap(bias(), "gender").verdict == "above"
    even = bias(effect=0.0)
    assert gap(even, "gender").verdict == "within"
    assert even.problems == ()


def test_an_interval_that_holds_the_bound_cannot_tell():
    found = gap(bias(effect=0.07, rows=600), "gender")
    assert found.low < 0.1 < found.high
    assert found.verdict == ("within" if found.value <= 0.1 else "cannot tell")


def test_twelve_people_tell_nothing():
    found = bias()
    assert gap(found, "rare").verdict == "too few to tell"
    group = next(g for g in found.groups if (g["attribute"], g["group"]) == ("rare", "yes"))
    assert group["selection_rate"]["value"] is None


def test_a_waiver_is_shown_with_name_and_reason():
    gate = GateParams(waivers={"gender": Waiver(by="Ann Lee", reason="offer for women only")})
    found = gap(bias(gate=gate), "gender")
    assert (found.verdict, found.waiver) == ("waived", "Ann Lee: offer for women only")


def test_ages_are_banded_and_attributes_crossed():
    found = bias()
    bands = {one["group"] for one in found.groups if one["attribute"] == "age"}
    assert len(bands) == 4
    assert {"gender & age", "gender & rare", "age & rare"} <= {g.attribute for g in found.gaps}


def test_calibration_is_the_gates_own_figure():
    found = gap(bias(), "gender", "calibration")
    rows = a_look().rows
    error, women = rows[PREDICTION] - rows["label"], rows["gender"] == "f"
    assert found.value == pytest.approx(abs(error[women].mean() - error[~women].mean()))
    assert found.verdict == "above"


def test_the_latest_rows_with_outcomes_that_were_not_learned_from_are_judged():
    history, _ = looks(count=12, known_until=10)
    name, rows = judged_rows(history)
    assert (name, len(rows)) == (history[9].name, 600)
    assert judged_rows([one for one in history if not one.known]) is None
    assert "no outcome" in find_bias([history[-1]], ("gender",), GATE).obstacle
    assert "named in conf" in find_bias(history, (), GATE).obstacle


def test_what_could_be_done_is_told_with_its_price():
    history, champion = looks(count=9)
    rows = history[-1].rows
    rows["gender"] = np.where(rows["country"] == "DE", "f", "m")
    rows[PREDICTION] = Champion(rows).predict(rows)
    found = gap(find_bias([Look("x", None, rows)], ("gender",), GATE), "gender")
    plain, equal, without = mitigations(rows, found, champion, PARAMS)
    assert plain["gap"] == pytest.approx(found.value)
    assert plain["price"] == 0
    assert abs(equal["gap"]) < 0.01
    assert without["option"] == "without country"
    assert abs(without["gap"]) < abs(plain["gap"])


def test_an_attribute_that_is_a_feature_can_be_dropped():
    history, champion = looks(count=9)
    found = gap(find_bias(history, ("country",), GATE), "country")
    options = mitigations(history[-1].rows, found, champion, PARAMS)
    assert "without country" in {one["option"] for one in options}


def test_equal_scores_are_selected_in_the_rows_order():
    assert selected(np.array([1.0, 2.0, 2.0, 2.0]), 0.5).tolist() == [False, True, True, False]
    assert pd.Series(selected(np.arange(10.0), 0.2)).sum() == 2
