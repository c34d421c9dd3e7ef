"""Trading days, found from the data."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from salespipe.modelling.forecast.panel import (
    Panel,
    closed_weekdays,
    history_of,
    make_panel,
    open_ahead,
    trading_days,
)
from salespipe.params_forecast import TradingParams
from tests.modelling.forecast.conftest import make_table

TRADING = TradingParams()


def test_a_panel_has_every_day_and_the_total_first(panel):
    assert panel.series[0] == ("total", "all")
    assert (panel.days == pd.date_range(panel.days[0], panel.days[-1])).all()
    saturday = panel.days.dayofweek == 5
    assert (panel.values[saturday] == 0).all()


def test_closed_weekdays_and_single_holidays_are_found(panel):
    assert closed_weekdays(panel, TRADING).tolist() == [5]
    closed = panel.days[~trading_days(panel, TRADING)]
    assert {str(day.date()) for day in closed if day.dayofweek != 5} == {"2023-04-07"}


def test_a_shop_with_many_idle_days_is_open_on_them():
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=120)
    sold = rng.random(120) < 0.5
    quiet = Panel(days, (("total", "all"),), sold[:, None].astype(float))
    assert trading_days(quiet, TRADING).all()


def test_christmas_is_closed_again_the_year_after():
    days = pd.date_range("2022-12-01", "2023-12-10")
    values = np.ones((len(days), 1))
    values[(days >= "2022-12-24") & (days <= "2023-01-01")] = 0
    values[days == "2023-04-07"] = 0
    past = Panel(days, (("total", "all"),), values)
    ahead = pd.date_range("2023-12-11", periods=120)
    closed = ahead[~open_ahead(past, ahead, TRADING)]
    expected = pd.date_range("2023-12-24", "2024-01-01")
    assert list(closed) == list(expected)


def test_what_lies_a_year_back_is_known_and_the_rest_is_not():
    table = make_table(days=420)
    past = make_panel(table, "revenue").before(date(2024, 4, 1))
    history = history_of(past, pd.DatetimeIndex(["2024-04-01"]), 60, TRADING)
    week = past.values[(past.days >= "2023-03-31") & (past.days <= "2023-04-06"), 0]
    assert np.isclose(history.year_ago[-1], week.mean())
    assert np.isnan(history.year_ago[0])
