"""A small shop's daily series: closed on Saturdays and at Christmas, Mondays strong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salespipe.modelling.forecast.panel import Panel, make_panel
from salespipe.modelling.forecast.train import Trained, train_measure
from salespipe.params_forecast import (
    BacktestParams,
    ForecastParams,
    ForecastTrainParams,
    LevelParams,
)

FACTORS = np.array([1.5, 1.0, 1.0, 1.2, 0.9, 0.0, 0.6])


def small_params(**changes) -> ForecastParams:
    settings = {
        "measures": ("revenue",),
        "levels": {"total": LevelParams(), "country": LevelParams(top=2)},
        "backtest": BacktestParams(test_origins=2, choice_origins=2, horizon_days=14),
        "train": ForecastTrainParams(trees=20, ets_levels=()),
    }
    return ForecastParams(**settings | changes)


def make_table(days: int = 220, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2023-03-01", periods=days)
    parts = {}
    for key, size in (("A", 60.0), ("B", 30.0), ("rest", 10.0)):
        parts[key] = size * FACTORS[dates.dayofweek] * rng.gamma(20, 1 / 20, days)
    parts["A"][dates.strftime("%m-%d") == "04-07"] = 0
    parts["B"][dates.strftime("%m-%d") == "04-07"] = 0
    parts["rest"][dates.strftime("%m-%d") == "04-07"] = 0
    rows = [("total", "all", sum(parts.values())), ("country", "A", parts["A"]),
            ("country", "B", parts["B"])]  # fmt: skip
    tables = [
        pd.DataFrame({"level": level, "key": key, "day": dates, "revenue": values,
                      "orders": np.ceil(values / 10), "units": np.ceil(values)})
        for level, key, values in rows
    ]  # fmt: skip
    table = pd.concat(tables, ignore_index=True)
    return table[table["revenue"] > 0].reset_index(drop=True)


@pytest.fixture(scope="session")
def params() -> ForecastParams:
    return small_params()


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    return make_table()


@pytest.fixture(scope="session")
def panel(table) -> Panel:
    return make_panel(table, "revenue")


@pytest.fixture(scope="session")
def trained(table, params) -> Trained:
    return train_measure(table, "revenue", params)
