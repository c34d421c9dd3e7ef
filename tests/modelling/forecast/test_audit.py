"""The audit finds a forecast that sees its future."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from salespipe.modelling.forecast.audit import changed_candidates
from salespipe.modelling.forecast.panel import Panel
from tests.modelling.forecast.conftest import small_params


def test_the_same_past_gives_the_same_forecast_and_another_does_not(panel):
    origin = (panel.days[-1] - timedelta(20)).date()
    cut, params = panel.before(origin), small_params()
    assert changed_candidates(panel, cut, origin, params) == set()
    other = Panel(cut.days, cut.series, cut.values * np.linspace(1, 2, len(cut.days))[:, None])
    changed = changed_candidates(panel, other, origin, params)
    assert {"seasonal_naive", "moving_average", "xgb_tweedie", "xgb_log"} <= changed
