"""What each candidate forecasts, and that none runs away or sees its future."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from salespipe.modelling.forecast.backtest import forecast_from, pick
from salespipe.modelling.forecast.candidates import ROLES, forecast_all
from salespipe.modelling.forecast.guard import capped, too_short
from salespipe.modelling.forecast.panel import History, Panel
from salespipe.params_forecast import ForecastTrainParams, GuardParams
from tests.modelling.forecast.conftest import small_params

WEEKS = 12


def history(values: np.ndarray, ahead: int = 12) -> History:
    weekdays = np.arange(len(values) + ahead) % 6
    return History(
        values=values, weekdays=weekdays[: len(values)], ahead=weekdays[len(values) :],
        series=(("total", "all"), ("country", "A"))[: values.shape[1]],
        year_ago=np.full(len(values) + ahead, np.nan),
    )  # fmt: skip


def test_a_week_that_repeats_is_forecast_as_it_is():
    week = np.array([10.0, 20, 30, 40, 50, 60])
    past = np.tile(week, WEEKS)[:, None] * np.array([1.0, 0.5])
    made = forecast_all(history(past), ForecastTrainParams(trees=200))
    assert set(made) == set(ROLES)
    for name in ("seasonal_naive", "moving_average"):
        np.testing.assert_allclose(made[name], past[:12])
    for name in ("xgb_tweedie", "xgb_log"):
        assert np.abs(made[name] - past[:12]).sum() < 0.1 * past[:12].sum()
    assert np.abs(made["auto_ets"][:, 0] - past[:12, 0]).sum() < 0.01 * past[:12, 0].sum()
    assert np.isnan(made["auto_ets"][:, 1]).all()


def test_an_empty_series_is_forecast_nothing():
    past = np.column_stack([np.tile([10.0, 20, 30, 40, 50, 60], WEEKS), np.zeros(6 * WEEKS)])
    assert too_short(history(past), GuardParams()).tolist() == [False, True]
    made = forecast_all(history(past), ForecastTrainParams(trees=5, ets_levels=()))
    kept, _ = capped(made["xgb_tweedie"], history(past), GuardParams())
    assert (kept[:, 1] == 0).all()


numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(arrays(np.float64, (12, 2), elements=numbers))
def test_no_forecast_leaves_its_past_far_behind(wild):
    past = np.arange(72.0).reshape(36, 2)
    params = GuardParams(max_ratio=2.0)
    kept, changed = capped(wild, history(past), params)
    assert (kept >= 0).all()
    assert (kept <= 2 * past.max(axis=0)).all()
    inside = np.isfinite(wild) & (wild >= 0) & (wild <= 2 * past.max(axis=0))
    assert (changed == ~inside.all(axis=0)).all()


@pytest.mark.parametrize("kind", ["more days", "other days"])
def test_days_after_an_origin_change_no_forecast_made_before(panel, kind):
    params = small_params()
    origin = (panel.days[-1] - timedelta(30)).date()
    known = panel.before(origin)
    later = np.random.default_rng(1).random(panel.values.shape) * 1000
    other = np.where((panel.days < pd.Timestamp(origin))[:, None], panel.values, later)
    seen = panel if kind == "more days" else Panel(panel.days, panel.series, other)
    alone, beside = (forecast_from(one, origin, 14, params) for one in (known, seen))
    for name, made in alone.values.items():
        np.testing.assert_array_equal(made, beside.values[name])


def test_short_series_fall_back_to_the_simplest_candidate_and_say_so(panel):
    values = panel.values.copy()
    values[:-20, 2] = 0
    origin = (panel.days[-1] + timedelta(1)).date()
    made = forecast_from(Panel(panel.days, panel.series, values), origin, 14, small_params())
    assert made.short.tolist() == [False, False, True]
    simplest = made.values["moving_average"][:, 2]
    np.testing.assert_array_equal(made.values["xgb_tweedie"][:, 2], simplest)
    chosen = {"total": "xgb_tweedie", "country": "seasonal_naive"}
    picked = pick(made, panel.series, chosen)
    np.testing.assert_array_equal(picked[:, 0], made.values["xgb_tweedie"][:, 0])
    np.testing.assert_array_equal(picked[:, 2], simplest)
    assert (picked[~made.open] == 0).all()
