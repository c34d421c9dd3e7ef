"""As of which days forecasts are tested."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salespipe.errors import SalespipeError
from salespipe.modelling.forecast.origins import plan_origins
from salespipe.params_forecast import BacktestParams, ForecastParams, LevelParams

FIRST = date(2010, 12, 1)


def test_online_retail_is_tested_as_of_the_days_of_the_protocol():
    origins = plan_origins(FIRST, date(2011, 12, 8), BacktestParams())
    assert len(origins.test) == 7
    assert (origins.test[0], origins.test[-1]) == (date(2011, 8, 18), date(2011, 11, 10))
    assert len(origins.choice) == 8
    known = origins.known_at(origins.test[0], 28, 8)
    assert known == origins.choice


@given(
    days=st.integers(10, 900), horizon=st.integers(7, 60), step=st.integers(1, 30),
    tests=st.integers(1, 9), choices=st.integers(1, 9),
)  # fmt: skip
def test_nothing_is_chosen_by_days_of_the_test(days, horizon, step, tests, choices):
    params = BacktestParams(horizon_days=horizon, step_days=step, test_origins=tests,
                            choice_origins=choices, min_history_days=56)  # fmt: skip
    as_of = FIRST + timedelta(days)
    overlap = -(-horizon // step) - 1
    if days < 56 + horizon + (overlap + 1) * step:
        with pytest.raises(SalespipeError, match="at least"):
            plan_origins(FIRST, as_of, params)
        return
    origins = plan_origins(FIRST, as_of, params)
    assert origins.choice
    assert 1 <= len(origins.test) <= tests
    assert max(origins.choice) + timedelta(horizon) <= origins.test[0]
    assert origins.test[-1] + timedelta(horizon) == as_of
    assert origins.all[0] >= FIRST + timedelta(56)


def test_a_history_too_short_is_said_to_be():
    with pytest.raises(SalespipeError, match="at least 146 days of orders; there are 100"):
        plan_origins(FIRST, FIRST + timedelta(100), BacktestParams())


def test_levels_have_a_total():
    with pytest.raises(ValueError, match="must name total"):
        ForecastParams(levels={"country": LevelParams()})
