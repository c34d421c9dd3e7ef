"""Conformal intervals cover what they say, and parts add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from salespipe.modelling.forecast.intervals import (
    Past,
    bounds,
    conformal_quantile,
    distance,
    measure_widths,
    widths_ahead,
)
from salespipe.modelling.forecast.reconcile import add_up, top_down, with_rest

amounts = st.floats(0, 1e6, width=32)


@pytest.mark.parametrize("coverage", [0.8, 0.95])
@pytest.mark.parametrize("known", [20, 100])
def test_exchangeable_scores_are_covered_as_often_as_told(coverage, known):
    rng = np.random.default_rng(0)
    held = [
        scores[-1] <= conformal_quantile(scores[:-1], coverage)
        for scores in rng.lognormal(size=(4000, known + 1))
    ]
    assert coverage - 0.02 < np.mean(held) < coverage + 1 / known + 0.02


@given(arrays(np.float64, (7, 3), elements=amounts), st.floats(0, 5))
def test_an_interval_holds_its_forecast_and_what_is_within_its_distance(made, width):
    scale = np.array([1.0, 10.0, 100.0])
    low, high = bounds(made, scale, np.full(made.shape, width))
    assert (low >= 0).all()
    assert (low <= made * (1 + 1e-9) + 1e-6).all()
    assert (high >= made * (1 - 1e-9) - 1e-6).all()
    np.testing.assert_allclose(distance(high, made, scale), width, atol=1e-6)


def test_widths_are_pooled_by_group_and_week_ahead():
    made = np.full((14, 2), 10.0)
    actual = made.copy()
    actual[7:, 0] = 40.0
    past = [Past(made, actual, np.ones(14, dtype=bool))] * 8
    widths = measure_widths(past, ["a", "b"], np.ones(2))
    assert widths["day"]["a"] == [[0, 0], pytest.approx([np.log(41 / 11)] * 2)]
    assert widths["day"]["b"] == [[0, 0], [0, 0]]
    ahead = widths_ahead(widths, "day", ["a", "b"], 90)
    assert ahead.shape == (90, 2, 2)
    assert ahead[-1, 0, 0] == widths["day"]["a"][1][0]


@given(arrays(np.float64, 5, elements=amounts), arrays(np.float64, (5, 3), elements=amounts))
def test_parts_and_what_is_left_are_the_total(total, parts):
    made = top_down(total, parts)
    assert (made >= 0).all()
    np.testing.assert_allclose(made.sum(axis=1), total, rtol=1e-6, atol=1e-6)
    fits = parts.sum(axis=1) <= total * (1 - 1e-9)
    np.testing.assert_allclose(made[fits, :3], parts[fits], rtol=1e-6, atol=1e-6)


def test_an_items_orders_are_not_made_to_add_up(panel):
    full = with_rest(panel, "revenue")
    assert full.series[-1] == ("country", "other")
    np.testing.assert_allclose(full.values[:, 1:].sum(axis=1), full.values[:, 0])
    items = type(panel)(panel.days, (("total", "all"), ("item", "A"), ("item", "B")), panel.values)
    assert add_up(panel.values, items, "orders").shape == panel.values.shape
