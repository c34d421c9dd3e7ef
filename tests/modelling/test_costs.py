"""Contacts earn what their assumptions say, and the threshold is where they earn the most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salespipe.modelling.costs import (
    NOBODY,
    best_threshold,
    contact_gain,
    curves_on_test,
    find_threshold,
    judge_costs,
    profit_curve,
    spend_of,
)
from salespipe.modelling.trained import RULE
from salespipe.params import CostParams, EvaluateParams

COSTS = CostParams(contact_cost=1, margin=0.5, success_rate=0.2, spend_column=None, spend=50)
QUICK = EvaluateParams(bootstrap_samples=100)

SCORED = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.9]), st.floats(-5, 5)), min_size=1, max_size=40
)


def test_a_contact_wins_its_share_of_the_margin_and_costs_its_cost():
    gain = contact_gain(np.array([1, 0]), np.array([50.0, 50.0]), COSTS)
    assert gain.tolist() == [0.2 * 0.5 * 50 - 1, -1]


def test_spend_is_a_column_or_what_conf_says():
    rows = pd.DataFrame({"spend_365d": [10.0, np.nan, -5.0]})
    assert spend_of(rows, CostParams()).tolist() == [10, 0, 0]
    returned = rows.assign(return_value_total=[4.0, 0.0, 0.0])
    assert spend_of(returned, CostParams()).tolist() == [6, 0, 0]
    assert spend_of(rows, CostParams(spend_column="fee", spend=7)).tolist() == [7, 7, 7]
    assert spend_of(rows, COSTS).tolist() == [50, 50, 50]


@given(SCORED)
def test_the_curve_is_the_profit_of_every_threshold(scored):
    probability, gain = (np.array(column) for column in zip(*scored, strict=True))
    curve = profit_curve(probability, gain)
    assert curve.profit[0] == 0
    assert np.isclose(curve.profit[-1], gain.mean())
    for threshold, profit in zip(curve.threshold[1:], curve.profit[1:], strict=True):
        assert np.isclose(profit, np.where(probability >= threshold, gain, 0).mean())


@given(SCORED)
def test_no_other_threshold_earns_more(scored):
    probability, gain = (np.array(column) for column in zip(*scored, strict=True))
    found = best_threshold(probability, gain, np.arange(len(gain)), QUICK)
    earned = np.where(probability >= found["value"], gain, 0).sum()
    others = [np.where(probability >= one, gain, 0).sum() for one in probability]
    if found["value"] == NOBODY:
        assert max(others) <= 1e-9
    else:
        assert earned >= max(0.0, *others) - 1e-9
    assert found["low"] <= found["value"] <= found["high"]


def test_with_true_probabilities_the_threshold_is_near_break_even():
    rng = np.random.default_rng(0)
    probability = rng.uniform(size=20_000)
    label = (rng.random(20_000) < probability).astype(int)
    gain = contact_gain(label, np.full(20_000, 50.0), COSTS)
    found = best_threshold(probability, gain, np.arange(20_000), QUICK)
    even = COSTS.contact_cost / (COSTS.success_rate * COSTS.margin * COSTS.spend)
    assert found["low"] - 0.02 <= even <= found["high"] + 0.02
    assert found["high"] - found["low"] < 0.3


def test_the_threshold_comes_from_before_the_test_and_is_judged_on_it(frame, trained):
    told = judge_costs(frame, trained, COSTS, QUICK)
    assert "held out" in told["threshold_from"]
    scrambled = frame.copy()
    test = scrambled["split"] == "test"
    scrambled.loc[test, "label"] = 1 - scrambled.loc[test, "label"]
    again = judge_costs(scrambled, trained, COSTS, QUICK)
    assert again["threshold"] == told["threshold"]
    assert again["profit"] != told["profit"]
    assert told["profit"]["value"] >= told["profit_contacting_everyone"]["value"]
    assert RULE in told["profit_contacting_as_many_by"]
    assert set(curves_on_test(frame, trained, COSTS)) == set(trained.models)


@pytest.mark.parametrize(("cost", "expected"), [(1, 0.2), (100, NOBODY)])
def test_without_held_out_rows_the_average_customer_breaks_even(frame, trained, cost, expected):
    rule_only = replace(trained, held=None, chosen=RULE)
    costs = COSTS.model_copy(update={"contact_cost": cost})
    found, source = find_threshold(frame, rule_only, costs, QUICK)
    assert found["value"] == pytest.approx(expected)
    assert source.startswith("break-even")
